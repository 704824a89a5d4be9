//! The end of a run in some lines: how much, how fast, where it went, and what the sources are.

use super::json::Account;
use super::table::Table;
use crate::pipeline::Totals;
use bellwether_core::calibrate::WARM_UP_WINDOWS;
use bellwether_core::lane::DeadLetter;
use bellwether_plugins::{CircuitState, Health};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

/// Most characters shown of a record that a plugin could not bear.
const TEXT_LETTERS_MAX: usize = 200;
/// Sources shown; the rest is counted.
const SOURCES_MAX: usize = 20;

/// Writes the summary.
pub(crate) fn write(
    out: &mut dyn Write,
    totals: &Totals,
    health: &BTreeMap<String, Health>,
    window_ms: u64,
    took: Duration,
) -> io::Result<()> {
    let intake = &totals.intake;
    let seconds = took.as_secs_f64().max(1e-9);
    writeln!(
        out,
        "read {} lines ({} records, {:.1} MB) in {seconds:.2} s: {:.0} lines/s, {:.1} MB/s",
        intake.lines,
        intake.records,
        intake.bytes as f64 / 1e6,
        intake.lines as f64 / seconds,
        intake.bytes as f64 / 1e6 / seconds,
    )?;
    write_account(out, totals)?;
    write_sources(out, totals, window_ms)?;
    write_plugins(out, health)
}

fn write_account(out: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    let account = Account::new(&totals.intake, &totals.lanes);
    let Account { read, kept, dropped, late, quarantined, dead } = account;
    let verdict = if account.adds_up() { "" } else { "  THIS DOES NOT ADD UP: please report it" };
    writeln!(
        out,
        "account: {read} read = {kept} kept + {dropped} dropped + {late} late + {quarantined} quarantined + {dead} dead{verdict}"
    )?;
    let notes = [
        (totals.intake.cut, "records were cut because of their length"),
        (totals.intake.unstamped, "records had no time stamp of their own"),
        (totals.lanes.unfiltered, "records passed a filter that could not answer"),
    ];
    for (count, what) in notes.iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "{count} {what}")?;
    }
    for (tag, count) in &totals.lanes.tags {
        writeln!(out, "{count} records were tagged {}", super::terminal::safe(tag))?;
    }
    Ok(())
}

fn write_sources(out: &mut dyn Write, totals: &Totals, window_ms: u64) -> io::Result<()> {
    if totals.forms.is_empty() {
        return writeln!(out, "no source: there was not a single line");
    }
    let mut sources: Vec<_> = totals.forms.iter().collect();
    sources.sort_by_key(|(_, source)| &source.key);
    let mut table = Table::new(&["source", "form", "votes", "records", "templates", "learnt"]);
    for (number, source) in sources.iter().take(SOURCES_MAX) {
        let info = totals.sources.get(number);
        let windows = info
            .map_or(0, |info| info.last_ms.saturating_sub(info.first_ms).max(0) as u64 / window_ms);
        let learnt = match windows * 100 / WARM_UP_WINDOWS {
            100.. => "yes".to_string(),
            percent => format!("{percent} % (needs {} more windows)", WARM_UP_WINDOWS - windows),
        };
        table.push(&[
            source.key.clone(),
            source.form.form.name().into(),
            format!("{}/{}", source.form.votes, source.form.lines),
            source.records.to_string(),
            info.map_or(0, |info| info.templates.len()).to_string(),
            learnt,
        ]);
    }
    table.write(out)?;
    if sources.len() > SOURCES_MAX {
        writeln!(out, "… and {} more sources", sources.len() - SOURCES_MAX)?;
    }
    Ok(())
}

/// Only what is wrong: a healthy plugin is no news.
fn write_plugins(out: &mut dyn Write, health: &BTreeMap<String, Health>) -> io::Result<()> {
    for (name, health) in health.iter().filter(|(_, health)| !health.faults.is_empty()) {
        let faults: Vec<String> =
            health.faults.iter().map(|(code, count)| format!("{count} {code}")).collect();
        writeln!(
            out,
            "plugin {name} failed ({}); {} rows were not scored; it is {}",
            faults.join(", "),
            health.rows_unscored,
            circuit(health.circuit),
        )?;
        if let Some(fault) = &health.last_fault {
            writeln!(out, "  last: {}", super::terminal::safe(fault))?;
        }
    }
    Ok(())
}

/// How much plugins could not bear, and the first of it.
pub(crate) fn write_dead(
    out: &mut dyn Write,
    totals: &Totals,
    first: Option<&DeadLetter>,
) -> io::Result<()> {
    let Some(first) = first else { return Ok(()) };
    let key = totals.forms.get(&first.source).map_or("", |source| source.key.as_str());
    let (plugin, during) = (&first.plugin, first.during.as_str());
    writeln!(
        out,
        "{} rows, windows or states were set aside, as plugins could not bear them; the first, in {during} of {plugin}:",
        totals.lanes.poisoned
    )?;
    let place = first.position.map_or(String::new(), |position| format!(" at {position}"));
    let text = String::from_utf8_lossy(&first.text);
    let text: String = text.chars().take(TEXT_LETTERS_MAX).collect();
    writeln!(out, "  {}{place}: {}", super::terminal::safe(key), super::terminal::safe(&text))?;
    for line in first.cause.lines() {
        writeln!(out, "  {}", super::terminal::safe(line))?;
    }
    Ok(())
}

fn circuit(state: CircuitState) -> &'static str {
    match state {
        CircuitState::Closed => "still asked",
        CircuitState::HalfOpen => "being tried again",
        CircuitState::Open => "left out for now",
        CircuitState::Quarantined => "not asked any more",
    }
}
