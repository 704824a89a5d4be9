//! A recording as a whole: written, given way to, torn, and read.

mod cases;

use super::entry::tests::{batch, makeup, snapshot};
use super::scribe::{Order, Scribe, Shared};
use super::*;
use bellwether_core::lane::Snapshot;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use tempfile::TempDir;

const LIMITS: Limits = Limits {
    bytes_max: 64 << 20,
    minutes: 40,
    minutes_per_segment: 10,
    cases: CaseLimits { bytes_max: 1 << 20, days: 30 },
};

fn open(folder: &Path, intake: Option<&[u8]>) -> Recorder {
    Recorder::open(folder, LIMITS, || 0, intake).expect("a folder")
}

/// Says a little of two sources, as a pipeline would.
fn say(recorder: &mut Recorder, segment: u64, from_ms: i64) {
    for (number, key) in [(1, "file:a"), (2, "file:b")] {
        if recorder.is_new(number) {
            recorder.name(number, 0, key, false);
        }
    }
    recorder.records(0, &batch(&[1, 2, 1], from_ms));
    recorder.snapshot(segment, 1, "file:a", Some(&snapshot(from_ms)));
    recorder.snapshot(segment, 2, "file:b", None);
    recorder.close(0, &[1, 2], from_ms as u64 + 60_000);
    recorder.tick(from_ms as u64 + 60_000);
}

fn record(folder: &Path) {
    let mut recorder = open(folder, None);
    for from_ms in [0, 60_000, 120_000] {
        let segment = recorder.begin(makeup(), from_ms as u64);
        say(&mut recorder, segment, from_ms);
        recorder.commit(&from_ms.to_le_bytes());
        say(&mut recorder, segment, from_ms + 30_000);
    }
}

fn all(folder: &Path) -> Vec<(u64, Entry)> {
    let recording = Recording::open(folder).expect("a recording");
    recording.entries_from(0).map(|entry| entry.expect("it is whole")).collect()
}

fn heads(folder: &Path) -> Vec<(u64, bool)> {
    let recording = Recording::open(folder).expect("a recording");
    recording.segments().iter().map(|own| (own.head.number, own.head.continues)).collect()
}

#[test]
fn what_is_recorded_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path());
    assert_eq!(heads(folder.path()), [(0, false), (1, true), (2, true)]);
    let entries = all(folder.path());
    let of_second: Vec<&Entry> =
        entries.iter().filter(|(number, _)| *number == 1).map(|(_, entry)| entry).collect();
    let named = |number, key: &str| Entry::Source { number, lane: 0, key: key.into(), born: false };
    let expected = [
        Entry::Tick(60_000),
        named(1, "file:a"),
        named(2, "file:b"),
        Entry::Records { lane: 0, batch: batch(&[1, 2, 1], 60_000) },
    ];
    assert!(of_second.iter().zip(&expected).all(|(own, expected)| *own == expected));
    assert_eq!(of_second.len(), 3 + 2 * 5, "named once");
    let recording = Recording::open(folder.path()).expect("a recording");
    let snapshots = recording.snapshots(1).expect("it is whole");
    let first: Vec<(&str, &Snapshot)> =
        snapshots.iter().map(|(key, snapshot)| (key.as_str(), snapshot)).collect();
    assert_eq!(first, [("file:a", &snapshot(60_000))], "the first of each counts");
    assert_eq!(recording.snapshots(9).expect("nothing"), [].into());
}

#[test]
fn one_source_is_read_by_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut recorder = open(folder.path(), None);
    let segment = recorder.begin(makeup(), 0);
    say(&mut recorder, segment, 0);
    // The number is given to another one.
    recorder.forget(2);
    assert!(recorder.is_new(2));
    recorder.name(2, 0, "file:c", true);
    recorder.records(0, &batch(&[2, 1], 90_000));
    drop(recorder);
    let recording = Recording::open(folder.path()).expect("a recording");
    let of = |key: &str| -> Vec<Entry> {
        let entries = recording.entries_of(key, 0).map(|entry| entry.expect("it is whole").1);
        entries.filter(|entry| !matches!(entry, Entry::Tick(_))).collect()
    };
    let alone = |batch: bellwether_core::batch::Batch| Entry::Records {
        lane: 0,
        batch: batch.of_source(2).expect("it has rows"),
    };
    let named = |key: &str, born| Entry::Source { number: 2, lane: 0, key: key.into(), born };
    assert_eq!(
        of("file:b"),
        [
            named("file:b", false),
            alone(batch(&[1, 2, 1], 0)),
            Entry::Snapshot { segment: 0, number: 2, key: "file:b".into(), snapshot: None },
            Entry::Close { lane: 0, sources: vec![2], until_ms: 60_000 },
        ]
    );
    assert_eq!(of("file:c"), [named("file:c", true), alone(batch(&[2, 1], 90_000))]);
    assert_eq!(of("file:d"), []);
}

/// What was said after a commit is said again after a restart.
#[test]
fn a_restart_goes_on_behind_its_commit() {
    let cases: &[(Option<i64>, bool, &[u64])] = &[
        (Some(120_000), true, &[0, 1, 2, 3]),
        (Some(60_000), true, &[0, 1, 3]),
        (Some(7), false, &[0, 1, 2, 3]),
        (None, false, &[0, 1, 2, 3]),
    ];
    for (commit, continues, numbers) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        record(folder.path());
        let intake = commit.map(i64::to_le_bytes);
        let mut recorder = open(folder.path(), intake.as_ref().map(|intake| &intake[..]));
        recorder.begin(makeup(), 0);
        drop(recorder);
        let found = heads(folder.path());
        assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), *numbers);
        assert_eq!(found.last(), Some(&(3, *continues)), "{commit:?}");
        let last = *numbers.iter().nth_back(1).expect("there is one before");
        let of_last = all(folder.path()).iter().filter(|(number, _)| *number == last).count();
        assert_eq!(of_last, if *continues { 8 } else { 13 }, "{commit:?}");
    }
}

#[test]
fn a_torn_end_is_no_damage_and_damage_has_a_place() {
    let folder = tempfile::tempdir().expect("a folder");
    record(folder.path());
    let path = folder.path().join("00000002.segment");
    let (text, whole) = (fs::read(&path).expect("read"), all(folder.path()).len());
    let cut = |length: usize| {
        let file = OpenOptions::new().write(true).open(&path).expect("a segment");
        file.set_len(length as u64).expect("cut");
        all(folder.path()).len()
    };
    for length in (0..text.len()).rev().step_by(7) {
        assert!(cut(length) < whole, "{length} of {}", text.len());
    }
    let mut damaged = text.clone();
    let place = text.len() - 3;
    damaged[place] ^= 1;
    fs::write(&path, damaged).expect("written");
    let recording = Recording::open(folder.path()).expect("a recording");
    let said: Vec<String> =
        recording.entries_from(0).filter_map(|entry| Some(entry.err()?.to_string())).collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("00000002.segment` is damaged at byte "), "{said:?}");
    fs::write(&path, "something else entirely").expect("written");
    let error = Recording::open(folder.path()).expect_err("it is no segment").to_string();
    assert!(error.contains("is no recording"), "{error}");
}

/// Orders of a thread that is not there, one segment after the other, each so many minutes after the one before.
fn scribed(folder: &TempDir, limits: Limits, minutes: u64, block: &[u8]) -> Figures {
    let shared = Arc::new(Shared::default());
    let scribe = Scribe::new(folder.path(), limits, None, Arc::clone(&shared)).expect("a folder");
    let (sender, orders) = sync_channel(100);
    for number in 0..8 {
        let head = Head {
            number,
            begun_ms: number * minutes * 60_000,
            continues: true,
            program: String::new(),
            makeup: makeup(),
        };
        sender.send(Order::Begin(Box::new(head))).expect("it is there");
        sender.send(Order::Block(block.to_vec(), 0)).expect("it is there");
    }
    drop(sender);
    scribe.work(&orders);
    shared.figures().clone()
}

#[test]
fn the_oldest_give_way() {
    // Bytes that cannot be compressed.
    let mut state = 1u64;
    let noise: Vec<u8> = (0..10_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let cases = [(64 << 20, 1, 8), (64 << 20, 10, 6), (64 << 20, 100, 2), (35_000, 1, 3)];
    for (bytes_max, minutes, expected) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = Limits { bytes_max, ..LIMITS };
        let figures = scribed(&folder, limits, minutes, &noise);
        let there = heads(folder.path());
        assert_eq!(there.len(), expected, "{bytes_max} bytes, every {minutes} minutes");
        assert_eq!(figures.segments, expected as u64);
        assert!(figures.bytes <= bytes_max && figures.gaps == 0, "{figures:?}");
        assert_eq!(there.last(), Some(&(7, true)), "the last one stays");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let figures = scribed(&folder, Limits { bytes_max: 5_000, ..LIMITS }, 1, &noise);
    assert_eq!(figures.gaps, 8, "each is tried");
    assert!(figures.trouble.is_some_and(|why| why.contains("recording.bytes_max")));
    assert!(heads(folder.path()).iter().all(|(_, continues)| !continues), "and none goes on");
}

#[test]
fn who_cannot_write_has_gaps_and_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("recording");
    let mut recorder = open(&place, None);
    let begin = |recorder: &mut Recorder| {
        let segment = recorder.begin(makeup(), 0);
        say(recorder, segment, 0);
        recorder.commit(b"intake");
    };
    // What it would create is there already.
    fs::create_dir_all(place.join("00000000.segment")).expect("created");
    begin(&mut recorder);
    begin(&mut recorder);
    drop(recorder);
    fs::remove_dir(place.join("00000000.segment")).expect("nothing is in it");
    assert_eq!(heads(&place), [(1, false)], "it does not go on from what is not there");
}
