//! Plugins from the first file to a finding, as their authors go: without this repository, and without a network.

use std::fs;
use std::path::{Path, PathBuf};

use crate::outcome::{Outcome, run_prepared, write};
use crate::program::bellwether;

const WRONG_USAGE: i32 = 64;
const DAMAGED: i32 = 65;
const NO_INPUT: i32 = 66;

/// A folder in which an author works.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        Desk { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Runs the program there. What cargo builds is kept beside our own, so that it is built but once.
    fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = bellwether();
        let builds = Path::new(command.get_program()).ancestors().nth(2).map(PathBuf::from);
        let builds = builds.expect("the program lies in a folder of builds").join("authors");
        command.current_dir(self.folder.path());
        command.env("CARGO_TARGET_DIR", builds).env("CARGO_NET_OFFLINE", "true");
        run_prepared(command, arguments)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).expect("the project has it")
    }

    /// Replaces a part of a file that must be there.
    fn edit(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "{path} has no `{old}`");
        write(self.folder.path(), path, text.replace(old, new));
    }
}

/// Whether a table has a row for that check with that verdict at its end.
fn says(outcome: &Outcome, check: &str, verdict: &str) -> bool {
    let mut rows = outcome.text().lines().filter(|line| line.starts_with(check));
    rows.any(|row| row.ends_with(verdict))
}

/// Names and versions in a lock file.
fn locked(lock: &str) -> Vec<&str> {
    let is_one = |line: &&str| line.starts_with("name = ") || line.starts_with("version = \"");
    lock.lines().filter(is_one).collect()
}

const CHECKS: [&str; 10] = [
    "native tests",
    "golden log",
    "no faults",
    "batches of 1 ",
    "batches of 7 ",
    "batches of 4096",
    "each source alone",
    "another run",
    "state moved half-way",
    "saved, loaded, saved",
];

#[test]
fn a_detector_from_its_first_file_to_a_finding() {
    let desk = Desk::new();
    desk.run(&["plugin", "new", "late-bird"]).expect_code(0);
    let lock = desk.read("late-bird/Cargo.lock");
    let built = desk.run(&["plugin", "build", "late-bird"]).expect_code(0);
    assert!(built.text().contains("late-bird.wasm\nsize    "), "{}", built.text());
    assert!(built.text().contains("digest  sha256:"), "{}", built.text());
    let mended = desk.read("late-bird/Cargo.lock");
    assert_eq!(locked(&mended), locked(&lock), "cargo wanted other versions than ours");

    let tested = desk.run(&["plugin", "test", "late-bird", "--hours", "0.3"]).expect_code(0);
    for check in CHECKS {
        assert!(says(&tested, check, "passed"), "{check}:\n{}", tested.text());
    }
    let log = "late-bird/tests/lines.log";
    let replay = ["plugin", "replay", "--plugin", "late-bird", log, "--format", "json"];
    let opened = desk.run(&replay).expect_code(0).events("opened");
    let [finding] = &opened[..] else { panic!("one line is odd: {opened:?}") };
    assert_eq!(finding["detectors"], serde_json::json!(["late-bird"]));
    let sentence = finding["sentence"].as_str().unwrap_or_default();
    assert!(sentence.contains("bytes where 56 are usual"), "{sentence}");

    let deaf = [&replay[..], &["--settings", r#"{"bytes_min": 9999}"#]].concat();
    assert_eq!(desk.run(&deaf).expect_code(0).events("opened"), [] as [serde_json::Value; 0]);
    write(desk.folder.path(), "beside.yaml", "detectors: [{name: rate}]\n");
    let beside = [&replay[..], &["--config", "beside.yaml"]].concat();
    assert!(!desk.run(&beside).expect_code(0).events("opened").is_empty());

    let inspected = desk.run(&["plugin", "inspect", "late-bird"]).expect_code(0);
    assert!(inspected.text().contains("65536 KiB of memory"), "{}", inspected.text());
    let bench = desk.run(&["plugin", "bench", "late-bird", "--lines", log]).expect_code(0);
    for part in ["observe, 256 rows", "observe, 4096 rows", "start ", "well within its limits"] {
        assert!(bench.text().contains(part), "{part}:\n{}", bench.text());
    }
}

#[test]
fn mistakes_of_an_author_are_told() {
    let desk = Desk::new();
    desk.run(&["plugin", "new", "clumsy", "--path", "work"]).expect_code(0);
    let code = "work/src/clumsy.rs";
    let test = ["plugin", "test", "work", "--hours", "0.3"];

    // What is said depends on the company of a row.
    desk.edit(code, "scores.push(score);", "scores.push(score + lines.len() as f32 / 1000.0);");
    let failed = desk.run(&test).expect_code(DAMAGED);
    assert!(says(&failed, "batches of 7 ", "FAILED"), "{}", failed.text());
    assert!(says(&failed, "another run", "passed"), "{}", failed.text());
    assert!(failed.text().contains("batches of 7:\n  line "), "{}", failed.text());
    assert!(failed.text().contains("in batches of 1024: score "), "{}", failed.text());
    desk.edit(code, " + lines.len() as f32 / 1000.0", "");

    // The words change; the native test is changed along, the golden log is blessed.
    desk.edit(code, "where {mean:.0} are usual", "instead of {mean:.0}");
    let failed = desk.run(&test).expect_code(DAMAGED);
    assert!(says(&failed, "native tests", "FAILED"), "{}", failed.text());
    assert!(failed.text().contains("where 100 are usual"), "{}", failed.text());
    desk.edit(code, "where 100 are usual", "instead of 100");
    let failed = desk.run(&test).expect_code(DAMAGED);
    assert!(says(&failed, "golden log", "FAILED"), "{}", failed.text());
    let gone = |line: &&str| line.starts_with("  -2026") && line.contains("where 56 are usual");
    assert!(failed.text().lines().any(|line| gone(&line)), "{}", failed.text());
    desk.run(&[&test[..], &["--bless"]].concat()).expect_code(0);
    assert!(desk.read("work/tests/expected.txt").contains("instead of 56"));

    // It crashes on the odd line.
    let score = "let score = before.score(bytes);";
    desk.edit(
        code,
        score,
        "assert!(bytes < 700.0, \"too long: {bytes}\");\n let score = before.score(bytes);",
    );
    let failed = desk.run(&test).expect_code(DAMAGED);
    assert!(failed.text().contains("src/clumsy.rs:"), "where: {}", failed.text());
    assert!(failed.text().contains("too long: 806"), "why: {}", failed.text());
    let row = "no faults:\n  line 518 of file:lines, `2026-03-02T03:00:17Z INFO search q=";
    assert!(failed.text().contains(row), "on what: {}", failed.text());
    assert!(failed.text().contains("#observe"), "by which way: {}", failed.text());

    desk.edit(code, score, "let score: String = before.score(bytes);");
    let failed = desk.run(&["plugin", "build", "work"]).expect_code(DAMAGED);
    assert!(failed.err.contains("error[E0308]"), "in cargo's words: {}", failed.err);
    assert!(failed.err.contains("`clumsy` does not compile"), "{}", failed.err);
}

#[test]
fn a_filter_is_tested_and_replayed() {
    let desk = Desk::new();
    desk.run(&["plugin", "new", "cap", "--filter"]).expect_code(0);
    let tested = desk.run(&["plugin", "test", "cap", "--hours", "0.3"]).expect_code(0);
    for check in CHECKS {
        assert!(says(&tested, check, "passed"), "{check}:\n{}", tested.text());
    }
    let replay = ["plugin", "replay", "--plugin", "cap", "cap/tests/lines.log"];
    let replayed = desk.run(&replay).expect_code(0);
    assert!(replayed.err.contains("= 62 kept + 10 dropped"), "{}", replayed.err);
}

#[test]
fn what_is_no_project_is_refused() {
    let desk = Desk::new();
    fs::create_dir(desk.folder.path().join("taken")).expect("a folder");
    write(
        desk.folder.path(),
        "taken/Cargo.toml",
        "[package]\nname = \"taken\"\n[[bin]]\nname = \"x\"\npath = \"x.rs\"\n",
    );
    fs::create_dir(desk.folder.path().join("empty")).expect("a folder");
    let cases: [(&[&str], i32, &str); 7] = [
        (&["new", "Late"], WRONG_USAGE, "`Late` is no name for a plugin"),
        (&["new", "taken"], WRONG_USAGE, "`taken` exists already"),
        (&["build", "empty"], NO_INPUT, "Cargo.toml"),
        (&["build", "taken"], NO_INPUT, "holds no plugin"),
        (&["inspect", "nonesuch"], NO_INPUT, "name one that ships: rate, "),
        (&["replay", "--plugin", "rate", "absent.log"], NO_INPUT, "absent.log"),
        (&["bench", "rate", "--settings", "7"], WRONG_USAGE, "expected a JSON object"),
    ];
    for (arguments, code, part) in cases {
        let outcome = desk.run(&[&["plugin"], arguments].concat()).expect_code(code);
        assert!(outcome.err.contains(part), "`{part}` in {}", outcome.err);
    }
}
