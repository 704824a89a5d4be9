//! Patterns that change while a daemon works are taken between two batches: what it keeps is, to the byte, what one keeps
//! that ended at the same line and went on with them.

use std::fs;

use rustix::process::Signal;

use super::SEED;
use super::daemon::Daemon;
use super::explained::anomalies;
use super::place::{Place, daemon, export, finish, first_difference};
use super::shop::Shop;
use crate::outcome::run;

/// Lines before the change, of some thirty thousand.
const BEFORE: usize = 18_000;

/// Writes a pattern file: names, expressions and scores.
fn write(place: &Place, patterns: &[(&str, &str, u8)]) {
    let entry = |(name, expression, score): &(&str, &str, u8)| {
        format!(
            "  - {{ name: {name}, category: own, expression: '{expression}', score: {score}, severity: error, \
             description: Own, unproven: true }}\n"
        )
    };
    let text: String = patterns.iter().map(entry).collect();
    fs::write(place.folder.path().join("own.yaml"), format!("patterns:\n{text}"))
        .expect("a pattern file is written");
}

/// A daemon that has read what is there.
fn started(config: &str, written: usize) -> Daemon {
    let mut running = Daemon::start(daemon(config, &[]));
    running.wait_for("ready: http://");
    running.demand_all_read(written);
    running
}

#[test]
fn patterns_are_taken_between_two_lines() {
    let place = Place::new();
    let stays = |score| ("stays", "took [0-9]+ ms", score);
    write(&place, &[("goes", "user|worker", 90), stays(40)]);
    let [live, restarted] =
        ["live", "restarted"].map(|database| place.config(database, "patterns: [own.yaml]\n"));
    let mut shop = Shop::new(place.logs(), SEED);
    shop.write(BEFORE);
    let mut running = started(&live, BEFORE);
    assert!(started(&restarted, BEFORE).end().success(), "it ends as it should");

    write(&place, &[("comes", "(?i)order|payment|timeout", 93), stays(20)]);
    running.signal(Signal::HUP);
    let said = running.wait_for("the configuration was read again");
    assert!(said.contains("untouched=0 repatterned=1 started=0"), "{said}");
    shop.write(usize::MAX / 2);
    running.demand_all_read(shop.lines.len());
    assert!(running.end().success(), "it ends as it should");
    finish(&live);
    finish(&restarted);
    let (kept, expected) = (export(&live), export(&restarted));
    assert!(kept == expected, "{}", first_difference(&kept, &expected));
    check_anomalies(&live);
}

/// What was found before the change was found by other patterns, and everything since is worked out again.
fn check_anomalies(config: &str) {
    let (mut explained, mut refused) = (0, 0);
    let all = anomalies(config);
    for anomaly in &all {
        let id = anomaly["anomaly"]["id"].as_str().expect("an id");
        let outcome = run(&["explain", id, "-c", config, "--format", "json"]);
        if outcome.err.contains("the patterns are others") {
            outcome.expect_code(78);
            refused += 1;
        } else {
            let explanation = outcome.expect_code(0).objects().pop().expect("an object");
            assert_eq!(explanation["equal"], true, "{id}: {}", explanation["differences"]);
            explained += 1;
        }
    }
    assert!(explained > 0 && refused > 0, "{explained} explained, {refused} refused");
    for name in ["goes", "comes"] {
        let named = all.iter().any(|anomaly| anomaly["anomaly"]["pattern"] == name);
        assert!(named, "nothing of `{name}` was found");
    }
}
