//! The same input gives the same bytes out: for any number of workers and lanes, any size of batches, and any cutting
//! of the stream.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ChildStdin;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::outcome::{Outcome, argument, run, run_with, whole, write};

/// Bytes at the beginning that are fed in chunks of some bytes only.
const TINY_BYTES: usize = 300_000;
/// Runs with more than one worker are repeated, since races show only now and then.
const WORKERS: [&str; 5] = ["1", "2", "4", "2", "4"];
/// Low enough a threshold for many events.
const LOUD: &str = "alerts_per_day: 50\n";

/// Fifty interleaved services, six hours, five of them with an incident.
struct Shop {
    folder: TempDir,
    log: String,
    config: String,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let plan = ["--seed", "7", "--hours", "6", "--services", "50", "--incidents", "5"];
        let stream = run(&[&["generate"], &plan[..]].concat()).expect_code(0);
        let log = write(folder.path(), "shop.log", &stream.out);
        let config = write(folder.path(), "loud.yaml", LOUD);
        Shop { folder, log, config }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What anomalies the log has when nothing is out of the ordinary about how it is read.
    fn expected(&self) -> Outcome {
        let outcome = run(&replay(&self.log, &self.config, &["--workers", "1"])).expect_code(0);
        let opened = outcome.events("opened").len();
        assert!(opened >= 10, "only {opened} anomalies, too few to compare much");
        assert!(outcome.account().read > 400_000);
        outcome
    }
}

fn replay<'a>(input: &'a str, config: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["replay", "--prefixed", "--format", "json", "--source", "demo:shop"];
    [&fixed[..], &["-c", config], more, &[input]].concat()
}

/// Fails with the first line that differs.
fn check(context: &str, got: &Outcome, expected: &Outcome) {
    if got.out == expected.out {
        return;
    }
    let (got, expected) = (got.text().lines(), expected.text().lines());
    let (counts, mut pairs) = ((got.clone().count(), expected.clone().count()), got.zip(expected));
    let differs = pairs.position(|(one, other)| one != other);
    panic!(
        "{context}: {} lines instead of {}, the first that differs is {differs:?}",
        counts.0, counts.1
    );
}

#[test]
fn the_number_of_workers_does_not_show() {
    let shop = Shop::new();
    let expected = shop.expected();
    for workers in WORKERS {
        let outcome = run(&replay(&shop.log, &shop.config, &["--workers", workers]));
        check(&format!("{workers} workers"), &outcome.expect_code(0), &expected);
    }
}

#[test]
fn sizes_of_batches_and_the_number_of_lanes_do_not_show() {
    let shop = Shop::new();
    let expected = shop.expected();
    let settings = [
        "intake: {batch_rows: 1}",
        "intake: {batch_rows: 7}",
        "intake: {batch_rows: 1024}",
        "intake: {batch_rows: 4096}",
        "lanes: 1",
        "lanes: 3",
        "lanes: 16",
    ];
    for setting in settings {
        let config = write(shop.path(), "setting.yaml", format!("{LOUD}{setting}\n"));
        check(setting, &run(&replay(&shop.log, &config, &[])).expect_code(0), &expected);
    }
}

#[test]
fn the_cutting_of_a_stream_does_not_show() {
    let shop = Shop::new();
    let expected = shop.expected();
    let log = fs::read(&shop.log).expect("the log was written");
    let pieces = log.clone();
    let outcome =
        run_with(&replay("-", &shop.config, &[]), move |stdin| feed_pieces(stdin, &pieces));
    check("pieces", &outcome.expect_code(0), &expected);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&log).expect("compressed");
    let packed = packed.finish().expect("compressed");
    let outcome = run_with(&replay("-", &shop.config, &[]), whole(packed));
    check("compressed", &outcome.expect_code(0), &expected);
}

fn feed_pieces(stdin: &mut ChildStdin, bytes: &[u8]) -> std::io::Result<()> {
    let mut chance = Chance::new(1);
    let (mut place, all) = (0, bytes.len());
    while place < all {
        let most = if place < TINY_BYTES { 64 } else { 64 << 10 };
        let end = all.min(place + chance.up_to(most));
        stdin.write_all(&bytes[place..end])?;
        place = end;
    }
    Ok(())
}

#[test]
fn kept_records_are_those_of_the_input_for_any_number_of_workers() {
    let shop = Shop::new();
    let read = |workers: &str| {
        let kept = argument(&shop.path().join("kept"));
        let more = ["--workers", workers, "--kept", &kept];
        run(&replay(&shop.log, &shop.config, &more)).expect_code(0);
        fs::read(kept).expect("the kept records were written")
    };
    let log = fs::read_to_string(&shop.log).expect("the log was written");
    let mut expected = Vec::new();
    for line in log.split_inclusive('\n') {
        expected.extend_from_slice(line.split_once("| ").expect("a prefix").1.as_bytes());
    }
    for workers in WORKERS {
        assert!(
            read(workers) == expected,
            "{workers} workers keep other records, or in another order"
        );
    }
}

#[test]
fn kept_records_of_a_file_are_the_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let services = argument(folder.path());
    run(&["generate", "--seed", "7", "--hours", "6", "--output", &services]).expect_code(0);
    let kept = argument(&folder.path().join("kept"));
    let files = fs::read_dir(folder.path()).expect("the folder was written").flatten();
    let logs: Vec<_> = files.map(|file| file.path()).collect();
    assert!(logs.len() > 1, "{logs:?}");
    for log in logs {
        let name = argument(&log);
        run(&["replay", "--kept", &kept, &name]).expect_code(0);
        assert!(fs::read(&kept).expect("kept") == fs::read(&log).expect("read"), "{name}");
    }
}

#[test]
fn a_named_file_and_a_stream_may_have_the_same_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = "2024-03-04T00:00:00Z INFO one\n2024-03-04T00:00:01Z INFO two\n";
    let log = write(folder.path(), "x.log", text);
    let arguments = |input| ["replay", "--format", "json", "--source", "demo:x", input];
    let file = run(&arguments(&log)).expect_code(0);
    let stream = run_with(&arguments("-"), whole(text.into())).expect_code(0);
    check("a stream", &stream, &file);
}
