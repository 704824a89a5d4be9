//! Alerts on their way: order, repetition, silence, death.

use super::*;
use crate::{AlertQuery, AlertState, NewSilence, PENDING_MAX};

/// Alerts of an anomaly in the order of `kinds`, each a minute after the one before.
fn commit(writer: &mut Writer, anomaly_id: &str, kinds: &[AlertKind], sinks: &[&str]) {
    let mut one = checkpoint(NOON_MS);
    for (index, kind) in kinds.iter().enumerate() {
        let updated_ms = NOON_MS + index as u64 * 60_000;
        let row = AnomalyRow { updated_ms, ..anomaly(anomaly_id, NOON_MS) };
        one.alerts.push(alert(&row, *kind, sinks));
    }
    writer.commit(&one).unwrap();
}

/// What is due to a sink, as `anomaly kind`.
fn due(writer: &mut Writer, sink: &str, now_ms: u64) -> Vec<String> {
    said(&due_to(writer, sink, now_ms, 0))
}

fn said(due: &Due) -> Vec<String> {
    due.alerts.iter().map(|one| format!("{} {:?}", one.row.anomaly, one.row.kind)).collect()
}

/// How far the alerts of an anomaly have come, newest first, with the reason.
fn fates(place: &Place, anomaly: &str) -> Vec<(AlertState, Option<String>)> {
    let query = AlertQuery {
        tenant: "default".into(),
        anomaly: Some(anomaly.into()),
        limit: 100,
        ..AlertQuery::default()
    };
    let alerts = place.reader().alerts(&query).unwrap().rows;
    alerts.into_iter().map(|one| (one.state, one.reason)).collect()
}

use AlertKind::{Opened, Resolved, Updated};

#[test]
fn none_overtakes_another_and_none_comes_twice() {
    let place = Place::new();
    let mut writer = place.writer();
    commit(&mut writer, "a", &[Opened, Resolved], &["mail", "chat"]);
    commit(&mut writer, "a", &[Opened], &["mail", "chat"]);
    commit(&mut writer, "b", &[Opened], &["mail"]);
    assert_eq!(due(&mut writer, "mail", 5), ["a Opened", "b Opened"]);
    assert_eq!(due(&mut writer, "chat", 5), ["a Opened"]);
    let query = DueQuery { sink: "mail".into(), now_ms: 5, cooldown_ms: 0, limit: 1 };
    assert_eq!(writer.due_alerts(&query).unwrap().alerts.len(), 1, "no more than asked for");

    let (mail, chat) = (numbers(&mut writer, "mail", 5), numbers(&mut writer, "chat", 5));
    writer.delivered(&mail[..1], 5).unwrap();
    writer.failed(chat[0], "chat is down", 100).unwrap();
    assert_eq!(due(&mut writer, "mail", 99), ["a Resolved", "b Opened"]);
    let later = due_to(&mut writer, "chat", 99, 0);
    assert_eq!((said(&later), later.next_ms), (Vec::new(), Some(100)));
    let again = due_to(&mut writer, "chat", 100, 0).alerts.pop().unwrap().row;
    assert_eq!(again.body, "{\"id\":\"a\"}");
    assert_eq!((again.attempts, again.reason.as_deref()), (1, Some("chat is down")));

    writer.delivered(&mail[1..], 100).unwrap();
    writer.failed(mail[0], "too late to fail", 300).unwrap();
    assert_eq!(fates(&place, "a")[3], (AlertState::Sent, None));
}

#[test]
fn the_dead_come_back_when_asked_to() {
    let place = Place::new();
    let mut writer = place.writer();
    commit(&mut writer, "a", &[Opened, Resolved], &["mail", "chat"]);
    let (mail, chat) = (numbers(&mut writer, "mail", 5), numbers(&mut writer, "chat", 5));
    writer.delivered(&mail, 5).unwrap();
    writer.dead(chat[0], "chat is gone", 100).unwrap();
    assert_eq!(due(&mut writer, "chat", 100), [""; 0], "of what it never heard begin");
    let untold = (AlertState::Suppressed, Some("untold".into()));
    assert_eq!(fates(&place, "a")[0], untold);
    let depth = writer.outbox_depth().unwrap();
    assert_eq!(place.reader().outbox_depth().unwrap(), depth);
    let depth: Vec<_> =
        depth.iter().map(|one| (one.sink.as_str(), one.pending, one.dead)).collect();
    assert_eq!(depth, [("chat", 0, 1), ("mail", 1, 0)]);

    for (sink, count) in [(Some("mail"), 0), (Some("chat"), 1), (None, 0)] {
        assert_eq!(writer.retry_dead("default", sink, 200).unwrap(), count, "{sink:?}");
    }
    assert_eq!(writer.retry_dead("other", None, 200).unwrap(), 0);
    assert_eq!(due(&mut writer, "chat", 199), [""; 0]);
    assert_eq!(due(&mut writer, "chat", 200), ["a Opened"]);
    writer.delivered(&chat, 200).unwrap();
    assert_eq!(due(&mut writer, "chat", 200), ["a Resolved"]);
}

#[test]
fn what_waits_for_no_sink_or_waits_too_long_is_given_up() {
    let place = Place::new();
    let mut writer = place.writer();
    commit(&mut writer, "a", &[Opened], &["mail", "chat"]);
    assert_eq!(writer.abandon_alerts("chat", "no such sink", 7).unwrap(), 1);
    assert_eq!(writer.abandon_alerts("chat", "no such sink", 7).unwrap(), 0);
    assert_eq!(fates(&place, "a")[0], (AlertState::Dead, Some("no such sink".into())));

    let many = vec![Updated; PENDING_MAX as usize];
    commit(&mut writer, "b", &many, &["mail"]);
    assert_eq!(due(&mut writer, "mail", 8), ["b Updated"], "one too many");
    let reason = Some("too many wait for this sink".into());
    assert_eq!(fates(&place, "a")[1], (AlertState::Dead, reason));
    let depth = writer.outbox_depth().unwrap();
    assert_eq!(depth.iter().map(|one| one.pending).sum::<u64>(), u64::from(PENDING_MAX));
}

/// An anomaly of the same cause as the others.
fn open(writer: &mut Writer, id: &str, severity: Severity) {
    let mut one = checkpoint(NOON_MS);
    one.alerts.push(alert(&AnomalyRow { severity, ..anomaly(id, NOON_MS) }, Opened, &["mail"]));
    writer.commit(&one).unwrap();
}

#[test]
fn a_cause_is_told_once_in_a_while_and_counted_meanwhile() {
    use Severity::{Critical, Notice, Warning};
    let place = Place::new();
    let mut writer = place.writer();
    // Since when the sink was told of `a`, what opened, and what is due with how many anomalies spared.
    let cases: &[(u64, &str, Severity, &[&str])] = &[
        (0, "b", Warning, &[]),
        (999, "c", Notice, &[]),
        (999, "d", Critical, &["d after 2"]),
        (1_000, "e", Warning, &["d after 2"]),
    ];
    open(&mut writer, "a", Warning);
    let told = numbers(&mut writer, "mail", 10_000);
    writer.delivered(&told, 10_000).unwrap();
    for (since_ms, id, severity, expected) in cases {
        open(&mut writer, id, *severity);
        let due = due_to(&mut writer, "mail", 10_000 + since_ms, 1_000).alerts;
        let found: Vec<_> =
            due.iter().map(|one| format!("{} after {}", one.row.anomaly, one.suppressed)).collect();
        assert_eq!(&found, expected, "{id}");
    }
    let cooled = (AlertState::Suppressed, Some("cooldown".into()));
    assert_eq!([fates(&place, "b"), fates(&place, "c")].concat(), [cooled.clone(), cooled.clone()]);

    commit(&mut writer, "b", &[Updated, Resolved], &["mail"]);
    let told = numbers(&mut writer, "mail", 10_999);
    writer.delivered(&told[..1], 11_000).unwrap();
    assert_eq!(said(&due_to(&mut writer, "mail", 11_999, 1_000)), [""; 0], "d has just been told");
    assert_eq!(fates(&place, "e"), [cooled]);
    commit(&mut writer, "d", &[Updated, Resolved], &["mail"]);
    assert_eq!(
        said(&due_to(&mut writer, "mail", 11_999, 1_000)),
        ["d Updated"],
        "it was told of d"
    );
    assert_eq!(due_to(&mut writer, "mail", 11_999, 1_000).alerts[0].suppressed, 2, "b and e");
}

#[test]
fn of_several_at_once_only_the_first_is_told() {
    let place = Place::new();
    let mut writer = place.writer();
    for id in ["a", "b", "c"] {
        open(&mut writer, id, Severity::Warning);
    }
    assert_eq!(said(&due_to(&mut writer, "mail", 5, 0)), ["a Opened", "b Opened", "c Opened"]);
    let first = due_to(&mut writer, "mail", 5, 1_000);
    assert_eq!(said(&first), ["a Opened"]);
    writer.failed(first.alerts[0].row.number, "down", 50).unwrap();
    assert_eq!(said(&due_to(&mut writer, "mail", 49, 1_000)), [""; 0]);
    open(&mut writer, "d", Severity::Critical);
    assert_eq!(said(&due_to(&mut writer, "mail", 49, 1_000)), ["d Opened"], "it matters more");
}

fn silence(source: Option<&str>, template_id: Option<&str>) -> NewSilence {
    NewSilence {
        tenant: "default".into(),
        source: source.map(str::to_owned),
        template_id: template_id.map(str::to_owned),
        until_ms: 1_000,
        by: "ann".into(),
        reason: "we know".into(),
        at_ms: 10,
    }
}

#[test]
fn what_is_silenced_is_not_sent() {
    let key = source_key(1);
    let cases: &[(&str, NewSilence, u64, bool)] = &[
        ("everything", silence(None, None), 10, true),
        ("the source", silence(Some(&key), None), 10, true),
        ("the message", silence(None, Some("00000007")), 10, true),
        ("both", silence(Some(&key), Some("00000007")), 10, true),
        ("another source", silence(Some("file:other"), None), 10, false),
        ("another message", silence(Some(&key), Some("00000008")), 10, false),
        ("over", silence(None, None), 1_000, false),
        ("another tenant", NewSilence { tenant: "b".into(), ..silence(None, None) }, 10, false),
    ];
    for (name, order, now_ms, is_silent) in cases {
        let place = Place::new();
        let mut writer = place.writer();
        writer.silence(order).unwrap();
        commit(&mut writer, "a", &[Opened], &["mail"]);
        assert_eq!(due(&mut writer, "mail", *now_ms).is_empty(), *is_silent, "{name}");
        let fate = (AlertState::Suppressed, Some("silenced".into()));
        assert_eq!(fates(&place, "a") == [fate], *is_silent, "{name}");
    }
}

#[test]
fn who_was_told_of_an_anomaly_hears_of_its_end() {
    let place = Place::new();
    let mut writer = place.writer();
    commit(&mut writer, "a", &[Opened], &["mail"]);
    let told = numbers(&mut writer, "mail", 5);
    writer.delivered(&told, 5).unwrap();
    writer.silence(&silence(None, None)).unwrap();
    commit(&mut writer, "a", &[Opened, Updated, Resolved], &["mail", "chat"]);
    assert_eq!(due(&mut writer, "mail", 10), ["a Resolved"]);
    assert_eq!(due(&mut writer, "chat", 10), [""; 0]);
    let states: Vec<_> = fates(&place, "a").into_iter().map(|(state, _)| state).collect();
    use AlertState::{Pending, Sent, Suppressed};
    // Newest first: two of the end, two of the update, one of the beginning for chat, one for mail.
    assert_eq!(states, [Suppressed, Pending, Suppressed, Suppressed, Suppressed, Sent]);
}

#[test]
fn what_is_normal_is_not_sent() {
    let place = Place::new();
    let mut writer = place.writer();
    commit(&mut writer, "a", &[Opened], &["mail"]);
    writer.normal("default", &source_key(1), "00000007", "ann", 5).unwrap();
    commit(&mut writer, "b", &[Opened], &["mail"]);
    assert_eq!(due(&mut writer, "mail", 10), [""; 0]);
    for anomaly in ["a", "b"] {
        assert_eq!(fates(&place, anomaly), [(AlertState::Suppressed, Some("normal".into()))]);
    }
    writer.unnormal("default", &source_key(1), "00000007").unwrap();
    commit(&mut writer, "c", &[Opened], &["mail"]);
    assert_eq!(due(&mut writer, "mail", 10), ["c Opened"]);
}
