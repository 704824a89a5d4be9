//! Baselines out of history: files of the past go through the pipeline, and what was learnt is kept for the daemon.
//!
//! Anomalies that are found on the way are kept as well, and nobody is told of them.

use super::keeper::{Keeper, KeeperError};
use super::pending::Pending;
use super::restore::{Restored, restore};
use super::run::store_options;
use super::tenant::TenantError;
use crate::config::Config;
use crate::loadout::Loadout;
use crate::pipeline::{Output, Pipeline, Workers};
use bellwether_connect::Reader;
use bellwether_core::intake::{InputId, InputOptions, Routing};
use bellwether_store::{InputRow, Writer};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes after which what was learnt so far is kept.
const COMMIT_BYTES: u64 = 256 << 20;

/// Files of one source, in the order of time.
pub struct History {
    /// Key of the source.
    pub source: String,
    /// Whether lines begin with the name of their source.
    pub routing: Routing,
    /// Its files and when each was written, in milliseconds since 1970.
    pub files: VecDeque<(Reader, i64)>,
}

/// What was learnt.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Learnt {
    /// Bytes read.
    pub bytes: u64,
    /// Records read.
    pub records: u64,
    /// Sources.
    pub sources: usize,
    /// Anomalies that began on the way.
    pub anomalies: usize,
}

/// Learns from the history of some sources of a tenant. `tell` hears of files that could not be read to their end.
pub fn learn(
    config: &Config,
    loadout: &Arc<Loadout>,
    workers: &Workers,
    now_ms: i64,
    histories: Vec<History>,
    tell: &mut dyn FnMut(&str, std::io::Error),
) -> Result<Learnt, TenantError> {
    let writer =
        Writer::open(&config.store.path, store_options(config)).map_err(KeeperError::from)?;
    let (keeper, thread) = Keeper::start(writer).map_err(|_| KeeperError::Closed)?;
    let result = Lesson::begin(loadout, workers, now_ms, &keeper)
        .and_then(|mut lesson| lesson.read(histories, tell));
    drop(keeper);
    thread.join();
    result
}

struct Lesson<'a> {
    loadout: &'a Arc<Loadout>,
    keeper: &'a Keeper,
    pipeline: Pipeline,
    inputs: Vec<InputRow>,
    pending: Pending,
    learnt: Learnt,
    uncommitted: u64,
}

impl<'a> Lesson<'a> {
    fn begin(
        loadout: &'a Arc<Loadout>,
        workers: &Workers,
        now_ms: i64,
        keeper: &'a Keeper,
    ) -> Result<Self, TenantError> {
        let Restored { pipeline, inputs, .. } = restore(loadout, workers, now_ms, keeper)?;
        Ok(Lesson {
            loadout,
            keeper,
            pipeline,
            inputs,
            pending: Pending::default(),
            learnt: Learnt::default(),
            uncommitted: 0,
        })
    }

    /// Reads all histories, always going on with the one whose event time is furthest behind.
    fn read(
        &mut self,
        histories: Vec<History>,
        tell: &mut dyn FnMut(&str, std::io::Error),
    ) -> Result<Learnt, TenantError> {
        let records_before = self.pipeline.counters().records;
        let mut left: BTreeMap<InputId, History> = BTreeMap::new();
        for history in histories {
            left.insert(self.open(&history), history);
        }
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Some(input) = self.pipeline.furthest_behind() {
            let history = left.get_mut(&input).expect("only what was opened here is live");
            let count = match history.files.front_mut() {
                Some((reader, _)) => reader.read(&mut buffer).unwrap_or_else(|error| {
                    tell(&history.source, error);
                    0
                }),
                None => {
                    let output = self.pipeline.idle(input)?;
                    self.take(output);
                    continue;
                }
            };
            let output = match count {
                0 => {
                    history.files.pop_front();
                    continue;
                }
                _ => self.pipeline.push(input, &buffer[..count])?,
            };
            self.learnt.bytes += count as u64;
            self.uncommitted += count as u64;
            self.take(output);
            if self.uncommitted >= COMMIT_BYTES {
                self.commit()?;
            }
        }
        self.commit()?;
        self.learnt.records = self.pipeline.counters().records - records_before;
        self.learnt.sources = left.len();
        Ok(self.learnt)
    }

    fn open(&mut self, history: &History) -> InputId {
        let known = self.pipeline.intake().inputs();
        let known = known.filter(|(_, source)| *source == history.source).map(|(input, _)| input);
        let known = known.collect::<Vec<_>>().first().copied();
        let input = known.unwrap_or_else(|| {
            self.pipeline.open(InputOptions {
                source: history.source.clone(),
                routing: history.routing,
                reference_ms: history.files.front().map_or(0, |(_, modified_ms)| *modified_ms),
                labels: Vec::new(),
                follows: true,
            })
        });
        self.pipeline.reopen(input);
        // A history is complete as it is: the others wait for it from the beginning.
        let output = self.pipeline.caught_up(input);
        if let Ok(output) = output {
            self.take(output);
        }
        input
    }

    fn take(&mut self, output: Output) {
        let keys = self.pipeline.intake();
        self.pending.add_panes(output.panes, |source| keys.source_key(source).to_string());
        for event in &output.events {
            let opened = event.event == bellwether_core::correlate::EventKind::Opened;
            self.learnt.anomalies += usize::from(opened);
            self.pending.add_event(event, None);
        }
    }

    fn commit(&mut self) -> Result<(), TenantError> {
        self.uncommitted = 0;
        let (output, checkpoint) = self.pipeline.checkpoint()?;
        self.take(output);
        let tenant = self.loadout.settings().tenant.clone();
        let digest = |name: &str| self.loadout.digest(name).unwrap_or_default().to_string();
        let mut checkpoint = self.pending.checkpoint(&tenant, checkpoint, digest);
        checkpoint.inputs = self.inputs.clone();
        self.keeper.call(move |writer| writer.commit(&checkpoint))?;
        Ok(())
    }
}
