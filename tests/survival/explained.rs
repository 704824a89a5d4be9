//! Anomalies that are worked out again from what was recorded: the same is found, to the last bit.

use std::fs::{self, OpenOptions};
use std::path::PathBuf;

use serde_json::Value;

use super::daemon::Daemon;
use super::place::{Place, daemon, exported, finish};
use super::shop::Shop;
use super::{KILLS_VARIABLE, SEED, SEED_VARIABLE, asked, kill_again_and_again};
use crate::outcome::run;

/// Kills in a usual run of the tests.
const KILLS: u64 = 4;
/// Anomalies of a shop's five hours, at least.
const ANOMALIES_MIN: usize = 20;

pub(super) fn anomalies(config: &str) -> Vec<Value> {
    exported(config, "anomaly")
}

fn id_of(anomaly: &Value) -> &str {
    anomaly["anomaly"]["id"].as_str().expect("an id")
}

fn figure(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or_else(|| panic!("no figure `{name}` in {of}"))
}

/// Whether there is something to explain an anomaly with; then demands that it is found again, and that what was
/// told of it is among the scores.
fn is_explained(config: &str, anomaly: &Value) -> bool {
    let id = id_of(anomaly);
    let outcome = run(&["explain", id, "-c", config, "--format", "json"]);
    if outcome.err.contains("nothing is kept to explain anomaly") {
        outcome.expect_code(66);
        return false;
    }
    let explanation = outcome.expect_code(0).objects().pop().expect("an object");
    assert_eq!(explanation["equal"], true, "{id}: {}", explanation["differences"]);
    let verdict = &explanation["verdict"];
    let (news, alarm) = (figure(verdict, "news_bits"), figure(verdict, "alarm_bits"));
    assert!(news >= alarm, "{id}: {news} of {alarm} bits");
    if explanation["whole"] == true {
        let told = figure(&anomaly["anomaly"]["findings"][0], "bits");
        let scores = explanation["scores"].as_array().expect("a list");
        let found = scores.iter().filter(|score| figure(score, "bits") == told);
        assert!(found.count() > 0, "{id}: no score of {told} bits in {explanation}");
    }
    true
}

pub(super) fn demand_all(config: &str, anomalies: &[Value]) {
    for anomaly in anomalies {
        assert!(is_explained(config, anomaly), "nothing is kept of {}", id_of(anomaly));
    }
}

fn recording(place: &Place, database: &str) -> PathBuf {
    place.folder.path().join(format!("{database}.db.recording/default"))
}

/// The segments of a recording with their bytes, the oldest first.
fn segments(place: &Place, database: &str) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(recording(place, database)).expect("a recording");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == "segment"));
    let bytes = |path: &PathBuf| path.metadata().expect("it is there").len();
    let mut segments: Vec<(PathBuf, u64)> =
        paths.map(|path| (path.clone(), bytes(&path))).collect();
    segments.sort();
    segments
}

/// Every anomaly is explained, beside the daemon and after it, with a recording of a few small segments.
#[test]
fn every_anomaly_is_found_again() {
    let place = Place::new();
    let config = place.config("explained", "recording: { bytes_max: 1048576 }\n");
    Shop::new(place.logs(), SEED).write(usize::MAX / 2);
    let mut running = Daemon::start(daemon(&config, &[]));
    let beside = loop {
        running.wait_for("committed");
        let found = anomalies(&config);
        if !found.is_empty() {
            break found;
        }
    };
    demand_all(&config, &beside[..1]);
    assert!(running.end().success(), "it ends as it should");
    finish(&config);

    let all = anomalies(&config);
    assert!(all.len() >= ANOMALIES_MIN, "{} anomalies", all.len());
    demand_all(&config, &all);
    let segments = segments(&place, "explained");
    let bytes: u64 = segments.iter().map(|(_, bytes)| bytes).sum();
    assert!(segments.len() > 1 && bytes <= 1 << 20, "{segments:?}");
    let first = segments[0].0.file_stem().expect("a name").to_string_lossy();
    assert_ne!(first, "00000000", "the oldest has given way");
}

#[test]
fn an_explanation_says_what_it_cannot_say() {
    let place = Place::new();
    let config = place.config("said", "");
    Shop::new(place.logs(), SEED).write(20_000);
    finish(&config);
    let all = anomalies(&config);
    let explain = |id: &str| run(&["explain", id, "-c", &config]);
    let table = explain(id_of(&all[0])).expect_code(0);
    let sentence = all[0]["anomaly"]["sentence"].as_str().expect("a sentence");
    for part in [sentence, "because", "an alarm takes", "\nequal: yes\n"] {
        assert!(table.text().contains(part), "`{part}` is not in {}", table.text());
    }
    for id in ["0123", "../../said", ""] {
        let said = explain(id).expect_code(66).err;
        assert!(said.contains(&format!("no anomaly `{id}`")), "{said}");
    }
    let text = fs::read_to_string(&config).expect("a configuration is read");
    let changed = text + "detectors: [{ name: rate, offset: -7 }, { name: novelty }]\n";
    fs::write(&config, changed).expect("a configuration is written");
    let said = explain(id_of(&all[0])).expect_code(78).err;
    for part in ["plugin `rate` was ", "plugin `invariants` ("] {
        assert!(said.contains(part), "`{part}` is not in {said}");
    }
}

/// What was said twice because of a kill is recorded once.
#[test]
fn killed_anywhere_it_explains_the_same() {
    let (kills, seed) = (asked(KILLS_VARIABLE, KILLS), asked(SEED_VARIABLE, SEED));
    let place = Place::new();
    let config = place.config("killed", "");
    kill_again_and_again(&place, seed, kills, || daemon(&config, &[]));
    finish(&config);
    let all = anomalies(&config);
    assert!(all.len() >= ANOMALIES_MIN, "{} anomalies", all.len());
    demand_all(&config, &all);

    // Without cases, the recording has it all, over all restarts.
    let cases = recording(&place, "killed").join("cases");
    assert!(fs::read_dir(&cases).expect("cases").count() >= all.len());
    fs::remove_dir_all(&cases).expect("cases are removed");
    demand_all(&config, &all);

    // As after a kill in the middle of a block.
    let (last, bytes) = segments(&place, "killed").pop().expect("a segment");
    let file = OpenOptions::new().write(true).open(&last).expect("a segment is opened");
    file.set_len(bytes - bytes / 3).expect("a segment is cut");
    let left = all.iter().filter(|anomaly| is_explained(&config, anomaly)).count();
    assert!((1..all.len()).contains(&left), "{left} of {}", all.len());

    // What comes next is recorded and explained whatever became of that.
    let line = |number: u64| {
        let (minute, second) = (number / 60, number % 60);
        format!("2026-03-02T05:{minute:02}:{second:02}Z ERROR new trouble in {number}\n")
    };
    let text: String = (0..600).map(line).collect();
    fs::write(place.logs().join("trouble.log"), text).expect("a log is written");
    finish(&config);
    let known: Vec<&str> = all.iter().map(id_of).collect();
    let mut new = anomalies(&config);
    new.retain(|anomaly| !known.contains(&id_of(anomaly)));
    assert!(!new.is_empty(), "the new trouble is told");
    demand_all(&config, &new);
}
