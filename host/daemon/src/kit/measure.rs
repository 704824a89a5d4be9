//! What a plugin costs, on the tape of some logs: time and fuel per row and window, state, memory, start.

use super::subject::{Opened, Subject};
use super::tape::{Step, Tape};
use bellwether_plugins::{Kind, Limits, OpenError};
use std::time::Instant;

/// Sizes of the batches that are measured.
const CUTS: [usize; 3] = [256, 1024, 4096];
/// Rounds that count; odd, so that a median is a figure that was measured.
pub(crate) const ROUNDS: usize = 9;

/// Middle and ends of some figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// What work of one sort costs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cost {
    /// Such as `observe, 256 rows`.
    pub(crate) work: String,
    /// Rows, or windows.
    pub(crate) items: usize,
    /// Nanoseconds for each.
    pub(crate) ns: Spread,
    /// Fuel for each.
    pub(crate) fuel: f64,
    /// The largest share of its fuel that a call used.
    pub(crate) fuel_share_max: f64,
}

/// All that was measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figures {
    pub(crate) costs: Vec<Cost>,
    /// Bytes of the state of each source that has one, the smallest first.
    pub(crate) state_bytes: Vec<usize>,
    /// Linear memory at the end.
    pub(crate) memory_bytes: usize,
    /// Microseconds of a start: instance, description, configuration.
    pub(crate) start_us: Spread,
}

/// Why nothing can be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MeasureError {
    /// It does not start.
    #[error("the plugin cannot be opened")]
    Open(#[from] OpenError),
    /// It fails while it is measured.
    #[error("the plugin failed; `bellwether plugin test` says on which row: {0}")]
    Fault(String),
}

/// Measures a plugin.
pub(crate) fn measure(
    subject: &Subject,
    tape: &Tape,
    limits: &Limits,
) -> Result<Figures, MeasureError> {
    let kind = subject.plugin.kind();
    let mut costs = Vec::new();
    if !tape.sources.is_empty() {
        let call = if kind == Kind::Filter { "evaluate" } else { "observe" };
        for rows_max in CUTS {
            let mut steps = tape.steps(rows_max, None, false);
            steps.retain(|step| matches!(step, Step::Rows(_)));
            let work = format!("{call}, {rows_max} rows");
            costs.push(cost(subject, work, tape.sources.len(), &steps, limits)?);
        }
    }
    if !tape.windows.is_empty() {
        let steps = tape.windows.iter().enumerate();
        let steps: Vec<_> = steps.map(|(place, (_, window))| Step::Window(place, window)).collect();
        costs.push(cost(subject, "close-window".into(), steps.len(), &steps, limits)?);
    }
    let mut plugin = subject.open()?;
    let all = tape.steps(1024, None, !tape.windows.is_empty());
    all.iter().try_for_each(|step| ask(&mut plugin, step))?;
    let mut state_bytes: Vec<usize> =
        plugin.save(tape).values().map(|state| state.bytes.len()).collect();
    state_bytes.sort_unstable();
    let memory_bytes = usize::try_from(plugin.health().memory_bytes).unwrap_or(usize::MAX);
    Ok(Figures { costs, state_bytes, memory_bytes, start_us: start(subject)? })
}

/// Times all calls; each round begins with a new instance. The first warms up and does not count, but tells the fuel,
/// which is the same in all.
fn cost(
    subject: &Subject,
    work: String,
    items: usize,
    steps: &[Step<'_>],
    limits: &Limits,
) -> Result<Cost, MeasureError> {
    let kind = subject.plugin.kind();
    let mut plugin = subject.open()?;
    let (began, mut fuel_share_max) = (plugin.health().fuel, 0.0f64);
    let mut before = began;
    for step in steps {
        ask(&mut plugin, step)?;
        let used = plugin.health().fuel;
        let budget = match step {
            Step::Rows(cut) => limits.batch_fuel(kind, cut.rows.len()),
            Step::Window(_, window) => limits.window_fuel(window.rows),
        };
        fuel_share_max = fuel_share_max.max((used - before) as f64 / budget as f64);
        before = used;
    }
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let mut plugin = subject.open()?;
        let began = Instant::now();
        steps.iter().try_for_each(|step| ask(&mut plugin, step))?;
        rounds.push(began.elapsed().as_nanos() as f64 / items as f64);
    }
    let fuel = (before - began) as f64 / items as f64;
    Ok(Cost { work, items, ns: Spread::of(rounds), fuel, fuel_share_max })
}

fn start(subject: &Subject) -> Result<Spread, MeasureError> {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let plugin = subject.open()?;
        rounds.push(began.elapsed().as_nanos() as f64 / 1000.0);
        drop(plugin);
    }
    Ok(Spread::of(rounds))
}

fn ask(plugin: &mut Opened, step: &Step<'_>) -> Result<(), MeasureError> {
    if plugin.ask(step) { Ok(()) } else { Err(MeasureError::Fault(plugin.last_fault())) }
}

impl Spread {
    /// Of figures, of which there is at least one.
    fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
        let last = figures.len().saturating_sub(1);
        Spread { median: at(figures.len() / 2), min: at(0), max: at(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_middle_and_the_ends() {
        let spread = Spread::of(vec![9.0, 1.0, 2.0]);
        assert_eq!(spread, Spread { median: 2.0, min: 1.0, max: 9.0 });
    }
}
