//! What the daemon knows of itself, for people and programs that ask: written by the threads that work, read by the API.

use crate::platform::Kept;
use crate::recording::Figures;
use crate::trial::Trials;
use bellwether_core::intake::IntakeCounters;
use bellwether_core::lane::LaneCounters;
use bellwether_plugins::Health;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A followed file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InputStatus {
    /// Its path.
    pub path: String,
    /// The source, or the first part of its sources' keys.
    pub source: String,
    /// Bytes handed on so far, over all its generations.
    pub position: u64,
    /// Bytes that are there and not yet read.
    pub lag_bytes: u64,
    /// Whether it was read to its end.
    pub caught_up: bool,
    /// Whether it says nothing at the moment.
    pub idle: bool,
}

/// A source at work.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceStatus {
    /// Its key.
    pub source: String,
    /// The form of its lines.
    pub form: String,
    /// Lines that voted for the form, and lines that voted.
    pub form_votes: (u32, u32),
    /// Records read.
    pub records: u64,
    /// Records that passed the filters.
    pub lines: u64,
    /// Lines per second over the last minute or so of wall clock.
    pub lines_per_s: f64,
    /// First and last event time in milliseconds since 1970.
    pub first_ms: i64,
    /// Last event time.
    pub last_ms: i64,
    /// Templates alive.
    pub templates: usize,
    /// Templates that had to make room.
    pub templates_evicted: u64,
    /// Windows seen, without idle time.
    pub windows: u64,
    /// Windows after which sizes are judged.
    pub warm_up_windows: u64,
}

/// How commits go.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CommitStatus {
    /// Commits since the start.
    pub commits: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// When the last one was, in milliseconds since 1970.
    pub last_ms: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Bytes of state in it.
    pub bytes: u64,
    /// Why nothing can be committed at the moment.
    pub trouble: Option<String>,
    /// Whether that is for want of room.
    pub disk_full: bool,
    /// Rows of counts that were given up meanwhile.
    pub panes_given_up: u64,
}

/// Something that a plugin said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginLine {
    /// When it was heard, in milliseconds since 1970 by the clock.
    pub at_ms: u64,
    /// The edition that said it, where that is not the current one.
    pub edition: Option<String>,
    /// `debug`, `info`, `warn` or `error`; `fault` where it failed.
    pub level: &'static str,
    /// What was said.
    pub line: String,
}

/// One tenant at work.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TenantStatus {
    /// Event time, in milliseconds since 1970.
    pub watermark_ms: u64,
    /// Followed files.
    pub inputs: Vec<InputStatus>,
    /// Sources, by key.
    pub sources: BTreeMap<String, SourceStatus>,
    /// What the intake counted, in all runs.
    pub intake: IntakeCounters,
    /// What the lanes counted, in all runs.
    pub lanes: LaneCounters,
    /// Plugins by name.
    pub plugins: BTreeMap<String, Health>,
    /// What shadows would have changed.
    pub trials: Trials,
    /// Patterns that are run on every line.
    pub slow_patterns: BTreeSet<String>,
    /// What is wanted of plugins beside the configuration file.
    pub fits: BTreeMap<String, Kept>,
    /// Digests of the components at work.
    pub digests: BTreeSet<String>,
    /// What plugins said last, by name.
    pub plugin_lines: BTreeMap<String, VecDeque<PluginLine>>,
    /// Commits.
    pub commit: CommitStatus,
    /// Files: rotations, truncations, losses and whatever else was counted, by name.
    pub files: BTreeMap<String, u64>,
    /// The recording, if there is one.
    pub recording: Option<Figures>,
    /// Open anomalies.
    pub open_anomalies: usize,
    /// Why the tenant stopped, if it did.
    pub stopped: Option<String>,
}

/// What has no tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaemonStatus {
    /// Times that the configuration was read again.
    pub reloads: u64,
    /// Times that this was refused.
    pub reload_failures: u64,
    /// Why the configuration in force is an older one than that of the file.
    pub reload_trouble: Option<String>,
    /// Attempts to open the store for which there was no room.
    pub store_waits: u64,
    /// Why the store is not open yet.
    pub store_trouble: Option<String>,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Status {
    tenants: Arc<Mutex<BTreeMap<String, TenantStatus>>>,
    daemon: Arc<Mutex<DaemonStatus>>,
}

impl Status {
    /// Changes what is known of a tenant.
    pub fn update(&self, tenant: &str, change: impl FnOnce(&mut TenantStatus)) {
        change(lock(&self.tenants).entry(tenant.into()).or_default());
    }

    /// Forgets tenants that there are no more.
    pub fn keep_only(&self, wanted: impl Fn(&str) -> bool) {
        lock(&self.tenants).retain(|tenant, _| wanted(tenant));
    }

    /// Looks at what is known of all tenants.
    pub fn read<T>(&self, look: impl FnOnce(&BTreeMap<String, TenantStatus>) -> T) -> T {
        look(&lock(&self.tenants))
    }

    /// Changes what is known of the daemon as a whole.
    pub fn update_daemon(&self, change: impl FnOnce(&mut DaemonStatus)) {
        change(&mut lock(&self.daemon));
    }

    /// What is known of the daemon as a whole.
    pub fn daemon(&self) -> DaemonStatus {
        lock(&self.daemon).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
