//! What people say stays, whatever the pipeline says afterwards.

use super::*;
use crate::{
    AnomalyQuery, NORMALS_MAX, NOTES_MAX, NewSilence, Note, SILENCES_MAX, Said, StoreError,
};

fn commit(writer: &mut Writer, anomalies: Vec<AnomalyRow>) {
    writer.commit(&Checkpoint { anomalies, ..checkpoint(NOON_MS) }).unwrap();
}

fn said(by: &str, at_ms: u64) -> Option<Said> {
    Some(Said { by: by.into(), at_ms })
}

#[test]
fn a_checkpoint_overwrites_nothing_that_people_said() {
    let place = Place::new();
    let mut writer = place.writer();
    commit(&mut writer, vec![anomaly("a", NOON_MS)]);
    assert!(writer.acknowledge("default", "a", "ann", 1).unwrap());
    assert!(writer.acknowledge("default", "a", "bob", 2).unwrap());
    assert!(writer.note("default", "a", "it's the '; DROP TABLE note; --", "ann", 3).unwrap());
    assert!(writer.note("default", "a", "second", "bob", 4).unwrap());
    for (tenant, id) in [("default", "b"), ("other", "a")] {
        assert!(!writer.acknowledge(tenant, id, "ann", 1).unwrap());
        assert!(!writer.note(tenant, id, "text", "ann", 1).unwrap());
    }
    commit(&mut writer, vec![AnomalyRow { bits: 30.0, ..anomaly("a", NOON_MS) }]);

    let detail = place.reader().anomaly("default", "a").unwrap().unwrap();
    assert_eq!(detail.summary.bits, 30.0);
    assert_eq!(detail.summary.acknowledged, said("bob", 2), "the last one looks after it");
    let note = |text: &str, by: &str, at_ms| Note { text: text.into(), by: by.into(), at_ms };
    let notes = [note("it's the '; DROP TABLE note; --", "ann", 3), note("second", "bob", 4)];
    assert_eq!(detail.notes, notes);
}

#[test]
fn what_is_normal_is_closed_as_it_opens() {
    let place = Place::new();
    let mut writer = place.writer();
    let other = AnomalyRow { source: source_key(2), ..anomaly("other", NOON_MS) };
    commit(&mut writer, vec![anomaly("b", NOON_MS), anomaly("a", NOON_MS), other.clone()]);
    let normal = |writer: &mut Writer, by: &str, at_ms| {
        writer.normal("default", &source_key(1), "00000007", by, at_ms).unwrap()
    };
    assert_eq!(normal(&mut writer, "ann", 1), ["a", "b"]);
    assert!(normal(&mut writer, "bob", 2).is_empty(), "they are closed already");

    // The pipeline goes on with the old ones, and finds a new one.
    commit(&mut writer, vec![anomaly("a", NOON_MS), anomaly("c", NOON_MS + 5), other]);
    let reader = place.reader();
    let normals = reader.normals("default").unwrap();
    assert_eq!(normals.len(), 1);
    assert_eq!((normals[0].by.as_str(), normals[0].at_ms), ("ann", 1));
    assert_eq!(
        (normals[0].hits, normals[0].hit_ms),
        (1, Some(NOON_MS + 5)),
        "old ones are no hits"
    );
    let query = AnomalyQuery { tenant: "default".into(), limit: 9, ..AnomalyQuery::default() };
    let states: Vec<_> = reader.anomalies(&query).unwrap().rows;
    let states: Vec<_> =
        states.into_iter().map(|one| (one.id, one.state, one.normal.map(|said| said.by))).collect();
    let (open, closed) = (AnomalyState::Open, AnomalyState::Resolved);
    let expected = [
        ("c".to_owned(), closed, Some("ann".to_owned())),
        ("other".into(), open, None),
        ("b".into(), closed, Some("ann".into())),
        ("a".into(), closed, Some("ann".into())),
    ];
    assert_eq!(states, expected);

    assert!(writer.unnormal("default", &source_key(1), "00000007").unwrap());
    assert!(!writer.unnormal("default", &source_key(1), "00000007").unwrap());
    commit(&mut writer, vec![anomaly("d", NOON_MS + 6)]);
    let detail = reader.anomaly("default", "d").unwrap().unwrap();
    assert_eq!((detail.summary.state, detail.summary.normal), (open, None));
}

#[test]
fn silences_begin_and_end() {
    let place = Place::new();
    let mut writer = place.writer();
    let order = |source: Option<&str>, template_id: Option<&str>| NewSilence {
        tenant: "default".into(),
        source: source.map(str::to_owned),
        template_id: template_id.map(str::to_owned),
        until_ms: 100,
        by: "ann".into(),
        reason: "a move".into(),
        at_ms: 10,
    };
    let key = source_key(1);
    assert_eq!(writer.silence(&order(Some(&key), None)).unwrap(), 1);
    assert_eq!(writer.silence(&order(Some("file:other"), None)).unwrap(), 2);
    assert_eq!(writer.silence(&order(None, Some("00000007"))).unwrap(), 3);
    assert_eq!(writer.silence(&NewSilence { tenant: "b".into(), ..order(None, None) }).unwrap(), 1);
    assert!(writer.unsilence("default", 3, "bob", 20).unwrap());
    for (tenant, id, at_ms) in [("default", 3, 20), ("default", 1, 100), ("default", 9, 20)] {
        assert!(!writer.unsilence(tenant, id, "bob", at_ms).unwrap(), "{tenant} {id} {at_ms}");
    }
    commit(&mut writer, vec![anomaly("a", NOON_MS)]);
    let reader = place.reader();
    let listed: Vec<_> = reader.silences("default").unwrap();
    let listed: Vec<_> =
        listed.iter().map(|one| (one.id, one.until_ms, one.ended_by.as_deref())).collect();
    assert_eq!(listed, [(1, 100, None), (2, 100, None), (3, 20, Some("bob"))]);
    let covering = reader.anomaly("default", "a").unwrap().unwrap().silences;
    assert_eq!(covering.iter().map(|one| one.id).collect::<Vec<_>>(), [1, 3]);
}

/// Whether there is room for no more of something, after as many as may be.
fn check_limit(result: Result<(), StoreError>, what: &str, count: u64) {
    let error = result.unwrap_err();
    assert!(matches!(error, StoreError::TooMany { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("there are {count} {what} already; remove some first"));
}

#[test]
fn people_have_limits_too() {
    let place = Place::new();
    let mut writer = place.writer();
    commit(&mut writer, vec![anomaly("a", NOON_MS)]);
    for _ in 0..NOTES_MAX {
        assert!(writer.note("default", "a", &"x".repeat(5_000), "ann", 1).unwrap());
    }
    let more = writer.note("default", "a", "one more", "ann", 1);
    check_limit(more.map(drop), "notes", NOTES_MAX);
    let detail = place.reader().anomaly("default", "a").unwrap().unwrap();
    assert_eq!((detail.notes.len(), detail.notes[0].text.len()), (100, 4_000));

    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let numbers = |count: u64, rest: &str| {
        let sql = format!(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) {rest}"
        );
        connection.execute_batch(&sql).unwrap();
    };
    numbers(
        SILENCES_MAX,
        "INSERT INTO silence SELECT 'default', n, NULL, NULL, 100, 'ann', '', 1, NULL FROM n",
    );
    numbers(NORMALS_MAX, "INSERT INTO normal SELECT 'default', n, '', 'ann', 1, 0, NULL FROM n");
    let order = |at_ms| NewSilence {
        tenant: "default".into(),
        source: None,
        template_id: None,
        until_ms: 500,
        by: "ann".into(),
        reason: String::new(),
        at_ms,
    };
    check_limit(writer.silence(&order(99)).map(drop), "silences", SILENCES_MAX);
    assert_eq!(writer.silence(&order(100)).unwrap(), SILENCES_MAX + 1, "the others are over");
    let more = writer.normal("default", "file:more", "", "ann", 1);
    check_limit(more.map(drop), "messages that are normal", NORMALS_MAX);
    assert!(writer.unnormal("default", "1", "").unwrap());
    assert!(writer.normal("default", "file:more", "", "ann", 1).is_ok());
}
