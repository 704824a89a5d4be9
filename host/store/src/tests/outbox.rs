//! Alerts on their way: order, repetition, silence, death.

use super::*;
use crate::{AlertQuery, AlertState, NewSilence};

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

/// What is due, as `anomaly kind sink`.
fn due(writer: &mut Writer, now_ms: u64) -> Vec<String> {
    let alerts = writer.due_alerts(now_ms, 100).unwrap();
    alerts.iter().map(|one| format!("{} {:?} {}", one.anomaly, one.kind, one.sink)).collect()
}

fn numbers(writer: &mut Writer, now_ms: u64) -> Vec<u64> {
    writer.due_alerts(now_ms, 100).unwrap().iter().map(|one| one.number).collect()
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
    assert_eq!(due(&mut writer, 5), ["a Opened mail", "a Opened chat", "b Opened mail"]);
    assert_eq!(writer.due_alerts(5, 2).unwrap().len(), 2, "no more than asked for");

    let first = writer.due_alerts(5, 100).unwrap();
    assert_eq!(first[0].body, "{\"id\":\"a\"}");
    writer.delivered(&[first[0].number], 5).unwrap();
    writer.failed(first[1].number, "chat is down", 100).unwrap();
    assert_eq!(due(&mut writer, 99), ["a Resolved mail", "b Opened mail"]);
    assert_eq!(due(&mut writer, 100), ["a Resolved mail", "b Opened mail", "a Opened chat"]);
    let again = writer.due_alerts(100, 100).unwrap().pop().unwrap();
    assert_eq!((again.attempts, again.reason.as_deref()), (1, Some("chat is down")));

    writer.dead(first[1].number, "chat is gone", 100).unwrap();
    assert_eq!(due(&mut writer, 100), ["a Resolved mail", "a Resolved chat", "b Opened mail"]);
    let depth = writer.outbox_depth().unwrap();
    assert_eq!(place.reader().outbox_depth().unwrap(), depth);
    let depth: Vec<_> =
        depth.iter().map(|one| (one.sink.as_str(), one.pending, one.dead)).collect();
    assert_eq!(depth, [("chat", 1, 1), ("mail", 2, 0)]);

    for (sink, count) in [(Some("mail"), 0), (Some("chat"), 1), (None, 0)] {
        assert_eq!(writer.retry_dead("default", sink, 200).unwrap(), count, "{sink:?}");
    }
    assert_eq!(writer.retry_dead("other", None, 200).unwrap(), 0);
    assert_eq!(due(&mut writer, 199), ["a Resolved mail", "b Opened mail"], "still in order");
    assert_eq!(due(&mut writer, 200).last().unwrap(), "a Opened chat");
    writer.failed(first[0].number, "too late to fail", 300).unwrap();
    assert_eq!(fates(&place, "a")[3], (AlertState::Sent, None));
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
        assert_eq!(due(&mut writer, *now_ms).is_empty(), *is_silent, "{name}");
        let fate = (AlertState::Suppressed, Some("silenced".into()));
        assert_eq!(fates(&place, "a") == [fate], *is_silent, "{name}");
    }
}

#[test]
fn who_was_told_of_an_anomaly_hears_of_its_end() {
    let place = Place::new();
    let mut writer = place.writer();
    commit(&mut writer, "a", &[Opened], &["mail"]);
    let told = numbers(&mut writer, 5);
    writer.delivered(&told, 5).unwrap();
    writer.silence(&silence(None, None)).unwrap();
    commit(&mut writer, "a", &[Opened, Updated, Resolved], &["mail", "chat"]);
    assert_eq!(due(&mut writer, 10), ["a Resolved mail"]);
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
    assert!(due(&mut writer, 10).is_empty());
    for anomaly in ["a", "b"] {
        assert_eq!(fates(&place, anomaly), [(AlertState::Suppressed, Some("normal".into()))]);
    }
    writer.unnormal("default", &source_key(1), "00000007").unwrap();
    commit(&mut writer, "c", &[Opened], &["mail"]);
    assert_eq!(due(&mut writer, 10), ["c Opened mail"]);
}
