//! The demo tells what it planted and what it found, in a form that stays.

use std::collections::HashSet;

use serde_json::Value;

use crate::outcome::run;

const PLAN: [&str; 4] = ["--seed", "3", "--hours", "12"];

fn demo(services: &str, incidents: &str, workers: &str) -> Vec<u8> {
    let asked = ["--services", services, "--incidents", incidents, "--workers", workers];
    run(&[&["demo", "--format", "json"], &PLAN[..], &asked].concat()).expect_code(0).out
}

fn score(out: &[u8]) -> Value {
    let text = std::str::from_utf8(out).expect("the program writes UTF-8");
    let last = text.lines().last().expect("the score is always written");
    serde_json::from_str(last).expect("the score is JSON")
}

fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

#[test]
fn the_last_line_is_the_score() {
    let score = score(&demo("4", "4", "2"));
    assert_eq!(keys(&score), ["false_alarms", "found", "incidents", "planted", "seed"]);
    assert_eq!((&score["seed"], &score["planted"]), (&3.into(), &4.into()));
    assert!(score["false_alarms"].is_u64(), "{score}");
    let incidents = score["incidents"].as_array().expect("a list");
    assert_eq!(incidents.len(), 4);
    let found = incidents.iter().filter(|incident| incident["found"] == true).count();
    assert_eq!(score["found"], found, "{score}");
    for incident in incidents {
        let found = incident["found"].as_bool().expect("yes or no");
        let expected: &[&str] = match found {
            true => &["delay_s", "found", "sentence", "source", "start", "type"],
            false => &["found", "source", "start", "type"],
        };
        assert_eq!(keys(incident), expected);
        let (source, start) = (incident["source"].as_str(), incident["start"].as_str());
        assert!(source.is_some_and(|source| source.starts_with("demo:")), "{incident}");
        assert!(start.is_some_and(|start| start.starts_with("2026-03-02T")), "{incident}");
        assert!(
            !found || incident["delay_s"].as_i64().is_some_and(|delay| delay > 0),
            "{incident}"
        );
    }
}

#[test]
fn the_number_of_workers_does_not_show() {
    let expected = demo("4", "4", "1");
    for workers in ["2", "3", "4"] {
        assert!(demo("4", "4", workers) == expected, "{workers} workers");
    }
}

#[test]
fn without_incidents_nothing_is_planted() {
    let score = score(&demo("4", "0", "2"));
    assert_eq!((&score["planted"], &score["found"]), (&0.into(), &0.into()));
    assert_eq!(score["incidents"], Value::Array(Vec::new()));
}

#[test]
fn people_get_the_same_figures() {
    let score = score(&demo("6", "4", "2"));
    let asked = ["--services", "6", "--incidents", "4"];
    let table = run(&[&["demo"], &PLAN[..], &asked].concat()).expect_code(0);
    let (found, planted, alarms) = (&score["found"], &score["planted"], &score["false_alarms"]);
    let plural = if *alarms == 1 { "" } else { "s" };
    let expected = format!("{found} of {planted} incidents found, {alarms} false alarm{plural}");
    assert_eq!(table.text().lines().last(), Some(&expected[..]));
}

/// The day that the README shows.
#[test]
fn the_usual_day_has_all_kinds_and_most_are_found() {
    let score = score(&run(&["demo", "--format", "json"]).expect_code(0).out);
    let incidents = score["incidents"].as_array().expect("a list");
    let kinds: HashSet<&str> =
        incidents.iter().filter_map(|incident| incident["type"].as_str()).collect();
    assert_eq!((&score["planted"], kinds.len()), (&10.into(), 10), "{kinds:?}");
    assert!(score["found"].as_u64() >= Some(7), "{score}");
    assert!(score["false_alarms"].as_u64() <= Some(2), "{score}");
}
