//! A configuration that is read again at SIGHUP: one that cannot work changes nothing, one that can loses no line.

use std::fs::{self, OpenOptions};
use std::io::Write;

use rustix::process::Signal;

use super::daemon::Daemon;
use super::place::{Place, daemon, export, exported, finish, first_difference};

/// Lines that are written between two events.
const LINES: usize = 700;

/// A daemon, its configuration, and logs of which every line is counted.
struct Watched {
    place: Place,
    config: String,
    running: Daemon,
    written: usize,
}

impl Watched {
    fn new() -> Self {
        let place = Place::new();
        fs::create_dir(place.folder.path().join("more")).expect("a folder for more logs");
        let config = place.config("reload", "");
        let mut running = Daemon::start(daemon(&config, &[]));
        running.wait_for("ready: http://");
        Watched { place, config, running, written: 0 }
    }

    /// Writes lines into a log.
    fn write(&mut self, log: &str) {
        let path = self.place.folder.path().join(log);
        let mut options = OpenOptions::new();
        let mut file = options.create(true).append(true).open(path).expect("a log is opened");
        for _ in 0..LINES {
            self.written += 1;
            let (number, second, minute) =
                (self.written, self.written % 60, self.written / 60 % 60);
            let hour = self.written / 3600;
            let line = format!(
                "2026-03-02T{hour:02}:{minute:02}:{second:02}Z INFO request {number} served\n"
            );
            file.write_all(line.as_bytes()).expect("a line is written");
        }
    }

    /// The log becomes `.1`, and each older one moves one further; none is lost.
    fn rotate(&self, log: &str) {
        let path = self.place.folder.path().join(log);
        let numbered = |number: usize| path.with_extension(format!("log.{number}"));
        let free = (1..).find(|number| !numbered(*number).exists()).expect("a free number");
        for number in (1..free).rev() {
            fs::rename(numbered(number), numbered(number + 1)).expect("a log is renamed");
        }
        fs::rename(&path, numbered(1)).expect("a log is renamed");
    }

    /// Waits until every line that was written was read, and demands that none was read twice.
    fn demand_all_read(&mut self) {
        self.running.demand_all_read(self.written);
    }

    /// Changes the configuration, and tells the daemon.
    fn change(&self, text: Option<&str>) {
        match text {
            Some(text) => fs::write(&self.config, text).expect("a configuration is written"),
            None => fs::remove_file(&self.config).expect("a configuration is removed"),
        }
        self.running.signal(Signal::HUP);
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.config).expect("a configuration is read")
    }

    fn check_configuration(&self, status: &str, detail: &str, figures: (usize, usize)) {
        let part = &self.running.json("/health")["parts"]["configuration"];
        assert_eq!(part["status"], status, "{part}");
        let told = part["details"][0].as_str().unwrap_or_default();
        assert!(told.contains(detail), "{told}");
        let expected = serde_json::json!({ "reloads": figures.0, "reload_failures": figures.1 });
        assert_eq!(part["figures"], expected, "{part}");
        let refused = format!("bellwether_reloads_total{{outcome=\"refused\"}} {}\n", figures.1);
        assert!(self.running.ask("/metrics").contains(&refused), "no {refused} in the metrics");
    }
}

#[test]
fn a_configuration_that_cannot_work_changes_nothing() {
    let mut watched = Watched::new();
    watched.write("logs/a.log");
    watched.demand_all_read();
    let good = watched.text();
    let bad = format!("{good}alerts_per_dya: 1\n");
    let cases: &[(Option<String>, &[&str])] = &[
        (Some(bad), &["reload.yaml:6:1: alerts_per_dya", "did you mean `alerts_per_day`?"]),
        (Some("tenant: default\n".into()), &["reload.yaml: there is nothing to follow; write"]),
        (
            Some(format!("{good}detectors: [{{ name: rat }}]\n")),
            &["reload.yaml:6:13: detectors.rat", "write one of"],
        ),
        (
            Some(good.replace("/*.log]", "/***]")),
            &["reload.yaml:1:20: inputs[0].files[0]", "write e.g."],
        ),
        (Some(format!("{good}windows: {{ size_s: 120 }}\n")), &["set `windows` back"]),
        (None, &["reload.yaml", "cannot read"]),
    ];
    for (refused, (text, parts)) in (1..).zip(cases) {
        watched.change(text.as_deref());
        let said = watched.running.wait_for("the old configuration stays");
        for part in *parts {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        watched.check_configuration("degraded", parts[0], (0, refused));
        watched.write("logs/a.log");
        watched.demand_all_read();
    }
    watched.change(Some(&good));
    watched.running.wait_for("the configuration was read again");
    watched.check_configuration("ok", "", (1, cases.len()));
    assert!(watched.running.end().success(), "it ends as it should");
}

/// Inputs come and go while their logs are written and rotated.
#[test]
fn a_configuration_that_is_changed_loses_no_line() {
    let mut watched = Watched::new();
    let one = watched.text();
    let both = one.replace("logs/*.log] }", "logs/*.log] }, { files: [more/*.log] }");
    let both = both.replace("alerts_per_day: 200", "alerts_per_day: 500");
    watched.write("logs/a.log");
    watched.demand_all_read();
    for (reloads, text) in (1..).zip([&both, &one, &both]) {
        watched.write("logs/a.log");
        watched.change(Some(text));
        watched.rotate("logs/a.log");
        watched.write("logs/a.log");
        watched.running.wait_for("the configuration was read again");
        watched.check_configuration("ok", "", (reloads, 0));
        if reloads != 2 {
            watched.write("more/b.log");
        }
        watched.demand_all_read();
    }
    let Watched { place, config, running, written, .. } = watched;
    assert!(running.end().success(), "it ends as it should");
    finish(&config);
    let sources = exported(&config, "source");
    let lines = sources.iter().filter_map(|source| source["lines"].as_u64());
    assert_eq!(lines.sum::<u64>(), written as u64, "{sources:?}");

    let undisturbed = place.config("undisturbed", "");
    fs::write(&undisturbed, both.replace("reload.db", "undisturbed.db"))
        .expect("a configuration is written");
    finish(&undisturbed);
    let (changed, expected) = (export(&config), export(&undisturbed));
    assert!(changed == expected, "{}", first_difference(&changed, &expected));
}

/// Whoever is not concerned by a change goes on without a word.
#[test]
fn only_those_start_anew_whose_settings_changed() {
    let mut watched = Watched::new();
    let one = watched.text();
    let both = one.replace("log] }", "log] }, { files: [more/*.log], tenant: other }");
    let muted = format!("{both}sources: [{{ match: 'file:b', tenant: other, muted: true }}]\n");
    let third =
        muted.replace("{ files: [more", "{ files: [third/*.log], tenant: third }, { files: [more");
    watched.write("logs/a.log");
    watched.demand_all_read();
    for (text, figures) in [
        (&both, "untouched=1 repatterned=0 started=1"),
        (&both, "untouched=2 repatterned=0 started=0"),
        (&muted, "untouched=1 repatterned=0 started=1"),
        (&third, "untouched=2 repatterned=0 started=1"),
        (&muted, "untouched=2 repatterned=0 started=0"),
    ] {
        watched.change(Some(text));
        let said = watched.running.wait_for("the configuration was read again");
        assert!(said.contains(figures), "not {figures}: {said}");
        watched.write("logs/a.log");
        watched.write("more/b.log");
        watched.demand_all_read();
    }
    let followed = |tenant: &str| watched.running.count(&format!("following tenant=\"{tenant}\""));
    assert_eq!(["default", "other"].map(followed), [1, 2]);
    assert!(watched.running.end().success(), "it ends as it should");
}

/// Pattern files are read with the configuration, even where it says the same as before.
#[test]
fn pattern_files_are_read_again() {
    let mut watched = Watched::new();
    let text = format!("{}patterns: [own.yaml]\n", watched.text());
    let own = watched.place.folder.path().join("own.yaml");
    let write = |expression: &str| {
        let entry = format!(
            "patterns:\n  - {{ name: own, category: own, expression: '{expression}', score: 1, severity: info, \
             description: Own, unproven: true }}\n"
        );
        fs::write(&own, entry).expect("a pattern file is written");
    };
    for (expression, said, figures) in [
        ("served", "the configuration was read again", (1, 0)),
        ("served (", "own.yaml:2:45: patterns.own.expression: character 8", (1, 1)),
        ("request", "the configuration was read again", (2, 1)),
    ] {
        write(expression);
        watched.change(Some(&text));
        let line = watched.running.wait_for(said);
        let status = if figures == (1, 1) { "degraded" } else { "ok" };
        watched.check_configuration(status, "", figures);
        assert!(line.contains(said), "{line}");
        watched.write("logs/a.log");
        watched.demand_all_read();
    }
    assert!(watched.running.end().success(), "it ends as it should");
}
