//! The figures of a backtest for people.

use crate::backtest::figures::{AtThreshold, FaultScore, Score, Tally, WindowTally};
use crate::output::table::Table;
use std::io::{self, Write};

/// False alarms shown; all of them stand in the JSON.
const FALSE_ALARMS_MAX: usize = 10;

/// Writes everything, the most important first.
pub(super) fn write(out: &mut dyn Write, title: &str, score: &Score) -> io::Result<()> {
    let Score { found, faults, false_alarms, threshold_bits, .. } = score;
    writeln!(
        out,
        "{title}: {found} of {faults} faults found, {} ({:.1} a day) at {threshold_bits:.1} bits",
        counted(*false_alarms, "false alarm"),
        score.false_alarms_per_day
    )?;
    if let (Some(median), Some(p90)) = (score.delay_median_s, score.delay_p90_s) {
        writeln!(out, "found after {median:.0} s in the median, 9 of 10 within {p90:.0} s")?;
    }
    let WindowTally { wrong, open, open_both, open_f1, .. } = score.windows;
    writeln!(
        out,
        "in an anomaly: {open_both} of the {} with something wrong, and {} others (F1 {open_f1:.3})",
        counted(wrong, "window"),
        open - open_both
    )?;
    writeln!(
        out,
        "learnt from {} ({}), judged the {:.2} days after it\n",
        score.training_rule,
        span(score.log_start, score.training_end),
        score.days
    )?;
    write_tallies(out, score)?;
    write_budgets(out, score)?;
    write_missed(out, score)?;
    write_false_alarms(out, score)
}

/// By type and level, at the threshold and within the budgets.
fn write_tallies(out: &mut dyn Write, score: &Score) -> io::Result<()> {
    let budgets = score.at_budget.keys().map(|budget| format!("at {budget}/day"));
    let heads: Vec<String> =
        ["", "faults", "found"].into_iter().map(String::from).chain(budgets).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut table = Table::new(&heads);
    let row = |name: String, own: Tally, within: &dyn Fn(&AtThreshold) -> Tally| {
        let mut cells = vec![name, own.faults.to_string(), own.found.to_string()];
        cells.extend(score.at_budget.values().map(|at| within(at).found.to_string()));
        cells
    };
    for (kind, tally) in &score.by_type {
        let within = |at: &AtThreshold| at.by_type.get(kind).copied().unwrap_or_default();
        table.push(&row(kind.clone(), *tally, &within));
    }
    for (level, tally) in &score.by_level {
        let within = |at: &AtThreshold| at.by_level.get(level).copied().unwrap_or_default();
        table.push(&row(format!("level {level}"), *tally, &within));
    }
    if score.changed_10.faults > 0 && score.changed_10.faults < score.faults {
        table.push(&row("10 lines and more".into(), score.changed_10, &|at| at.changed_10));
    }
    let all = Tally { faults: score.faults, found: score.found };
    table.push(&row("all".into(), all, &|at| Tally { faults: 0, found: at.found }));
    table.write(out)
}

/// What each budget costs and which setting gives it.
fn write_budgets(out: &mut dyn Write, score: &Score) -> io::Result<()> {
    writeln!(out, "\nThe best that a threshold can do here, chosen knowing the faults:\n")?;
    let mut table = Table::new(&[
        "within",
        "found",
        "false alarms",
        "bits",
        "alerts_per_day",
        "after (median)",
    ]);
    for (budget, at) in &score.at_budget {
        let bits = at.threshold_bits;
        // The threshold is log2(windows a day / alerts a day).
        let setting = |bits: f32| 86_400.0 / score.window_s / f64::from(bits).exp2();
        table.push(&[
            format!("{budget}/day"),
            format!("{} of {}", at.found, score.faults),
            at.false_alarms.to_string(),
            bits.map_or("-".into(), |bits| format!("{bits:.1}")),
            bits.map_or("-".into(), |bits| format!("{:.2}", setting(bits))),
            at.delay_median_s.map_or("-".into(), |delay| format!("{delay:.0} s")),
        ]);
    }
    table.write(out)
}

fn write_missed(out: &mut dyn Write, score: &Score) -> io::Result<()> {
    let missed: Vec<&FaultScore> =
        score.faults_detail.iter().filter(|fault| !fault.found).collect();
    if missed.is_empty() {
        return writeln!(out, "\nNothing was missed.");
    }
    writeln!(
        out,
        "\nMissed, with the highest bits that a window of it reached ({:.1} would have been enough):\n",
        score.threshold_bits
    )?;
    let head =
        ["start", "type", "level", "lines", "bits", "what it was", "what was nearest to an alarm"];
    let mut table = Table::new(&head);
    for fault in missed {
        let known = |number: Option<u64>| number.map_or("-".into(), |number| number.to_string());
        table.push(&[
            clock(fault.start),
            fault.kind.clone(),
            known(fault.level.map(u64::from)),
            known(fault.lines_changed),
            if fault.bits > 0.0 { format!("{:.1}", fault.bits) } else { "-".into() },
            if fault.detail.is_empty() { "-".into() } else { fault.detail.clone() },
            fault.sentence.clone().unwrap_or_else(|| "-".into()),
        ]);
    }
    table.write(out)
}

fn write_false_alarms(out: &mut dyn Write, score: &Score) -> io::Result<()> {
    let alarms = &score.false_alarms_detail;
    if alarms.is_empty() {
        return writeln!(out, "\nThere was no false alarm.");
    }
    writeln!(out, "\nFalse alarms:\n")?;
    let mut table = Table::new(&["start", "bits", "what"]);
    for alarm in alarms.iter().take(FALSE_ALARMS_MAX) {
        table.push(&[clock(alarm.start), format!("{:.1}", alarm.bits), alarm.sentence.clone()]);
    }
    table.write(out)?;
    match alarms.len().checked_sub(FALSE_ALARMS_MAX) {
        Some(more) if more > 0 => writeln!(out, "and {more} more, which --format json names"),
        _ => Ok(()),
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn span(start_s: i64, end_s: i64) -> String {
    format!("{} to {}", clock(start_s), clock(end_s))
}

fn clock(time_s: i64) -> String {
    let stamp = jiff::Timestamp::from_second(time_s);
    stamp.map_or_else(
        |_| time_s.to_string(),
        |stamp| stamp.to_string().replace('T', " ").trim_end_matches('Z').to_owned(),
    )
}
