//! Tests of truth: what tables say, and how wrong ones are told.

use super::*;

const INCIDENTS: &str = "id,type,level,start_epoch,end_epoch,lines_changed,detail\n";
const PHASES: &str = "scenario,phase,start_epoch,end_epoch\n";

fn parse(text: &str, scenario: Option<&str>) -> Result<Truth, TruthError> {
    Truth::parse(text.as_bytes(), scenario)
}

#[test]
fn incidents_are_read_in_any_order_of_columns() {
    let text = format!("{INCIDENTS}3,rate_spike,2,100,700,12,\"x, y\"\n");
    let truth = parse(&text, None).expect("a truth");
    let span = Span { start_ms: 100_000, end_ms: 700_000 };
    let expected = Fault {
        id: 3,
        kind: "rate_spike".into(),
        level: Some(2),
        span,
        end_s: 700,
        lines_changed: Some(12),
        detail: "x, y".into(),
    };
    assert_eq!((&truth.faults[..], &truth.excused[..]), (&[expected.clone()][..], &[span][..]));
    assert_eq!(truth.training, Training::ShareOfLog(0.4));
    let turned = "end_epoch,start_epoch,lines_changed,level,type,id\n700,100,12,2,rate_spike,3\n";
    let turned = parse(turned, None).expect("a truth");
    assert_eq!(turned.faults, [Fault { detail: String::new(), ..expected }]);
}

#[test]
fn phases_are_those_of_one_scenario_and_hold_their_last_second() {
    let text = format!("{PHASES}a,scan,100,160\nb,scan,5,5\na,shell,160,162\n");
    let faults = parse(&text, Some("a")).expect("a truth").faults;
    let seen: Vec<_> = faults.iter().map(|fault| (fault.id, &fault.kind[..], fault.span)).collect();
    let span = |start_ms, end_ms| Span { start_ms, end_ms };
    assert_eq!(seen, [(0, "scan", span(100_000, 161_000)), (1, "shell", span(160_000, 163_000))]);
    let truth = parse(&text, Some("b")).expect("a truth");
    assert_eq!(truth.training, Training::ShareBeforeFaults(0.6));
    assert_eq!(truth.faults[0].span, span(5_000, 6_000));
    let single = parse("phase,start_epoch,end_epoch\nscan,1,2\n", None).expect("a truth");
    assert_eq!(single.faults.len(), 1);
}

#[test]
fn wrong_tables_are_told_by_line_and_mend() {
    let row = |row: &str| format!("{INCIDENTS}0,x,1,1,2,3,\n{row}\n");
    let phases = format!("{PHASES}a,scan,1,2\nb,scan,1,2\n");
    let cases: &[(String, Option<&str>, &[&str])] = &[
        (String::new(), None, &["line 1", "found nothing", "id,type,level"]),
        ("time,text\n1,2\n".into(), None, &["line 1", "found time,text"]),
        (INCIDENTS.into(), None, &["no fault in the table"]),
        (row("x,y,1,1,2,3,"), None, &["line 3: id: expected a whole number", "`x`"]),
        (row("1,,1,1,2,3,"), None, &["line 3: type: expected a name"]),
        (row("1,y,0,1,2,3,"), None, &["line 3: level: expected a whole number from 1 to 9", "`0`"]),
        (row("1,y,1,1.5,2,3,"), None, &["line 3: start_epoch: expected whole seconds", "`1.5`"]),
        (row("1,y,1,1,1226319390000,3,"), None, &["line 3: end_epoch: expected whole seconds"]),
        (row("1,y,1,5,2,3,"), None, &["line 3: end_epoch: ends before it begins; swap"]),
        (row("1,y,1,1,2,many,"), None, &["line 3: lines_changed", "`many`"]),
        (row("1,y,1,1,2"), None, &["line 3: expected 7 fields, found 5"]),
        (row("x,y,1,1,2,x,"), None, &["line 3: id", "\nline 3: lines_changed"]),
        (phases.clone(), None, &["scenarios a, b", "--scenario a"]),
        (phases, Some("c"), &["scenarios a, b"]),
        (PHASES.into(), Some("c"), &["no fault in the table"]),
    ];
    for (text, scenario, parts) in cases {
        let told = parse(text, *scenario).expect_err(text).to_string();
        for part in *parts {
            assert!(told.contains(part), "`{part}` in `{told}`");
        }
    }
}

#[test]
fn training_ends_by_its_rule() {
    let log = Span { start_ms: 1_000, end_ms: 11_000 };
    let fault = |start_ms| Fault {
        id: 0,
        kind: "x".into(),
        level: None,
        span: Span { start_ms, end_ms: start_ms + 1 },
        end_s: 0,
        lines_changed: None,
        detail: String::new(),
    };
    let faults = [fault(9_000), fault(6_000)];
    let cases: [(Training, &[Fault], i64, &str); 5] = [
        (Training::ShareOfLog(0.4), &faults, 5_000, "the first 40 % of the log"),
        (Training::ShareBeforeFaults(0.6), &faults, 4_000, "60 % of the time before"),
        (Training::ShareBeforeFaults(0.6), &[], 1_000, "60 %"),
        (Training::Milliseconds(2_000), &faults, 3_000, "the first 0.0 hours"),
        (Training::ShareBeforeFaults(0.6), &[fault(0)], 1_000, "60 %"),
    ];
    for (training, faults, expected, rule) in cases {
        assert_eq!(training.end_ms(log, faults), expected, "{training:?}");
        assert!(training.rule().contains(rule), "{}", training.rule());
    }
}

#[test]
fn spans_that_only_touch_do_not_overlap() {
    let span = |start_ms, end_ms| Span { start_ms, end_ms };
    for (other, expected) in [
        (span(0, 10), false),
        (span(0, 11), true),
        (span(19, 30), true),
        (span(20, 30), false),
        (span(12, 13), true),
        (span(0, 99), true),
    ] {
        assert_eq!(span(10, 20).overlaps(other), expected, "{other:?}");
        assert_eq!(other.overlaps(span(10, 20)), expected, "{other:?}");
    }
}
