//! Dead letters: kept in their order, as many as there is room for, for as long as they matter.

use super::*;
use crate::{DEAD_LETTERS_MAX, DeadLetterQuery, NewDeadLetter};

fn letter(position: u64, at_ms: u64) -> NewDeadLetter {
    NewDeadLetter {
        source: source_key(1),
        plugin: "novelty".into(),
        during: "observe".into(),
        position: Some(position),
        at_ms: at_ms as i64,
        text: format!("the line at {position}"),
        cause: "the plugin trapped\n  at somewhere".into(),
    }
}

fn checkpoint_with(letters: impl Iterator<Item = NewDeadLetter>) -> Checkpoint {
    Checkpoint { dead_letters: letters.collect(), ..checkpoint(NOON_MS) }
}

/// All numbers, read by pages of seven.
fn numbers(place: &Place) -> Vec<u64> {
    let reader = place.reader();
    let (mut numbers, mut cursor) = (Vec::new(), None);
    loop {
        let query = DeadLetterQuery { tenant: "default".into(), limit: 7, cursor };
        let page = reader.dead_letters(&query).unwrap();
        numbers.extend(page.rows.iter().map(|one| one.number));
        let Some(next) = page.next else { return numbers };
        cursor = Some(next);
    }
}

#[test]
fn letters_come_back_newest_first() {
    let place = Place::new();
    let mut writer = place.writer();
    writer.commit(&checkpoint_with((0..20).map(|one| letter(one, NOON_MS)))).unwrap();
    let state = NewDeadLetter { position: None, text: String::new(), ..letter(0, 5) };
    let other =
        Checkpoint { tenant: "other".into(), ..checkpoint_with([state.clone()].into_iter()) };
    writer.commit(&other).unwrap();
    assert_eq!(numbers(&place), (1..=20).rev().collect::<Vec<u64>>());
    let query = DeadLetterQuery { tenant: "other".into(), limit: 7, cursor: None };
    let row = place.reader().dead_letters(&query).unwrap().rows.remove(0);
    assert_eq!((row.number, row.tenant.as_str(), row.during.as_str()), (1, "other", "observe"));
    assert_eq!((row.position, row.at_ms, row.text), (None, 5, String::new()));
    assert_eq!((row.source, row.plugin, row.cause), (state.source, state.plugin, state.cause));
}

#[test]
fn the_oldest_make_room_and_no_number_is_given_twice() {
    let place = Place::new();
    let mut writer = place.writer();
    let most = u64::from(DEAD_LETTERS_MAX);
    for first in [0, most / 2, most] {
        let letters = (first..first + most / 2).map(|one| letter(one, NOON_MS));
        writer.commit(&checkpoint_with(letters)).unwrap();
    }
    let kept = numbers(&place);
    assert_eq!(
        (kept.len() as u64, kept[0], kept[kept.len() - 1]),
        (most, most * 3 / 2, most / 2 + 1)
    );
}

#[test]
fn letters_are_cut() {
    let place = Place::new();
    let long =
        NewDeadLetter { text: "ä".repeat(9_000), cause: "ö".repeat(9_000), ..letter(0, 0) };
    place.writer().commit(&checkpoint_with([long].into_iter())).unwrap();
    let query = DeadLetterQuery { tenant: "default".into(), limit: 1, cursor: None };
    let row = place.reader().dead_letters(&query).unwrap().rows.remove(0);
    assert_eq!((row.text.len(), row.cause.len()), (4_000, 8_000));
}

#[test]
fn letters_age_by_event_time_but_for_the_last() {
    let place = Place::new();
    let mut writer = place.writer();
    let days = |days: u64| letter(days, NOON_MS + days * DAY_MS);
    writer.commit(&checkpoint_with([0, 1, 40].map(days).into_iter())).unwrap();
    writer.commit(&checkpoint(NOON_MS + 30 * DAY_MS)).unwrap();
    assert_eq!(writer.maintain(0).unwrap().dead_letters_aged, 0);
    writer.commit(&checkpoint(NOON_MS + 31 * DAY_MS)).unwrap();
    assert_eq!(writer.maintain(0).unwrap().dead_letters_aged, 1);
    assert_eq!(numbers(&place), [3, 2]);
    writer.commit(&checkpoint(NOON_MS + 900 * DAY_MS)).unwrap();
    assert_eq!(writer.maintain(0).unwrap().dead_letters_aged, 1);
    assert_eq!(numbers(&place), [3], "its number must not be given again");
}
