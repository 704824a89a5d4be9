//! Tests of anomalies' lives: what opens, joins, updates and resolves them, and when.

use super::*;
use crate::calibrate::Side;
use crate::report::{Finding, Recurrence, Subject};
use crate::settings::SourceRule;

const MINUTE: u64 = 60_000;
/// First moment of window 0 of the cases, as windows are counted from 1970.
const BEGIN_MS: u64 = 1_772_409_600_000;
const ALARM: f32 = 10.0;

/// One report: window, source, message (0 is the source as a whole), state and news in bits.
type Odd = (u64, u32, u32, f32, f32);

fn settings() -> Settings {
    // A day has 1,440 windows; this budget puts the threshold at exactly ten bits.
    let alerts_per_day = 1440.0 / f64::from(ALARM).exp2();
    Settings { alerts_per_day, quiet_windows: 6, open_anomalies_max: 2, ..Settings::default() }
}

fn report((window, source, message, state_bits, news_bits): Odd) -> Report {
    report_of((window, source, message, state_bits, news_bits), 9)
}

fn report_of((window, source, message, state_bits, news_bits): Odd, severity: u8) -> Report {
    let start_ms = BEGIN_MS + window * MINUTE;
    let subject = (message > 0).then(|| Subject {
        message,
        template: format!("message {message}"),
        severity,
        pattern: None,
        examples: vec![],
    });
    let finding = Finding {
        detector: format!("detector-{source}"),
        side: Side::More,
        bits: state_bits,
        reason: "rose".into(),
        subject,
        before_per_minute: 1.0,
        now_per_minute: window as f32,
        position: None,
        said: None,
        explanation: None,
    };
    let (end_ms, findings) = (start_ms + MINUTE, vec![finding]);
    let recurrence = Recurrence::default();
    Report { source, start_ms, end_ms, state_bits, news_bits, findings, recurrence }
}

fn correlator(settings: &Settings) -> Correlator {
    let mut correlator = Correlator::new(settings.clone());
    for (source, key) in (0..).zip(["file:b", "file:a", "file:c", "file:d"]) {
        correlator.learn_source(source, key);
    }
    correlator
}

/// An event as a case writes it: `+` opened, `!` updated, `-` resolved, source, template, and the window before whose
/// end it happened.
fn shown(event: &Event) -> String {
    let sign = match event.event {
        EventKind::Opened => '+',
        EventKind::Updated => '!',
        EventKind::Resolved => '-',
        EventKind::Continued => '=',
    };
    let number = event.template.strip_prefix("message ").unwrap_or("all");
    let name = event.source.strip_prefix("file:").unwrap();
    let window = (0..10_000u64)
        .find(|window| sentence::rfc3339(BEGIN_MS + (window + 1) * MINUTE) == event.at)
        .expect("events happen at the ends of windows");
    format!("{sign}{name}:{number}@{window}")
}

fn show(events: &[Event]) -> String {
    events.iter().map(shown).collect::<Vec<_>>().join(" ")
}

/// Folds the reports of all sources and puts what people are told in the order of time.
fn fold(correlator: &mut Correlator, reports: &[Report], until_ms: Option<u64>) -> Vec<Event> {
    let mut events = Vec::new();
    for source in 0..4 {
        let own = reports.iter().filter(|report| report.source == source);
        let ready = own.filter(|report| until_ms.is_none_or(|until_ms| report.end_ms <= until_ms));
        events.extend(correlator.fold(source, ready.cloned().collect(), until_ms));
    }
    events.retain(|event| event.event != EventKind::Continued);
    events.sort_by(|a, b| (a.at_ms, &a.source).cmp(&(b.at_ms, &b.source)));
    events
}

/// Folds all reports up to the end of the last window given and compares the events.
fn check(name: &str, reports: &[Odd], until: u64, expected: &str) {
    let mut correlator = correlator(&settings());
    let reports: Vec<Report> = reports.iter().copied().map(report).collect();
    let events = fold(&mut correlator, &reports, Some(BEGIN_MS + (until + 1) * MINUTE));
    assert_eq!(show(&events), expected, "{name}");
}

#[test]
fn news_opens_and_only_news_opens() {
    let below = ALARM - 0.01;
    check("at the threshold", &[(0, 0, 1, ALARM, ALARM)], 0, "+b:1@0");
    check("below", &[(0, 0, 1, below, below)], 0, "");
    check("odd, but no news", &[(0, 0, 1, 30.0, below)], 0, "");
    check("the source as a whole", &[(0, 0, 0, ALARM, ALARM)], 0, "+b:all@0");
    check("not yet passed", &[(1, 0, 1, 20.0, 20.0)], 0, "");
    check("news a window later", &[(0, 0, 1, 9.0, 9.0), (1, 0, 1, 11.0, 11.0)], 1, "+b:1@1");
}

#[test]
fn each_source_is_judged_by_its_own_rule() {
    let rule = |keys: &str, bits: f64, quiet_windows| SourceRule {
        keys: keys.into(),
        alerts_per_day: Some(1440.0 / bits.exp2()),
        quiet_windows,
    };
    let rules = vec![rule("file:b", 12.0, None), rule("file:[ab]", 2.0, None)];
    let rules = rules.into_iter().chain([rule("file:c", 8.0, Some(2)), rule("*:c", 1.0, None)]);
    let settings = Settings { rules: rules.collect(), ..settings() };
    let mut correlator = correlator(&settings);
    // The same lines everywhere, louder and louder.
    let odd = |window, bits| (0..4).map(move |source| report((window, source, 1, bits, bits)));
    let reports: Vec<Report> = odd(0, 7.9).chain(odd(20, 9.0)).chain(odd(40, 11.0)).collect();
    let events = fold(&mut correlator, &reports, Some(BEGIN_MS + 60 * MINUTE));
    assert_eq!(show(&events), "+c:1@20 -c:1@22 +a:1@40 +c:1@40 +d:1@40 -c:1@42 -a:1@46 -d:1@46");
    let severities = |name: &str| {
        let own = events.iter().filter(|event| event.source == name);
        own.map(|event| event.severity).next_back()
    };
    let of = ["file:a", "file:c"].map(severities);
    assert_eq!(of, [Some(Alarm::Notice); 2], "severity is held against the source's own alarm");
}

#[test]
fn reports_join_by_message_and_by_following() {
    let first = (0, 0, 1, 12.0, 12.0);
    check("the same message", &[first, (5, 0, 1, 12.0, 12.0)], 5, "+b:1@0");
    check("another that follows", &[first, (1, 0, 2, 12.0, 12.0)], 1, "+b:1@0");
    check("the last that follows", &[first, (3, 0, 2, 12.0, 12.0)], 3, "+b:1@0");
    check("another source", &[first, (1, 1, 1, 12.0, 12.0)], 1, "+b:1@0 +a:1@1");
    check(
        "a message that joined brings its own",
        &[first, (2, 0, 2, 12.0, 0.0), (7, 0, 2, 12.0, 12.0)],
        7,
        "+b:1@0",
    );
    check(
        "what is no news keeps alive",
        &[first, (5, 0, 1, 8.0, 0.0), (10, 0, 1, 8.0, 0.0)],
        15,
        "+b:1@0",
    );
}

#[test]
fn another_message_long_after_opens_a_second_anomaly() {
    let first = (0, 0, 1, 12.0, 12.0);
    check("beside the first", &[first, (4, 0, 2, 12.0, 12.0)], 4, "+b:1@0 +b:2@4");
    check("not without news", &[first, (4, 0, 2, 12.0, 0.0)], 4, "+b:1@0");
    check(
        "its own message comes before following another",
        &[first, (4, 0, 2, 12.0, 12.0), (5, 0, 1, 12.0, 12.0), (7, 0, 2, 20.0, 20.0)],
        7,
        "+b:1@0 +b:2@4 !b:2@7",
    );
    check(
        "each goes on by itself",
        &[first, (4, 0, 2, 12.0, 12.0), (5, 0, 2, 20.0, 20.0)],
        11,
        "+b:1@0 +b:2@4 !b:2@5 -b:1@6 -b:2@11",
    );
}

#[test]
fn only_much_stronger_news_is_said_again() {
    let first = (0, 0, 1, 12.0, 12.0);
    check("hardly stronger", &[first, (1, 0, 1, 15.9, 15.9)], 1, "+b:1@0");
    check("much stronger", &[first, (1, 0, 1, 16.0, 16.0)], 1, "+b:1@0 !b:1@1");
    check("stronger, but no news", &[first, (1, 0, 1, 30.0, 9.9)], 1, "+b:1@0");
    check(
        "against what was said last",
        &[first, (1, 0, 1, 15.0, 15.0), (2, 0, 1, 17.0, 17.0), (3, 0, 1, 20.9, 20.9)],
        3,
        "+b:1@0 !b:1@2",
    );
}

#[test]
fn quiet_resolves_at_the_right_time_and_in_order() {
    let (a, b, c) = ((0, 1, 1, 12.0, 12.0), (0, 0, 1, 12.0, 12.0), (1, 2, 1, 12.0, 12.0));
    check("not yet", &[a], 5, "+a:1@0");
    check("after six quiet windows", &[a], 6, "+a:1@0 -a:1@6");
    check("at its time, however late that is known", &[a], 500, "+a:1@0 -a:1@6");
    check(
        "in the order of time, then of keys",
        &[c, b, a],
        9,
        "+a:1@0 +b:1@0 +c:1@1 -a:1@6 -b:1@6 -c:1@7",
    );
    check("before what comes after it", &[a, (9, 0, 1, 12.0, 12.0)], 9, "+a:1@0 -a:1@6 +b:1@9");
    check("opened again", &[a, (9, 1, 1, 12.0, 12.0)], 9, "+a:1@0 -a:1@6 +a:1@9");
}

/// Only five windows were quiet when the sixth has a finding.
#[test]
fn a_finding_in_the_last_quiet_window_keeps_the_anomaly_open() {
    let first = (0, 0, 1, 12.0, 12.0);
    check("joined", &[first, (6, 0, 1, 12.0, 12.0)], 6, "+b:1@0");
    check("a window too late", &[first, (7, 0, 1, 12.0, 12.0)], 7, "+b:1@0 -b:1@6 +b:1@7");
}

#[test]
fn an_anomaly_goes_on_while_its_messages_recur() {
    let recurs = |window, message| {
        let recurrence = Recurrence { messages: vec![message], bits: 12.0 };
        Report { findings: vec![], recurrence, ..report((window, 0, message, 0.0, 0.0)) }
    };
    let check = |name: &str, further: &[Report], until: u64, expected: &str| {
        let mut reports = vec![report((0, 0, 1, 12.0, 12.0))];
        reports.extend(further.iter().cloned());
        let until_ms = BEGIN_MS + (until + 1) * MINUTE;
        let events = fold(&mut correlator(&settings()), &reports, Some(until_ms));
        assert_eq!(show(&events), expected, "{name}");
    };
    let (alive, loud) = ([5, 10, 15].map(|window| recurs(window, 1)), |window, message| {
        report((window, 0, message, 12.0, 12.0))
    });
    let with = |further: Report| [&alive[..], &[further]].concat();
    check("as long as they come", &alive, 30, "+b:1@0 -b:1@21");
    check("not with others", &[recurs(5, 2)], 30, "+b:1@0 -b:1@6");
    check("too late", &[recurs(7, 1)], 30, "+b:1@0 -b:1@6");
    check("nothing opens by that", &[recurs(9, 3)], 30, "+b:1@0 -b:1@6");
    check("the same again", &with(loud(12, 1)), 18, "+b:1@0");
    check("something else", &with(loud(12, 2)), 18, "+b:1@0 +b:2@12 -b:2@18");
    check("the source as a whole", &with(loud(12, 0)), 18, "+b:1@0 +b:all@12 -b:all@18");
}

#[test]
fn the_anomaly_longest_without_a_finding_makes_room() {
    let one = |window, message| (window, 0, message, 12.0, 12.0);
    check(
        "the third of two",
        &[one(0, 1), one(4, 2), one(5, 1), one(9, 3)],
        9,
        "+b:1@0 +b:2@4 -b:2@9 +b:3@9",
    );
}

#[test]
fn neither_order_nor_steps_show() {
    let mut reports: Vec<Odd> = Vec::new();
    for window in 0..120u64 {
        for source in 0..4u32 {
            let mixed = (window * 7 + u64::from(source) * 13) % 23;
            if mixed < 5 {
                let bits = 8.0 + mixed as f32 * 3.0;
                reports.push((window, source, 1 + (mixed as u32) % 3, bits, bits));
            }
        }
    }
    let last_ms = BEGIN_MS + 140 * MINUTE;
    let told = |events: Vec<Event>| -> Vec<(String, String)> {
        events.iter().map(|event| (shown(event), event.id.clone())).collect()
    };
    let all = |odds: Vec<Odd>| odds.into_iter().map(report).collect::<Vec<_>>();
    let expected = told(fold(&mut correlator(&settings()), &all(reports.clone()), Some(last_ms)));
    assert!(expected.len() > 20, "the case is worth its name");
    // Strides are primes beyond the number of reports, so that every report comes once.
    assert!(reports.len() < 997);
    for (stride, step) in [(997, 1), (1009, 3), (1013, 7), (1019, 140)] {
        let shuffled = (0..reports.len()).map(|place| reports[place * stride % reports.len()]);
        let mut left = all(shuffled.collect());
        let mut correlator = correlator(&settings());
        let mut events = Vec::new();
        for window in (0..=140).step_by(step).chain([140]) {
            let until_ms = BEGIN_MS + window * MINUTE;
            let (ready, later): (Vec<Report>, _) =
                left.into_iter().partition(|report| report.end_ms <= until_ms);
            left = later;
            events.extend(fold(&mut correlator, &ready, Some(until_ms)));
            correlator = loaded(&correlator);
        }
        assert_eq!(told(events), expected, "stride {stride}, step {step}");
    }
}

/// Another correlator that goes on where the first stands.
fn loaded(first: &Correlator) -> Correlator {
    let mut second = correlator(&settings());
    for source in 0..4 {
        second.load(source, &first.save(source)).expect("it was just saved");
        assert_eq!(second.save(source), first.save(source));
    }
    second
}

#[test]
fn ids_name_tenant_source_cause_and_window() {
    let id = |tenant: &str, odd: Odd| {
        let mut correlator = correlator(&Settings { tenant: tenant.into(), ..settings() });
        fold(&mut correlator, &[report(odd)], None)[0].id.clone()
    };
    let base = id("acme", (0, 0, 1, 12.0, 12.0));
    assert_eq!(base.len(), 16);
    assert_eq!(base, id("acme", (0, 0, 1, 30.0, 15.0)), "strength is not part of it");
    let others = [
        ("other", (0, 0, 1, 12.0, 12.0)),
        ("acme", (0, 1, 1, 12.0, 12.0)),
        ("acme", (0, 0, 2, 12.0, 12.0)),
        ("acme", (1, 0, 1, 12.0, 12.0)),
    ];
    for (tenant, odd) in others {
        assert_ne!(base, id(tenant, odd), "{tenant} {odd:?}");
    }
}

#[test]
fn severity_follows_the_lines_and_the_strength() {
    use crate::record::severity::{ERROR, FATAL, INFO};
    let cases = [
        (INFO, ALARM, Alarm::Notice),
        (INFO, ALARM + 3.9, Alarm::Notice),
        (INFO, ALARM + 4.1, Alarm::Warning),
        (INFO, ALARM + 10.1, Alarm::Critical),
        (ERROR, ALARM, Alarm::Warning),
        (ERROR, ALARM + 10.1, Alarm::Critical),
        (FATAL, ALARM, Alarm::Critical),
    ];
    for (severity, bits, expected) in cases {
        let mut correlator = correlator(&settings());
        let events = fold(&mut correlator, &[report_of((0, 0, 1, bits, bits), severity)], None);
        assert_eq!(events[0].severity, expected, "{severity} {bits}");
    }
}

#[test]
fn events_carry_the_first_cause_with_its_newest_figures() {
    let mut correlator = correlator(&settings());
    let reports = [(0, 0, 1, 12.0, 12.0), (1, 0, 2, 14.0, 14.0), (2, 0, 1, 17.0, 17.0)];
    let events = fold(&mut correlator, &reports.map(report), Some(BEGIN_MS + 3 * MINUTE));
    assert_eq!(show(&events), "+b:1@0 !b:1@2");
    let (opened, updated) = (&events[0], &events[1]);
    assert_eq!((&updated.id, &updated.opened), (&opened.id, &opened.opened));
    assert_eq!((updated.now_per_minute, updated.bits), (2.0, 17.0));
    assert_eq!((updated.template_id.as_str(), updated.tenant.as_str()), ("00000001", "default"));
    assert_eq!(updated.detectors, ["detector-0"]);
}

#[test]
fn the_end_leaves_open_what_is_open() {
    let mut correlator = correlator(&settings());
    let reports = [report((0, 0, 1, 12.0, 12.0)), report((1, 1, 1, 12.0, 12.0))];
    assert_eq!(show(&fold(&mut correlator, &reports, None)), "+b:1@0 +a:1@1");
    assert_eq!(correlator.open(), 2);
}

#[test]
fn what_somebody_ends_is_over() {
    let mut correlator = correlator(&settings());
    let events = fold(&mut correlator, &[report((0, 0, 1, 12.0, 12.0))], None);
    assert!(!correlator.end("nobody"));
    assert!(correlator.end(&events[0].id));
    assert_eq!(fold(&mut correlator, &[], Some(u64::MAX / 2)), []);
}

#[test]
fn a_report_is_scored_as_it_is_said() {
    let correlator = correlator(&settings());
    for (source, message, news_bits, key, subject) in
        [(1, 7, 12.0, "file:a", "`message 7`"), (0, 0, 0.5, "file:b", "all lines together")]
    {
        let score = correlator.score(&report((3, source, message, 20.0, news_bits)));
        assert_eq!((&score.source[..], score.news_bits), (key, news_bits));
        assert_eq!(score.start_ms, BEGIN_MS + 3 * MINUTE);
        assert_eq!(score.detector, format!("detector-{source}"));
        let name = key.trim_start_matches("file:");
        let sentence = format!("{name}: {subject} rose from 1.0/min to 3.0/min at 00:03");
        assert_eq!(score.sentence, sentence);
    }
}
