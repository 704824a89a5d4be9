//! Every way of failing, in every export.

use bellwether_core::plugin::{Detector, Plugin, Rows};
use bellwether_plugins::{CircuitState, Limits, Runtime};

use crate::lane::{Subject, WINDOW_ROWS, limits};

/// Rows of source 1 and of source 2 in a batch.
const RUNS: [(u32, u32); 2] = [(1, 4), (2, 5)];

/// A whole life: every export is called, `load` after the crash in batch 2 that each order may bring about.
fn live(runtime: &Runtime, order: &str) -> Result<Subject, String> {
    let mut subject = Subject::open(runtime, order)?;
    subject.observe(&RUNS);
    subject.close_window(1);
    subject.detector.explain(1);
    subject.checkpoint();
    subject.observe(&RUNS);
    subject.observe(&RUNS);
    subject.detector.forget(1);
    Ok(subject)
}

/// Carries out each order, and checks its fault and that a healthy detector beside it does not notice.
fn check(limits: Limits, cases: &[(&str, &str, &str)]) {
    let runtime = Runtime::new(limits, None).unwrap();
    let mut neighbour = Subject::healthy(&runtime);
    let mut lines = 0.0;
    for &(order, code, words) in cases {
        let (codes, told) = match live(&runtime, order) {
            Ok(subject) => {
                let health = subject.health();
                let codes: Vec<_> = health.faults.keys().copied().collect();
                let causes = subject.poison.into_iter().map(|poison| poison.cause);
                let told: Vec<String> = health.last_fault.into_iter().chain(causes).collect();
                (codes.join(" "), told.join("\n"))
            }
            Err(told) => (code.to_owned(), told),
        };
        assert!(
            codes.split(' ').any(|found| found == code),
            "{order}: {code}, not {codes}: {told}"
        );
        assert!(told.contains(words), "{order}: `{words}` is not in: {told}");
        let scores = neighbour.observe(&[(1, 2)]);
        assert_eq!(scores, Some(vec![lines + 1.0, lines + 2.0]), "the neighbour after {order}");
        lines += 2.0;
    }
    let health = neighbour.health();
    assert_eq!((health.faults.len(), health.starts), (0, 1), "the neighbour lives on");
}

fn check_everywhere(deed: &str, code: &str, words: &str) {
    let orders = ["describe", "configure", "save", "forget", "observe", "close-window", "explain"];
    let orders = orders.map(|export| format!("{export} {deed}"));
    let after_a_crash = format!("observe trap batch=2;load {deed}");
    let orders = orders.iter().chain([&after_a_crash]);
    let cases: Vec<_> = orders.map(|order| (order.as_str(), code, words)).collect();
    check(limits(), &cases);
}

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    check_everywhere("loop", "fuel", "out of fuel");
}

#[test]
fn a_crash_is_told_with_the_names_of_functions() {
    check_everywhere("trap", "trap", "at ");
    check(limits(), &[("observe trap", "trap", "anywhere"), ("observe trap", "trap", "observe")]);
}

#[test]
fn deep_recursion_is_a_trap() {
    check_everywhere("recurse", "trap", "call stack exhausted");
}

#[test]
fn memory_ends_at_its_limit() {
    check_everywhere("memory", "memory", "more memory or tables");
}

#[test]
fn the_clock_ends_what_has_fuel_without_end() {
    let limits = Limits {
        fuel_per_call: u64::MAX / 2,
        deadline_ns_per_fuel: 0,
        deadline_ms_min: 20,
        tick_ms: 1,
        ..limits()
    };
    let runtime = Runtime::new(limits, None).unwrap();
    let mut subject = Subject::open(&runtime, "observe loop").unwrap();
    assert_eq!(subject.observe(&RUNS), None);
    let health = subject.health();
    // The batch twice, then what four halvings lead to: four parts, and four rows alone.
    let faults = health.faults["deadline"];
    assert_eq!((health.deadlines, faults, health.faults.len()), (faults, 10, 1));
    assert_eq!(health.circuit, CircuitState::Open);
}

#[test]
fn malformed_messages_and_unknown_metrics_break_the_contract() {
    let cases = [
        ("observe log-broken", "bad-reply", "utf-8"),
        ("configure log-broken", "bad-reply", "utf-8"),
        ("explain metric-unknown", "bad-reply", "metric 99 of 1"),
        ("describe metric-unknown", "bad-reply", "metric 99 of 0"),
        ("close-window metric-infinite", "bad-reply", "metric 0 was to grow by inf"),
        ("save metric-unknown", "state", "metric 99 of 1"),
    ];
    check(limits(), &cases);
}

#[test]
fn replies_are_checked() {
    let cases = [
        ("observe rows-long", "bad-reply", "2 scores for 1 rows"),
        ("observe rows-short", "bad-reply", "reason for row 0 of 0"),
        ("observe infinite", "bad-reply", "infinite score"),
        ("observe whole-infinite", "bad-reply", "infinite score"),
        ("observe whole", "bad-reply", "scored a window as a whole"),
        ("observe channels-short", "bad-reply", "1 channels for 2 rows"),
        ("observe channels-high", "bad-reply", "channel 4294967295, of 2147483647 allowed"),
        ("observe mark-channel", "bad-reply", "channel 4294967295, of 2147483647 allowed"),
        ("observe quiet-short", "bad-reply", "quiet rows are 0 bytes for 1 rows"),
        ("observe quiet-beyond", "bad-reply", "quiet rows are 1 bytes for 1 rows"),
        ("observe reason-row", "bad-reply", "reason for row 1 of 1"),
        ("observe reason-code", "bad-reply", "reason 1 of 1"),
        ("observe reason-twice", "bad-reply", "two reasons"),
        ("observe reason-flood", "bad-reply", "two reasons"),
        ("observe mark-row", "bad-reply", "marked row 1 of 1"),
        ("observe mark-code", "bad-reply", "reason 1 of 1"),
        ("observe mark-infinite", "bad-reply", "infinite score"),
        ("observe mark-flood", "bad-reply", "100000 marks, of 8"),
        ("observe big", "memory", "more memory or tables"),
        ("close-window rows-long", "bad-reply", "10 scores for 9 rows"),
        ("close-window infinite", "bad-reply", "infinite score"),
        ("close-window whole-infinite", "bad-reply", "infinite score"),
        ("explain broken", "bad-reply", "utf-8"),
        ("explain long", "bad-reply", "bytes in the summary"),
        ("explain many", "bad-reply", "1000 facts"),
    ];
    check(limits(), &cases);
}

#[test]
fn a_reply_of_100_mb_is_not_taken_even_from_a_guest_with_the_memory_for_it() {
    let limits =
        Limits { detector_memory_bytes_max: 256 << 20, fuel_per_call: 1 << 40, ..limits() };
    check(limits, &[("observe big", "bad-reply", "too much data")]);
}

#[test]
fn descriptors_are_checked() {
    let cases = [
        ("describe name-odd", "bad-reply", "is not made of a-z"),
        ("describe name-long", "bad-reply", "longer than 64 bytes"),
        ("describe columns", "bad-reply", "17 line columns, of 16"),
        ("describe columns-none", "bad-reply", "wants no column"),
        ("describe patterns", "bad-reply", "17 patterns, of 16"),
        ("describe reasons", "bad-reply", "1000 reasons, of 64"),
        ("describe span", "bad-reply", "cannot step by 0 ms"),
        ("describe schema", "bad-reply", "not a JSON object"),
        ("describe versions", "bad-reply", "cannot read the state that it writes"),
        ("configure refuse", "configure", "{} does not please me"),
    ];
    check(limits(), &cases);
}

#[test]
fn states_are_checked() {
    let cases = [
        ("save big", "state", "too much data"),
        ("save refuse", "state", "not now"),
        ("save version", "state", "version 7, not 1"),
        ("observe trap batch=2;load refuse", "state", "moth-eaten"),
        ("observe trap batch=2;load version", "state", "not supported"),
    ];
    check(limits(), &cases);
}

#[test]
fn floods_of_messages_and_counts_are_cut_and_no_fault() {
    let runtime = Runtime::new(limits(), None).unwrap();
    // Order; log lines kept and dropped; metric calls dropped; sum.
    let cases = [
        ("configure log", (1, 0), (0, None)),
        ("configure metric", (0, 0), (0, Some(2.0))),
        ("observe log", (1, 0), (0, None)),
        ("observe log-flood", (20, 99_980), (0, None)),
        ("observe log-long", (20, 99_980), (0, None)),
        ("observe metric", (0, 0), (0, Some(2.0))),
        ("observe metric-flood", (0, 0), (99_000, Some(1000.0))),
    ];
    for (order, lines, (dropped, sum)) in cases {
        let mut subject = Subject::open(&runtime, order).unwrap();
        assert_eq!(subject.observe(&[(1, 1)]), Some(vec![1.0]), "{order}");
        let health = subject.health();
        assert_eq!((health.log_lines_kept, health.log_lines_dropped), lines, "{order}");
        assert_eq!(health.metric_calls_dropped, dropped, "{order}");
        assert_eq!(health.metrics.get("calls").copied(), sum, "{order}");
    }
}

#[test]
fn what_a_failed_call_said_does_not_count() {
    let runtime = Runtime::new(limits(), None).unwrap();
    // Source 1 counts, then source 2 crashes the same call.
    let order = "observe metric source=1;observe trap source=2";
    let mut subject = Subject::open(&runtime, order).unwrap();
    assert_eq!(subject.observe(&[(1, 1), (2, 1)]).map(|scores| scores[0]), Some(1.0));
    assert_eq!(subject.health().metrics, [("calls".to_owned(), 2.0)].into(), "in one of three");
    assert_eq!(subject.observe(&[(1, 1)]), Some(vec![2.0]));
    let health = subject.health();
    assert_eq!(
        health.metrics,
        [("calls".to_owned(), 4.0)].into(),
        "what is done again is not news"
    );
}

#[test]
fn what_a_call_with_a_bad_reply_said_does_not_count() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let order = "observe log source=1;observe infinite source=2";
    let mut subject = Subject::open(&runtime, order).unwrap();
    assert_eq!(subject.observe(&[(1, 1), (2, 1)]).map(|scores| scores[0]), Some(1.0));
    let health = subject.health();
    assert_eq!((health.log_lines_kept, health.log_lines_dropped), (1, 2), "of three calls");
}

#[test]
fn odd_yet_allowed_replies_reach_the_host() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let scores = |order| {
        let mut subject = Subject::open(&runtime, order).unwrap();
        subject.observe_at(&RUNS, 0).unwrap()
    };
    let nan = scores("observe nan");
    assert_eq!(nan.rows.len(), 9);
    let canonical = f32::NAN.to_bits();
    assert!(nan.rows.iter().all(|score| score.to_bits() == canonical), "all NaN are the same");
    assert_eq!(scores("observe quiet").quiet, Rows::All);
    let marks = scores("observe mark").marks;
    assert_eq!((marks.len(), marks[0].score, marks[0].token), (1, 2.5, 3));

    let mut subject = Subject::healthy(&runtime);
    let window = subject.close_window(1).unwrap();
    assert_eq!((window.rows, window.whole), (vec![1.0; WINDOW_ROWS], 1.0));
    let explanation = subject.detector.explain(window.reasons[0].token).unwrap();
    assert_eq!(explanation.summary, "token 2");
    assert_eq!(explanation.evidence[0], ("token".to_owned(), "2".to_owned()));
}

#[test]
fn a_message_costs_fuel_by_its_length() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let fuel = |order| {
        let mut subject = Subject::open(&runtime, order).unwrap();
        let before = subject.health().fuel;
        assert_eq!(subject.observe(&[(1, 1)]), Some(vec![1.0]));
        subject.health().fuel - before
    };
    // 20 messages are kept, of 5 bytes or of 60,000; making the long one costs its length once more.
    let difference = fuel("observe log-long") - fuel("observe log-flood");
    assert!((20 * 59_995..22 * 60_000).contains(&difference), "{difference}");
}
