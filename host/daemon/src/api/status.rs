//! What the daemon is doing, in figures.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::desk::{Desk, now_ms};
use super::problem::Problem;
use crate::recording::Figures;
use crate::watch::TenantStatus;

/// Where every record went: read is the sum of the others.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Account {
    /// Records read.
    read: u64,
    /// Records that passed the filters.
    kept: u64,
    /// Records that a filter dropped.
    dropped: u64,
    /// Records that came after their window was closed.
    late: u64,
    /// Records from the future, or of more sources than allowed.
    quarantined: u64,
    /// Records that a failing filter sent to the dead letter.
    dead: u64,
    /// Records on their way through the pipeline.
    under_way: u64,
}

/// How commits go.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CommitView {
    /// Commits since the start.
    commits: u64,
    /// Attempts that failed.
    failures: u64,
    /// When the last one was.
    last_ms: u64,
    /// How long it took, in milliseconds.
    took_ms: u64,
    /// Bytes of state in it.
    bytes: u64,
    /// Why nothing can be committed at the moment.
    trouble: Option<String>,
    /// Whether that is for want of room.
    disk_full: bool,
    /// Rows of counts that were given up meanwhile.
    panes_given_up: u64,
}

/// How the recording goes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordingView {
    /// Segments that are there.
    segments: u64,
    /// Their bytes.
    bytes: u64,
    /// Bytes written since the start.
    written_bytes: u64,
    /// Segments that ended before their time, since the start.
    gaps: u64,
    /// Anomalies of which enough was kept to explain them, since the start.
    cases_kept: u64,
    /// Anomalies of which it was not.
    cases_missed: u64,
    /// Why nothing is recorded at the moment.
    trouble: Option<String>,
}

/// A followed file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InputView {
    /// Its path.
    path: String,
    /// The source, or the first part of its sources' keys.
    source: String,
    /// Bytes handed on so far.
    position: u64,
    /// Bytes that are there and not yet read.
    lag_bytes: u64,
    /// Whether it was read to its end.
    caught_up: bool,
    /// Whether it says nothing at the moment.
    idle: bool,
}

/// A tenant at work.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenantAtWork {
    /// Event time that is complete.
    watermark_ms: u64,
    /// Bytes read, in all runs.
    bytes: u64,
    /// Lines read, in all runs.
    lines: u64,
    /// Where the records went, in all runs.
    records: Account,
    /// Records that passed a filter that could not answer.
    unfiltered: u64,
    /// Records that were cut because of their length.
    cut: u64,
    /// Records without a time stamp of their own.
    unstamped: u64,
    /// Records by tag.
    tags: BTreeMap<String, u64>,
    /// Sources at work.
    sources: usize,
    /// Anomalies that go on.
    open_anomalies: usize,
    /// Files that are followed, at most 200 of them.
    inputs: Vec<InputView>,
    /// How many there are.
    inputs_total: usize,
    /// What happened to files, by name.
    files: BTreeMap<String, u64>,
    /// How commits go.
    commit: CommitView,
    /// How the recording goes; null where nothing is recorded.
    recording: Option<RecordingView>,
    /// Why the tenant stopped; null if it works.
    stopped: Option<String>,
}

/// How large the store is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SizeView {
    /// The database.
    file_bytes: u64,
    /// The log ahead beside it.
    log_bytes: u64,
    /// Parts of the database that are free to be used again.
    free_bytes: u64,
    /// What a day of a source takes.
    source_day_bytes: u64,
}

/// What the daemon is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatusView {
    /// The version of bellwether.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// When it started.
    started_ms: u64,
    /// How long ago that is, in seconds.
    uptime_s: u64,
    /// Memory of the process; null where the system does not tell.
    memory_bytes: Option<u64>,
    /// Pieces of work that wait for the store's thread.
    writes_waiting: usize,
    /// The tenants by name.
    tenants: BTreeMap<String, TenantAtWork>,
    /// How large the store is.
    store: SizeView,
}

/// Files that are shown of each tenant.
const INPUTS_MAX: usize = 200;

/// What the daemon is doing, in figures.
#[utoipa::path(get, path = "/status", tag = "daemon", responses(
    (status = 200, description = "The figures.", body = StatusView),
))]
pub(super) async fn status(State(desk): State<Arc<Desk>>) -> Result<Json<StatusView>, Problem> {
    let (size, memory_bytes) = desk.read(|reader| Ok((reader.size()?, memory_bytes()))).await?;
    let at_work =
        |(name, tenant): (&String, &TenantStatus)| (name.clone(), TenantAtWork::new(tenant));
    let tenants = desk.state.status.read(|tenants| tenants.iter().map(at_work).collect());
    let started_ms = desk.state.started_ms;
    Ok(Json(StatusView {
        version: env!("CARGO_PKG_VERSION"),
        started_ms,
        uptime_s: now_ms().saturating_sub(started_ms) / 1000,
        memory_bytes,
        writes_waiting: desk.state.keeper.waiting(),
        tenants,
        store: SizeView {
            file_bytes: size.file_bytes,
            log_bytes: size.log_bytes,
            free_bytes: size.free_bytes,
            source_day_bytes: size.source_day_bytes,
        },
    }))
}

/// The memory that the process has at present, as Linux tells.
pub(super) fn memory_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

impl Account {
    /// Where the records of a tenant went.
    pub(super) fn new(tenant: &TenantStatus) -> Self {
        let (intake, lanes) = (&tenant.intake, &tenant.lanes);
        let settled = lanes.kept + lanes.dropped + intake.late + intake.quarantined + lanes.dead;
        Account {
            read: intake.records,
            kept: lanes.kept,
            dropped: lanes.dropped,
            late: intake.late,
            quarantined: intake.quarantined,
            dead: lanes.dead,
            under_way: intake.records.saturating_sub(settled),
        }
    }
}

impl RecordingView {
    fn new(figures: &Figures) -> Self {
        let Figures { segments, bytes, written_bytes, gaps, cases_kept, cases_missed, trouble } =
            figures.clone();
        RecordingView { segments, bytes, written_bytes, gaps, cases_kept, cases_missed, trouble }
    }
}

impl TenantAtWork {
    fn new(tenant: &TenantStatus) -> Self {
        let input = |input: &crate::watch::InputStatus| InputView {
            path: input.path.clone(),
            source: input.source.clone(),
            position: input.position,
            lag_bytes: input.lag_bytes,
            caught_up: input.caught_up,
            idle: input.idle,
        };
        let commit = &tenant.commit;
        TenantAtWork {
            watermark_ms: tenant.watermark_ms,
            bytes: tenant.intake.bytes,
            lines: tenant.intake.lines,
            records: Account::new(tenant),
            unfiltered: tenant.lanes.unfiltered,
            cut: tenant.intake.cut,
            unstamped: tenant.intake.unstamped,
            tags: tenant.lanes.tags.clone(),
            sources: tenant.sources.len(),
            open_anomalies: tenant.open_anomalies,
            inputs: tenant.inputs.iter().take(INPUTS_MAX).map(input).collect(),
            inputs_total: tenant.inputs.len(),
            files: tenant.files.clone(),
            commit: CommitView {
                commits: commit.commits,
                failures: commit.failures,
                last_ms: commit.last_ms,
                took_ms: commit.took_ms,
                bytes: commit.bytes,
                trouble: commit.trouble.clone(),
                disk_full: commit.disk_full,
                panes_given_up: commit.panes_given_up,
            },
            recording: tenant.recording.as_ref().map(RecordingView::new),
            stopped: tenant.stopped.clone(),
        }
    }
}
