//! Files that are deleted and do not come back: what was learnt of them goes, what was counted stays.

use std::fs;

use serde_json::Value;

use super::place::{Place, exported, finish};

/// Lines of a file.
const LINES: u64 = 40;

/// Writes a log of one day of March 2026, with a line a minute.
fn write(place: &Place, name: &str, day: u64) {
    let line = |minute: u64| {
        let (hour, minute) = (minute / 60, minute % 60);
        format!("2026-03-{day:02}T{hour:02}:{minute:02}:00Z INFO request {minute} served\n")
    };
    let text: String = (0..LINES).map(line).collect();
    fs::write(place.logs().join(name), text).expect("a log is written");
}

/// Of each source: its key, its lines, and whether anything is remembered of it.
fn sources(config: &str) -> Vec<(String, u64, bool)> {
    let source = |one: Value| {
        let key = one["source"].as_str().expect("a key").to_string();
        let plugins = one["plugins"].as_array().expect("a list");
        (key, one["lines"].as_u64().expect("a figure"), !plugins.is_empty())
    };
    exported(config, "source").into_iter().map(source).collect()
}

/// Lines that were counted of a source.
fn counted(config: &str, source: &str) -> u64 {
    let counts = exported(config, "counts").into_iter();
    counts.filter(|one| one["source"] == source).filter_map(|one| one["lines"].as_u64()).sum()
}

#[test]
fn a_file_that_is_gone_for_good_is_forgotten_but_for_what_was_counted() {
    let place = Place::new();
    let config = place.config("gone", "");
    let (first, second) = ("file:app-02".to_string(), "file:app-03".to_string());
    write(&place, "app-02.log", 2);
    finish(&config);
    fs::remove_file(place.logs().join("app-02.log")).expect("a log is deleted");
    write(&place, "app-03.log", 3);
    finish(&config);
    let both = [(first.clone(), LINES, true), (second.clone(), LINES, true)];
    assert_eq!(sources(&config), both, "a day has not passed");
    let before = counted(&config, &first);
    assert!(before > LINES / 2, "{before} lines were counted");

    write(&place, "app-05.log", 5);
    finish(&config);
    let third = ("file:app-05".to_string(), LINES, true);
    assert_eq!(
        sources(&config),
        [(first.clone(), LINES, false), (second.clone(), LINES, true), third.clone()],
        "the second has a file"
    );
    assert!(counted(&config, &first) >= before, "counts are kept");
    assert_eq!(exported(&config, "input").len(), 2);

    write(&place, "app-02.log", 6);
    finish(&config);
    assert_eq!(sources(&config), [(first.clone(), LINES, true), (second, LINES, true), third]);
    assert!(counted(&config, &first) <= LINES, "what it had before is not its own");
}
