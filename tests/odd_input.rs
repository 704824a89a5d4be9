//! Inputs that nobody would write on purpose: each ends as documented, every record is accounted for, and nothing in
//! them reaches a terminal as a command.

use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::chance::Chance;
use crate::outcome::{Account, Outcome, argument, run, write};

/// Low enough a threshold for the incident below, which is small.
const LOUD: &str = "alerts_per_day: 50\n";
/// Minutes of the regular log.
const MINUTES: usize = 360;
/// The minutes of the incident.
const INCIDENT: std::ops::Range<usize> = 300..302;
const DONE: i32 = 0;
const DAMAGED: i32 = 65;
const NO_INPUT: i32 = 66;

/// Twenty regular lines a minute.
fn regular(minutes: std::ops::Range<usize>) -> Vec<String> {
    let mut lines = Vec::new();
    for minute in minutes {
        let (hour, minute) = (minute / 60, minute % 60);
        for second in (0..60).step_by(3) {
            let number = minute * 60 + second;
            let message = match number / 3 % 4 {
                0 => format!("request {number} served in {} ms", number * 7 % 90),
                1 => format!("session {number} opened for user {}", number * 13 % 50),
                2 => format!("cache hit for key item-{}", number * 31 % 999),
                _ => format!("queue depth is {}", number % 7),
            };
            lines.push(format!("2024-03-04T{hour:02}:{minute:02}:{second:02}Z INFO {message}"));
        }
    }
    lines
}

/// The regular log with lines of an error after each line of some minutes.
fn with_incident(error: &str) -> Vec<String> {
    let mut lines = regular(0..MINUTES);
    for place in (INCIDENT.start * 20..INCIDENT.end * 20).rev() {
        let line = format!("{}ERROR {error}", &lines[place][.."2024-03-04T00:00:00Z ".len()]);
        lines.insert(place + 1, line);
    }
    lines
}

fn usual() -> Vec<String> {
    with_incident("cannot reach the database: connection refused")
}

fn joined(lines: &[String], ending: &str) -> Vec<u8> {
    lines.iter().flat_map(|line| format!("{line}{ending}").into_bytes()).collect()
}

fn repeated(line: &[u8], count: usize) -> Vec<u8> {
    line.repeat(count)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("compressed");
    encoder.finish().expect("compressed")
}

/// Reads the bytes as a file, for people and for programs; gives what programs get.
fn replay(folder: &Path, bytes: &[u8], code: i32) -> Outcome {
    let log = write(folder, "odd.log", bytes);
    let config = write(folder, "loud.yaml", LOUD);
    let arguments = |format| ["replay", "-c", &config, "--format", format, &log].map(String::from);
    let [table, json] = ["table", "json"].map(|format| {
        let arguments = arguments(format);
        let outcome = run(&arguments.each_ref().map(String::as_str)).expect_code(code);
        for text in [outcome.text(), &outcome.err] {
            let steering = text.chars().find(|character| steers(*character));
            assert_eq!(steering, None, "as {format} in {text}");
        }
        outcome
    });
    assert!(!table.out.is_empty(), "there is always something to say");
    json
}

fn steers(character: char) -> bool {
    character != '\n' && character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character)
}

/// Replays and compares the account: records read, late and quarantined; all others are kept.
fn check(name: &str, bytes: &[u8], code: i32, [read, late, quarantined]: [u64; 3]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let account = replay(folder.path(), bytes, code).account();
    let kept = read - late - quarantined;
    let expected = Account { read, kept, dropped: 0, late, quarantined };
    assert_eq!(account, expected, "{name}");
}

#[test]
fn every_record_is_accounted_for() {
    let hour = joined(&regular(0..60), "\n");
    let again = [joined(&regular(0..120), "\n"), joined(&regular(30..60), "\n")].concat();
    let long =
        [&hour[..], &repeated(b"x", 20_000_000), b"\n", &joined(&regular(60..120), "\n")].concat();
    let instant: Vec<u8> = (0..50_000)
        .flat_map(|n| format!("2024-03-04T00:00:00Z INFO request {n}\n").into_bytes())
        .collect();
    let cases: &[(&str, &[u8], [u64; 3])] = &[
        ("no byte", b"", [0, 0, 0]),
        ("blank lines", &repeated(b"\n", 500), [0, 0, 0]),
        ("blanks and tabs", &repeated(b"  \n\t\r\n", 500), [0, 0, 0]),
        ("one line without an end", b"2024-03-04T00:00:00Z INFO x", [1, 0, 0]),
        ("a regular hour", &hour, [1200, 0, 0]),
        ("half an hour again, an hour later", &again, [3000, 600, 0]),
        ("a line of 20 MB, which belongs to the record before it", &long, [2400, 0, 0]),
        ("many lines in one second", &instant, [50_000, 0, 0]),
        ("zero bytes", &repeated(b"2024-03-04T00:00:00Z INFO \0 x\0\n", 500), [500, 0, 0]),
        ("only zero bytes", &repeated(b"\0", 5000), [1, 0, 0]),
        (
            "no UTF-8",
            &repeated(b"2024-03-04T00:00:00Z INFO \xff\xfe \xc3( \x80\n", 500),
            [500, 0, 0],
        ),
    ];
    for (name, bytes, counts) in cases {
        check(name, bytes, DONE, *counts);
    }
}

#[test]
fn noise_is_read_to_its_end() {
    for seed in 1..=3 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let noise = Chance::new(seed).bytes(500_000);
        let account = replay(folder.path(), &noise, DONE).account();
        assert!(account.read > 0, "seed {seed}: {account:?}");
    }
}

/// The incident's anomaly.
fn found(outcome: &Outcome) -> Vec<String> {
    let during = ["2024-03-04T05:01:00Z", "2024-03-04T05:02:00Z", "2024-03-04T05:03:00Z"];
    let mut opened = outcome.events("opened");
    opened.retain(|event| during.iter().any(|at| event["at"] == *at));
    opened.iter().map(|event| event["sentence"].to_string()).collect()
}

#[test]
fn ends_of_lines_do_not_show() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let plain = joined(&usual(), "\n");
    let expected = replay(folder.path(), &plain, DONE);
    assert!(!found(&expected).is_empty(), "the incident is found");
    let cases = [
        ("CRLF", joined(&usual(), "\r\n")),
        ("no end", plain.strip_suffix(b"\n").expect("lines end").to_vec()),
        ("compressed", gzip(&plain)),
    ];
    for (name, bytes) in cases {
        let outcome = replay(folder.path(), &bytes, DONE);
        assert!(outcome.out == expected.out, "{name}: {}", outcome.text());
    }
}

#[test]
fn a_stamp_from_the_far_future_stops_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let expected = replay(folder.path(), &joined(&usual(), "\n"), DONE);
    let mut lines = usual();
    lines.insert(3600, "9999-12-31T23:59:59Z INFO greetings".into());
    let outcome = replay(folder.path(), &joined(&lines, "\n"), DONE);
    let Account { quarantined, read, kept, .. } = outcome.account();
    assert_eq!((quarantined, read, kept), (1, lines.len() as u64, lines.len() as u64 - 1));
    assert!(!found(&outcome).is_empty(), "the incident is found");
    for name in ["opened", "updated", "resolved"] {
        assert_eq!(outcome.events(name), expected.events(name), "{name}");
    }
}

#[test]
fn what_steers_a_terminal_is_shown_and_not_obeyed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = "\x1b[2J\x1b]0;gone\x07 \u{9b}31m \u{202e}live \rnow";
    let outcome = replay(folder.path(), &joined(&with_incident(error), "\n"), DONE);
    for escaped in ["\\u001b[2J\\u001b]0;gone\\u0007", "\\u009b31m \\u202elive \\rnow"] {
        assert!(outcome.text().contains(escaped), "{escaped} in {}", outcome.text());
    }
    let table = write(folder.path(), "steering.log", joined(&with_incident(error), "\n"));
    let config = write(folder.path(), "loud.yaml", LOUD);
    let table = run(&["replay", "-c", &config, &table]).expect_code(DONE);
    assert!(table.text().contains("\\u{1b}[2J"), "{}", table.text());
}

#[test]
fn a_cut_file_is_used_as_far_as_it_goes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = gzip(&joined(&usual(), "\n"));
    let outcome = replay(folder.path(), &whole[..whole.len() / 2], DAMAGED);
    let Account { read, .. } = outcome.account();
    assert!((1000..usual().len() as u64).contains(&read), "{read} records");
    assert!(outcome.err.contains("odd.log") && outcome.err.contains("damaged"), "{}", outcome.err);
}

#[test]
fn what_is_no_input_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let there = write(folder.path(), "there.log", "x\n");
    let (missing, other) = (folder.path().join("missing.log"), folder.path().join("other.log"));
    let [missing, other, here] = [missing.as_path(), &other, folder.path()].map(argument);
    let cases: &[(&[&str], &[&str])] = &[
        (&[&missing], &[&missing, "no such file"]),
        (&[&here], &[&here, "is a folder"]),
        (&[&there, &missing, &other], &[&missing, &other]),
    ];
    for (inputs, parts) in cases {
        let outcome = run(&[&["replay"], *inputs].concat()).expect_code(NO_INPUT);
        assert!(outcome.out.is_empty(), "{}", outcome.text());
        for part in *parts {
            assert!(outcome.err.contains(part), "`{part}` in {}", outcome.err);
        }
    }
}
