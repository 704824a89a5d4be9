//! What a fault costs, and what it does not.

use bellwether_core::plugin::{Plugin, WindowSpan};
use bellwether_plugins::{CircuitState, Limits, Runtime};

use crate::guest::ordered;
use crate::lane::{HOUR_MS, Subject, limits, told};

#[test]
fn a_new_instance_goes_on_from_the_checkpoint() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "observe trap batch=4").unwrap();
    assert_eq!(subject.observe(&[(1, 2), (7, 1)]), Some(vec![1.0, 2.0, 1.0]));
    assert_eq!(subject.close_window(7).map(|scores| scores.whole), Some(1.0));
    subject.checkpoint();
    assert_eq!(subject.health().states, 2);
    assert_eq!(subject.health().state_bytes, 32);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![3.0]));
    assert_eq!(subject.observe(&[(7, 1)]), Some(vec![2.0]));
    assert_eq!(subject.observe(&[(1, 3)]), None, "batch 4 is the one that crashes");
    // The lines since the checkpoint are lost to the detector, those before are not.
    assert_eq!(subject.observe(&[(1, 1), (7, 1)]), Some(vec![3.0, 2.0]));
    assert_eq!(subject.close_window(7).map(|scores| scores.whole), Some(2.0));
    let health = subject.health();
    assert_eq!((health.starts, health.rows_unscored), (2, 3));
    assert_eq!(health.faults, [("trap", 1)].into());
}

#[test]
fn a_fault_on_one_source_leaves_the_others_their_state() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "observe trap source=2").unwrap();
    assert_eq!(subject.observe(&[(1, 5)]).map(|scores| scores.len()), Some(5));
    subject.checkpoint();
    assert_eq!(subject.observe(&[(2, 1)]), None);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![6.0]));
    assert_eq!(subject.observe(&[(2, 1)]), None);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![6.0]), "that line was after the checkpoint");
}

#[test]
fn a_state_that_kills_is_tried_once() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let order = "observe trap batch=2;load trap source=1";
    let mut subject = Subject::open(&runtime, order).unwrap();
    assert_eq!(subject.observe(&[(1, 2), (2, 2)]).map(|scores| scores.len()), Some(4));
    subject.checkpoint();
    assert_eq!(subject.observe(&[(1, 1)]), None, "the crash");
    assert_eq!(subject.observe(&[(1, 1)]), None, "the state of source 1 kills the new instance");
    assert_eq!(subject.observe(&[(1, 1), (2, 1)]), Some(vec![1.0, 3.0]), "without that state");
    assert_eq!(subject.health().states, 1);
}

#[test]
fn a_forgotten_source_begins_anew() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "observe trap batch=3").unwrap();
    subject.observe(&[(1, 5)]);
    subject.checkpoint();
    subject.detector.forget(1);
    assert_eq!(subject.health().state_bytes, 0);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![1.0]), "in the instance");
    assert_eq!(subject.observe(&[(1, 1)]), None);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![1.0]), "in the next instance");
}

#[test]
fn who_fails_too_often_is_left_out_for_a_while() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::open(&runtime, "observe trap source=2").unwrap();
    for _ in 0..4 {
        assert!(subject.observe_at(&[(2, 1)], HOUR_MS).is_none());
    }
    assert_eq!(subject.health().circuit, CircuitState::Open);
    let starts = subject.health().starts;
    assert!(subject.observe_at(&[(1, 10)], HOUR_MS + 999).is_none(), "left out");
    assert_eq!(subject.health().starts, starts, "nothing was started for it");
    assert_eq!(subject.health().rows_unscored, 14);
    assert!(subject.observe_at(&[(1, 10)], HOUR_MS + 1000).is_some(), "asked once");
    assert_eq!(subject.health().circuit, CircuitState::Closed);
}

#[test]
fn states_of_a_lane_have_a_limit_together() {
    let runtime = Runtime::new(Limits { lane_state_bytes_max: 40, ..limits() }, None).unwrap();
    let mut subject = Subject::healthy(&runtime);
    subject.observe(&[(1, 1), (2, 1), (3, 1)]);
    subject.checkpoint();
    let health = subject.health();
    assert_eq!((health.states, health.state_bytes), (2, 32));
    assert_eq!(health.faults, [("state", 1)].into());
    assert_eq!(subject.observe(&[(3, 1)]), Some(vec![2.0]), "the instance has lost nothing");
}

#[test]
fn slots_are_counted_and_come_back() {
    let runtime = Runtime::new(limits(), None).unwrap();
    assert!(runtime.is_pooling());
    let plugin = runtime.admit(&ordered("")).unwrap();
    let lanes: Vec<_> = (0..3).map(|_| plugin.detector("{}", None).unwrap()).collect();
    let error = plugin.detector("{}", None).err().unwrap();
    assert!(told(&error).contains("raise `instances_max`"), "{}", told(&error));
    drop(lanes);
    for _ in 0..10 {
        let span = WindowSpan { size_ms: 60_000, step_ms: 30_000 };
        let lane = plugin.detector("{}", Some(span)).unwrap();
        assert_eq!(lane.descriptor().window, Some(span));
    }
}

#[test]
fn without_address_space_for_a_pool_instances_are_made_on_demand() {
    let limits = Limits { instances_max: 100_000_000, ..limits() };
    let runtime = Runtime::new(limits, None).unwrap();
    assert!(!runtime.is_pooling());
    let mut subject = Subject::healthy(&runtime);
    assert_eq!(subject.observe(&[(1, 2)]), Some(vec![1.0, 2.0]));
}

#[test]
fn fuel_is_counted_and_the_same_each_time() {
    let fuel = || {
        let runtime = Runtime::new(limits(), None).unwrap();
        let mut subject = Subject::healthy(&runtime);
        subject.observe(&[(1, 100), (2, 50)]);
        subject.health().fuel
    };
    let first = fuel();
    assert!(first > 0);
    assert_eq!(fuel(), first);
}

#[test]
fn configurations_have_a_limit() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let plugin = runtime.admit(&ordered("")).unwrap();
    let error = plugin.detector(&" ".repeat(1 << 20), None).err().unwrap();
    assert!(told(&error).contains("1048576 bytes, of 262144"), "{}", told(&error));
    let error = plugin.filter("{}").err().unwrap();
    assert_eq!(error.to_string(), "plugin `hostile` is a detector; name it under `detectors`");
}

#[test]
fn lanes_can_move_to_other_threads() {
    fn movable<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    movable::<bellwether_plugins::LaneDetector>();
    movable::<bellwether_plugins::LaneFilter>();
    shared::<Runtime>();
    shared::<bellwether_plugins::CompiledPlugin>();
}
