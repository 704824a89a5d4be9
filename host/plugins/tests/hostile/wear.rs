//! Instances that have grown too much or are too old are changed for new ones, and nothing shows of it.

use bellwether_core::plugin::Plugin;
use bellwether_plugins::{Limits, Runtime};

use crate::lane::{HOUR_MS, Subject, limits};

#[test]
fn a_leak_does_not_grow_and_forgets_nothing() {
    let limits = Limits { detector_memory_bytes_max: 16 << 20, ..limits() };
    let runtime = Runtime::new(limits, None).unwrap();
    // A quarter of a megabyte in every batch.
    let mut subject = Subject::open(&runtime, "observe leak").unwrap();
    let mut most_bytes = 0;
    for batch in 0..500_u64 {
        let scores = subject.observe(&[(1, 100), (2, 1)]).unwrap();
        assert_eq!(scores[99], (batch * 100 + 100) as f32);
        assert_eq!(scores[100], (batch + 1) as f32);
        subject.detector.rest(HOUR_MS + batch * 1000);
        most_bytes = most_bytes.max(subject.health().memory_bytes);
    }
    let health = subject.health();
    assert_eq!((health.faults.len(), health.rows_unscored), (0, 0));
    assert!(most_bytes < 8 << 20, "{most_bytes}");
    assert!(health.rejuvenations > 10, "{}", health.rejuvenations);
    assert_eq!(health.starts, health.rejuvenations + 1);
}

#[test]
fn a_leak_between_two_rests_costs_an_instance_at_the_limit_and_nothing_else() {
    let limits = Limits { detector_memory_bytes_max: 16 << 20, ..limits() };
    let runtime = Runtime::new(limits, None).unwrap();
    let mut subject = Subject::open(&runtime, "observe leak").unwrap();
    for batch in 0..200_u64 {
        let now_ms = HOUR_MS + batch * 60_000;
        let scores = subject.observe_at(&[(1, 100)], now_ms).unwrap();
        assert_eq!(scores.rows[99], (batch * 100 + 100) as f32);
    }
    let health = subject.health();
    assert!(health.faults["memory"] > 2, "{:?}", health.faults);
    assert_eq!((health.rows_unscored, health.poisoned), (0, 0));
    assert_eq!(health.faults["memory"], health.reruns);
}

#[test]
fn an_instance_lives_a_day() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::healthy(&runtime);
    for hour in 0..51 {
        subject.observe(&[(1, 1)]);
        subject.detector.rest(hour * HOUR_MS);
    }
    assert_eq!(subject.health().rejuvenations, 2);
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![52.0]));
}

#[test]
fn states_are_no_wear() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut subject = Subject::healthy(&runtime);
    for hour in 0..20 {
        subject.observe(&[(1, 1000), (2, 1000)]);
        subject.detector.rest(HOUR_MS + hour * 60_000);
    }
    assert_eq!((subject.health().rejuvenations, subject.health().starts), (0, 1));
}
