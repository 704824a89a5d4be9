//! Exports: equal where the content is, whatever came before; different where it is not.

use super::*;
use crate::{NewDeadLetter, NewSilence, Retention, export};

/// How a history is cut into commits, and what happens between them.
#[derive(Clone, Copy)]
struct History {
    panes_per_commit: usize,
    maintains: bool,
    is_killed: bool,
    delivers: bool,
}

/// Three days of two sources, with a few anomalies; a checkpoint for each ten minutes.
fn steps() -> Vec<Checkpoint> {
    let mut chance = Chance(11);
    (0..432_u64)
        .map(|step| {
            let mut one = checkpoint(NOON_MS + (step + 1) * 600_000);
            one.intake = step.to_le_bytes().to_vec();
            for number in 1..=2 {
                let at_ms = NOON_MS + step * 600_000 + chance.next(60) * 10_000;
                one.sources.push(SourceRow { lines: step, ..source(number, at_ms) });
                one.templates.push(template(number, chance.next(5) as u32, at_ms));
                one.panes.push(pane(number, at_ms, &[(chance.next(9) as u32, 1), (3, 2)]));
            }
            if step % 100 == 50 {
                one.anomalies.push(anomaly(&format!("a{step}"), one.watermark_ms));
                let row = &one.anomalies[0];
                one.alerts.push(alert(row, AlertKind::Opened, &["mail", "chat"]));
            }
            if step % 100 == 60 {
                let opened_ms = one.watermark_ms - 6_000_000;
                let row = anomaly(&format!("a{}", step - 10), opened_ms);
                let findings = vec![finding(one.watermark_ms)];
                one.anomalies.push(AnomalyRow { bits: 99.5, findings, ..row });
            }
            one
        })
        .collect()
}

/// One checkpoint for several: later rows replace earlier ones, findings are appended.
fn join(steps: &[Checkpoint]) -> Checkpoint {
    let mut joined = steps.last().unwrap().clone();
    joined.sources = steps.iter().flat_map(|one| one.sources.clone()).rev().take(2).collect();
    joined.templates = steps.iter().flat_map(|one| one.templates.clone()).collect();
    joined.panes = steps.iter().flat_map(|one| one.panes.clone()).collect();
    joined.anomalies = steps.iter().flat_map(|one| one.anomalies.clone()).collect();
    joined.alerts = steps.iter().flat_map(|one| one.alerts.clone()).collect();
    joined
}

fn live(history: History) -> Place {
    let mut place = Place::new();
    let mut writer = place.writer();
    for (index, steps) in steps().chunks(history.panes_per_commit).enumerate() {
        writer.commit(&join(steps)).unwrap();
        if history.maintains {
            while writer.maintain(index as u64).unwrap().has_more {}
        }
        if history.delivers {
            let due = numbers(&mut writer, "mail", 0);
            writer.delivered(&due, 5).unwrap();
        }
        if history.is_killed && index % 100 == 7 {
            let killed = place.killed();
            writer = killed.writer();
            place = killed;
        }
    }
    let wall_ms = u64::from(history.delivers) * 1_000;
    writer.acknowledge("default", "a50", "ann", wall_ms).unwrap();
    writer.note("default", "a50", "a note", "ann", wall_ms).unwrap();
    let silence = NewSilence {
        tenant: "default".into(),
        source: None,
        template_id: Some("00000007".into()),
        until_ms: wall_ms + 5,
        by: "ann".into(),
        reason: "a move".into(),
        at_ms: wall_ms,
    };
    writer.silence(&silence).unwrap();
    writer.normal("default", &source_key(2), "00000007", "ann", wall_ms).unwrap();
    place
}

fn exported(place: &Place, retention: &Retention) -> String {
    let mut bytes = Vec::new();
    export(&place.reader(), "default", retention, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

const PLAIN: History =
    History { panes_per_commit: 1, maintains: false, is_killed: false, delivers: false };

#[test]
fn equal_content_has_an_equal_export() {
    let retention = Retention::default();
    let plain = exported(&live(PLAIN), &retention);
    let cases = [
        ("one commit", History { panes_per_commit: 432, ..PLAIN }),
        ("housekeeping", History { maintains: true, ..PLAIN }),
        ("kills", History { is_killed: true, ..PLAIN }),
        ("delivery at another time", History { delivers: true, ..PLAIN }),
        ("all", History { panes_per_commit: 4, maintains: true, is_killed: true, delivers: true }),
    ];
    for (name, history) in cases {
        let other = exported(&live(history), &retention);
        let differing = plain.lines().zip(other.lines()).find(|(one, other)| one != other);
        assert_eq!(differing, None, "{name}");
        assert_eq!(plain.len(), other.len(), "{name}");
    }
    let count = |kind: &str| plain.lines().filter(|line| line.starts_with(kind)).count();
    assert_eq!(count("{\"tenant\""), 1);
    assert_eq!(count("{\"source\""), 2);
    assert_eq!(count("{\"anomaly\""), 4);
    assert_eq!(count("{\"alert\""), 8);
    assert!(count("{\"counts\"") > 200);
    assert!(plain.contains("\"bits\":21.3,"), "as people write it, not as a double");
    for words in ["{\"silence\"", "{\"normal\"", "\"acknowledged_by\":\"ann\"", "a note"] {
        assert!(plain.contains(words), "{words}");
    }
}

#[test]
fn age_is_judged_at_the_watermark_whether_housekeeping_came_or_not() {
    let retention =
        Retention { counts_days: 1, anomalies_days: 1, templates_days: 1, ..Retention::default() };
    let place = live(PLAIN);
    let before = exported(&place, &retention);
    let mut writer = place.writer_with(StoreOptions { retention, ..StoreOptions::default() });
    let done = writer.maintain(0).unwrap();
    assert!(done.counts_aged > 100, "{done:?}");
    while writer.maintain(0).unwrap().has_more {}
    assert_eq!(exported(&place, &retention), before);
    assert_ne!(exported(&live(PLAIN), &Retention::default()), before);
}

/// What is changed, and how.
type Change = (&'static str, fn(&mut Checkpoint));

#[test]
fn any_difference_shows() {
    let changes: &[Change] = &[
        ("watermark", |one| one.watermark_ms += 1),
        ("input", |one| one.inputs[0].position += 1),
        ("state of a source", |one| one.sources[0].state[9] ^= 1),
        ("state of a plugin", |one| one.sources[0].plugins[0].bytes[0] ^= 1),
        ("lines", |one| one.sources[0].lines += 1),
        ("template", |one| one.templates[0].lines += 1),
        ("counts", |one| one.panes[0].counts[0].1 += 1),
        ("bits", |one| one.anomalies[0].bits += 0.01),
        ("finding", |one| one.anomalies[0].findings[0].position = None),
        ("evidence", |one| one.anomalies[0].evidence.clear()),
        ("alert", |one| one.alerts[0].body.push(' ')),
        ("dead letter", |one| one.dead_letters[0].cause.push(' ')),
    ];
    let content = || {
        let mut one = checkpoint(NOON_MS);
        one.sources = vec![source(1, NOON_MS)];
        one.templates = vec![template(1, 1, NOON_MS)];
        one.panes = vec![pane(1, NOON_MS, &[(1, 1)])];
        one.anomalies = vec![anomaly("a", NOON_MS)];
        one.alerts = vec![alert(&one.anomalies[0], AlertKind::Opened, &["mail"])];
        one.dead_letters =
            vec![NewDeadLetter { at_ms: NOON_MS as i64, ..NewDeadLetter::default() }];
        one
    };
    let export_of = |one: &Checkpoint| {
        let place = Place::new();
        place.writer().commit(one).unwrap();
        exported(&place, &Retention::default())
    };
    let plain = export_of(&content());
    assert_eq!(plain, export_of(&content()));
    for (name, change) in changes {
        let mut changed = content();
        change(&mut changed);
        assert_ne!(export_of(&changed), plain, "{name}");
    }
}

#[test]
fn an_unknown_tenant_has_no_line_and_a_bad_output_is_told() {
    let place = live(PLAIN);
    let mut bytes = Vec::new();
    export(&place.reader(), "nobody", &Retention::default(), &mut bytes).unwrap();
    assert_eq!(bytes, b"");
    let mut short = [0; 10];
    let error =
        export(&place.reader(), "default", &Retention::default(), &mut &mut short[..]).unwrap_err();
    assert_eq!(error.to_string(), "failed to write the export");
}
