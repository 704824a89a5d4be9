//! What an edition would have said about the last minutes of its tenant, beside the current one, before it comes in.
//!
//! Both run aside, in a runtime of their own, so that the lanes at work keep their instances: from the states that were recorded, over the lines that were recorded. First both are shown a few
//! hours of generated logs, the same in every preflight, so that an edition that cannot work says so without a recording.

use super::{Asked, Base, Change, Platform, PlatformError, wanted};
use crate::chain::chain;
use crate::kit::stage;
use crate::loadout::{Edition, Fit, Loadout, next_of};
use crate::recording::{Entry, Recording, RecordingError};
use crate::trial::{Tally, Trials};
use bellwether_core::correlate::Correlator;
use bellwether_core::lane::{Input, Lane, Learnt, Outputs};
use bellwether_plugins::Health;
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use std::sync::Arc;

/// Hours and seed of the generated logs.
const GOLDEN_HOURS: f64 = 2.0;
const GOLDEN_SEED: u64 = 20;
/// Alarms that may come or go without a word.
const ALARMS_MIN: u64 = 3;

/// What an edition costs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Rows it was shown.
    pub rows: u64,
    /// Instructions for a row.
    pub fuel_per_row: f64,
    /// Nanoseconds for a row.
    pub ns_per_row: f64,
    /// Linear memory of all its instances together.
    pub memory_bytes: u64,
    /// Faults by code.
    pub faults: BTreeMap<String, u64>,
    /// The fault last seen, with its backtrace.
    pub last_fault: Option<String>,
}

/// What a stretch of logs showed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Stretch {
    /// Records in it.
    pub records: u64,
    /// First and last event time, in milliseconds since 1970.
    pub from_ms: u64,
    /// Last event time.
    pub to_ms: u64,
    /// How the two editions agree.
    pub tally: Tally,
    /// What the current edition costs; nothing where there is none.
    pub current: Option<Cost>,
    /// What the next one costs.
    pub next: Cost,
}

/// What a person decides by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The plugin.
    pub plugin: String,
    /// Whether it can go on with what the current edition remembers; if not, it begins to learn.
    pub reads_state: bool,
    /// Generated logs, the same in every preflight.
    pub golden: Stretch,
    /// The tenant's own recent logs.
    pub recent: Stretch,
    /// Reasons not to let it in; none is no promise.
    pub objections: Vec<String>,
}

impl Platform {
    /// Lets an edition try itself on the last minutes of its tenant. Nothing changes.
    pub async fn preflight(&self, asked: &Asked, minutes: u64) -> Result<Report, PlatformError> {
        let Asked { tenant, plugin, change, now_ms, .. } = asked.clone();
        let Change::BringIn { edition, .. } = change else {
            let why = "only an edition that comes in can be tried".to_string();
            return Err(PlatformError::Unfit { why });
        };
        let (base, fits) = {
            let work = self.work();
            if !work.posts.contains_key(&tenant) {
                return Err(PlatformError::NoTenant { tenant });
            }
            (Arc::clone(&work.base), work.fits.get(&tenant).cloned().unwrap_or_default())
        };
        let mut fits = wanted::plain(&fits);
        let from = match fits.remove(&plugin) {
            Some(fit) => fit,
            None => self.usual_fit(asked)?,
        };
        let current = from.current;
        fits.insert(plugin.clone(), trial_fit(current, edition));
        let since_ms = now_ms.saturating_sub(minutes * 60_000);
        let unfit = |why: String| PlatformError::Unfit { why };
        let turn = Arc::clone(&self.shared.flights).acquire_owned().await;
        let turn = turn.map_err(|error| unfit(error.to_string()))?;
        let run = move || {
            // Held until it is over, even if nobody waits for it any more.
            let _turn = turn;
            // Its faults are in the report; in the log they would look like those of what is at work.
            let quiet = tracing::subscriber::NoSubscriber::new();
            tracing::subscriber::with_default(quiet, || {
                Flight { base, tenant, plugin }.run(fits, since_ms)
            })
        };
        tokio::task::spawn_blocking(run).await.map_err(|error| unfit(error.to_string()))?
    }
}

impl Platform {
    /// Lets an edition that cannot read what the current one remembers learn from the recording instead.
    pub(super) async fn warm_up(
        &self,
        base: Arc<Base>,
        asked: &Asked,
        fits: BTreeMap<String, Fit>,
        loadout: &Arc<Loadout>,
    ) -> Result<(), PlatformError> {
        let Some(folder) = base.recording_of(&asked.tenant) else { return Ok(()) };
        let unfit = |why: String| PlatformError::Unfit { why };
        let (loadout, tenant, plugin) =
            (Arc::clone(loadout), asked.tenant.clone(), asked.plugin.clone());
        let learn = move || {
            let aside = open_aside(&base, &tenant, fits)?;
            let mut player = Player::new(&aside);
            let played = player.play(&folder, 0);
            if let Err(why) = played {
                tracing::warn!(
                    plugin,
                    why,
                    "an edition that comes in begins to learn from nothing"
                );
            }
            loadout.warm_up(&plugin, player.learnt(&plugin));
            Ok(())
        };
        tokio::task::spawn_blocking(learn).await.map_err(|error| unfit(error.to_string()))?
    }
}

/// Opens plugins in a runtime of their own: those at work need the instances of theirs.
fn open_aside(
    base: &Base,
    tenant: &str,
    fits: BTreeMap<String, Fit>,
) -> Result<Arc<Loadout>, PlatformError> {
    Ok(Base::new(&base.config).and_then(|aside| aside.loadout(tenant, fits))?)
}

/// Both editions side by side, of which only the current one counts.
fn trial_fit(current: Option<Edition>, next: Edition) -> Fit {
    Fit { current, next: Some(next), ..Fit::default() }
}

struct Flight {
    base: Arc<Base>,
    tenant: String,
    plugin: String,
}

impl Flight {
    fn run(self, fits: BTreeMap<String, Fit>, since_ms: u64) -> Result<Report, PlatformError> {
        let unfit = |why: String| PlatformError::Unfit { why };
        let loadout = open_aside(&self.base, &self.tenant, fits)?;
        let reads_state = loadout.reads_state(&self.plugin);
        let golden = self.golden(&loadout).map_err(unfit)?;
        loadout.forget_lanes();
        let recent = self.recent(&loadout, since_ms).map_err(unfit)?;
        let mut report =
            Report { plugin: self.plugin, reads_state, golden, recent, objections: Vec::new() };
        report.objections = objections(&report);
        Ok(report)
    }

    fn golden(&self, loadout: &Loadout) -> Result<Stretch, String> {
        let logs = stage::generated(GOLDEN_HOURS, GOLDEN_SEED).map_err(|error| chain(&error))?;
        let mut lane = loadout.lane(0).map_err(|error| chain(&error))?;
        let mut trials = Vec::new();
        let keys = stage::run(&logs, loadout.settings(), &mut lane, |outputs: Outputs| {
            trials.extend(outputs.trials);
        });
        let mut correlator = Correlator::new(loadout.settings().clone());
        for (number, key) in &keys {
            correlator.learn_source(*number, key);
        }
        let infos = lane.sources();
        let time = |ms: Option<i64>| ms.unwrap_or(0).max(0) as u64;
        let stretch = Stretch {
            records: infos.iter().map(|info| info.lines).sum(),
            from_ms: time(infos.iter().map(|info| info.first_ms).min()),
            to_ms: time(infos.iter().map(|info| info.last_ms).max()),
            ..Stretch::default()
        };
        let mut all = Trials::default();
        all.begin(loadout.shadows());
        all.take(trials, &correlator);
        Ok(self.complete(stretch, all, loadout))
    }

    fn recent(&self, loadout: &Loadout, since_ms: u64) -> Result<Stretch, String> {
        let Some(folder) = self.base.recording_of(&self.tenant) else {
            return Ok(Stretch::default());
        };
        let mut player = Player::new(loadout);
        player.play(&folder, since_ms)?;
        let Player { stretch, trials, .. } = player;
        Ok(self.complete(stretch, trials, loadout))
    }

    fn complete(&self, mut stretch: Stretch, mut trials: Trials, loadout: &Loadout) -> Stretch {
        let health = loadout.health();
        stretch.tally = trials.tallies.remove(&self.plugin).unwrap_or_default();
        stretch.current = health.get(&self.plugin).map(cost);
        stretch.next = next_of(&health, &self.plugin).map(cost).unwrap_or_default();
        stretch
    }
}

fn cost(health: &Health) -> Cost {
    let per_row = |amount: u64| amount as f64 / health.rows.max(1) as f64;
    Cost {
        rows: health.rows,
        fuel_per_row: per_row(health.fuel),
        ns_per_row: per_row(health.busy_ns),
        memory_bytes: health.memory_bytes,
        faults: health.faults.iter().map(|(code, count)| ((*code).into(), *count)).collect(),
        last_fault: health.last_fault.clone(),
    }
}

/// Plays a recording to lanes of its own.
struct Player<'a> {
    loadout: &'a Loadout,
    lanes: BTreeMap<u32, Lane>,
    correlator: Correlator,
    keys: BTreeMap<u32, String>,
    trials: Trials,
    stretch: Stretch,
}

impl<'a> Player<'a> {
    fn new(loadout: &'a Loadout) -> Self {
        let mut trials = Trials::default();
        trials.begin(loadout.shadows());
        let correlator = Correlator::new(loadout.settings().clone());
        let (lanes, keys) = (BTreeMap::new(), BTreeMap::new());
        Player { loadout, lanes, correlator, keys, trials, stretch: Stretch::default() }
    }

    fn play(&mut self, folder: &std::path::Path, since_ms: u64) -> Result<(), String> {
        let unreadable = |error: RecordingError| chain(&error);
        let recording = Recording::open(folder).map_err(unreadable)?;
        let place = recording.place_at(since_ms);
        let mut snapshots = recording.snapshots(place).map_err(unreadable)?;
        for entry in recording.entries_from(place) {
            match entry.map_err(unreadable)?.1 {
                Entry::Source { number, lane, key, .. } => {
                    let snapshot = snapshots.remove(&key);
                    if self.keys.insert(number, key.clone()).as_ref() == Some(&key) {
                        continue;
                    }
                    let standard = self.correlator.learn_source(number, &key);
                    // Who had the number before may have been in another lane.
                    self.lanes.values_mut().for_each(|lane| lane.forget(number));
                    let lane = self.lane(lane)?;
                    lane.judge_by(number, standard);
                    if let Some(own) = snapshot {
                        let loaded = lane.load(number, &own.state, &own.plugins);
                        loaded.map_err(|error| chain(&error))?;
                    }
                }
                Entry::Records { lane, batch } => {
                    self.count(&batch);
                    self.step(lane, Input::Records(batch))?;
                }
                Entry::Close { lane, sources, until_ms } => {
                    self.step(lane, Input::Close { sources, until_ms })?;
                }
                Entry::Tick(until_ms) => {
                    let lanes: Vec<u32> = self.lanes.keys().copied().collect();
                    lanes
                        .into_iter()
                        .try_for_each(|lane| self.step(lane, Input::Tick(until_ms)))?;
                }
                // What gave way for want of memory then need not give way now.
                Entry::Relieve(_) | Entry::Snapshot { .. } => {}
            }
        }
        Ok(())
    }

    fn step(&mut self, lane: u32, input: Input) -> Result<(), String> {
        let outputs = self.lane(lane)?.step(input);
        self.trials.take(outputs.trials, &self.correlator);
        Ok(())
    }

    fn lane(&mut self, number: u32) -> Result<&mut Lane, String> {
        match self.lanes.entry(number) {
            Place::Occupied(lane) => Ok(lane.into_mut()),
            Place::Vacant(place) => {
                Ok(place.insert(self.loadout.lane(number).map_err(|error| chain(&error))?))
            }
        }
    }

    /// What the edition that comes in has learnt by now, by source.
    fn learnt(&mut self, plugin: &str) -> BTreeMap<u32, Learnt> {
        self.lanes.values_mut().flat_map(|lane| self.loadout.learnt(plugin, lane)).collect()
    }

    fn count(&mut self, batch: &bellwether_core::batch::Batch) {
        let times = (0..batch.len()).map(|row| batch.time_ms(row).max(0) as u64);
        let (from_ms, to_ms) =
            times.fold((u64::MAX, 0), |(from, to), at| (from.min(at), to.max(at)));
        let stretch = &mut self.stretch;
        let first = stretch.records == 0;
        stretch.from_ms = if first { from_ms } else { stretch.from_ms.min(from_ms) };
        stretch.to_ms = stretch.to_ms.max(to_ms);
        stretch.records += batch.len() as u64;
    }
}

/// Reasons not to let an edition in.
fn objections(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    for (name, stretch) in [("generated", &report.golden), ("recent", &report.recent)] {
        let Stretch { tally, current, next, .. } = stretch;
        let faults: u64 = next.faults.values().sum();
        if faults > 0 {
            all.push(format!("it failed {faults} times on {name} logs"));
        }
        let (both, went, came) = (tally.alarms.both, tally.alarms.current, tally.alarms.next);
        let before = both + went;
        if came >= ALARMS_MIN && 4 * came > before {
            all.push(format!("on {name} logs {came} alarms would come, where {before} are now"));
        }
        if went >= ALARMS_MIN && 10 * went > before {
            all.push(format!("on {name} logs {went} of {before} alarms would go"));
        }
        let Some(current) = current else { continue };
        if 10 * next.rows < 9 * current.rows {
            let (now, then) = (current.rows, next.rows);
            all.push(format!("on {name} logs {then} rows are judged instead of {now}"));
        }
        if next.rows > 0 && next.fuel_per_row > 2.0 * current.fuel_per_row {
            let (now, then) = (current.fuel_per_row, next.fuel_per_row);
            all.push(format!(
                "on {name} logs a row costs {then:.0} instructions instead of {now:.0}"
            ));
        }
    }
    if report.recent.records == 0 {
        all.push("there are no recent logs to try it on".into());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(current: Option<(u64, f64)>, next: (u64, f64)) -> Vec<String> {
        let cost = |(rows, fuel_per_row)| Cost { rows, fuel_per_row, ..Cost::default() };
        let recent = Stretch {
            records: 9,
            current: current.map(cost),
            next: cost(next),
            ..Stretch::default()
        };
        let report = Report {
            plugin: "rate".into(),
            reads_state: true,
            golden: Stretch::default(),
            recent,
            objections: Vec::new(),
        };
        objections(&report)
    }

    #[test]
    fn what_speaks_against_an_edition_is_told() {
        let nothing: [&str; 0] = [];
        assert_eq!(told(Some((100, 9.0)), (90, 18.0)), nothing, "within what is usual");
        assert_eq!(told(None, (0, 900.0)), nothing, "there is none to be held against");
        assert_eq!(
            told(Some((100, 9.0)), (89, 9.0)),
            ["on recent logs 89 rows are judged instead of 100"]
        );
        assert_eq!(
            told(Some((100, 9.0)), (100, 18.1)),
            ["on recent logs a row costs 18 instructions instead of 9"]
        );
    }
}
