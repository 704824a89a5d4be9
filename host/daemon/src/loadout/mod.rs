//! The plugins that a configuration names, admitted once and opened in every lane.

mod crew;
mod fit;
mod member;
mod runtime;
#[cfg(test)]
mod tests;
mod workshop;

use crate::config::Config;
use crate::recording::{Makeup, Seating};
use crate::shipped;
use bellwether_core::lane::{Lane, LaneError, Learnt, PatternSet, Seat, Wishes};
use bellwether_core::matcher::MatcherError;
use bellwether_core::settings::Settings;
use bellwether_plugins::{AdmitError, Health, HealthHandle, LogLine, OpenError, RuntimeError};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use fit::{Component, Edition, Fit, FitError};
use member::{Member, Which};
pub(crate) use member::{next_of, split_key};
pub use runtime::{limits, runtime, runtime_of};
pub use workshop::{Workshop, pattern_set};

/// Why the plugins of a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadoutError {
    /// No plugin at all can run.
    #[error("plugins cannot run")]
    Runtime(#[from] RuntimeError),
    /// The name is not one of those that ship.
    #[error(
        "{place}: no plugin `{name}` ships with bellwether; write one of {}, or `path:` and a file",
        shipped::names()
    )]
    UnknownName {
        /// Where it is named.
        place: String,
        /// The name.
        name: String,
    },
    /// The file of a plugin cannot be read.
    #[error("{place}: cannot read `{}`; check the path", path.display())]
    Unreadable {
        /// Where it is named.
        place: String,
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A component that was pushed cannot be had.
    #[error("plugin `{plugin}`: its component {digest} is not to be had: {why}; push it again")]
    Gone {
        /// The plugin.
        plugin: String,
        /// Its digest.
        digest: String,
        /// Why.
        why: String,
    },
    /// The component is not let in.
    #[error("{place}: plugin not admitted")]
    Admit {
        /// Where it is named.
        place: String,
        /// Why.
        #[source]
        source: AdmitError,
    },
    /// The edition that comes in is the one that works.
    #[error(
        "plugin `{plugin}`: what comes in is, with its settings, what works already; bring in another one"
    )]
    Same {
        /// The plugin.
        plugin: String,
    },
    /// The plugin refuses to start with its configuration.
    #[error("{place}")]
    Open {
        /// Where it is named.
        place: String,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// The patterns cannot be matched together.
    #[error("patterns cannot be matched")]
    Matcher(#[from] MatcherError),
    /// A plugin wants what the lane does not have.
    #[error("a plugin cannot be served")]
    Lane(#[from] LaneError),
}

/// Finds a component by its digest, or says why not.
pub type Fetch<'a> = dyn Fn(&str) -> Result<Vec<u8>, String> + 'a;

/// What a tenant wants beside its configuration.
#[derive(Default)]
pub struct Wanted<'a> {
    /// Fits that differ from the configuration file, by the names of plugins.
    pub fits: BTreeMap<String, Fit>,
    /// Finds pushed components by their digests.
    pub fetch: Option<&'a Fetch<'a>>,
}

/// The health of each plugin in each lane, by lane, name and edition.
type Handles = BTreeMap<(u32, String, String), HealthHandle>;

/// Everything a lane is made of.
pub struct Loadout {
    settings: Settings,
    patterns: PatternSet,
    patterns_digest: u64,
    members: Vec<Member>,
    wishes: Wishes,
    /// By lane, name and edition.
    health: Mutex<Handles>,
}

impl Loadout {
    /// Admits all plugins that a configuration names, in a runtime of their own.
    pub fn new(config: &Config, settings: Settings, wishes: Wishes) -> Result<Self, LoadoutError> {
        Loadout::open(&Workshop::new(config)?, config, &Wanted::default(), settings, wishes)
    }

    /// Admits all plugins and opens a lane on trial, so that whatever is wrong shows before the first line.
    pub fn open(
        workshop: &Workshop,
        config: &Config,
        wanted: &Wanted<'_>,
        settings: Settings,
        wishes: Wishes,
    ) -> Result<Self, LoadoutError> {
        let members = crew::members(workshop.runtime(), config, wanted)?;
        let plugins = members.iter().map(|member| member.plugin.descriptor());
        let patterns = workshop.pattern_set(config, plugins)?;
        let (patterns_digest, health) = (workshop.library(), Mutex::default());
        let loadout = Loadout { settings, patterns, patterns_digest, members, wishes, health };
        loadout.lane(0)?;
        loadout.forget_lanes();
        Ok(loadout)
    }

    /// Names of the patterns that are run on every line, at the time.
    pub fn slow_patterns(&self) -> BTreeSet<String> {
        self.patterns.slow().into_iter().map(str::to_owned).collect()
    }

    /// The lanes that were opened so far have ended, and their health is of no interest any more.
    pub fn forget_lanes(&self) {
        self.handles().clear();
    }

    /// What decides what its lanes say.
    pub(crate) fn makeup(&self) -> Makeup {
        let seating = |member: &Member| Seating {
            name: member.name.clone(),
            edition: member.edition.clone(),
            lanes: member.lanes(self.settings.lanes),
        };
        Makeup {
            settings: self.settings.clone(),
            members: self.members.iter().map(seating).collect(),
            patterns: self.patterns_digest,
        }
    }

    /// Whether lanes of the other one could go on as lanes of this one, but for the patterns.
    pub(crate) fn differs_in_patterns_at_most(&self, other: &Loadout) -> bool {
        let (own, theirs) = (self.makeup(), other.makeup());
        own == Makeup { patterns: own.patterns, ..theirs }
    }

    /// Whether both match the same patterns of the library.
    pub(crate) fn has_library_of(&self, other: &Loadout) -> bool {
        self.patterns_digest == other.patterns_digest
    }

    /// The settings of its lanes.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A new lane of that number with plugins of its own.
    pub fn lane(&self, number: u32) -> Result<Lane, LoadoutError> {
        let mut lane = self.empty_lane()?;
        self.fit(number, &mut lane)?;
        Ok(lane)
    }

    /// A lane with those plugins alone that counted in the lane of that number once, as far as they are here.
    pub(crate) fn lane_as(&self, makeup: &Makeup, number: u32) -> Result<Lane, LoadoutError> {
        let mut lane = self.empty_lane()?;
        let seats = makeup.live_in(number).filter_map(|Seating { name, edition, .. }| {
            Some((self.member(name, edition)?, Seat::live(name, edition)))
        });
        self.seat(number, &mut lane, seats)?;
        Ok(lane)
    }

    fn empty_lane(&self) -> Result<Lane, LaneError> {
        let settings = self.settings.clone();
        Lane::new(settings, self.patterns.clone(), Vec::new(), Vec::new(), self.wishes)
    }

    /// Lets a lane work with these plugins from now on; where that fails, it goes on as before.
    pub fn fit(&self, number: u32, lane: &mut Lane) -> Result<(), LoadoutError> {
        let lanes = self.settings.lanes;
        let seats = self.members.iter().map(|member| (member, member.seat(number, lanes)));
        self.seat(number, lane, seats)
    }

    fn seat<'a>(
        &self,
        number: u32,
        lane: &mut Lane,
        seats: impl Iterator<Item = (&'a Member, Seat)>,
    ) -> Result<(), LoadoutError> {
        let (mut filters, mut detectors, mut opened) = (Vec::new(), Vec::new(), Vec::new());
        let mut new = Vec::new();
        for (member, seat) in seats {
            if !lane.has(&seat) {
                new.push((member, seat.clone()));
            }
            let failed = |source| LoadoutError::Open { place: member.place.clone(), source };
            let mut watch = |handle: Option<HealthHandle>| {
                let (name, edition) = (member.name.clone(), member.edition.clone());
                opened.extend(handle.map(|handle| ((number, name, edition), handle)));
            };
            if let Some(slot) = member.filter(&seat, lane) {
                let (slot, handle) = slot.map_err(failed)?;
                watch(handle);
                filters.push(slot);
            } else if let Some(slot) = member.detector(&seat, lane) {
                let (slot, handle) = slot.map_err(failed)?;
                watch(handle);
                detectors.push(slot);
            }
        }
        lane.fit(self.patterns.clone(), filters, detectors)?;
        new.iter().for_each(|(member, seat)| member.teach(lane, seat));
        self.handles().extend(opened);
        Ok(())
    }

    /// Watches those that lanes keep from another loadout.
    pub fn watch_on(&self, before: &Loadout) {
        let before = before.handles().clone();
        let kept = before.into_iter().filter(|((_, name, edition), _)| self.has(name, edition));
        self.handles().extend(kept);
    }

    /// How every plugin is doing, over all lanes.
    pub fn health(&self) -> BTreeMap<String, Health> {
        let mut by_key: BTreeMap<String, Health> = BTreeMap::new();
        for ((_, name, edition), handle) in self.handles().iter() {
            if let Some(member) = self.member(name, edition) {
                by_key.entry(member.key()).or_default().merge(&handle.snapshot());
            }
        }
        by_key
    }

    /// Names and editions of those that are on their way in.
    pub fn shadows(&self) -> BTreeSet<(String, String)> {
        let next = self.members.iter().filter(|own| own.which == Which::Next);
        next.map(|own| (own.name.clone(), own.edition.clone())).collect()
    }

    /// What plugins have said since this was last asked, with the key of each.
    pub fn take_lines(&self) -> Vec<(String, LogLine)> {
        let mut lines = Vec::new();
        for ((_, name, edition), handle) in self.handles().iter() {
            let Some(member) = self.member(name, edition) else { continue };
            lines.extend(handle.take_lines().into_iter().map(|line| (member.key(), line)));
        }
        lines
    }

    /// Whether the edition of a plugin that comes in can go on with what the current one remembers.
    pub fn reads_state(&self, name: &str) -> bool {
        let find = |which| {
            let mut own = self.members.iter().filter(|own| own.name == name && own.which == which);
            own.next().map(|own| own.plugin.descriptor())
        };
        match (find(Which::Current), find(Which::Next)) {
            (Some(current), Some(next)) => next.reads(current.state_version),
            _ => false,
        }
    }

    /// Lets the edition of a plugin that comes in begin with what was learnt elsewhere.
    pub fn warm_up(&self, name: &str, learnt: BTreeMap<u32, Learnt>) {
        if let Some(next) = self.next(name) {
            next.begin_with(learnt);
        }
    }

    /// What the edition of a plugin that comes in has learnt in a lane, by source.
    pub fn learnt(&self, name: &str, lane: &mut Lane) -> BTreeMap<u32, Learnt> {
        let seat = self.next(name).map(|own| own.seat(0, self.settings.lanes));
        seat.map(|seat| lane.learnt(&seat)).unwrap_or_default()
    }

    fn next(&self, name: &str) -> Option<&Member> {
        let mut own = self.members.iter().filter(|own| own.name == name);
        own.find(|own| own.which == Which::Next)
    }

    /// The digest of the component behind a saved state.
    pub fn digest(&self, key: &str) -> Option<&str> {
        let (name, edition) = split_key(key);
        let mut same = self.members.iter().filter(|member| member.name == name);
        let member = match edition {
            Some(edition) => same.find(|member| member.edition == edition),
            None => same.next(),
        };
        member.map(|member| member.plugin.digest())
    }

    /// The digests of all components, also of those that a rollback would bring back.
    pub fn digests(&self) -> BTreeSet<String> {
        let at_work = self.members.iter().map(|member| member.plugin.digest());
        let before = self.members.iter().filter_map(|member| member.fit.previous.as_ref());
        let before = before.filter_map(|edition| edition.digest());
        at_work.chain(before).map(str::to_owned).collect()
    }

    fn member(&self, name: &str, edition: &str) -> Option<&Member> {
        self.members.iter().find(|own| (&*own.name, &*own.edition) == (name, edition))
    }

    fn has(&self, name: &str, edition: &str) -> bool {
        self.member(name, edition).is_some()
    }

    fn handles(&self) -> MutexGuard<'_, Handles> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The settings of a tenant's pipeline that a configuration asks for.
pub fn settings(config: &Config, tenant: &str) -> Settings {
    let Config { windows, intake, templates, anomalies, .. } = config;
    Settings {
        tenant: tenant.into(),
        pane_ms: windows.pane_s * 1000,
        window_ms: windows.size_s * 1000,
        lateness_ms: windows.lateness_s * 1000,
        future_ms_max: windows.future_max_s * 1000,
        batch_rows_max: intake.batch_rows,
        lanes: config.lanes as u32,
        sources_max: intake.sources_max,
        rate_per_s: intake.rate_per_s,
        line_bytes_max: intake.line_bytes_max,
        record_bytes_max: intake.record_bytes_max,
        record_lines_max: intake.record_lines_max,
        templates_max: templates.per_source_max,
        alerts_per_day: config.alerts_per_day,
        quiet_windows: u64::from(anomalies.quiet_windows),
        examples_max: anomalies.examples_max,
        findings_max: anomalies.findings_per_window_max,
        open_anomalies_max: anomalies.open_max,
        rules: config.sources.iter().filter_map(|entry| entry.rule(tenant)).collect(),
        ..Settings::default()
    }
}

/// Reads a component, if the name is not one of those that ship.
pub fn read_component(path: &Path, place: &str) -> Result<Vec<u8>, LoadoutError> {
    let unreadable =
        |source| LoadoutError::Unreadable { place: place.into(), path: path.into(), source };
    std::fs::read(path).map_err(unreadable)
}
