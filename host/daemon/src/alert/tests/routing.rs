//! Which sinks an event goes to, and what it says.

use super::*;
use crate::alert::FIELDS;
use crate::config::SourceConfig;

#[test]
fn sinks_get_what_they_want() {
    let sinks = [
        "sinks:",
        "  - {type: stdout, name: all}",
        "  - {type: stdout, name: warnings, severity: warning}",
        "  - {type: stdout, name: critical, severity: critical}",
        "  - {type: stdout, name: web, sources: ['file:web-*', 'file:nginx']}",
        "  - {type: stdout, name: other, tenant: other}",
        "  - {type: stdout, name: db, sources: ['file:db*']}",
    ];
    let config = config(&sinks);
    let plain = event("a", EventKind::Opened);
    let cases: &[(Event, &[&str])] = &[
        (plain.clone(), &["all", "warnings", "web"]),
        (Event { severity: Alarm::Notice, ..plain.clone() }, &["all", "web"]),
        (
            Event { severity: Alarm::Critical, ..plain.clone() },
            &["all", "warnings", "critical", "web"],
        ),
        (Event { source: "file:db".into(), ..plain.clone() }, &["all", "warnings", "db"]),
        (Event { source: "file:nginx".into(), ..plain.clone() }, &["all", "warnings", "web"]),
        (Event { source: "file:nginx#2".into(), ..plain.clone() }, &["all", "warnings"]),
        (Event { tenant: "other".into(), ..plain }, &["all", "warnings", "web", "other"]),
        (event("a", EventKind::Updated), &["all", "warnings", "web"]),
        (event("a", EventKind::Resolved), &["all", "warnings", "web"]),
        (event("a", EventKind::Continued), &[]),
    ];
    for (event, expected) in cases {
        let sinks = new_alerts(&config, &[], event).map(|alert| alert.sinks).unwrap_or_default();
        assert_eq!(&sinks, expected, "{event:?}");
    }
}

#[test]
fn nobody_is_told_where_nobody_asked() {
    let silent = config(&["resolved: true"]);
    let unresolved = config(&["resolved: false", "sinks: [{type: stdout}]"]);
    let cases = [
        (&silent, EventKind::Opened, false),
        (&unresolved, EventKind::Opened, true),
        (&unresolved, EventKind::Updated, true),
        (&unresolved, EventKind::Resolved, false),
    ];
    for (config, kind, expected) in cases {
        assert_eq!(new_alerts(config, &[], &event("a", kind)).is_some(), expected, "{kind:?}");
    }
}

#[test]
fn nobody_is_told_of_sources_that_are_muted() {
    let told = config(&["sinks: [{type: stdout}]"]);
    let entry = |keys: &str, tenant: Option<&str>, muted, severity_min| SourceConfig {
        keys: keys.into(),
        tenant: tenant.map(String::from),
        alerts_per_day: None,
        quiet_windows: None,
        muted,
        severity_min,
    };
    use Alarm::{Critical, Notice, Warning};
    let loud = entry("file:web-1", None, false, Notice);
    let muted = entry("file:web-*", None, true, Notice);
    let other = entry("**", Some("other"), true, Notice);
    let warnings = entry("**", Some("default"), false, Warning);
    let critical = entry("**", None, false, Critical);
    let cases = [
        (vec![], true),
        (vec![muted.clone()], false),
        (vec![loud.clone(), muted.clone()], true),
        (vec![muted, loud], false),
        (vec![other.clone()], true),
        (vec![warnings.clone(), critical.clone()], true),
        (vec![other, critical, warnings], false),
        (vec![entry("file:web", None, true, Notice)], true),
    ];
    for (sources, expected) in cases {
        for kind in [EventKind::Opened, EventKind::Updated, EventKind::Resolved] {
            let told = new_alerts(&told, &sources, &event("a", kind)).is_some();
            assert_eq!(told, expected, "{kind:?} {sources:?}");
        }
    }
}

#[test]
fn an_event_always_gives_the_same_alert() {
    let config = config(&["link: http://bell.example/", "sinks: [{type: stdout}]"]);
    let opened = event("a1", EventKind::Opened);
    let alert = new_alerts(&config, &[], &opened).unwrap();
    assert_eq!(Some(&alert), new_alerts(&config, &[], &opened).as_ref());
    assert_eq!(alert.key, "a1:opened:1000");
    assert_eq!((alert.anomaly.as_str(), alert.cause.as_str()), ("a1", "00000061"));
    let later = Event { at_ms: 2_000, ..opened.clone() };
    let resolved = Event { event: EventKind::Resolved, ..opened };
    let keys = [&later, &resolved].map(|event| new_alerts(&config, &[], event).unwrap().key);
    assert_eq!(keys, ["a1:opened:2000", "a1:resolved:1000"]);

    let body: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&alert.body).unwrap();
    let mut names: Vec<&str> = body.keys().map(String::as_str).collect();
    names.push("suppressed_since");
    names.sort_unstable();
    assert_eq!(names, FIELDS, "all that templates may name, and nothing else");
    assert_eq!(body["link"], "http://bell.example/#/anomaly/a1");
    assert_eq!(body["evidence"], serde_json::json!([{"name": "expected", "value": "0.5"}]));
    assert_eq!(body["severity"], "warning");
    assert_eq!(body["kind"], "opened");
}

#[test]
fn odd_events_give_sound_json_of_bounded_size() {
    let config = config(&["sinks: [{type: stdout}]"]);
    let long = "ä\u{0}\"\u{202e}".repeat(100_000);
    let event = Event {
        bits: f32::INFINITY,
        before_per_minute: f32::NAN,
        sentence: long.clone(),
        template: long.clone(),
        source: long.clone(),
        examples: vec![long.clone(); 100],
        evidence: vec![(long.clone(), long.clone()); 100],
        detectors: vec!["rate".into(); 100],
        ..event("a", EventKind::Opened)
    };
    let body = new_alerts(&config, &[], &event).unwrap().body;
    assert!(body.len() < 400_000, "{}", body.len());
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(body["bits"].is_null() && body["before_per_minute"].is_null());
    let sentence = body["sentence"].as_str().unwrap();
    let kept = sentence.strip_suffix('…').unwrap();
    assert!(long.starts_with(kept) && kept.len() > 1_990, "{}", kept.len());
    assert_eq!(body["examples"].as_array().unwrap().len(), 20);
}
