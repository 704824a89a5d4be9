//! Messages that were an alarm when they came up, and come again.

use super::*;

/// Age at which something new is an alarm, with some ten bits.
const OLD: u64 = 1022;
const DAY: u64 = 1440;

/// A detector that finds the first line that begins with `odd` as odd as that, and none after it.
fn once(strength: f32) -> Fake {
    let mut is_said = false;
    Fake::observing(move |lines| {
        let Column::Text(texts) = &*lines.columns[0] else { panic!("text was wanted") };
        let mut odd = (0..lines.rows()).filter(|row| texts.row(*row).starts_with(b"odd"));
        let row = odd.next().filter(|_| !std::mem::replace(&mut is_said, true));
        let mark = |row| Mark { row: row as u32, channel: 9, score: strength, code: 1, token: 70 };
        Some(Scores { marks: row.map(mark).into_iter().collect(), ..silence().unwrap() })
    })
}

/// Findings, messages that recur, and their bits, of the window when a line was said.
fn said_at(lane: &mut Lane, window: u64, text: &str) -> Option<(usize, usize, f32)> {
    push(lane, &[said(0, window * MINUTE, text)]);
    let mut reports = tick(lane, window);
    reports.retain(|report| report.start_ms == BEGIN_MS + window * MINUTE);
    let own = reports.pop()?;
    Some((own.findings.len(), own.recurrence.messages.len(), own.recurrence.bits.round()))
}

#[test]
fn what_was_an_alarm_when_it_came_up_recurs_for_a_day() {
    let mut lane = lane_of(vec![once(5.0)]);
    age(&mut lane, 0, OLD);
    let again = Some((0, 1, 10.0));
    assert_eq!(said_at(&mut lane, OLD, "odd line"), Some((1, 1, 10.0)), "news");
    assert_eq!(said_at(&mut lane, OLD + 1, "odd line"), again);
    assert_eq!(said_at(&mut lane, OLD + 2, "usual line"), None, "it does not come");
    let saved = lane.save().pop().expect("the source has changed");
    let mut lane = lane_of(vec![once(5.0)]);
    lane.load(0, &saved.state, &saved.plugins).expect("what was just saved can be read");
    // The detector is new; it is told nothing that would make it speak.
    assert_eq!(said_at(&mut lane, OLD + 3, "usual line"), None);
    let mut quiet = lane_of(vec![Fake::observing(|_| silence())]);
    quiet.load(0, &saved.state, &saved.plugins).expect("what was just saved can be read");
    assert_eq!(said_at(&mut quiet, OLD + 3, "odd line"), again, "a restart does not show");
    assert_eq!(said_at(&mut quiet, OLD + DAY - 1, "odd line"), again, "the last of a day");
    assert_eq!(said_at(&mut quiet, OLD + DAY, "odd line"), None, "usual by now");
}

#[test]
fn what_is_old_or_was_no_alarm_does_not_recur() {
    let mut weak = lane_of(vec![once(0.0)]);
    age(&mut weak, 0, OLD);
    assert_eq!(said_at(&mut weak, OLD, "odd line"), None);
    assert_eq!(said_at(&mut weak, OLD + 1, "odd line"), None, "it never was an alarm");
    let mut known = lane_of(vec![once(5.0)]);
    push(&mut known, &[said(0, 0, "odder than that")]);
    tick(&mut known, 0);
    let mut known = {
        let saved = known.save().pop().expect("the source has changed");
        let mut lane = lane_of(vec![once(5.0)]);
        lane.load(0, &saved.state, &saved.plugins).expect("what was just saved can be read");
        lane
    };
    for window in (100..OLD).step_by(100) {
        assert_eq!(said_at(&mut known, window, "usual line"), None);
    }
    let (findings, recurring, _) = said_at(&mut known, OLD, "odder than that").expect("an alarm");
    assert_eq!((findings, recurring), (1, 0), "it was known before");
}
