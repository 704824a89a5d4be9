//! Whether a plugin keeps what the contract asks of all: that nothing shows in what it says but the rows themselves.
//!
//! It is given the same rows again and again: in batches of other sizes, each source by itself, by another instance,
//! and with its state carried over in the middle. Every score, mark, reason, explanation and verdict must be the same.

use super::subject::{Answers, Said, Subject};
use super::tape::{Step, Tape};
use bellwether_plugins::OpenError;

/// Sizes of batches, each held against the one that the pipeline uses.
const CUTS: [usize; 3] = [1, 7, 4096];
const USUAL_CUT: usize = 1024;

/// Something that was held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// What.
    pub(crate) name: String,
    /// Rows, windows or states that were compared.
    pub(crate) compared: usize,
    /// What was wrong.
    pub(crate) problem: Option<String>,
}

impl Check {
    /// Something that is as it should be.
    pub(crate) fn passed(name: &str, compared: usize) -> Self {
        Check::new(name, Ok(compared))
    }

    /// Something that is not.
    pub(crate) fn failed(name: &str, problem: String) -> Self {
        Check::new(name, Err(problem))
    }

    fn new(name: &str, result: Result<usize, String>) -> Self {
        let (compared, problem) = match result {
            Ok(compared) => (compared, None),
            Err(problem) => (0, Some(problem)),
        };
        Check { name: name.into(), compared, problem }
    }
}

/// Holds a plugin to the contract. Where the first run fails, there is nothing to compare others with.
pub(crate) fn check(subject: &Subject, tape: &Tape) -> Result<Vec<Check>, OpenError> {
    // A plugin of lines alone never learns when windows close, so its batches need not end there.
    let in_turn = !tape.windows.is_empty();
    let usual = || tape.steps(USUAL_CUT, None, in_turn);
    let first = match play(subject, &usual())? {
        Ok(answers) => answers,
        Err(fault) => {
            let place = find_fault(subject, tape, in_turn)?.unwrap_or_default();
            return Ok(vec![Check::failed("no faults", format!("{place}{fault}"))]);
        }
    };
    let all = first.rows.len() + first.windows.len();
    let mut checks = vec![Check::new("no faults", Ok(all))];
    for rows_max in CUTS {
        let other = play(subject, &tape.steps(rows_max, None, in_turn))?;
        let name = format!("batches of {rows_max}");
        checks.push(Check::new(&name, compare(tape, &first, other)));
    }
    let other = play_apart(subject, tape, in_turn)?;
    checks.push(Check::new("each source alone", compare(tape, &first, other)));
    let other = play(subject, &usual())?;
    checks.push(Check::new("another run", compare(tape, &first, other)));
    let (other, states) = play_halves(subject, tape, &usual())?;
    checks.push(Check::new("state moved half-way", compare(tape, &first, other)));
    checks.push(Check::new("saved, loaded, saved", states));
    Ok(checks)
}

/// The row or window that a plugin fails on, found one by one.
fn find_fault(subject: &Subject, tape: &Tape, in_turn: bool) -> Result<Option<String>, OpenError> {
    let (mut plugin, mut answers) = (subject.open()?, Answers::default());
    let steps = tape.steps(1, None, in_turn);
    let failed = steps.iter().find(|step| plugin.listen(step, &mut answers).is_err());
    Ok(failed.map(|step| match step {
        Step::Rows(cut) => format!("{}\n", tape.tell(cut.rows[0])),
        Step::Window(place, _) => format!("{}\n", tape.tell_window(*place)),
    }))
}

type Heard = Result<Answers, String>;

fn play(subject: &Subject, steps: &[Step<'_>]) -> Result<Heard, OpenError> {
    let (mut plugin, mut answers) = (subject.open()?, Answers::default());
    let heard = steps.iter().try_for_each(|step| plugin.listen(step, &mut answers));
    Ok(heard.map(|()| answers))
}

/// Each source in an instance of its own.
fn play_apart(subject: &Subject, tape: &Tape, in_turn: bool) -> Result<Heard, OpenError> {
    let mut all = Answers::default();
    for source in tape.keys.keys() {
        match play(subject, &tape.steps(USUAL_CUT, Some(*source), in_turn))? {
            Ok(answers) => {
                all.rows.extend(answers.rows);
                all.windows.extend(answers.windows);
            }
            Err(fault) => return Ok(Err(fault)),
        }
    }
    Ok(Ok(all))
}

/// The second half in another instance that gets the states of the first. Also holds every state against what the
/// second instance makes of it.
fn play_halves(
    subject: &Subject,
    tape: &Tape,
    steps: &[Step<'_>],
) -> Result<(Heard, Result<usize, String>), OpenError> {
    let (before, after) = steps.split_at(steps.len() / 2);
    let (mut plugin, mut answers) = (subject.open()?, Answers::default());
    if let Err(fault) = before.iter().try_for_each(|step| plugin.listen(step, &mut answers)) {
        return Ok((Err(fault.clone()), Err(fault)));
    }
    let saved = plugin.save(tape);
    let mut second = subject.open()?;
    second.load(&saved);
    let again = second.save(tape);
    let health = [plugin.health(), second.health()];
    let fault = health.into_iter().find_map(|health| health.last_fault);
    let differs = saved.iter().find(|(source, state)| again.get(source) != Some(state));
    let states = match (fault, differs) {
        (Some(fault), _) => Err(fault),
        (None, Some((source, _))) => Err(format!(
            "the state of {} becomes other bytes when it is loaded and saved again; keep maps sorted (`BTreeMap`), and \
             save what is needed",
            tape.key(*source)
        )),
        (None, None) => Ok(saved.len()),
    };
    let heard = after.iter().try_for_each(|step| second.listen(step, &mut answers));
    Ok((heard.map(|()| answers), states))
}

/// Rows and windows that were compared, or the first that differs.
fn compare(tape: &Tape, first: &Answers, other: Heard) -> Result<usize, String> {
    let other = other?;
    for (row, said) in &first.rows {
        if other.rows.get(row) != Some(said) {
            return Err(differs(&tape.tell(*row), Some(said), other.rows.get(row)));
        }
    }
    for (place, said) in &first.windows {
        let now = other.windows.get(place);
        for (row, said) in said.iter().enumerate() {
            let now = now.and_then(|now| now.get(row));
            if now != Some(said) {
                let whole = row == tape.windows[*place].1.rows;
                let what = if whole { "the whole".into() } else { format!("row {row}") };
                let what = format!("{what} of {}", tape.tell_window(*place));
                return Err(differs(&what, Some(said), now));
            }
        }
    }
    Ok(first.rows.len() + first.windows.len())
}

fn differs(what: &str, usual: Option<&Said>, now: Option<&Said>) -> String {
    let tell = |said: Option<&Said>| said.map_or("nothing".into(), Said::to_string);
    format!("{what}\n  in batches of {USUAL_CUT}: {}\n  here: {}", tell(usual), tell(now))
}

#[cfg(test)]
mod tests;
