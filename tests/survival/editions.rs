//! Editions of a plugin that come in and go while a daemon works, and are there again after it was killed.

use std::fs::{self, OpenOptions};
use std::io::Write;

use serde_json::Value;

use super::SEED;
use super::daemon::Daemon;
use super::explained::{anomalies, demand_all};
use super::place::{Place, daemon, finish};
use super::shop::Shop;
use crate::outcome::{Outcome, run};
use crate::program::guest;

/// Lines that are written between two events.
const LINES: u64 = 500;
/// Commits, of which there is one a second, after which what was not seen never will be.
const COMMITS_MAX: usize = 60;

/// A daemon into which a plugin was pushed that keeps book of every row.
struct Desk {
    place: Place,
    config: String,
    /// The same configuration, with the address at which the daemon answers.
    client: String,
    running: Daemon,
    written: u64,
}

impl Desk {
    fn new() -> Self {
        let place = Place::new();
        fs::write(place.folder.path().join("ledger.wasm"), guest("guest-ledger"))
            .expect("a component is written");
        let config = place.config("editions", "plugins: { guard_s: 1 }\n");
        let running = Daemon::start(daemon(&config, &[]));
        let mut desk = Desk { place, config, client: String::new(), running, written: 0 };
        desk.wait_until_ready();
        let component = desk.place.folder.path().join("ledger.wasm").display().to_string();
        desk.plugin(&["push", &component]).expect_code(0);
        desk
    }

    fn wait_until_ready(&mut self) {
        self.running.wait_for("ready: http://");
        let config = fs::read_to_string(&self.config).expect("it was just written");
        let own = config.replace("127.0.0.1:0", self.running.address());
        let client = self.place.folder.path().join("client.yaml");
        fs::write(&client, own).expect("a configuration is written");
        self.client = client.display().to_string();
    }

    /// Runs `bellwether plugin` with these arguments.
    fn plugin(&self, arguments: &[&str]) -> Outcome {
        let by = ["push", "activate", "canary", "rollback", "disable"].contains(&arguments[0]);
        let more = if by {
            ["-c", &self.client, "--by", "Ada"].to_vec()
        } else {
            vec!["-c", &self.client]
        };
        run(&[&["plugin"], arguments, &more].concat())
    }

    fn settings(edition: u32, more: &str) -> String {
        format!("{{\"edition\": {edition}{more}}}")
    }

    fn fit(&self) -> Value {
        self.running.json("/api/v1/plugins/ledger")
    }

    /// Waits until something is so of the plugin.
    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..COMMITS_MAX {
            let fit = self.fit();
            if wanted(&fit) {
                return fit;
            }
            self.running.wait_for("committed");
        }
        panic!("it never came so far: {}", self.fit());
    }

    /// Demands that an edition sees so many lines since it was opened, and not one more.
    fn demand(&mut self, which: &str, edition: u32, lines: u64) -> Value {
        let fit = self.until(|fit| counted(fit, which, edition) >= lines as f64);
        assert_eq!(counted(&fit, which, edition), lines as f64, "edition {edition}: {fit}");
        fit
    }

    /// Writes lines, and waits until they were read.
    fn write(&mut self) {
        let log = self.place.logs().join("a.log");
        let file = OpenOptions::new().create(true).append(true).open(log);
        let mut file = file.expect("a log is opened");
        for _ in 0..LINES {
            self.written += 1;
            let (second, minute) = (self.written % 60, self.written / 60 % 60);
            let (hour, number) = (self.written / 3600, self.written);
            let stamp = format!("2026-03-02T{hour:02}:{minute:02}:{second:02}Z");
            writeln!(file, "{stamp} INFO request {number} served").expect("a line is written");
        }
        for _ in 0..COMMITS_MAX {
            self.running.wait_for("committed");
            let status = self.running.json("/status");
            if status["tenants"]["default"]["lines"] == self.written {
                return;
            }
        }
        panic!("not all of {} lines were read", self.written);
    }
}

fn counted(fit: &Value, which: &str, edition: u32) -> f64 {
    fit[which]["metrics"][format!("edition-{edition}")].as_f64().unwrap_or(0.0)
}

#[test]
fn editions_come_in_and_go_and_come_again() {
    let mut desk = Desk::new();
    desk.write();
    let first = Desk::settings(1, "");
    desk.plugin(&["activate", "ledger@0.1.0", "--settings", &first]).expect_code(0);
    desk.until(|fit| fit["next"].is_null() && !fit["current"].is_null());
    desk.write();
    desk.demand("current_health", 1, LINES);

    let second = Desk::settings(2, "");
    let canary = ["canary", "ledger@0.1.0", "--percent", "0", "--settings", &second];
    desk.plugin(&canary).expect_code(0);
    desk.write();
    desk.demand("current_health", 1, 2 * LINES);
    desk.demand("next_health", 2, LINES);
    desk.plugin(&["rollback", "ledger"]).expect_code(0);
    assert!(desk.fit()["next"].is_null());

    let ill = Desk::settings(3, ", \"traps\": true");
    let canary = ["canary", "ledger@0.1.0", "--percent", "100", "--settings", &ill];
    desk.plugin(&canary).expect_code(0);
    desk.write();
    desk.until(|fit| !fit["trouble"].is_null());
    desk.write();
    let fit = desk.demand("current_health", 1, 4 * LINES);
    assert!(fit["trouble"].as_str().unwrap_or_default().contains("it failed"), "{fit}");

    desk.plugin(&["disable", "ledger"]).expect_code(0);
    desk.write();
    assert!(desk.fit()["current"].is_null());
    desk.plugin(&["rollback", "ledger"]).expect_code(0);
    desk.write();
    desk.demand("current_health", 1, LINES);
    let canary = ["canary", "ledger@0.1.0", "--percent", "0", "--settings", &second];
    desk.plugin(&canary).expect_code(0);
    let before = desk.fit();

    let Desk { place, config, running, written, .. } = desk;
    running.kill();
    let running = Daemon::start(daemon(&config, &[]));
    let mut desk = Desk { place, config, client: String::new(), running, written };
    desk.wait_until_ready();
    desk.write();
    let counts = |fit: &Value| counted(fit, "current_health", 1) >= LINES as f64;
    let after = desk.until(counts);
    for part in ["current", "next", "revision"] {
        assert_eq!(after[part], before[part], "{part}");
    }
    assert!(after["trial"].is_object(), "they are not compared any more: {after}");
    let audit = String::from_utf8_lossy(&desk.plugin(&["audit"]).expect_code(0).out).into_owned();
    for word in ["push", "activate", "settle", "shadow", "rollback", "disable", "guard", "Ada"] {
        assert!(audit.contains(word), "{word} is missing from\n{audit}");
    }
    assert!(desk.running.end().success());
}

/// What was found beside a pushed plugin is worked out with it, wherever the component comes from.
#[test]
fn anomalies_found_beside_an_edition_are_explained() {
    let mut desk = Desk::new();
    let settings = Desk::settings(1, "");
    desk.plugin(&["activate", "ledger@0.1.0", "--settings", &settings]).expect_code(0);
    desk.until(|fit| fit["next"].is_null() && !fit["current"].is_null());
    Shop::new(desk.place.logs(), SEED).write(20_000);
    let Desk { place: _place, config, running, .. } = desk;
    assert!(running.end().success(), "it ends as it should");
    finish(&config);
    let all = anomalies(&config);
    assert!(!all.is_empty(), "nothing was found");
    demand_all(&config, &all);
}

#[test]
fn what_cannot_work_changes_nothing() {
    let mut desk = Desk::new();
    desk.write();
    for (arguments, words) in [
        (["activate", "ledger@9.9.9"].as_slice(), "no version `9.9.9`"),
        (&["activate", "ledger@0.1.0", "--settings", "{\"editio\": 1}"], "unknown field `editio`"),
        (&["rollback", "ledger"], "no plugin `ledger`"),
        (&["activate", "ledger"], "no plugin `ledger`"),
    ] {
        let outcome = desk.plugin(arguments);
        assert!(outcome.err.contains(words), "{arguments:?} says {}", outcome.err);
    }
    let plugins = desk.running.json("/api/v1/plugins");
    let names = plugins["items"].as_array().unwrap().iter().map(|item| item["plugin"].clone());
    assert!(!names.collect::<Vec<_>>().contains(&"ledger".into()), "{plugins}");
}
