//! A fault that does not come again leaves no trace.

use bellwether_core::plugin::{Detector, Plugin, PluginCall, PluginState};
use bellwether_plugins::{CircuitState, Limits, Runtime};

use crate::lane::{HOUR_MS, Subject, limits};

/// What is said about a whole life, and what is remembered in the end.
#[derive(Debug, PartialEq)]
struct Life {
    said: Vec<Option<Vec<f32>>>,
    states: Vec<Option<PluginState>>,
}

/// Batches and windows of three sources; source 2 is saved in between, and all of them once.
fn live(subject: &mut Subject) -> Life {
    let mut said = Vec::new();
    let batches: [&[(u32, u32)]; 6] = [
        &[(1, 3), (2, 2)],
        &[(2, 4)],
        &[(1, 1), (2, 1), (3, 5)],
        &[(3, 2)],
        &[(1, 2), (2, 2)],
        &[(2, 1), (3, 1)],
    ];
    for (number, runs) in batches.into_iter().enumerate() {
        said.push(subject.observe(runs));
        said.push(subject.close_window(1 + number as u32 % 3).map(|scores| scores.rows));
        match number {
            1 => subject.checkpoint(),
            3 => assert!(subject.detector.save(2).is_some()),
            _ => {}
        }
    }
    Life { said, states: (1..=3).map(|source| subject.detector.save(source)).collect() }
}

#[test]
fn a_fault_that_does_not_come_again_leaves_no_trace() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let undisturbed = live(&mut Subject::healthy(&runtime));
    assert!(undisturbed.said.iter().all(Option::is_some));
    // Each comes once to every instance that has been given so many batches; a new one begins from none.
    let orders = [
        "observe trap calls=3",
        "observe trap calls=4",
        "observe loop calls=5",
        "observe infinite calls=6",
        "close-window trap calls=4",
        "save memory calls=6",
        "observe trap calls=4;save trap calls=5",
    ];
    for order in orders {
        let mut subject = Subject::open(&runtime, order).unwrap();
        let life = live(&mut subject);
        assert_eq!(life, undisturbed, "{order}");
        let health = subject.health();
        let faults = health.faults.values().sum::<u64>();
        assert!(faults > 0 && health.starts > faults, "{order}: {:?}", health.faults);
        assert_eq!(health.reruns > 0, !order.starts_with("save"), "{order}");
        assert_eq!((health.poisoned, health.bisections), (0, 0), "{order}");
        assert_eq!((health.rows_unscored, subject.poison.len()), (0, 0), "{order}");
        assert_eq!(health.circuit, CircuitState::Closed, "{order}");
    }
}

#[test]
fn a_full_journal_is_saved() {
    let runtime = Runtime::new(Limits { journal_bytes_max: 2000, ..limits() }, None).unwrap();
    let mut subject = Subject::healthy(&runtime);
    for _ in 0..3 {
        subject.observe(&[(1, 100), (2, 10)]);
    }
    assert_eq!(subject.health().states, 0, "three calls have room");
    subject.observe(&[(1, 100), (2, 10)]);
    assert_eq!(subject.health().states, 0, "what was just said can be asked about first");
    subject.observe(&[(1, 1000)]);
    assert_eq!(subject.health().states, 2);
    assert_eq!(subject.detector.save(1).unwrap().bytes[..8], 1400_u64.to_le_bytes());
}

#[test]
fn the_instance_that_gave_a_reason_explains_it() {
    let runtime = Runtime::new(Limits { journal_bytes_max: 700, ..limits() }, None).unwrap();
    // The second batch fills the journal. Saving source 2 then kills the instance, and a new one is given its rows alone.
    let mut subject = Subject::open(&runtime, "save trap source=2 calls=2").unwrap();
    subject.observe(&[(1, 10)]);
    subject.observe(&[(1, 100), (2, 10)]);
    let explanation = subject.detector.explain(1).unwrap();
    assert_eq!(explanation.evidence[1], ("rows".to_owned(), "110".to_owned()));
    subject.observe(&[(1, 1)]);
    assert_eq!((subject.health().states, subject.health().faults["trap"]), (2, 1));
}

#[test]
fn a_state_that_kills_is_dropped() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let order = "observe trap calls=2;load trap source=1";
    let mut subject = Subject::open(&runtime, order).unwrap();
    assert_eq!(subject.observe(&[(1, 2), (2, 2)]).map(|scores| scores.len()), Some(4));
    subject.checkpoint();
    let scores = subject.observe(&[(1, 1), (2, 1)]);
    assert_eq!(scores, Some(vec![1.0, 3.0]), "without that state, in the same call");
    assert_eq!((subject.health().states, subject.poison.len()), (1, 1));
    let poison = &subject.poison[0];
    assert_eq!((poison.source, poison.row, poison.during), (1, None, PluginCall::Load));
    assert!(poison.cause.contains("load"), "with the guest's functions: {}", poison.cause);
}

#[test]
fn a_state_that_kills_once_is_kept() {
    let runtime = Runtime::new(limits(), None).unwrap();
    // It kills an instance that has been given one batch, not one that has been given none.
    let order = "observe trap calls=2;load trap calls=1 source=2";
    let mut subject = Subject::open(&runtime, order).unwrap();
    subject.observe(&[(1, 2), (2, 2)]);
    subject.checkpoint();
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![3.0]));
    assert!(subject.detector.save(1).is_some());
    assert_eq!(subject.observe(&[(2, 1)]), Some(vec![3.0]), "a state is loaded when it is needed");
    assert_eq!((subject.health().states, subject.poison.len()), (2, 0));
    assert_eq!(subject.health().faults, [("trap", 2)].into());
    // Between two such deaths it was loaded well.
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![4.0]));
    assert!(subject.detector.save(1).is_some());
    assert_eq!(subject.observe(&[(2, 1)]), Some(vec![4.0]));
    assert_eq!((subject.health().states, subject.poison.len()), (2, 0));
    assert_eq!(subject.health().faults, [("trap", 4)].into());
}

#[test]
fn a_source_that_cannot_be_saved_keeps_its_older_state_and_others_are_saved() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "save trap source=2").unwrap();
    let older = PluginState { version: 1, bytes: [7_u64, 0].map(u64::to_le_bytes).concat() };
    subject.detector.load(2, older.clone());
    subject.observe(&[(1, 1), (2, 1), (3, 1)]);
    subject.checkpoint();
    assert_eq!(subject.health().states, 3);
    assert_eq!(subject.detector.save(2), Some(older));
    assert_eq!(subject.poison.len(), 1, "tried twice, told once");
    let poison = &subject.poison[0];
    assert_eq!((poison.source, poison.row, poison.during), (2, None, PluginCall::Save));
    assert!(poison.cause.contains("save"), "{}", poison.cause);
    assert_eq!(subject.observe(&[(1, 1), (2, 1), (3, 1)]), Some(vec![2.0, 8.0, 2.0]));
}

#[test]
fn a_forgotten_source_begins_anew() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "observe trap calls=3").unwrap();
    subject.observe(&[(1, 5)]);
    subject.checkpoint();
    subject.detector.forget(1);
    assert_eq!(subject.health().state_bytes, 0);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![1.0]), "in the instance");
    subject.detector.forget(1);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![1.0]), "in the next instance");
    assert_eq!(subject.health().starts, 2);
}

#[test]
fn what_cannot_be_done_again_is_lost_and_told() {
    let runtime = Runtime::new(limits(), None).unwrap();
    // Batch 2 went well in an instance that had been given one; in a new one it is the first.
    let order = "observe trap calls=3;observe trap batch=2 calls=1";
    let mut subject = Subject::open(&runtime, order).unwrap();
    subject.observe(&[(1, 2)]);
    subject.checkpoint();
    assert_eq!(subject.observe(&[(1, 3)]).map(|scores| scores.len()), Some(3));
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![3.0]), "without the three rows of batch 2");
    let health = subject.health();
    assert_eq!((health.faults["state"], health.faults["trap"]), (1, 3));
}

#[test]
fn who_fails_too_often_is_left_out_for_a_while() {
    let runtime = Runtime::new(limits(), None).unwrap();
    // Each instance bears one batch only.
    let mut subject = Subject::open(&runtime, "observe trap calls=2").unwrap();
    subject.observe_at(&[(1, 1)], HOUR_MS);
    for fault in 1..=4 {
        assert!(subject.observe_at(&[(1, 1)], HOUR_MS).is_some(), "tried again");
        assert_eq!(subject.health().faults["trap"], fault);
    }
    assert_eq!(subject.health().circuit, CircuitState::Open);
    let starts = subject.health().starts;
    assert!(subject.observe_at(&[(1, 10)], HOUR_MS + 999).is_none(), "left out");
    assert_eq!(subject.health().starts, starts, "nothing was started for it");
    assert_eq!(subject.health().rows_unscored, 10);
}
