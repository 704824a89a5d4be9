//! Tests of the protocol, on runs made by hand: windows of 60 s, scores by their number.

use super::*;
use crate::backtest::figures::Tally;

const WINDOW_MS: i64 = 60_000;

/// A run over windows 0 to 99 with those scores.
fn run(scores: &[(i64, f32)]) -> Run {
    let mut run = Run::new(WINDOW_MS as u64, 3.0);
    run.cover(0, 100 * WINDOW_MS - 1);
    for (window, news_bits) in scores {
        run.push(WindowScore {
            source: "file:a".into(),
            start_ms: (window * WINDOW_MS) as u64,
            news_bits: *news_bits,
            // After a quarter of them something recurs.
            state_bits: if *window % 4 == 3 { 20.0 } else { *news_bits },
            detector: "rate".into(),
            sentence: format!("window {window}"),
        });
    }
    run
}

/// Faults by their first second and the second after their last.
fn truth(faults: &[(i64, i64)]) -> Truth {
    let fault = |(id, (start_s, end_s)): (usize, &(i64, i64))| Fault {
        id: id as u64,
        kind: if id % 2 == 0 { "even" } else { "odd" }.into(),
        level: (id < 3).then_some(1 + id as u8),
        span: Span { start_ms: start_s * 1_000, end_ms: end_s * 1_000 },
        end_s: *end_s,
        lines_changed: Some(9 + id as u64),
        detail: String::new(),
    };
    let faults: Vec<Fault> = faults.iter().enumerate().map(fault).collect();
    let excused = faults.iter().map(|fault| fault.span).collect();
    Truth { faults, excused, training: Training::Milliseconds(10 * WINDOW_MS) }
}

/// What is found and what is false at 10 bits.
fn check(name: &str, scores: &[(i64, f32)], faults: &[(i64, i64)], expected: (usize, usize)) {
    let (run, truth) = (run(scores), truth(faults));
    let score = Trial::new(&run, &truth, truth.training).score(10.0);
    assert_eq!((score.found, score.false_alarms), expected, "{name}");
}

#[test]
fn alarms_are_counted_by_the_protocol() {
    let loud = |windows: &[i64]| -> Vec<(i64, f32)> {
        windows.iter().map(|window| (*window, 12.0)).collect()
    };
    let always: Vec<i64> = (20..31).collect();
    let fault = [(3_000, 3_600)];
    check("nothing at all", &[], &fault, (0, 0));
    check("just enough", &[(50, 10.0)], &fault, (1, 0));
    check("not quite", &[(50, 9.99)], &fault, (0, 0));
    check("the window before", &loud(&[49]), &fault, (0, 1));
    check("the first and the last window", &loud(&[50, 59]), &fault, (1, 0));
    check("the window after", &loud(&[60]), &fault, (0, 1));
    check("a second of it in the window", &loud(&[49]), &[(2_999, 3_600)], (1, 0));
    check("one alarm for two faults", &loud(&[50]), &[(2_990, 3_010), (3_010, 3_020)], (2, 0));
    check("alarm within a fault never counts as false", &loud(&[50, 56]), &fault, (1, 0));
    check("crying always", &loud(&always), &fault, (0, 3));
    check("four windows apart", &loud(&[20, 24]), &fault, (0, 1));
    check("five windows apart", &loud(&[20, 25]), &fault, (0, 2));
    check("rest is counted from what counted", &loud(&[20, 24, 28]), &fault, (0, 2));
    check("alarms in training", &loud(&[0, 9]), &fault, (0, 0));
    check("the first after training", &loud(&[10]), &fault, (0, 1));
}

#[test]
fn faults_in_training_and_outside_of_the_log_are_left_out() {
    let cases = [
        ("in training", (0, 300), (0, 1, 0)),
        ("begins in training", (599, 1_200), (0, 1, 0)),
        ("begins as training ends", (600, 1_200), (1, 0, 0)),
        ("its first second is the last", (5_999, 9_000), (1, 0, 0)),
        ("after the log", (6_000, 9_000), (0, 0, 1)),
    ];
    for (name, fault, expected) in cases {
        let (run, truth) = (run(&[(12, 12.0)]), truth(&[fault]));
        let score = Trial::new(&run, &truth, truth.training).score(10.0);
        let seen = (score.faults, score.faults_in_training, score.faults_outside);
        assert_eq!(seen, expected, "{name}");
        assert_eq!(score.faults_detail.len(), score.faults, "{name}");
    }
    let (run, truth) = (run(&[(12, 12.0)]), truth(&[(599, 1_200)]));
    let score = Trial::new(&run, &truth, truth.training).score(10.0);
    assert_eq!(score.false_alarms, 0, "what a fault in training still causes is not false");
}

/// Windows with their bits.
type Scores<'a> = &'a [(i64, f32)];
/// Found, false alarms and threshold.
type Best = (usize, usize, Option<f32>);

/// The best within so many false alarms a day of a run that is judged for 90 of 100 minutes.
fn at_budget(scores: Scores<'_>, per_day: u32) -> Best {
    let (run, truth) = (run(scores), truth(&[(3_000, 3_060), (3_600, 3_660), (4_200, 4_260)]));
    let at = Trial::new(&run, &truth, truth.training).at_budget(per_day);
    (at.found, at.false_alarms, at.threshold_bits)
}

#[test]
fn the_best_threshold_within_a_budget_finds_most() {
    // 16 a day are exactly one in 90 minutes, up to the last millisecond.
    let (none, one, two) = (15, 17, 33);
    let scores = [(50, 9.0), (60, 7.0), (70, 5.0), (20, 8.0), (30, 4.0), (5, 20.0)];
    let cases: [(&str, Scores<'_>, u32, Best); 9] = [
        ("nothing false allowed", &scores, none, (1, 0, Some(9.0))),
        ("one: all are found above the second", &scores, one, (3, 1, Some(5.0))),
        ("more brings no more", &scores, two, (3, 1, Some(5.0))),
        ("no score", &[], two, (0, 0, None)),
        ("only in training", &[(5, 20.0)], two, (0, 0, None)),
        ("the loudest is false", &[(20, 9.0), (50, 8.0)], none, (0, 0, None)),
        ("a tie of a fault and a false alarm", &[(20, 9.0), (50, 9.0)], none, (0, 0, None)),
        ("the same tie, allowed", &[(20, 9.0), (50, 9.0)], one, (1, 1, Some(9.0))),
        ("nothing to find: the highest", &[(20, 9.0), (21, 8.0)], one, (0, 1, Some(9.0))),
    ];
    for (name, scores, per_day, expected) in cases {
        assert_eq!(at_budget(scores, per_day), expected, "{name}");
    }
}

#[test]
fn halving_finds_what_trying_every_threshold_finds() {
    // Chance that is the same in every run: a linear congruence.
    let mut state = 12_345u64;
    let mut next = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for round in 0..50 {
        let mut scores = Vec::new();
        for window in 0..100 {
            if next(3) > 0 {
                scores.push((window, 3.0 + next(12) as f32));
            }
        }
        let (run, truth) = (run(&scores), truth(&[(3_000, 3_060), (3_600, 3_900), (4_200, 4_260)]));
        let trial = Trial::new(&run, &truth, truth.training);
        for per_day in [10, 40, 80, 200] {
            let allowed = f64::from(per_day) * trial.days() + 1e-9;
            let tried = (3..15).rev().map(|bits| trial.at(bits as f32));
            let kept = tried.filter(|at| at.false_alarms as f64 <= allowed);
            let best = kept.map(|at| at.found).max().unwrap_or(0);
            let found = trial.at_budget(per_day);
            assert_eq!(found.found, best, "round {round}, {per_day} a day");
            assert!(found.false_alarms as f64 <= allowed, "round {round}, {per_day} a day");
        }
    }
}

#[test]
fn what_became_of_each_fault_is_told() {
    let faults = [(3_030, 3_600), (3_630, 3_660), (4_200, 4_260), (4_800, 4_860)];
    let scores = [(51, 10.5), (52, 14.0), (60, 10.0), (70, 4.0), (20, 11.0)];
    let (run, truth) = (run(&scores), truth(&faults));
    let score = Trial::new(&run, &truth, truth.training).score(10.0);
    let told: Vec<_> =
        score.faults_detail.iter().map(|fault| (fault.found, fault.delay_s, fault.bits)).collect();
    let expected = [
        (true, Some(90.0), 14.0),
        (true, Some(30.0), 10.0),
        (false, None, 4.0),
        (false, None, 0.0),
    ];
    assert_eq!(told, expected);
    assert_eq!(score.faults_detail[0].sentence.as_deref(), Some("window 52"));
    assert_eq!(score.faults_detail[3].sentence, None);
    assert_eq!((score.delay_median_s, score.delay_p90_s), (Some(60.0), Some(84.0)));
    let tally = |faults, found| Tally { faults, found };
    assert_eq!((score.by_type["even"], score.by_type["odd"]), (tally(2, 1), tally(2, 1)));
    let levels: Vec<_> = score.by_level.iter().map(|(level, own)| (*level, *own)).collect();
    assert_eq!(levels, [(1, tally(1, 1)), (2, tally(1, 1)), (3, tally(1, 0))]);
    assert_eq!(score.changed_10, tally(3, 1), "the first changes nine lines");
    let alarms: Vec<_> = score.false_alarms_detail.iter().map(|alarm| alarm.start).collect();
    assert_eq!(alarms, [1_200]);
    assert_eq!((score.training_end, score.log_start, score.log_end), (600, 0, 5_999));
    assert!(
        (score.days - 90.0 / 1_440.0).abs() < 1e-6
            && (score.false_alarms_per_day - 16.0).abs() < 0.01
    );
    let windows = score.windows;
    assert_eq!((windows.wrong, windows.alarms, windows.both), (13, 4, 3));
    assert_eq!((windows.open, windows.open_both), (4, 3));
}

#[test]
fn a_truth_far_beyond_the_log_costs_nothing() {
    let (run, truth) =
        (run(&[(50, 12.0)]), truth(&[(0, 253_402_300_799), (3_000, 253_402_300_799)]));
    let score = Trial::new(&run, &truth, truth.training).score(10.0);
    assert_eq!((score.faults, score.found, score.windows.wrong), (1, 1, 90));
}

#[test]
fn quantiles_lie_between_neighbours() {
    let cases: [(&[f64], f64, Option<f64>); 5] = [
        (&[], 0.5, None),
        (&[7.0], 0.9, Some(7.0)),
        (&[1.0, 2.0], 0.5, Some(1.5)),
        (&[1.0, 2.0, 4.0], 0.5, Some(2.0)),
        (&[0.0, 10.0], 0.9, Some(9.0)),
    ];
    for (sorted, share, expected) in cases {
        assert_eq!(quantile(sorted, share), expected, "{share} of {sorted:?}");
    }
}
