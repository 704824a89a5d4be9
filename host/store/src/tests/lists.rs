//! Lists: filters find what they should, and pages neither repeat nor hide a row while others come.

use std::collections::BTreeSet;

use super::*;
use crate::{AlertQuery, AnomalyQuery, Page, StoreError, TemplateQuery};

/// Reads page after page while `add` adds rows, and gives what was seen.
fn walk<T>(
    mut page: impl FnMut(Option<String>) -> Page<T>,
    mut add: impl FnMut(),
    id: impl Fn(&T) -> String,
) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = page(cursor);
        seen.extend(page.rows.iter().map(&id));
        let Some(next) = page.next else { return seen };
        assert_eq!(page.rows.len(), 7, "every page but the last one is full");
        cursor = Some(next);
        add();
    }
}

#[test]
fn pages_of_anomalies_are_complete_while_others_come() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut chance = Chance(1);
    let mut count = 0;
    let mut add = |writer: &mut Writer, rows: u64| {
        let mut one = checkpoint(NOON_MS);
        for _ in 0..rows {
            // Few moments, so that many have the same.
            one.anomalies.push(anomaly(&format!("id-{count}"), NOON_MS + chance.next(20)));
            count += 1;
        }
        writer.commit(&one).unwrap();
    };
    add(&mut writer, 100);
    let reader = place.reader();
    let query = |cursor| AnomalyQuery {
        tenant: "default".into(),
        limit: 7,
        cursor,
        ..AnomalyQuery::default()
    };
    let page = |cursor| reader.anomalies(&query(cursor)).unwrap();
    let key = |one: &crate::AnomalySummary| format!("{} {}", one.opened_ms, one.id);
    let seen = walk(page, || add(&mut writer, 3), key);
    let distinct: BTreeSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "none twice");
    let is_first = |id: usize| seen.iter().any(|key| key.ends_with(&format!(" id-{id}")));
    assert!((0..100).all(is_first), "all that were there at the beginning");
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(seen, sorted, "newest first");
}

#[test]
fn pages_of_templates_and_alerts_are_complete() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut one = checkpoint(NOON_MS);
    for number in 0..4 {
        one.sources.push(source(number, NOON_MS));
        one.templates.extend((0..5).map(|id| template(number, id, NOON_MS)));
        let row = anomaly(&format!("{number}"), NOON_MS);
        one.alerts.push(alert(&row, AlertKind::Opened, &["a", "b", "c", "d"]));
    }
    writer.commit(&one).unwrap();
    let reader = place.reader();
    let templates = |source: Option<String>, text: Option<&str>| {
        let query = |cursor| TemplateQuery {
            tenant: "default".into(),
            source: source.clone(),
            text: text.map(str::to_owned),
            limit: 7,
            cursor,
            ..TemplateQuery::default()
        };
        let key = |one: &TemplateRow| format!("{} {}", one.source, one.template);
        walk(|cursor| reader.templates(&query(cursor)).unwrap(), || (), key)
    };
    let all: Vec<_> =
        (0..20).map(|index| format!("{} {}", source_key(index / 5), index % 5)).collect();
    assert_eq!(templates(None, None), all);
    assert_eq!(templates(Some(source_key(2)), None), all[10..15]);
    assert_eq!(templates(Some(source_key(2)), Some("THING 3")), all[13..14]);
    let query =
        |cursor| AlertQuery { tenant: "default".into(), limit: 7, cursor, ..AlertQuery::default() };
    let key = |one: &crate::AlertRow| one.number.to_string();
    let alerts = walk(|cursor| reader.alerts(&query(cursor)).unwrap(), || (), key);
    assert_eq!(alerts, (1..=16).rev().map(|number: u32| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn templates_are_found_by_message_and_alerts_by_sink() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut one = checkpoint(NOON_MS);
    one.sources.push(source(1, NOON_MS));
    one.templates.extend((0..5).map(|id| template(1, id, NOON_MS)));
    one.alerts.push(alert(&anomaly("a", NOON_MS), AlertKind::Opened, &["mail", "chat"]));
    writer.commit(&one).unwrap();
    let reader = place.reader();
    for (message, expected) in [("00000003", vec![3]), ("00000009", vec![])] {
        let query = TemplateQuery {
            tenant: "default".into(),
            message: Some(message.into()),
            limit: 7,
            ..TemplateQuery::default()
        };
        let rows = reader.templates(&query).unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.template).collect::<Vec<_>>(), expected, "{message}");
    }
    for (sink, expected) in [("chat", vec!["chat"]), ("fax", vec![])] {
        let query = AlertQuery {
            tenant: "default".into(),
            sink: Some(sink.into()),
            limit: 7,
            ..AlertQuery::default()
        };
        let rows = reader.alerts(&query).unwrap().rows;
        assert_eq!(
            rows.iter().map(|row| row.sink.as_str()).collect::<Vec<_>>(),
            expected,
            "{sink}"
        );
    }
}

/// Asks for anomalies and compares their ids.
fn check(place: &Place, query: AnomalyQuery, expected: &[&str]) {
    let query = AnomalyQuery { tenant: "default".into(), limit: 100, ..query };
    let page = place.reader().anomalies(&query).unwrap();
    let ids: Vec<&str> = page.rows.iter().map(|one| one.id.as_str()).collect();
    assert_eq!((ids.as_slice(), page.next), (expected, None), "{query:?}");
}

#[test]
fn filters_find_what_they_should() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut one = checkpoint(NOON_MS);
    let (notice, critical) = (Severity::Notice, Severity::Critical);
    one.anomalies = vec![
        AnomalyRow { severity: notice, source: "file:%".into(), ..anomaly("a", NOON_MS) },
        AnomalyRow { state: AnomalyState::Resolved, ..anomaly("b", NOON_MS + 1) },
        AnomalyRow {
            severity: critical,
            sentence: "100% full".into(),
            ..anomaly("c", NOON_MS + 2)
        },
        AnomalyRow { template: "a_b\\c 'quoted'".into(), ..anomaly("d", NOON_MS + 3) },
    ];
    writer.commit(&one).unwrap();
    writer.acknowledge("default", "d", "ann", 1).unwrap();
    let none = AnomalyQuery::default;
    check(&place, none(), &["d", "c", "b", "a"]);
    check(&place, AnomalyQuery { from_ms: Some(NOON_MS + 1), ..none() }, &["d", "c", "b"]);
    check(&place, AnomalyQuery { to_ms: Some(NOON_MS + 2), ..none() }, &["b", "a"]);
    check(&place, AnomalyQuery { from_ms: Some(u64::MAX >> 1), ..none() }, &[]);
    check(&place, AnomalyQuery { to_ms: Some(u64::MAX), ..none() }, &["d", "c", "b", "a"]);
    check(&place, AnomalyQuery { source: Some("file:%".into()), ..none() }, &["a"]);
    check(&place, AnomalyQuery { severity: Some(Severity::Warning), ..none() }, &["d", "c", "b"]);
    check(&place, AnomalyQuery { severity: Some(critical), ..none() }, &["c"]);
    check(&place, AnomalyQuery { state: Some(AnomalyState::Open), ..none() }, &["d", "c", "a"]);
    check(&place, AnomalyQuery { acknowledged: Some(true), ..none() }, &["d"]);
    check(&place, AnomalyQuery { acknowledged: Some(false), ..none() }, &["c", "b", "a"]);
    let texts: &[(&str, &[&str])] = &[
        ("100%", &["c"]),
        ("0_%", &[]),
        ("%", &["c"]),
        ("_", &["d"]),
        ("B\\C 'Q", &["d"]),
        ("' OR 1=1 --", &[]),
        ("", &["d", "c", "b", "a"]),
    ];
    for (text, expected) in texts {
        check(&place, AnomalyQuery { text: Some((*text).into()), ..none() }, expected);
    }
}

#[test]
fn cursors_that_nobody_handed_out_are_refused() {
    let place = Place::new();
    drop(place.writer());
    for cursor in ["", "x", "zz", "5b31", "5b5d", "é", "5b312c325d"] {
        let query = AnomalyQuery {
            tenant: "default".into(),
            cursor: Some(cursor.into()),
            ..AnomalyQuery::default()
        };
        let error = place.reader().anomalies(&query).unwrap_err();
        assert!(matches!(error, StoreError::BadCursor { .. }), "{cursor}: {error:?}");
    }
}

#[test]
fn any_text_comes_back_as_it_was() {
    let texts =
        ["", "'; DROP TABLE anomaly; --", "\"", "a\0b", "ü\u{1f600}\u{202e}", "?1", "\u{1b}[2J"];
    let place = Place::new();
    let mut writer = place.writer();
    for text in texts {
        let text = text.to_owned();
        let row = AnomalyRow {
            id: format!("id{text}"),
            source: text.clone(),
            sentence: text.clone(),
            detectors: vec![text.clone()],
            pattern: Some(text.clone()),
            evidence: vec![(text.clone(), text.clone())],
            examples: vec![text.clone()],
            ..anomaly("", NOON_MS)
        };
        let one = Checkpoint {
            tenant: format!("tenant{text}"),
            sources: vec![SourceRow { source: text.clone(), ..source(1, NOON_MS) }],
            panes: vec![PaneRow { source: text.clone(), ..pane(1, NOON_MS, &[(1, 1)]) }],
            anomalies: vec![row.clone()],
            ..checkpoint(NOON_MS)
        };
        writer.commit(&one).unwrap();
        let reader = place.reader();
        let detail = reader.anomaly(&one.tenant, &row.id).unwrap().unwrap();
        assert_eq!((&detail.summary.sentence, &detail.summary.source), (&text, &text));
        assert_eq!(
            (detail.summary.detectors, detail.summary.pattern),
            (row.detectors, row.pattern)
        );
        assert_eq!((detail.evidence, detail.examples), (row.evidence, row.examples));
        assert_eq!(reader.sources(&one.tenant).unwrap()[0].source, text);
    }
}
