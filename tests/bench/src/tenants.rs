//! Many tenants in one process: what they cost in speed, against one tenant with all of their lines, and in memory.
//!
//! Each has a pipeline with one lane, one source and two detectors; as in the daemon they share plugins, patterns and
//! worker threads, of which there is one. Tenants take turns, and a turn is a minute of event time; time is
//! taken until everything was done and its state handed out. Each run is a process of its own, for the sake of memory.

use crate::elsewhere::{ask, status_bytes, tells_status};
use crate::pipeline::Run;
use crate::report::{Report, Title};
use crate::rounds::Rounds;
use crate::traffic::MESSAGES;
use anyhow::{Context, Result};
use bellwether::config::{Config, Origin};
use bellwether::loadout::{Loadout, Wanted, Workshop, settings};
use bellwether::pipeline::Workers;
use bellwether_core::intake::Routing;
use bellwether_core::lane::Wishes;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

/// Asks this program for one run, followed by the number of tenants.
pub(crate) const ARGUMENT: &str = "--run-of-tenants";
const MANY: usize = 1000;
/// The detectors of each.
const DETECTORS: [&str; 2] = ["rate", "novelty"];
/// Lines of a turn.
const LINES: usize = 240;
/// Turns of each of the many before time is taken, and while it is.
const TURNS_BEFORE: usize = 1;
const TURNS: usize = 4;
/// Threads that wait for tenants in the end.
const SETTLERS: usize = 8;

/// Measures many against one.
pub(crate) fn measure(report: &mut Report) -> Result<()> {
    if !tells_status(report, "tenants") {
        return Ok(());
    }
    let mut resident = Vec::new();
    let many = || {
        let [lines_per_s, bytes] = run_elsewhere(MANY)?;
        resident.push(bytes / f64::from(1 << 20));
        Ok(lines_per_s)
    };
    let rounds = Rounds::against(many, || run_elsewhere(1).map(|[lines_per_s, _]| lines_per_s))?;
    let title = |case, peer, unit| Title { work: "tenants", case, peer, unit };
    report.push(title("1,000, two plugins each", Some("one tenant"), "lines/s"), &rounds);
    // The round that warmed up counts no more here than there.
    let mut resident = resident.into_iter();
    let rounds = Rounds::alone(|| resident.next().context("each round has its figure"))?;
    report.push(title("1,000, resident", None, "MiB"), &rounds);
    Ok(())
}

fn run_elsewhere(tenants: usize) -> Result<[f64; 2]> {
    let text = ask(ARGUMENT, tenants)?;
    let figures: Vec<&str> = text.split_whitespace().collect();
    let [lines_per_s, bytes] = figures[..] else {
        anyhow::bail!("`{text}` is not lines per second and bytes");
    };
    Ok([lines_per_s.parse()?, bytes.parse()?])
}

/// Takes as many lines as all of the many have through so many tenants; lines per second, and resident bytes.
pub(crate) fn run(tenants: usize) -> Result<(f64, u64)> {
    let usual = Config::default();
    let is_wanted = |origin: &Origin| {
        DETECTORS.iter().any(|name| *origin == Origin::Builtin((*name).to_owned()))
    };
    let detectors = usual.detectors.iter().filter(|own| is_wanted(&own.origin)).cloned();
    let mut config = Config { detectors: detectors.collect(), lanes: 1, ..usual };
    // Those at work, and those of the lane on trial.
    config.plugins.instances_max = ((tenants + 1) * DETECTORS.len()) as u32;
    let workshop = Workshop::new(&config)?;
    let workers = Workers::start(1)?;
    let mut all = Vec::with_capacity(tenants);
    for tenant in 0..tenants {
        let settings = settings(&config, &format!("tenant-{tenant}"));
        let (wanted, wishes) = (Wanted::default(), Wishes::default());
        let loadout = Arc::new(Loadout::open(&workshop, &config, &wanted, settings, wishes)?);
        all.push(Run::start(&loadout, &workers, Routing::Whole)?);
    }
    let turns_of_each = |turns: usize| turns * MANY / tenants;
    let mut minutes = Minutes::new()?;
    minutes.push(&mut all, turns_of_each(TURNS_BEFORE))?;
    settle(&mut all)?;
    let began = Instant::now();
    minutes.push(&mut all, turns_of_each(TURNS))?;
    settle(&mut all)?;
    let lines_per_s = (TURNS * MANY * LINES) as f64 / began.elapsed().as_secs_f64();
    let lines = turns_of_each(TURNS_BEFORE + TURNS) * LINES;
    all.into_iter().try_for_each(|run| run.end(lines))?;
    Ok((lines_per_s, status_bytes("VmHWM")?))
}

/// Waits until all is done and handed out. In the daemon each tenant has a thread that waits; here a few share them.
fn settle(all: &mut [Run]) -> Result<()> {
    let share = all.len().div_ceil(SETTLERS);
    std::thread::scope(|scope| {
        let settlers = all
            .chunks_mut(share)
            .map(|runs| scope.spawn(|| runs.iter_mut().try_for_each(Run::settle)));
        let settlers: Vec<_> = settlers.collect();
        settlers.into_iter().try_for_each(|settler| settler.join().expect("it does not panic"))
    })
}

/// The lines of one minute after the other.
struct Minutes {
    text: Vec<u8>,
    /// Where each line begins.
    starts: Vec<usize>,
    next: usize,
}

impl Minutes {
    fn new() -> Result<Self> {
        let (mut text, mut starts) = (Vec::new(), Vec::new());
        for line in 0..LINES {
            starts.push(text.len());
            let message = MESSAGES[line % MESSAGES.len()].replace("<>", &line.to_string());
            writeln!(text, "2026-02-20T00:00:{:02}Z {message}", line * 60 / LINES)?;
        }
        Ok(Minutes { text, starts, next: 0 })
    }

    /// Gives every tenant so many minutes, in turns.
    fn push(&mut self, tenants: &mut [Run], minutes: usize) -> Result<()> {
        for _ in 0..minutes {
            let (day, hour, minute) = (self.next / 1440, self.next / 60 % 24, self.next % 60);
            let stamp = format!("2026-02-{:02}T{hour:02}:{minute:02}", day + 20);
            for start in &self.starts {
                self.text[*start..*start + stamp.len()].copy_from_slice(stamp.as_bytes());
            }
            self.next += 1;
            for tenant in tenants.iter_mut() {
                tenant.push(&self.text)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_stamped_with_its_minute() {
        let mut minutes = Minutes::new().expect("lines can be written to memory");
        let cases =
            [(0, "2026-02-20T00:00:"), (61, "2026-02-20T01:01:"), (1500, "2026-02-21T01:00:")];
        for (next, stamp) in cases {
            minutes.next = next;
            minutes.push(&mut [], 1).expect("there is nobody to fail");
            let text = String::from_utf8(minutes.text.clone()).expect("lines are ASCII");
            assert_eq!(text.lines().count(), LINES);
            assert!(text.lines().all(|line| line.starts_with(stamp)), "{stamp}");
        }
    }
}
