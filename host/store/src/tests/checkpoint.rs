//! What was committed comes back, whole or not at all.

use super::*;
use crate::{CountsQuery, Loaded, TemplateQuery};

/// Everything that can be loaded.
fn load(writer: &mut Writer, tenant: &str) -> Option<(Loaded, Vec<SourceRow>)> {
    let loaded = writer.load(tenant).unwrap()?;
    let mut sources = Vec::new();
    writer.load_sources(tenant, &mut |source| sources.push(source)).unwrap();
    Some((loaded, sources))
}

#[test]
fn a_checkpoint_comes_back_in_another_process() {
    let place = Place::new();
    let mut first = checkpoint(NOON_MS);
    first.sources = vec![source(2, NOON_MS), source(1, NOON_MS)];
    first.counters = vec![("lines".into(), 10), ("late".into(), 1)];
    let mut writer = place.writer();
    assert!(writer.load("default").unwrap().is_none(), "nothing was committed yet");
    writer.commit(&first).unwrap();

    let mut second = checkpoint(NOON_MS + 10_000);
    second.inputs[0] = InputRow { name: "other".into(), position: 99, state: b"at 99".into() };
    second.sources = vec![SourceRow { plugins: Vec::new(), lines: 200, ..source(2, NOON_MS) }];
    second.counters = vec![("lines".into(), 20)];
    writer.commit(&second).unwrap();
    drop(writer);

    let (loaded, sources) = load(&mut place.writer(), "default").unwrap();
    let expected = Loaded {
        watermark_ms: NOON_MS + 10_000,
        intake: b"intake".into(),
        inputs: second.inputs.clone(),
        counters: vec![("late".into(), 1), ("lines".into(), 20)],
    };
    assert_eq!(loaded, expected, "inputs are replaced, counters that are not named stay");
    let expected = vec![first.sources[1].clone(), second.sources[0].clone()];
    assert_eq!(sources, expected, "in the order of their numbers, the changed one changed");
}

#[test]
fn a_transaction_that_does_not_end_leaves_no_trace() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut first = checkpoint(NOON_MS);
    first.sources = vec![source(1, NOON_MS)];
    first.anomalies = vec![anomaly("a", NOON_MS)];
    writer.commit(&first).unwrap();
    let before = load(&mut writer, "default");

    // A pane of an unknown source ends the commit after state, sources and templates were written.
    let mut second = checkpoint(NOON_MS + 10_000);
    second.inputs.clear();
    second.sources = vec![source(1, NOON_MS + 10_000), source(2, NOON_MS + 10_000)];
    second.anomalies = vec![anomaly("b", NOON_MS)];
    second.panes = vec![pane(3, NOON_MS, &[(1, 1)])];
    let error = writer.commit(&second).unwrap_err();
    assert_eq!(
        error.to_string(),
        "counts of unknown source `file:source-3`; commit the source with or before them"
    );
    assert_eq!(load(&mut writer, "default"), before, "after an error");

    second.panes.clear();
    writer.commit(&second).unwrap();
    let killed = place.killed();
    let (loaded, sources) = load(&mut killed.writer(), "default").unwrap();
    assert_eq!(
        (loaded.watermark_ms, sources.len()),
        (NOON_MS + 10_000, 2),
        "after a kill behind it"
    );
}

#[test]
fn tenants_do_not_see_each_other() {
    let place = Place::new();
    let mut writer = place.writer();
    for (tenant, watermark_ms) in [("a", NOON_MS), ("b", NOON_MS + 1)] {
        let mut one = Checkpoint { tenant: tenant.into(), ..checkpoint(watermark_ms) };
        one.sources = vec![SourceRow { form: tenant.into(), ..source(1, NOON_MS) }];
        one.anomalies = vec![AnomalyRow { sentence: tenant.into(), ..anomaly("same", NOON_MS) }];
        one.panes = vec![pane(1, NOON_MS, &[(1, watermark_ms as u32)])];
        writer.commit(&one).unwrap();
    }
    let reader = place.reader();
    for (tenant, watermark_ms) in [("a", NOON_MS), ("b", NOON_MS + 1)] {
        let (loaded, sources) = load(&mut writer, tenant).unwrap();
        assert_eq!(loaded.watermark_ms, watermark_ms);
        assert_eq!((sources.len(), sources[0].form.as_str()), (1, tenant));
        let detail = reader.anomaly(tenant, "same").unwrap().unwrap();
        assert_eq!((detail.summary.sentence.as_str(), detail.findings.len()), (tenant, 1));
    }
    let tenants = reader.tenants().unwrap();
    assert_eq!(tenants.iter().map(|one| one.tenant.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(load(&mut writer, "c").is_none());
}

#[test]
fn what_is_kept_of_one_thing_has_limits() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut one = checkpoint(NOON_MS);
    one.sources = vec![source(1, NOON_MS)];
    let examples = vec!["ü".repeat(400); 5];
    one.templates = vec![TemplateRow { examples, ..template(1, 1, NOON_MS) }];
    let findings: Vec<_> = (0..70).map(|index| finding(NOON_MS + index)).collect();
    one.anomalies = vec![AnomalyRow { findings, ..anomaly("a", NOON_MS) }];
    writer.commit(&one).unwrap();
    writer.commit(&one).unwrap();

    let reader = place.reader();
    let query = TemplateQuery { tenant: "default".into(), limit: 10, ..Default::default() };
    let templates = reader.templates(&query).unwrap().rows;
    assert_eq!(templates[0].examples, vec!["ü".repeat(250); 3], "cut between characters");
    let detail = reader.anomaly("default", "a").unwrap().unwrap();
    assert_eq!((detail.findings.len(), detail.summary.findings_total), (100, 140));
    assert_eq!(detail.findings[70], finding(NOON_MS), "the second commit appends");
    one.anomalies.clear();
    for examples in [vec!["a".into(), "b".into()], vec![], vec!["c".into()], vec!["d".into()]] {
        one.templates[0].examples = examples;
        writer.commit(&one).unwrap();
    }
    let templates = reader.templates(&query).unwrap().rows;
    assert_eq!(templates[0].examples, ["b", "c", "d"], "the newest of all checkpoints");
}

#[test]
fn a_source_that_is_forgotten_keeps_its_counts_until_it_begins_anew() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut one = checkpoint(NOON_MS);
    one.sources = vec![source(1, NOON_MS), source(2, NOON_MS)];
    one.templates = vec![template(1, 7, NOON_MS)];
    one.panes = vec![pane(1, NOON_MS, &[(7, 3)])];
    writer.commit(&one).unwrap();
    let loaded = |writer: &mut Writer| {
        let mut keys = Vec::new();
        writer.load_sources("default", &mut |row| keys.push(row.source)).unwrap();
        keys
    };
    let lines = || {
        let query = CountsQuery {
            tenant: "default".into(),
            source: source_key(1),
            to_ms: u64::MAX,
            points_max: 10,
            ..CountsQuery::default()
        };
        let points = place.reader().counts(&query).unwrap();
        points.iter().map(|point| point.lines).sum::<u64>()
    };
    let templates = || {
        let query =
            TemplateQuery { tenant: "default".into(), limit: 9, ..TemplateQuery::default() };
        place.reader().templates(&query).unwrap().rows.len()
    };
    let forgets = Checkpoint { forgotten: vec![source_key(1)], ..checkpoint(NOON_MS) };
    writer.commit(&forgets).unwrap();
    writer.commit(&forgets).unwrap();
    assert_eq!(loaded(&mut writer), [source_key(2)]);
    assert_eq!(writer.load_source("default", &source_key(1)).unwrap(), None);
    assert_eq!((lines(), templates(), place.reader().sources("default").unwrap().len()), (3, 1, 2));

    // Never committed before it was forgotten: it is known, for the sake of its counts.
    let unknown = SourceRow { state: Vec::new(), plugins: Vec::new(), ..source(3, NOON_MS) };
    let mut late = Checkpoint { forgotten: vec![source_key(3)], ..checkpoint(NOON_MS) };
    (late.sources, late.panes) = (vec![unknown], vec![pane(3, NOON_MS, &[(1, 1)])]);
    writer.commit(&late).unwrap();
    assert_eq!(loaded(&mut writer), [source_key(2)]);

    let anew = Checkpoint { sources: vec![source(1, NOON_MS)], ..checkpoint(NOON_MS) };
    for _ in 0..2 {
        writer.commit(&anew).unwrap();
        assert_eq!(loaded(&mut writer), [source_key(1), source_key(2)]);
        assert_eq!((lines(), templates()), (0, 0), "they were of another");
    }
    writer.commit(&Checkpoint { panes: one.panes, ..anew }).unwrap();
    assert_eq!(lines(), 3);
}
