//! Counts over time: whatever has been rolled up, the sums are the same.

use super::*;
use crate::CountsQuery;

/// Three days of one busy and one quiet source, a pane each minute.
fn fill(writer: &mut Writer) -> u64 {
    let mut one = checkpoint(NOON_MS + 3 * DAY_MS);
    one.sources = vec![source(1, NOON_MS + 3 * DAY_MS), source(2, NOON_MS + 3 * DAY_MS)];
    for start_ms in (NOON_MS..NOON_MS + 3 * DAY_MS).step_by(60_000) {
        one.panes.push(pane(1, start_ms + 20_000, &[(7, 3), (1, 2)]));
        if start_ms % HOUR_MS == 0 {
            one.panes.push(pane(2, start_ms, &[(7, 1)]));
        }
    }
    writer.commit(&one).unwrap();
    one.watermark_ms
}

fn maintain(writer: &mut Writer) -> u64 {
    let mut rolled_up = 0;
    loop {
        let done = writer.maintain(0).unwrap();
        rolled_up += done.counts_rolled_up;
        if !done.has_more {
            return rolled_up;
        }
    }
}

/// Asks for counts of source 1, and gives `(start, step, lines, count)`.
fn ask(place: &Place, query: &CountsQuery) -> Vec<(u64, u64, u64, u64)> {
    let query = CountsQuery {
        tenant: "default".into(),
        source: source_key(1),
        points_max: query.points_max.max(1_000),
        ..query.clone()
    };
    let points = place.reader().counts(&query).unwrap();
    points.iter().map(|one| (one.start_ms, one.step_ms, one.lines, one.count)).collect()
}

#[test]
fn a_step_is_as_fine_as_the_points_and_the_past_allow() {
    let place = Place::new();
    let mut writer = place.writer();
    let end_ms = fill(&mut writer);
    // The panes before the last two hours; those before the last two days once more, as minutes.
    let (panes, minutes) = (3 * 1440 - 120 + 3 * 24 - 2, 1440 + 24);
    assert_eq!(maintain(&mut writer), panes + minutes);
    assert_eq!(maintain(&mut writer), 0, "nothing is left to do");
    let span = |from_ms, to_ms| CountsQuery { from_ms, to_ms, ..CountsQuery::default() };

    let last = end_ms - 60_000;
    assert_eq!(ask(&place, &span(last, end_ms)), [(last + 20_000, 10_000, 5, 5)]);
    let of = |template| CountsQuery { template: Some(template), ..span(last, end_ms) };
    assert_eq!(ask(&place, &of(7)), [(last + 20_000, 10_000, 5, 3)]);
    assert_eq!(ask(&place, &of(8)), [(last + 20_000, 10_000, 5, 0)]);
    assert_eq!(ask(&place, &span(end_ms, end_ms + DAY_MS)), []);
    assert_eq!(ask(&place, &span(end_ms, NOON_MS)), [], "an empty span");

    let hours = ask(&place, &CountsQuery { step_ms: Some(HOUR_MS), ..span(NOON_MS, end_ms) });
    let expected: Vec<_> =
        (0..72).map(|hour| (NOON_MS + hour * HOUR_MS, HOUR_MS, 300, 300)).collect();
    assert_eq!(hours, expected, "whatever they are kept as");

    let fine = ask(&place, &span(NOON_MS + DAY_MS - HOUR_MS, NOON_MS + DAY_MS + 120_000));
    let border_ms = NOON_MS + DAY_MS;
    let expected = [
        (border_ms - HOUR_MS, HOUR_MS, 300, 300),
        (border_ms, 60_000, 5, 5),
        (border_ms + 60_000, 60_000, 5, 5),
    ];
    assert_eq!(fine, expected, "hours where nothing finer is kept");
    let few = CountsQuery { step_ms: Some(10_000), ..span(NOON_MS, end_ms) };
    let few = place.reader().counts(&CountsQuery {
        tenant: "default".into(),
        source: source_key(1),
        points_max: 4,
        ..few
    });
    let few: Vec<_> = few.unwrap().iter().map(|one| (one.step_ms, one.lines)).collect();
    // Days begin at midnight, the span at noon.
    assert_eq!(few, [(DAY_MS, 3600), (DAY_MS, 7200), (DAY_MS, 7200), (DAY_MS, 3600)]);
}

#[test]
fn rolling_up_loses_no_line() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut chance = Chance(5);
    let mut expected = std::collections::BTreeMap::new();
    let mut one = checkpoint(NOON_MS);
    one.sources = vec![source(1, NOON_MS), source(2, NOON_MS)];
    for tenth in 0..400 {
        one.watermark_ms = NOON_MS + tenth * 15 * 60_000;
        let start_ms = one.watermark_ms - chance.next(90) * 10_000;
        let counts: Vec<_> =
            (0..5).map(|_| (chance.next(9) as u32, chance.next(300) as u32)).collect();
        let key = (start_ms, tenth % 2);
        expected.insert(key, counts.clone());
        one.panes = vec![pane(tenth as u32 % 2 + 1, start_ms, &counts)];
        writer.commit(&one).unwrap();
        writer.maintain(0).unwrap();
        one.sources.clear();
    }
    for template in (0..9).map(Some).chain([None]) {
        let sum_of = |counts: &Vec<(u32, u32)>| -> u64 {
            let wanted = counts.iter().filter(|(id, _)| template.is_none_or(|one| one == *id));
            wanted.map(|(_, count)| u64::from(*count)).sum()
        };
        let even = expected.iter().filter(|((_, parity), _)| *parity == 0);
        let expected: u64 = even.map(|(_, counts)| sum_of(counts)).sum();
        let query = CountsQuery { template, to_ms: u64::MAX, ..CountsQuery::default() };
        let counted: u64 = ask(&place, &query).iter().map(|(.., count)| count).sum();
        assert_eq!(counted, expected, "{template:?}");
    }
    let table: Vec<_> = place.reader().table_sizes().unwrap();
    assert!(table.iter().any(|(name, bytes)| name == "counts" && *bytes > 0), "{table:?}");
}

#[test]
fn a_pane_given_again_replaces_itself() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut one = checkpoint(NOON_MS);
    one.sources = vec![source(1, NOON_MS)];
    for counts in [[(1, 1), (2, 2)], [(2, 3), (2, 4)]] {
        one.panes = vec![pane(1, NOON_MS, &counts)];
        writer.commit(&one).unwrap();
    }
    let query = CountsQuery { template: Some(2), to_ms: u64::MAX, ..CountsQuery::default() };
    let points: Vec<_> =
        ask(&place, &query).iter().map(|(.., lines, count)| (*lines, *count)).collect();
    assert_eq!(points, [(7, 7)]);
}
