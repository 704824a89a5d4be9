//! States, slots and configurations: what there is of them, and where they end.

use bellwether_core::plugin::{Plugin, WindowSpan};
use bellwether_plugins::{Limits, Runtime};

use crate::guest::ordered;
use crate::lane::{Subject, limits, told};

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
