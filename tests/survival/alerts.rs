//! Alerts to somebody who cannot be reached while the daemon is killed again and again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::daemon::Daemon;
use super::hook::{Hook, Told};
use super::place::{Place, daemon, exported};
use super::{KILLS_VARIABLE, SEED, SEED_VARIABLE, asked, kill_again_and_again};
use crate::outcome::run;

/// Kills in a usual run of the tests.
const KILLS: u64 = 4;
/// Alerts that arrive before the daemon is killed while it sends.
const TOLD_BEFORE_KILL: usize = 5;

/// Every alert of the outbox, by its key; none is there twice.
fn listed(config: &str) -> BTreeMap<String, Value> {
    let list = ["alerts", "list", "-c", config, "--limit", "1000", "--format", "json"];
    let rows = run(&list).expect_code(0).objects();
    let count = rows.len();
    let text = |row: &Value| row["key"].as_str().expect("an alert has a key").to_owned();
    let alerts: BTreeMap<String, Value> = rows.into_iter().map(|row| (text(&row), row)).collect();
    assert_eq!(alerts.len(), count, "an alert is there twice");
    assert!(count < 1000, "the list is longer than a page");
    alerts
}

fn check_states(config: &str, state: &str) {
    for (key, alert) in listed(config) {
        assert_eq!(alert["state"], state, "{key}: {}", alert["reason"]);
    }
}

/// Nothing is lost and nothing given up while nobody listens, and everything is told once somebody does, even if the
/// daemon is killed in the middle of it.
#[test]
fn a_webhook_that_is_down_all_the_time_misses_nothing() {
    let (kills, seed) = (asked(KILLS_VARIABLE, KILLS), asked(SEED_VARIABLE, SEED));
    let (place, hook) = (Place::new(), Hook::down());
    let alerts = format!(
        "alerts:\n  cooldown_s: 0\n  retry_first_s: 1\n  retry_max_s: 1\n  attempts_max: 10000\n  \
         sinks: [{{ type: webhook, url: \"{}\" }}]\n",
        hook.url()
    );
    let killed = place.config("killed", &alerts);
    kill_again_and_again(&place, seed, kills, || daemon(&killed, &[]));
    place.check(&killed, &alerts, &format!("after {kills} kills with seed {seed}"));

    let waiting = listed(&killed);
    check_states(&killed, "pending");
    let of_export = exported(&killed, "alert").len();
    assert!(of_export > 10 && waiting.len() == of_export, "{} of {of_export}", waiting.len());

    let mut running = Daemon::start(daemon(&killed, &[]));
    running.wait_for("alert not sent");
    let heard = hook.go_up();
    let mut told: Vec<Told> = (0..TOLD_BEFORE_KILL).map(|_| heard.next()).collect();
    running.kill();
    let running = Daemon::start(daemon(&killed, &[]));
    let mut missing: BTreeSet<&String> = waiting.keys().collect();
    missing.retain(|key| !told.iter().any(|one| one.key == **key));
    while !missing.is_empty() {
        told.push(heard.next());
        missing.remove(&told[told.len() - 1].key);
    }
    assert!(running.end().success(), "it ends as it should");
    check_states(&killed, "sent");
    check_told(&told, &waiting, &killed);
}

/// What was told is what waited, the same each time; and of every anomaly it was told that it opened.
fn check_told(told: &[Told], waiting: &BTreeMap<String, Value>, config: &str) {
    let mut opened = BTreeSet::new();
    let mut said = BTreeMap::new();
    for Told { key, body } in told {
        assert!(waiting.contains_key(key), "`{key}` was told, and never listed");
        assert_eq!(body["key"], key.as_str(), "header and body name the same alert");
        let before = said.insert(key, body);
        assert!(before.is_none_or(|before| before == body), "`{key}` was told in two ways");
        if body["kind"] == "opened" {
            opened.insert(body["id"].clone().to_string());
        }
    }
    let anomalies = exported(config, "anomaly");
    let anomalies: BTreeSet<String> =
        anomalies.iter().map(|one| one["anomaly"]["id"].to_string()).collect();
    assert_eq!(opened, anomalies, "anomalies that were told of, and those that there are");
}
