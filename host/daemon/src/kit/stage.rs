//! Logs through intake and one lane on the calling thread, with a clock that stands still: the same in every run.

use crate::generate::{Generator, Plan, PlanError, START_MS};
use bellwether_core::intake::{InputOptions, Intake, Routing};
use bellwether_core::lane::{Input, Lane, Outputs};
use bellwether_core::settings::Settings;
use std::collections::BTreeMap;

/// Bytes that go in at a time.
const CHUNK_BYTES: usize = 64 << 10;
/// No stamp is from the future.
const NOW_MS: i64 = i64::MAX / 4;

/// A log in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Key of its source, such as `file:orders`.
    pub source: String,
    /// All of it.
    pub bytes: Vec<u8>,
    /// How its sources are told apart.
    pub routing: Routing,
}

impl Log {
    /// The log of one source.
    pub fn of(source: String, bytes: Vec<u8>) -> Self {
        Log { source, bytes, routing: Routing::Whole }
    }
}

/// The settings of a lane that has all sources.
pub(crate) fn settings() -> Settings {
    Settings { lanes: 1, ..Settings::default() }
}

/// Some hours of a shop's logs without incidents, one log for each service.
pub(crate) fn generated(hours: f64, seed: u64) -> Result<Vec<Log>, PlanError> {
    let plan = Plan { seed, hours, incidents: 0, ..Plan::default() };
    let mut generator = Generator::new(&plan)?;
    let log = |name: &str| Log::of(format!("file:{name}"), Vec::new());
    let mut logs: Vec<Log> = generator.services().iter().map(|info| log(&info.name)).collect();
    let mut record = Vec::new();
    while let Some(emitted) = generator.next(&mut record) {
        logs[emitted.service].bytes.extend_from_slice(&record);
    }
    Ok(logs)
}

/// Takes logs through a lane, side by side in the order of their stamps, and returns the keys of their sources.
pub(crate) fn run(
    logs: &[Log],
    settings: &Settings,
    lane: &mut Lane,
    mut take: impl FnMut(Outputs),
) -> BTreeMap<u32, String> {
    let mut intake = Intake::new(settings.clone(), NOW_MS);
    let mut inputs: Vec<_> = logs
        .iter()
        .map(|log| {
            let input = intake.open(InputOptions {
                source: log.source.clone(),
                routing: log.routing,
                reference_ms: START_MS,
                labels: Vec::new(),
                follows: false,
            });
            (input, log.bytes.chunks(CHUNK_BYTES))
        })
        .collect();
    let mut keys = BTreeMap::new();
    while let Some(id) = intake.furthest_behind() {
        let mut routed = Vec::new();
        let chunks = inputs.iter_mut().find(|(input, _)| *input == id);
        match chunks.and_then(|(_, chunks)| chunks.next()) {
            Some(chunk) => intake.push(id, chunk, &mut routed),
            None => intake.finish(id, &mut routed),
        }
        for source in intake.take_met() {
            keys.insert(source, intake.source_key(source).to_owned());
        }
        for item in routed {
            take(lane.step(item.into()));
        }
    }
    take(lane.step(Input::End));
    keys
}
