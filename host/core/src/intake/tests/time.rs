//! Stamps: late ones, those from the future, those that are missing.

use super::*;

const DAY: i64 = 86_400;

/// Seconds after the beginning, and a text.
type Stamped<'a> = (i64, &'a str);
/// The same with a source in front.
type Named<'a> = (&'a str, i64, &'a str);

fn lines(lines: &[Stamped<'_>]) -> String {
    lines.iter().map(|(seconds, text)| stamped(*seconds, text)).collect()
}

#[test]
fn records_are_late_by_the_pane_not_by_the_second() {
    let cases: [(&str, &[Stamped<'_>], &str, u64); 5] = [
        ("in order", &[(0, "a"), (9, "b"), (61, "c")], "a@0 b@9 c@61 |61", 0),
        ("within lateness", &[(15, "a"), (6, "b")], "a@15 b@6 |15", 0),
        ("the pane is still open", &[(29, "a"), (10, "b")], "a@29 b@10 |29", 0),
        ("the pane is complete", &[(30, "a"), (19, "b"), (20, "c")], "a@30 c@20 |30", 1),
        ("a window ago", &[(0, "a"), (75, "b"), (1, "c")], "a@0 |60 b@75 |75", 1),
    ];
    for (name, given, expected, late) in cases {
        let counters = check(name, &lines(given), Routing::Whole, expected);
        assert_eq!((counters.late, counters.quarantined), (late, 0), "{name}");
    }
}

#[test]
fn ticks_come_once_a_window_and_before_what_moved_them() {
    let given: Vec<Stamped<'_>> = (0..20).map(|step| (step * 10, "x")).collect();
    let mut expected: Vec<String> = Vec::new();
    for step in 0..20 {
        if step == 7 || step == 13 || step == 19 {
            expected.push(format!("|{}", (step - 1) * 10));
        }
        expected.push(format!("x@{}", step * 10));
    }
    expected.push("|190".into());
    check("steady", &lines(&given), Routing::Whole, &expected.join(" "));
}

#[test]
fn stamps_from_the_future_are_quarantined_until_three_agree() {
    // The last day of the year 9999.
    let far = 253_402_200_000 - BEGIN_MS / 1000;
    let cases: [(&str, &[Stamped<'_>], &str, u64); 6] = [
        ("year 9999", &[(0, "a"), (far, "b"), (1, "c")], "a@0 c@1 |1", 1),
        ("year 9999 insists", &[(0, "a"), (far, "b"), (far, "b"), (far, "b")], "a@0", 3),
        ("year 9999 comes first", &[(far, "a"), (0, "b")], "b@0", 1),
        (
            "a leap that three confirm",
            &[(0, "a"), (2 * DAY, "b"), (2 * DAY + 1, "c"), (2 * DAY + 2, "d")],
            "a@0 |172740 d@172802 |172802",
            2,
        ),
        (
            "a leap that two confirm",
            &[(0, "a"), (2 * DAY, "b"), (2 * DAY, "c"), (1, "d"), (2 * DAY, "e")],
            "a@0 d@1 |1",
            3,
        ),
        ("a gap of less than a day", &[(0, "a"), (DAY, "b")], "a@0 |86340 b@86400 |86400", 0),
    ];
    for (name, given, expected, quarantined) in cases {
        let counters = check(name, &lines(given), Routing::Whole, expected);
        assert_eq!((counters.late, counters.quarantined), (0, quarantined), "{name}");
    }
}

#[test]
fn leading_lines_without_a_stamp_take_the_first() {
    let text = format!("one\ntwo\n{}", lines(&[(40, "a"), (41, "b")]));
    let counters = check("banner", &text, Routing::Whole, "one@40 two@40 a@40 b@41 |41");
    assert_eq!((counters.unstamped, counters.records), (2, 4));
}

/// A long banner must not make the first stamps look like a leap out of 1970.
#[test]
fn many_leading_lines_without_a_stamp_do_not_quarantine_the_first_stamps() {
    for banner in [31, 32, 33, 100] {
        let mut bench = Bench::new(Settings::default());
        let input = bench.open("file:all", Routing::Prefixed);
        bench.push(input, &"plain | one\n".repeat(banner));
        (0..3).for_each(|second| bench.push(input, &format!("web | {}", stamped(second, "a"))));
        bench.finish(input);
        let counters = bench.intake.counters();
        assert_eq!((counters.quarantined, counters.late), (0, 0), "{banner}");
        assert_eq!(bench.delivered(), banner as u64 + 3);
    }
}

#[test]
fn a_source_without_stamps_runs_on_the_assumed_rate() {
    for records in [1, 2, 31, 32, 33, 7001] {
        let mut bench = Bench::new(Settings::default());
        let input = bench.open("file:all", Routing::Whole);
        bench.push(input, &"one\n".repeat(records));
        bench.finish(input);
        let (mut times, mut ticks) = (Vec::new(), Vec::new());
        for seen in bench.seen() {
            match seen {
                Seen::Row { time_ms, .. } => times.push(time_ms + BEGIN_MS),
                Seen::Tick(time_ms) => ticks.push(time_ms + BEGIN_MS),
            }
        }
        let expected: Vec<i64> = (0..records as i64).map(|record| record * 10).collect();
        assert_eq!(times, expected, "100 records a second from 1970 on");
        let last_ms = 10 * (records as i64 - 1);
        let expected = [60_000, last_ms].into_iter().filter(|tick_ms| match tick_ms {
            60_000 => last_ms >= 70_000,
            _ => last_ms > 0,
        });
        let expected: Vec<i64> = expected.collect();
        assert_eq!(ticks, expected, "{records} records");
        assert_eq!(bench.intake.counters().unstamped, records as u64);
    }
}

#[test]
fn a_source_without_stamps_follows_its_stamped_neighbours() {
    let mut text = String::new();
    for second in 0..3 {
        text += &format!("web | {}", stamped(second * 10, "a"));
    }
    text += &"plain | one\n".repeat(33);
    let mut bench = Bench::new(Settings::default());
    let input = bench.open("file:all", Routing::Prefixed);
    bench.push(input, &text);
    bench.finish(input);
    let mut times: Vec<i64> = Vec::new();
    for seen in bench.seen() {
        if let Seen::Row { source, time_ms, .. } = seen
            && source == "file:plain"
        {
            times.push(time_ms);
        }
    }
    assert_eq!(times.len(), 33);
    assert!(times.iter().all(|time_ms| [10_000, 20_000].contains(time_ms)), "{times:?}");
    bench.check_account("neighbours");
}

/// The record of another source that is still being joined belongs to the window that the new one closes.
#[test]
fn records_still_being_joined_come_before_the_tick_that_closes_their_window() {
    let cases: [(&str, &[Named<'_>]); 3] = [
        ("one other", &[("web", 0, "a"), ("db", 5, "b"), ("web", 75, "c"), ("web", 76, "d")]),
        (
            "two others",
            &[("web", 0, "a"), ("db", 5, "b"), ("mq", 6, "c"), ("web", 75, "d"), ("web", 76, "e")],
        ),
        (
            "out of order",
            &[
                ("web", 8, "a"),
                ("db", 55, "b"),
                ("mq", 50, "c"),
                ("web", 75, "d"),
                ("web", 76, "e"),
            ],
        ),
    ];
    for (name, given) in cases {
        let mut bench = Bench::new(Settings::default());
        let input = bench.open("file:all", Routing::Prefixed);
        for (source, seconds, text) in given {
            bench.push(input, &format!("{source} | {}", stamped(*seconds, text)));
        }
        bench.finish(input);
        assert_eq!(bench.delivered(), given.len() as u64, "{name}: {:?}", bench.intake.counters());
        bench.check_account(name);
    }
}
