//! `bellwether demo --watch`: the daemon follows the shop's logs while they are written.

use super::{Options, score, write};
use crate::cli::{Failure, stdout, tell};
use crate::generate::{Generator, Plan};
use bellwether_core::correlate::{Alarm, Event, EventKind};
use bellwether_store::{AnomalyQuery, AnomalySummary, Reader, Severity};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Hours of the shop's day that are written in a second.
const HOURS_PER_S: f64 = 1.0;
/// Parts of a second after which what was written is handed to the system.
const SLICE: Duration = Duration::from_millis(50);
/// Longest wait for the daemon to have read everything.
const PATIENCE: Duration = Duration::from_secs(120);
/// The tenant of the shop.
const TENANT: &str = "default";

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let (plan, mut generator) = options.plan.generator()?;
    // Ctrl-c reaches the daemon as well; this program stays to clear away what it has written.
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::our_fault(format!("cannot watch for ctrl-c: {error}")))?;
    let folder = tempfile::tempdir().map_err(|error| Failure::our_fault(error.to_string()))?;
    let mut daemon = Daemon::start(&folder, options.workers)?;
    tell(&format!(
        "a shop's day is written to {} in {:.0} seconds; see what stands out at {}",
        folder.path().join("logs").display(),
        plan.hours / HOURS_PER_S,
        daemon.address
    ));
    let interactive = std::io::stdout().is_terminal();
    write_day(&mut generator, &plan, &folder.path().join("logs"), &interrupted)?;
    let end_ms = plan.start_ms + (plan.hours * 3_600_000.0) as i64;
    let events = daemon.events(&folder.path().join("demo.db"), end_ms, &interrupted)?;
    let mut out = stdout();
    let score = score(&plan, &generator, &events, 60_000);
    write(&mut out, &plan, &score, &events)?;
    out.flush()?;
    drop(out);
    if interactive {
        tell(&format!("\nthe page stays at {} until ctrl-c", daemon.address));
        return daemon.wait();
    }
    daemon.end()
}

fn go_on(interrupted: &AtomicBool) -> Result<(), Failure> {
    if interrupted.load(Ordering::Relaxed) { Err(Failure::interrupted_early()) } else { Ok(()) }
}

/// Writes the day into a file for each service, hour by hour at the pace of the demo.
fn write_day(
    generator: &mut Generator,
    plan: &Plan,
    logs: &Path,
    interrupted: &AtomicBool,
) -> Result<(), Failure> {
    let failed = |error| Failure::write(logs, &error);
    let mut files = Vec::new();
    for service in generator.services() {
        let path = logs.join(format!("{}.log", service.name));
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        files.push(BufWriter::new(file));
    }
    let began = Instant::now();
    let mut slices = 0u32;
    let mut record = Vec::new();
    while let Some(emitted) = generator.next(&mut record) {
        let hours = (emitted.time_ms - plan.start_ms) as f64 / 3_600_000.0;
        let due = Duration::from_secs_f64((hours / HOURS_PER_S).max(0.0));
        if due > SLICE * slices {
            slices = (due.as_secs_f64() / SLICE.as_secs_f64()) as u32 + 1;
            files.iter_mut().try_for_each(Write::flush).map_err(failed)?;
            std::thread::park_timeout((SLICE * slices).saturating_sub(began.elapsed()));
            go_on(interrupted)?;
        }
        files[emitted.service].write_all(&record).map_err(failed)?;
    }
    files.iter_mut().try_for_each(|file: &mut BufWriter<File>| file.flush()).map_err(failed)
}

/// The program once more, as a daemon.
struct Daemon {
    child: Child,
    address: String,
}

impl Daemon {
    fn start(folder: &TempDir, workers: Option<u16>) -> Result<Self, Failure> {
        let logs = folder.path().join("logs");
        std::fs::create_dir(&logs).map_err(|error| Failure::write(&logs, &error))?;
        // The usual port, unless somebody else has it.
        let usual = std::net::TcpListener::bind("127.0.0.1:8085").is_ok();
        let config = folder.path().join("demo.yaml");
        let text = format!(
            "inputs: [{{ files: [logs/*.log], source: \"demo:{{name}}\" }}]\n\
             store: {{ path: demo.db, commit_every_s: 1 }}\n\
             api: {{ listen: \"127.0.0.1:{}\" }}\n",
            if usual { 8085 } else { 0 }
        );
        std::fs::write(&config, text).map_err(|error| Failure::write(&config, &error))?;
        let mut command = Command::new(this_program()?);
        command.args(["run", "-c"]).arg(&config).stdin(Stdio::null()).stderr(Stdio::piped());
        if let Some(workers) = workers {
            command.arg("--workers").arg(workers.to_string());
        }
        let mut child = command
            .spawn()
            .map_err(|error| Failure::our_fault(format!("cannot start the daemon: {error}")))?;
        let log = child.stderr.take().expect("its log is piped");
        let address = address(log)?;
        Ok(Daemon { child, address })
    }

    /// Waits until the daemon has come to the end of the day, and takes what it has kept.
    fn events(
        &mut self,
        database: &Path,
        end_ms: i64,
        interrupted: &AtomicBool,
    ) -> Result<Vec<Event>, Failure> {
        let began = Instant::now();
        loop {
            go_on(interrupted)?;
            let reader = Reader::open(database)?;
            let tenants = reader.tenants()?;
            let reached_ms = tenants.first().map_or(0, |tenant| tenant.watermark_ms as i64);
            if reached_ms + 2 * 60_000 >= end_ms {
                return events(&reader);
            }
            if began.elapsed() > PATIENCE {
                return Err(Failure::our_fault("the daemon did not come to the end of the day"));
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Failure::our_fault(format!("the daemon has ended with {status}")));
            }
            std::thread::park_timeout(Duration::from_millis(200));
        }
    }

    /// Waits until somebody ends it; ctrl-c reaches the daemon as well.
    fn wait(mut self) -> Result<(), Failure> {
        let ended = self.child.wait();
        ended.map(drop).map_err(|error| Failure::our_fault(error.to_string()))
    }

    /// Ends it as a service manager would.
    fn end(mut self) -> Result<(), Failure> {
        let pid = rustix::process::Pid::from_child(&self.child);
        // If it is gone already, that is what was wanted.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let ended = self.child.wait();
        ended.map(drop).map_err(|error| Failure::our_fault(error.to_string()))
    }
}

impl Drop for Daemon {
    /// Whatever happens, no daemon is left behind.
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn this_program() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|error| Failure::our_fault(format!("cannot find this program: {error}")))
}

/// Reads the log until the daemon says where it listens; what follows is read on, so that it never has to wait, and
/// shown if it is a warning or worse.
fn address(log: ChildStderr) -> Result<String, Failure> {
    let mut lines = BufReader::new(log).lines();
    let mut said = Vec::new();
    for line in lines.by_ref().map_while(Result::ok) {
        if let Some((_, address)) = line.split_once("ready: ") {
            let address = address.split_whitespace().next().unwrap_or_default().to_string();
            std::thread::spawn(move || {
                let lines = lines.map_while(Result::ok);
                lines
                    .filter(|line| line.contains("WARN") || line.contains("ERROR"))
                    .for_each(|line| tell(&crate::output::terminal::safe(&line)));
            });
            return Ok(address);
        }
        said.push(line);
    }
    Err(Failure::our_fault(format!("the daemon did not start: {}", said.join("; "))))
}

/// What the store has kept, as it was said; every window with findings counts as a change.
fn events(reader: &Reader) -> Result<Vec<Event>, Failure> {
    let mut events = Vec::new();
    let mut cursor = None;
    loop {
        let query =
            AnomalyQuery { tenant: TENANT.into(), limit: 100, cursor, ..AnomalyQuery::default() };
        let page = reader.anomalies(&query)?;
        for summary in &page.rows {
            let detail = reader.anomaly(TENANT, &summary.id)?;
            let windows = detail.iter().flat_map(|detail| detail.findings.iter());
            let mut windows: Vec<u64> = windows.map(|finding| finding.end_ms).collect();
            windows.dedup();
            events.push(event(summary, EventKind::Opened, summary.opened_ms));
            let later = windows.into_iter().filter(|end_ms| *end_ms > summary.opened_ms);
            events.extend(later.map(|end_ms| event(summary, EventKind::Updated, end_ms)));
            let resolved =
                summary.resolved_ms.map(|at_ms| event(summary, EventKind::Resolved, at_ms));
            events.extend(resolved);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    events.sort_by(|a, b| (a.at_ms, &a.source).cmp(&(b.at_ms, &b.source)));
    Ok(events)
}

fn event(summary: &AnomalySummary, event: EventKind, at_ms: u64) -> Event {
    Event {
        event,
        id: summary.id.clone(),
        tenant: TENANT.into(),
        source: summary.source.clone(),
        at: super::rfc3339(at_ms as i64),
        opened: super::rfc3339(summary.opened_ms as i64),
        severity: match summary.severity {
            Severity::Notice => Alarm::Notice,
            Severity::Warning => Alarm::Warning,
            Severity::Critical => Alarm::Critical,
        },
        bits: summary.bits,
        detectors: summary.detectors.clone(),
        template: summary.template.clone(),
        template_id: summary.template_id.clone(),
        before_per_minute: summary.before_per_minute,
        now_per_minute: summary.now_per_minute,
        examples: Vec::new(),
        sentence: summary.sentence.clone(),
        pattern: summary.pattern.clone(),
        evidence: Vec::new(),
        at_ms,
        opened_ms: summary.opened_ms,
        findings: Vec::new(),
    }
}
