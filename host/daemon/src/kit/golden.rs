//! What a plugin alone says of a log, as lines that can be compared.

use super::stage::{self, Log};
use crate::loadout::{Loadout, LoadoutError};
use bellwether_core::correlate::Correlator;
use bellwether_core::lane::{KeptRecord, Wishes};
use bellwether_core::report::Report;
use bellwether_plugins::Kind;
use std::fmt::Write;

/// What was said, or the fault that kept the plugin from saying it.
pub(crate) type Told = Result<String, String>;

/// Takes a log through a lane with this loadout: the findings of a detector, or what a filter kept and counted.
pub(crate) fn tell(loadout: &Loadout, kind: Kind, log: Log) -> Result<Told, LoadoutError> {
    let mut lane = loadout.lane(0)?;
    let (mut reports, mut kept): (Vec<Report>, Vec<KeptRecord>) = (Vec::new(), Vec::new());
    let keys = stage::run(&[log], loadout.settings(), &mut lane, |outputs| {
        reports.extend(outputs.reports);
        kept.extend(outputs.kept);
    });
    let health = loadout.health();
    if let Some(fault) = health.into_values().find_map(|health| health.last_fault) {
        return Ok(Err(fault));
    }
    let mut text = String::new();
    if kind == Kind::Filter {
        let counters = lane.counters();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "kept {}, dropped {}", counters.kept, counters.dropped);
        for (tag, count) in &counters.tags {
            let _ = writeln!(text, "tagged {tag} {count}");
        }
        kept.sort_by_key(|record| record.position);
        for record in kept {
            let _ = writeln!(text, "{}", String::from_utf8_lossy(&record.text));
        }
        return Ok(Ok(text));
    }
    let mut correlator = Correlator::new(loadout.settings().clone());
    for (source, key) in &keys {
        correlator.learn_source(*source, key);
    }
    reports.sort_by_key(|report| (report.start_ms, report.source));
    for report in &reports {
        text.push_str(&findings(report, &correlator));
    }
    Ok(Ok(text))
}

/// What a filter under test has to hand out.
pub(crate) fn wishes() -> Wishes {
    Wishes { kept_records: true, ..Wishes::default() }
}

/// Time, source, message, bits and sentence of each finding.
fn findings(report: &Report, correlator: &Correlator) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let alone = Report { findings: vec![finding.clone()], ..report.clone() };
        let score = correlator.score(&alone);
        let message = finding.subject.as_ref().map(|subject| format!("{:08x}", subject.message));
        let message = message.unwrap_or_else(|| "all".into());
        let time = i64::try_from(report.start_ms).ok();
        let time = time.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let time = time.map(|time| time.to_string()).unwrap_or_default();
        let _ = writeln!(
            text,
            "{time} {} {message} {:.1} bits: {}",
            score.source, finding.bits, score.sentence
        );
    }
    text
}
