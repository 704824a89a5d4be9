//! What kills a plugin each time is found and set aside; everything else is scored, once and in order.

use bellwether_core::plugin::{Detector, Plugin, PluginCall, Poison, Rows};
use bellwether_plugins::{CircuitState, Limits, Runtime};

use crate::lane::{HOUR_MS, Subject, WINDOW_ROWS, limits};

/// Rows of source 1 and of source 2 in a batch; templates are the places of rows.
const RUNS: [(u32, u32); 2] = [(1, 40), (2, 60)];

fn rows_of(poison: &[Poison]) -> Vec<(u32, Option<u32>, PluginCall)> {
    poison.iter().map(|poison| (poison.source, poison.row, poison.during)).collect()
}

/// Scores of a batch in which some rows do not count.
fn without(poisoned: &[u32], counted: &mut [f32; 2]) -> Vec<Option<f32>> {
    let row = |row: u32| {
        let lines = &mut counted[usize::from(row >= RUNS[0].1)];
        let well = !poisoned.contains(&row);
        *lines += f32::from(u8::from(well));
        well.then_some(*lines)
    };
    (0..100).map(row).collect()
}

fn said(scores: Option<Vec<f32>>) -> Vec<Option<f32>> {
    scores.unwrap().into_iter().map(|score| (!score.is_nan()).then_some(score)).collect()
}

/// Three batches, of which each has these rows that kill.
fn check(order: &str, poisoned: &[u32], code: &str) {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, order).unwrap();
    let mut counted = [0.0; 2];
    for batch in 0..3 {
        let scores = said(subject.observe(&RUNS));
        assert_eq!(scores, without(poisoned, &mut counted), "{order}, batch {batch}");
        let found = rows_of(&std::mem::take(&mut subject.poison));
        let source = |row: u32| if row < RUNS[0].1 { 1 } else { 2 };
        let row = |&row: &u32| (source(row), Some(row), PluginCall::Observe);
        assert_eq!(found, poisoned.iter().map(row).collect::<Vec<_>>(), "{order}, batch {batch}");
    }
    let health = subject.health();
    let bad = 3 * poisoned.len() as u64;
    assert_eq!((health.poisoned, health.bisections, health.reruns), (bad, 3, 3), "{order}");
    assert_eq!((health.rows, health.rows_unscored), (300 - bad, bad), "{order}");
    assert_eq!(health.faults.keys().copied().collect::<Vec<_>>(), [code], "{order}");
    for source in [1, 2] {
        let state = subject.detector.save(source).unwrap();
        let lines = counted[source as usize - 1] as u64;
        assert_eq!(state.bytes[..8], lines.to_le_bytes(), "{order}, source {source}");
    }
}

#[test]
fn poisoned_rows_are_found_wherever_they_are() {
    check("observe trap template=0", &[0], "trap");
    check("observe trap template=99", &[99], "trap");
    check("observe trap template=49", &[49], "trap");
    check("observe trap template=39;observe trap template=40", &[39, 40], "trap");
    check("observe memory template=73", &[73], "memory");
    check("observe metric-unknown template=10", &[10], "bad-reply");
}

#[test]
fn the_backtrace_names_the_function() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "observe trap template=3").unwrap();
    subject.observe(&RUNS);
    let [poison] = &subject.poison[..] else { panic!("one row: {:?}", subject.poison) };
    assert!(poison.cause.contains("at ") && poison.cause.contains("anywhere"), "{}", poison.cause);
    assert_eq!(poison.at_ms, HOUR_MS);
}

#[test]
fn a_batch_of_poison_is_given_up_and_the_plugin_left_out() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "observe trap source=2").unwrap();
    let scores = said(subject.observe(&[(1, 3), (2, 20), (3, 3)]));
    let first = [Some(1.0), Some(2.0), Some(3.0)];
    assert_eq!(scores, [first.as_slice(), &[None; 23]].concat(), "source 3 comes after it");
    let health = subject.health();
    assert_eq!((health.poisoned, subject.poison.len()), (8, 8));
    assert_eq!((health.rows, health.rows_unscored), (3, 23));
    assert_eq!(health.circuit, CircuitState::Open);
    assert_eq!(subject.observe(&[(1, 1)]), None);
    let later = subject.observe_at(&[(1, 1)], HOUR_MS + 1000).unwrap();
    assert_eq!((later.rows, subject.health().circuit), (vec![4.0], CircuitState::Closed));
}

#[test]
fn marks_reasons_and_quiet_rows_of_pieces_are_put_together() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let scores = |order: &str| {
        let mut subject = Subject::open(&runtime, order).unwrap();
        let scores = subject.observe_at(&[(1, 4)], HOUR_MS).unwrap();
        (scores, subject)
    };
    // The batch is cut to 0..1, the poison at 1, and 2..4.
    let (found, mut subject) = scores("observe mark source=1;observe trap template=1");
    let marks: Vec<_> = found.marks.iter().map(|mark| (mark.row, mark.channel)).collect();
    assert_eq!(marks, [(0, 9), (2, 9)], "each piece marks its first row");
    let reasons: Vec<_> = found.reasons.iter().map(|reason| reason.row).collect();
    assert_eq!(reasons, [Some(0), Some(2)]);
    assert!(found.whole.is_nan());
    // The guest gives marks the token 3 and reasons the token 1 in every call.
    for (token, words) in [
        (found.marks[0].token, "token 3"),
        (found.marks[1].token, "token 3"),
        (found.reasons[0].token, "token 1"),
        (found.reasons[1].token, "token 1"),
    ] {
        assert_eq!(subject.detector.explain(token).unwrap().summary, words);
    }
    assert_eq!(subject.detector.explain(1 << 30), None);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![4.0]));
    let explanation = subject.detector.explain(7).unwrap();
    assert_eq!(explanation.summary, "token 7", "of a batch in one piece the plugin is asked");

    let (found, _) = scores("observe quiet source=1;observe trap template=1");
    let Rows::Some(quiet) = found.quiet else { panic!("three rows are quiet") };
    assert_eq!((quiet.rows(), quiet.bytes()), (4, &[0b1101][..]));
}

#[test]
fn explanations_of_pieces_have_a_limit() {
    let limits = Limits { explanations_at_once_max: 1, ..limits() };
    let runtime = Runtime::new(limits, None).unwrap();
    let order = "observe mark source=1;observe trap template=1";
    let mut subject = Subject::open(&runtime, order).unwrap();
    let found = subject.observe_at(&[(1, 4)], HOUR_MS).unwrap();
    let explained = |token| subject.detector.explain(token).map(|explanation| explanation.summary);
    let tokens = [found.marks[0].token, found.reasons[0].token];
    assert_eq!(tokens.map(explained), [Some("token 3".into()), None], "the strongest of a piece");
}

#[test]
fn a_window_that_kills_is_set_aside_and_others_go_on() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "close-window trap source=2").unwrap();
    subject.observe(&RUNS);
    for number in 1..=5 {
        for source in 1..=3 {
            let whole = subject.close_window(source).map(|scores| scores.whole);
            assert_eq!(whole, (source != 2).then_some(number as f32));
        }
    }
    assert_eq!(rows_of(&subject.poison), [(2, None, PluginCall::CloseWindow); 5]);
    assert!(subject.poison[0].cause.contains("close-window"), "{}", subject.poison[0].cause);
    let health = subject.health();
    assert_eq!((health.poisoned, health.rows_unscored), (5, 5 * WINDOW_ROWS as u64));
    let scores = subject.observe(&RUNS).unwrap();
    assert_eq!((scores[0], scores[40]), (41.0, 61.0), "nothing else is lost");
}

#[test]
fn poison_that_keeps_coming_opens_the_circuit_in_the_end_for_good() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "observe trap template=0").unwrap();
    // One row in each batch of a hundred is borne ten times within ten thousand rows.
    for batch in 0..11 {
        assert_eq!(subject.health().circuit, CircuitState::Closed, "{batch}");
        assert_eq!(subject.observe(&RUNS).unwrap().len(), 100, "{batch}");
    }
    assert_eq!(subject.health().circuit, CircuitState::Open);
    let mut now_ms = HOUR_MS;
    for _ in 0..5 {
        now_ms += 300_000;
        assert_ne!(subject.health().circuit, CircuitState::Quarantined);
        assert!(subject.observe_at(&RUNS, now_ms).is_some(), "tried again, and not well");
    }
    assert_eq!(subject.health().circuit, CircuitState::Quarantined);
    assert!(subject.observe_at(&RUNS, now_ms + 10 * HOUR_MS).is_none(), "not asked any more");
}

#[test]
fn who_is_killed_again_and_again_gets_less_fuel_and_others_do_not() {
    let limits = Limits { fuel_per_call: 1_000_000, fuel_per_row: 100_000, ..limits() };
    let runtime = Runtime::new(limits, None).unwrap();
    let mut neighbour = Subject::healthy(&runtime);
    let mut subject = Subject::open(&runtime, "observe loop template=0").unwrap();
    let mut fuel = Vec::new();
    for kill in 0..6 {
        let now_ms = HOUR_MS + kill * 60_000;
        let before = subject.health().fuel;
        let scores = subject.observe_at(&[(1, 2)], now_ms).unwrap();
        assert_eq!(scores.rows[1], kill as f32 + 1.0, "the row beside it is scored");
        fuel.push((subject.health().fuel - before) / 100_000);
        assert_eq!(subject.health().fuel_halvings, kill.min(4));
        neighbour.observe(&[(1, 1)]);
    }
    assert!(fuel[1] > 34 && fuel[2] < fuel[1] && fuel[5] < fuel[1] / 2, "{fuel:?}");
    assert_eq!(neighbour.health().fuel_halvings, 0);
    subject.detector.rest(2 * HOUR_MS + 300_000);
    assert_eq!(subject.health().fuel_halvings, 3, "after a clean hour");
    subject.detector.rest(10 * HOUR_MS);
    assert_eq!(subject.health().fuel_halvings, 0);
}
