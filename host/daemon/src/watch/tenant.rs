//! The thread of one tenant: reads its files, feeds its pipeline, and commits.

use super::files::{FileId, Files, Found};
use super::keeper::{Keeper, KeeperError};
use super::memory::{Stage, fetch, relieve};
use super::orders::Orders;
use super::pacing::Pacing;
use super::pending::Pending;
use super::restore::{Restored, restore};
use super::status::Status;
use crate::alert::new_alerts;
use crate::config::Config;
use crate::loadout::Loadout;
use crate::pipeline::{Output, Pipeline, PipelineError, Workers};
use crate::trial::Trials;
use bellwether_connect::{Chunk, FollowError, SavedStream};
use bellwether_core::correlate::EventKind;
use bellwether_core::intake::{InputId, InputOptions};
use bellwether_core::lane::{LaneCounters, SourceInfo};
use bellwether_core::state::StateError;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tracing::{info, trace, warn};

/// Bytes read of a file before the next has its turn.
const CHUNK_BYTES: usize = 256 << 10;
/// Looks at the folders without anything new after which everything that is there was read.
pub(super) const ONCE_LOOKS: u32 = 6;
/// Longest sleep while there is nothing to read.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// The same while plugins change.
const WAIT_BUSY: Duration = Duration::from_millis(5);

/// Why a tenant cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The pipeline says why.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The store says why.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// A glob cannot be read.
    #[error("files cannot be followed")]
    Follow(#[from] FollowError),
    /// What was saved cannot be used.
    #[error("cannot go on with what was saved")]
    State(#[from] StateError),
}

/// What a tenant's thread is given.
pub struct Assignment {
    /// Name of the tenant.
    pub tenant: String,
    /// The whole configuration.
    pub config: Arc<Config>,
    /// Plugins and settings.
    pub loadout: Arc<Loadout>,
    /// Worker threads, which it shares with the others.
    pub workers: Workers,
    /// Reaches the store.
    pub keeper: Keeper,
    /// Where it says how it is doing.
    pub status: Status,
    /// Tells it to stop.
    pub stop: Arc<AtomicBool>,
    /// Other plugins, while it works.
    pub orders: Orders,
    /// Called after a commit with alerts in it.
    pub wake_alerts: Arc<dyn Fn() + Send + Sync>,
    /// Whether it ends when everything that is there was read.
    pub once: bool,
    /// The clock, in milliseconds since 1970.
    pub clock: fn() -> u64,
}

/// A file that is read.
pub(super) struct Reading {
    pub(super) input: InputId,
    pub(super) path: String,
    pub(super) source: String,
    pub(super) position: u64,
    pub(super) caught_up: bool,
    pub(super) idle: bool,
    pub(super) read: Instant,
}

/// One tenant at work.
pub(super) struct Tenant {
    pub(super) given: Assignment,
    pub(super) pipeline: Pipeline,
    pub(super) files: Files,
    pub(super) reading: BTreeMap<FileId, Reading>,
    pub(super) infos: BTreeMap<u32, SourceInfo>,
    pub(super) counters: LaneCounters,
    /// What has given way for want of memory.
    pub(super) stage: Stage,
    pub(super) pending: Pending,
    pub(super) pacing: Pacing,
    /// What shadows would have changed.
    pub(super) trials: Trials,
    /// When all files had fallen silent, and event time then.
    pub(super) silent_since: Option<(Instant, u64)>,
    told: Option<Instant>,
    /// Looks at the files until something was read last.
    busy_looks: u64,
    buffer: Vec<u8>,
}

impl Tenant {
    /// Goes on where the last commit left off.
    pub(super) fn start(given: Assignment) -> Result<Self, TenantError> {
        let now_ms = (given.clock)() as i64;
        let Restored { mut pipeline, inputs, counters, intake } =
            restore(&given.loadout, &given.workers, now_ms, &given.keeper)?;
        pipeline.wake_by(fetch(given.keeper.clone(), given.tenant.clone()));
        let saved: Result<Vec<SavedStream>, StateError> =
            inputs.iter().map(|row| stream_of(&row.state)).collect();
        let files = Files::new(&given.config, &given.tenant, &saved?)?;
        let mut trials = Trials::default();
        trials.begin(given.loadout.shadows());
        let mut tenant = Tenant {
            given,
            pipeline,
            files,
            reading: BTreeMap::new(),
            infos: BTreeMap::new(),
            counters,
            stage: Stage::default(),
            pending: Pending::default(),
            pacing: Pacing::new(),
            trials,
            silent_since: None,
            told: None,
            busy_looks: 0,
            buffer: vec![0; CHUNK_BYTES],
        };
        tenant.record(intake.as_deref())?;
        Ok(tenant)
    }

    /// Works until it is told to stop; then everything is committed.
    pub(super) fn run(&mut self) -> Result<(), TenantError> {
        self.look()?;
        self.leave_unfollowed()?;
        for glob in self.files.unmatched() {
            if Path::new(glob).is_dir() {
                warn!("`{glob}` is a folder; name the files in it, such as `{glob}/*.log`");
            } else {
                warn!("no file is like `{glob}` yet; check the path, or create the file");
            }
        }
        while !self.given.stop.load(Ordering::Relaxed) {
            self.pipeline.set_clock((self.given.clock)() as i64);
            self.follow_orders()?;
            self.look()?;
            let read = self.read_round()?;
            self.notice_silence()?;
            self.turn_recording()?;
            let every = Duration::from_secs(self.given.config.store.commit_every_s);
            if self.pacing.is_due(every, self.pending.is_news()) && self.commit()? {
                relieve(self)?;
            }
            self.tell(false);
            if read {
                self.busy_looks = self.files.looks();
                continue;
            }
            if self.given.once && self.has_read_all() {
                break;
            }
            self.files.wait(if self.given.orders.is_busy() { WAIT_BUSY } else { WAIT_MAX });
        }
        if self.given.once {
            self.complete()?;
        }
        self.commit()?;
        self.tell(true);
        Ok(())
    }

    /// Whether every file was read to its end, and some looks at the folders have shown no more.
    fn has_read_all(&self) -> bool {
        let looks = self.files.looks() - self.busy_looks;
        looks >= u64::from(ONCE_LOOKS) && self.reading.values().all(|reading| reading.caught_up)
    }

    /// Nothing more comes: what is under way is complete.
    fn complete(&mut self) -> Result<(), TenantError> {
        let inputs: Vec<InputId> = self.reading.values().map(|reading| reading.input).collect();
        for input in inputs {
            let output = self.pipeline.idle(input)?;
            self.take(output);
        }
        Ok(())
    }

    /// Nothing more comes for now from inputs that the configuration has no longer: what they have begun is complete, before
    /// event time goes on without them.
    fn leave_unfollowed(&mut self) -> Result<(), TenantError> {
        let followed = |input: InputId| self.reading.values().any(|one| one.input == input);
        let inputs = self.pipeline.intake().inputs().map(|(input, _)| input);
        let unfollowed: Vec<InputId> = inputs.filter(|input| !followed(*input)).collect();
        for input in unfollowed {
            self.pipeline.reopen(input);
            let output = self.pipeline.idle(input)?;
            self.take(output);
        }
        Ok(())
    }

    /// Takes note of files that have come and gone.
    fn look(&mut self) -> Result<(), TenantError> {
        let (found, gone) = self.files.poll();
        for file in found {
            self.open(file);
        }
        for id in gone {
            if let Some(reading) = self.reading.remove(&id) {
                let output = self.pipeline.idle(reading.input)?;
                self.take(output);
            }
        }
        Ok(())
    }

    /// A file with a source of an earlier run goes on with its state.
    fn open(&mut self, file: Found) {
        let taken = |input: InputId| self.reading.values().any(|reading| reading.input == input);
        let known = self.pipeline.intake().inputs();
        let known = known.filter(|(input, source)| *source == file.source && !taken(*input));
        let known = known.map(|(input, _)| input).next();
        let input = match known {
            Some(input) => {
                self.pipeline.reopen(input);
                input
            }
            None => self.pipeline.open(InputOptions {
                source: file.source.clone(),
                routing: file.routing,
                reference_ms: file.modified_ms.unwrap_or((self.given.clock)() as i64),
                labels: file.labels,
                follows: true,
            }),
        };
        info!(tenant = self.given.tenant, path = %file.path.display(), source = file.source, "following");
        let reading = Reading {
            input,
            path: file.path.display().to_string(),
            source: file.source,
            position: self.files.position(file.id).map_or(0, |saved| saved.position),
            caught_up: false,
            idle: false,
            read: Instant::now(),
        };
        self.reading.insert(file.id, reading);
    }

    /// Reads a part of every file that has something; whether there was anything.
    fn read_round(&mut self) -> Result<bool, TenantError> {
        let mut any = false;
        let ready = self.files.ready();
        for id in ready.iter().copied() {
            if self.given.stop.load(Ordering::Relaxed) {
                break;
            }
            let Some(reading) = self.reading.get_mut(&id) else { continue };
            let output = match self.files.read(id, &mut self.buffer) {
                Chunk::Bytes(count) => {
                    any = true;
                    self.pacing.read(count as u64);
                    self.silent_since = None;
                    reading.position += count as u64;
                    reading.idle = false;
                    reading.read = Instant::now();
                    trace!(path = reading.path, position = reading.position, "read");
                    self.pipeline.push(reading.input, &self.buffer[..count])?
                }
                Chunk::CaughtUp | Chunk::Ended => {
                    reading.caught_up = true;
                    self.pipeline.caught_up(reading.input)?
                }
            };
            self.take(output);
        }
        self.notice_ends(&ready)?;
        Ok(any)
    }

    pub(super) fn take(&mut self, output: Output) {
        let keys = self.pipeline.intake();
        self.pending.add_panes(output.panes, |source| keys.source_key(source).to_string());
        self.trials.take(output.trials, self.pipeline.correlator());
        self.pending.add_dead(output.dead, |source| keys.source_key(source).to_string());
        for event in &output.events {
            if event.event == EventKind::Opened {
                self.pipeline.keep_case(event);
            }
            let Config { alerts, sources, .. } = &*self.given.config;
            let alert = new_alerts(alerts, sources, event);
            self.pending.add_event(event, alert);
        }
    }

    /// Says how it is doing, about once a second.
    pub(super) fn tell(&mut self, now: bool) {
        let since = self.told.map(|told| told.elapsed());
        if now || since.is_none_or(|since| since >= Duration::from_secs(1)) {
            self.told = Some(Instant::now());
            super::telling::tell(self, since);
        }
    }
}

fn stream_of(bytes: &[u8]) -> Result<SavedStream, StateError> {
    Ok(postcard::from_bytes(bytes)?)
}
