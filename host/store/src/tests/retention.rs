//! What is too old or too much goes, in bounded steps, and nothing else.

use super::*;
use crate::{AnomalyQuery, CountsQuery, Maintained, NewSilence, Retention, TemplateQuery};

/// Calls until there is no more to do, and adds up what was done.
fn maintain(writer: &mut Writer, now_ms: u64) -> Maintained {
    let mut sum = Maintained::default();
    for _ in 0..10_000 {
        let done = writer.maintain(now_ms).unwrap();
        sum.counts_aged += done.counts_aged;
        sum.counts_crowded_out += done.counts_crowded_out;
        sum.anomalies_aged += done.anomalies_aged;
        sum.anomalies_crowded_out += done.anomalies_crowded_out;
        sum.templates_aged += done.templates_aged;
        sum.sources_aged += done.sources_aged;
        sum.alerts_aged += done.alerts_aged;
        sum.silences_aged += done.silences_aged;
        sum.freed_bytes += done.freed_bytes;
        sum.used_bytes = done.used_bytes;
        sum.is_too_large = done.is_too_large;
        if !done.has_more {
            return sum;
        }
    }
    panic!("there is always more to do");
}

fn anomaly_ids(place: &Place) -> Vec<String> {
    let query = AnomalyQuery { tenant: "default".into(), limit: 1000, ..AnomalyQuery::default() };
    place.reader().anomalies(&query).unwrap().rows.into_iter().map(|one| one.id).collect()
}

fn resolved(id: &str, opened_ms: u64) -> AnomalyRow {
    AnomalyRow {
        state: AnomalyState::Resolved,
        resolved_ms: Some(opened_ms),
        ..anomaly(id, opened_ms)
    }
}

#[test]
fn what_is_too_old_goes() {
    let place = Place::new();
    let retention = Retention {
        counts_days: 10,
        anomalies_days: 20,
        templates_days: 30,
        sources_days: 40,
        ..Retention::default()
    };
    let mut writer = place.writer_with(StoreOptions { retention, ..StoreOptions::default() });
    let day = |day: u64| NOON_MS + day * DAY_MS;
    let mut one = checkpoint(day(0));
    one.sources = vec![source(1, day(0)), source(2, day(50))];
    one.templates = vec![template(1, 1, day(0)), template(2, 1, day(0)), template(2, 2, day(50))];
    one.panes = (0..50).map(|index| pane(2, day(index), &[(1, 1)])).collect();
    one.panes.push(pane(1, day(0), &[(1, 1)]));
    one.anomalies =
        vec![resolved("old", day(0)), anomaly("open", day(0)), resolved("new", day(49))];
    one.anomalies.push(AnomalyRow { updated_ms: day(49), ..resolved("long", day(0)) });
    writer.commit(&one).unwrap();
    writer.note("default", "old", "a note", "ann", 1).unwrap();
    assert_eq!(maintain(&mut writer, 0).counts_aged, 0, "nothing is old on the first day");

    writer.commit(&checkpoint(day(50))).unwrap();
    let done = maintain(&mut writer, 0);
    assert_eq!((done.counts_aged, done.anomalies_aged), (41, 1));
    assert_eq!((done.templates_aged, done.sources_aged), (2, 1));
    let reader = place.reader();
    assert_eq!(anomaly_ids(&place), ["new", "open", "long"]);
    assert_eq!(reader.sources("default").unwrap().len(), 1);
    let query = TemplateQuery { tenant: "default".into(), limit: 9, ..TemplateQuery::default() };
    assert_eq!(reader.templates(&query).unwrap().rows, [template(2, 2, day(50))]);
    let query = CountsQuery {
        tenant: "default".into(),
        source: source_key(2),
        to_ms: u64::MAX,
        points_max: 10_000,
        ..CountsQuery::default()
    };
    let points = reader.counts(&query).unwrap();
    assert_eq!(points.iter().map(|one| one.lines).sum::<u64>(), 10);
    let orphans = "SELECT (SELECT count(*) FROM note) + (SELECT count(*) FROM finding
        WHERE anomaly = 'old') + (SELECT count(*) FROM plugin_state WHERE source LIKE '%-1')";
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    assert_eq!(connection.query_row(orphans, [], |row| row.get::<_, u64>(0)).unwrap(), 0);
}

#[test]
fn alerts_and_silences_age_by_the_wall_clock() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut one = checkpoint(NOON_MS);
    let ids = ["sent", "dead", "waits", "open", "last"];
    one.anomalies = ids.map(|id| resolved(id, NOON_MS)).to_vec();
    one.anomalies[3] = anomaly("open", NOON_MS);
    one.alerts = one.anomalies.iter().map(|row| alert(row, AlertKind::Opened, &["mail"])).collect();
    writer.commit(&one).unwrap();
    let numbers = numbers(&mut writer, "mail", 0);
    writer.delivered(&[numbers[0], numbers[3], numbers[4]], 0).unwrap();
    writer.dead(numbers[1], "gone", 0).unwrap();
    let order = NewSilence {
        tenant: "default".into(),
        source: Some("file:none".into()),
        template_id: None,
        until_ms: 1,
        by: "ann".into(),
        reason: String::new(),
        at_ms: 0,
    };
    for _ in 0..2 {
        writer.silence(&order).unwrap();
    }
    let left = |now_ms: u64, writer: &mut Writer| {
        let done = maintain(writer, now_ms);
        (done.alerts_aged, done.silences_aged)
    };
    assert_eq!(left(7 * DAY_MS, &mut writer), (0, 0));
    assert_eq!(left(7 * DAY_MS + 1, &mut writer), (1, 0), "what was sent");
    assert_eq!(left(30 * DAY_MS + 2, &mut writer), (1, 1), "what died, and a silence");
    assert_eq!(
        left(900 * DAY_MS, &mut writer),
        (0, 0),
        "what waits, is open or has the last number"
    );
    assert_eq!(writer.silence(&order).unwrap(), 3, "no number is given twice");
}

#[test]
fn what_is_too_much_goes_oldest_first() {
    let fill = |options: StoreOptions| {
        let place = Place::new();
        let mut writer = place.writer_with(options);
        let mut one = checkpoint(NOON_MS + 30 * HOUR_MS);
        one.sources = (0..20).map(|number| source(number, NOON_MS)).collect();
        let counts: Vec<(u32, u32)> = (0..100).map(|id| (id, 1_000)).collect();
        for minute in 0..1_800 {
            one.panes.push(pane(minute % 20, NOON_MS + u64::from(minute) * 60_000, &counts));
        }
        one.anomalies = (0..300)
            .map(|index| resolved(&format!("{index:03}"), NOON_MS + index * 60_000))
            .collect();
        one.anomalies.push(anomaly("open", NOON_MS));
        writer.commit(&one).unwrap();
        (place, writer)
    };
    let lines = |place: &Place, from_ms: u64, to_ms: u64| -> u64 {
        let count = |number| {
            let query = CountsQuery {
                tenant: "default".into(),
                source: source_key(number),
                from_ms,
                to_ms,
                points_max: 10_000,
                ..CountsQuery::default()
            };
            place.reader().counts(&query).unwrap().iter().map(|one| one.lines).sum::<u64>()
        };
        (0..20).map(count).sum()
    };
    let end_ms = NOON_MS + 30 * HOUR_MS;

    let (place, mut writer) = fill(StoreOptions::default());
    let done = maintain(&mut writer, 0);
    assert_eq!((done.counts_crowded_out, done.is_too_large), (0, false));
    assert_eq!(lines(&place, 0, u64::MAX), 1_800 * 100_000);

    let size_bytes_max = done.used_bytes - 100_000;
    let (place, mut writer) = fill(StoreOptions { size_bytes_max, ..StoreOptions::default() });
    let done = maintain(&mut writer, 0);
    assert!(done.counts_crowded_out > 0 && done.anomalies_crowded_out == 0, "{done:?}");
    assert!(done.used_bytes <= size_bytes_max && !done.is_too_large);
    assert_eq!(lines(&place, end_ms - 2 * HOUR_MS, end_ms), 120 * 100_000, "the newest stay");
    assert_eq!(lines(&place, 0, NOON_MS + HOUR_MS), 0, "the oldest are gone");
    assert_eq!(anomaly_ids(&place).len(), 301);

    let (place, mut writer) = fill(StoreOptions { size_bytes_max: 1, ..StoreOptions::default() });
    let done = maintain(&mut writer, 0);
    assert!(done.is_too_large, "an open anomaly and two hours of counts are more than one byte");
    assert_eq!(done.anomalies_crowded_out, 300);
    assert_eq!(anomaly_ids(&place), ["open"]);
    assert_eq!(lines(&place, 0, u64::MAX), 120 * 100_000);
}

#[test]
fn room_is_given_back() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut chance = Chance(9);
    let mut one = checkpoint(NOON_MS);
    one.inputs =
        vec![InputRow { name: "large".into(), position: 0, state: chance.bytes(20 << 20) }];
    writer.commit(&one).unwrap();
    one.inputs.clear();
    writer.commit(&one).unwrap();
    let before = place.reader().size().unwrap();
    let done = maintain(&mut writer, 0);
    let after = place.reader().size().unwrap();
    assert!(before.free_bytes > 19 << 20, "{before:?}");
    assert_eq!(before.file_bytes - after.file_bytes, done.freed_bytes);
    assert!(after.free_bytes <= 2 << 20 && after.free_bytes > 0, "{after:?}");
    writer.commit(&one).unwrap();
}
