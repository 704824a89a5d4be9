//! A line that kills a filter: what becomes of it and of all others, in a replay and in the daemon.

use std::fmt::Write as _;

use serde_json::Value;
use tempfile::TempDir;

use crate::outcome::{Outcome, run_in, write};
use crate::program::guest;

const LINES: u64 = 3000;
const MARKED: u64 = 2000;

/// A folder with a log, and a configuration with a filter that dies of one line of it.
fn place(on_failure: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "sieve.wasm", guest("guest-sieve"));
    let mut log = String::new();
    for line in 0..LINES {
        let (minute, second) = (line / 60 % 60, line % 60);
        let text = if line == MARKED { "this one kills \u{1b}[2J" } else { "a usual line" };
        let hour = 12 + line / 3600;
        writeln!(log, "2026-11-21T{hour}:{minute:02}:{second:02}Z {text}").expect("a text grows");
    }
    write(folder.path(), "x.log", log);
    let config = format!(
        "inputs: [{{files: [x.log]}}]\nstore: {{path: x.db}}\napi: {{listen: \"127.0.0.1:0\"}}\n\
         filters: [{{path: sieve.wasm, on_failure: {on_failure}, config: {{trap: 2}}}}]\n"
    );
    write(folder.path(), "x.yaml", config);
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Outcome {
    run_in(folder.path(), arguments).expect_code(0)
}

#[test]
fn a_replay_tells_of_the_line_and_goes_on_with_all_others() {
    for (on_failure, kept) in [("closed", LINES - 1), ("open", LINES)] {
        let folder = place(on_failure);
        for workers in ["1", "2"] {
            let arguments =
                ["replay", "-c", "x.yaml", "--format", "json", "--workers", workers, "x.log"];
            let outcome = run(&folder, &arguments);
            let account = outcome.account();
            assert_eq!((account.read, account.kept), (LINES, kept), "{on_failure}");
            let told = &outcome.err;
            assert!(told.contains("1 rows, windows or states were set aside"), "{told}");
            assert!(told.contains("the first, in evaluate of sieve"), "{told}");
            assert!(told.contains("file:x at ") && told.contains("this one kills \\u{1b}[2J"));
            assert!(told.contains("guest_sieve"), "with the guest's functions: {told}");
        }
    }
}

#[test]
fn the_daemon_keeps_the_line() {
    let folder = place("closed");
    run(&folder, &["run", "-c", "x.yaml", "--once"]);
    let table = run(&folder, &["dead-letters", "-c", "x.yaml"]);
    assert!(table.text().contains("sieve   evaluate  file:x "), "{}", table.text());
    assert!(table.text().contains("this one kills \\u{1b}[2J"), "{}", table.text());
    assert!(table.text().ends_with("1 listed, of 1 that there ever were\n"), "{}", table.text());
    let letters = run(&folder, &["dead-letters", "-c", "x.yaml", "--format", "json"]).objects();
    let [letter] = &letters[..] else { panic!("one letter: {letters:?}") };
    assert_eq!(letter["at_ms"], 1_795_262_400_000_u64 + MARKED * 1000);
    let mut exported: Vec<Value> = run(&folder, &["export", "-c", "x.yaml"]).objects();
    exported.retain(|line| line.get("dead_letter").is_some());
    assert_eq!(exported[0]["dead_letter"]["text"], letter["text"]);
    let cause = letter["cause"].as_str().expect("a cause is text");
    assert!(cause.contains("\n  at ") && cause.contains("guest_sieve"), "{cause}");
}
