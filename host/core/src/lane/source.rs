//! All state of one source: nothing else remembers anything.

use super::births::Births;
use super::dictionary::Dictionary;
use super::{MetTemplate, SourceInfo};
use crate::calibrate::{Calibration, Side};
use crate::miner::Merge;
use crate::plugin::Explanation;
use crate::plugin::Scale;
use crate::settings::{Settings, Standard};
use crate::template::{MinerLimits, Templates};
use crate::window::{CountLimits, Counts};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use xxhash_rust::xxh3::xxh3_64;

/// After so many windows without a line a source is idle, and its windows are not closed any more.
pub const IDLE_WINDOWS: u64 = 120;
/// Explanations per window and detector; the rest speak through their reason alone.
const EXPLANATIONS_MAX: usize = 16;
/// Texts per window among which repeats are looked for.
const TEXTS_MAX: usize = 65_536;

/// A score that became bits, waiting for its window to be judged.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Candidate {
    pub(super) detector: usize,
    pub(super) channel: u32,
    pub(super) side: Side,
    /// `None` for the window as a whole.
    pub(super) template: Option<u32>,
    pub(super) bits: f32,
    pub(super) severity: u8,
    pub(super) code: u32,
    pub(super) position: Option<u64>,
    pub(super) example: Option<Box<[u8]>>,
    /// The message of that record, without what stands in front of it.
    pub(super) said: Option<Box<[u8]>>,
    pub(super) explanation: Option<Explanation>,
}

/// One source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) templates: Templates,
    pub(super) counts: Counts,
    /// One per detector.
    pub(super) calibrations: Vec<Calibration>,
    pub(super) lines: u64,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
    /// What came up lately and was an alarm.
    pub(super) births: Births,
    /// Candidates of windows that are still open, by the window's number.
    pub(super) waiting: BTreeMap<u64, Vec<Candidate>>,
    /// Number of the next window to close; `None` while idle.
    next_window: Option<u64>,
    /// Where it fell idle.
    idle_from: u64,
    /// Windows of idle time, which count as if they had not been.
    skipped: u64,
    dictionaries: BTreeMap<String, Dictionary>,
    #[serde(with = "texts")]
    texts: HashSet<u64, foldhash::fast::FixedState>,
    texts_window: u64,
    #[serde(skip)]
    window_ms: u64,
    /// By what it is judged.
    #[serde(skip)]
    pub(super) standard: Standard,
    /// Whether there is anything that was not saved yet.
    #[serde(skip)]
    pub(super) changed: bool,
}

/// Texts of the window under way, in an order that does not depend on their past.
mod texts {
    use super::*;

    pub(super) fn serialize<W: serde::Serializer>(
        texts: &HashSet<u64, foldhash::fast::FixedState>,
        writer: W,
    ) -> Result<W::Ok, W::Error> {
        texts.iter().collect::<std::collections::BTreeSet<_>>().serialize(writer)
    }

    pub(super) fn deserialize<'de, R: serde::Deserializer<'de>>(
        reader: R,
    ) -> Result<HashSet<u64, foldhash::fast::FixedState>, R::Error> {
        HashSet::deserialize(reader)
    }
}

impl Source {
    fn new(settings: &Settings, span_ms_max: u64, scales: &[Scale]) -> Self {
        let (miner, counts) = limits(settings, span_ms_max);
        Source {
            templates: Templates::new(miner),
            counts: Counts::new(counts),
            calibrations: scales.iter().map(|scale| Calibration::new(*scale)).collect(),
            lines: 0,
            first_ms: i64::MAX,
            last_ms: i64::MIN,
            births: Births::default(),
            waiting: BTreeMap::new(),
            next_window: None,
            idle_from: 0,
            skipped: 0,
            dictionaries: BTreeMap::new(),
            texts: HashSet::default(),
            texts_window: 0,
            window_ms: settings.window_ms,
            standard: settings.standard(),
            changed: false,
        }
    }

    /// Takes note that a line of that time is here.
    pub(super) fn meet(&mut self, time_ms: i64) {
        self.changed = true;
        self.first_ms = self.first_ms.min(time_ms);
        self.last_ms = self.last_ms.max(time_ms);
        let window = self.window_of(time_ms);
        if self.next_window.is_none() && self.idle_from > 0 {
            self.skipped += window.saturating_sub(self.idle_from);
        }
        self.next_window = Some(self.next_window.map_or(window, |next| next.min(window)));
        let age = self.age_of(window);
        for calibration in &mut self.calibrations {
            calibration.begin_window(age);
        }
    }

    /// A window's number without the idle time before it: what ages are counted in.
    pub(super) fn age_of(&self, window: u64) -> u64 {
        window - self.skipped.min(window)
    }

    /// Idle time so far, in milliseconds.
    pub(super) fn skipped_ms(&self) -> u64 {
        self.skipped * self.window_ms
    }

    /// Number of the window that a time falls into.
    pub(super) fn window_of(&self, time_ms: i64) -> u64 {
        time_ms.max(0) as u64 / self.window_ms
    }

    /// Number of the first window that was not closed.
    pub(super) fn open_from(&self) -> u64 {
        self.next_window.unwrap_or(self.idle_from)
    }

    /// The next window that ends by the watermark, if any is left to close.
    pub(super) fn next_closed(&mut self, watermark_ms: u64) -> Option<u64> {
        let window = self.next_window?;
        if (window + 1) * self.window_ms > watermark_ms {
            return None;
        }
        if window > self.window_of(self.last_ms) + IDLE_WINDOWS {
            self.next_window = None;
            self.idle_from = window;
            self.changed = true;
            return None;
        }
        self.next_window = Some(window + 1);
        self.changed = true;
        Some(window)
    }

    /// Mean lines of the windows before.
    pub(super) fn usual_lines(&self) -> f32 {
        self.counts.usual_lines()
    }

    /// Whether the text occurred before in its window.
    pub(super) fn is_repeat(&mut self, time_ms: i64, text: &[u8]) -> bool {
        let window = self.window_of(time_ms);
        if window != self.texts_window {
            self.texts.clear();
            self.texts_window = window;
        }
        let hash = xxh3_64(text);
        self.texts.contains(&hash) || (self.texts.len() < TEXTS_MAX && !self.texts.insert(hash))
    }

    /// Whether a candidate of that strength would be kept, and its explanation too.
    pub(super) fn may_explain(
        &self,
        window: u64,
        (detector, channel): (usize, u32),
        bits: f32,
    ) -> bool {
        let Some(waiting) = self.waiting.get(&window) else { return true };
        let stronger = |other: &Candidate| {
            (other.detector, other.channel) == (detector, channel) && other.bits >= bits
        };
        let own = waiting.iter().filter(|other| other.detector == detector);
        let explained = own.filter(|other| other.explanation.is_some()).count();
        explained < EXPLANATIONS_MAX && !waiting.iter().any(stronger)
    }

    /// Keeps a candidate for its window: the strongest of each detector and channel.
    pub(super) fn wait(&mut self, window: u64, candidate: Candidate) {
        let waiting = self.waiting.entry(window).or_default();
        let same = |other: &&mut Candidate| {
            (other.detector, other.channel) == (candidate.detector, candidate.channel)
        };
        match waiting.iter_mut().find(same) {
            Some(known) if known.bits >= candidate.bits => {}
            Some(known) => *known = candidate,
            None => waiting.push(candidate),
        }
    }

    /// What people want to know of it, without its templates.
    pub(super) fn info(&self, number: u32) -> SourceInfo {
        SourceInfo {
            source: number,
            lines: self.lines,
            first_ms: self.first_ms,
            last_ms: self.last_ms,
            templates: Vec::new(),
            templates_alive: self.templates.len(),
            templates_evicted: self.templates.evicted(),
            idle: self.next_window.is_none() && self.waiting.is_empty(),
            windows: (self.window_of(self.last_ms) + 1)
                .saturating_sub(self.window_of(self.first_ms) + self.skipped),
        }
    }

    /// Judges under one id what proved to be one template.
    pub(super) fn rename(&mut self, merge: Merge) {
        let waiting = self.waiting.values_mut().flatten();
        let own = waiting.filter(|candidate| candidate.template == Some(merge.old));
        own.for_each(|candidate| candidate.template = Some(merge.new));
        self.rename_birth(merge.old, merge.new);
    }

    /// Templates that were met since this was last asked.
    pub(super) fn met_templates(&mut self) -> Vec<MetTemplate> {
        let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let gone = self.counts.take_given_up().into_iter();
        let gone = gone.map(|template| MetTemplate { template, ..MetTemplate::default() });
        let met = self.counts.take_met();
        let known = met
            .into_iter()
            .filter_map(|(id, examples)| self.counts.life(id).map(|life| (id, life, examples)));
        let met = known.map(|(template, life, examples)| MetTemplate {
            template,
            message: self.templates.message(template),
            text: lossy(&self.templates.text(template)),
            lines: self.templates.lines(template),
            first_ms: life.first_ms,
            last_ms: life.last_ms,
            severity: life.severity,
            examples: examples.iter().map(|example| lossy(example)).collect(),
        });
        gone.chain(met).collect()
    }

    /// Puts what was learnt about detectors into another order: for each of today's, its place before; two may have come
    /// from one.
    pub(super) fn order_detectors(&mut self, origins: &[Option<usize>], scales: &[Scale]) {
        let mut known: Vec<Option<Calibration>> =
            std::mem::take(&mut self.calibrations).into_iter().map(Some).collect();
        for (index, (origin, scale)) in origins.iter().zip(scales).enumerate() {
            let old = origin.and_then(|origin| known.get_mut(origin));
            let old = if origins[index + 1..].contains(origin) {
                old.and_then(|old| old.clone())
            } else {
                old.and_then(Option::take)
            };
            let fitting = old.filter(|old| old.scale() == *scale);
            self.calibrations.push(fitting.unwrap_or_else(|| Calibration::new(*scale)));
        }
        for candidates in self.waiting.values_mut() {
            let old = std::mem::take(candidates);
            for (detector, origin) in origins.iter().enumerate() {
                let own = old.iter().filter(|candidate| Some(candidate.detector) == *origin);
                candidates.extend(own.map(|own| Candidate { detector, ..own.clone() }));
            }
        }
    }

    pub(super) fn dictionary(&mut self, name: &str) -> &mut Dictionary {
        if !self.dictionaries.contains_key(name) {
            self.dictionaries.insert(name.into(), Dictionary::default());
        }
        self.dictionaries.get_mut(name).expect("it was just inserted")
    }
}

/// What a source's parts go by.
fn limits(settings: &Settings, span_ms_max: u64) -> (MinerLimits, CountLimits) {
    let Settings { pane_ms, window_ms, templates_max, examples_max, .. } = *settings;
    let miner = MinerLimits { templates_max, window_ms };
    (miner, CountLimits { pane_ms, window_ms, span_ms_max, templates_max, examples_max })
}

/// The sources of a lane.
#[derive(Debug)]
pub(super) struct Sources {
    settings: Settings,
    span_ms_max: u64,
    scales: Vec<Scale>,
    by_number: BTreeMap<u32, Source>,
    /// Of those that are not judged as all are, also before they are met and while they sleep.
    standards: BTreeMap<u32, Standard>,
}

impl Sources {
    /// No sources yet, and no detectors.
    pub(super) fn new(settings: Settings) -> Self {
        let (by_number, standards) = (BTreeMap::new(), BTreeMap::new());
        Sources {
            span_ms_max: settings.window_ms,
            settings,
            scales: Vec::new(),
            by_number,
            standards,
        }
    }

    /// Other detectors, each with its place among those before, if it had one.
    pub(super) fn refit(
        &mut self,
        origins: &[Option<usize>],
        scales: Vec<Scale>,
        span_ms_max: u64,
    ) {
        let (miner, counts) = limits(&self.settings, span_ms_max);
        for source in self.by_number.values_mut() {
            source.order_detectors(origins, &scales);
            source.templates.limit(miner);
            source.counts.limit(counts);
        }
        (self.scales, self.span_ms_max) = (scales, span_ms_max);
    }

    /// The source of that number, new if it was never met.
    pub(super) fn of(&mut self, number: u32) -> &mut Source {
        let Sources { settings, span_ms_max, scales, by_number, standards } = self;
        by_number.entry(number).or_insert_with(|| {
            let standard = standards.get(&number).copied();
            let source = Source::new(settings, *span_ms_max, scales);
            Source { standard: standard.unwrap_or_else(|| settings.standard()), ..source }
        })
    }

    /// Takes a source that was saved.
    pub(super) fn put(&mut self, number: u32, mut source: Source) {
        let (miner, counts) = limits(&self.settings, self.span_ms_max);
        source.templates.limit(miner);
        source.counts.limit(counts);
        source.window_ms = self.settings.window_ms;
        let standard = self.standards.get(&number).copied();
        source.standard = standard.unwrap_or_else(|| self.settings.standard());
        self.by_number.insert(number, source);
    }

    /// Judges a source by a standard of its own.
    pub(super) fn judge_by(&mut self, number: u32, standard: Standard) {
        if standard == self.settings.standard() {
            self.standards.remove(&number);
        } else {
            self.standards.insert(number, standard);
        }
        if let Some(source) = self.by_number.get_mut(&number) {
            source.standard = standard;
        }
    }

    /// The source of that number, if it was ever met.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Source> {
        self.by_number.get_mut(&number)
    }

    /// Whether it was ever met.
    pub(super) fn knows(&self, number: u32) -> bool {
        self.by_number.contains_key(&number)
    }

    /// Lets go of a source.
    pub(super) fn remove(&mut self, number: u32) {
        self.by_number.remove(&number);
    }

    pub(super) fn scales(&self) -> &[Scale] {
        &self.scales
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Source)> {
        self.by_number.iter_mut().map(|(number, source)| (*number, source))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Source)> {
        self.by_number.iter().map(|(number, source)| (*number, source))
    }
}
