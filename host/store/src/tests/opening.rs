//! Files that are not there, not ours, not whole, not of this version, or somebody else's.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::StoreError;

/// Opens a file that was prepared in a folder of its own, and compares what is said of it.
fn check(name: &str, prepare: impl FnOnce(&Path), to_write: &str, to_read: &str) {
    let place = Place::new();
    let path = place.path();
    prepare(&path);
    let shown =
        |error: StoreError| error.to_string().replace(&path.display().to_string(), "state.db");
    let writer = Writer::open(&path, StoreOptions::default());
    assert_eq!(writer.err().map_or("opens".into(), shown), to_write, "{name}, to write");
    let reader = Reader::open(&path);
    assert_eq!(reader.err().map_or("opens".into(), shown), to_read, "{name}, to read");
}

/// A database with some pages, closed as it should be.
fn fill(path: &Path) {
    let mut writer = Writer::open(path, StoreOptions::default()).unwrap();
    let mut one = checkpoint(NOON_MS);
    one.sources = (0..50).map(|number| source(number, NOON_MS)).collect();
    let mut chance = Chance(3);
    one.sources.iter_mut().for_each(|source| source.state = chance.bytes(20_000));
    writer.commit(&one).unwrap();
}

fn overwrite(path: &Path, from: usize, to: usize) {
    let mut bytes = fs::read(path).unwrap();
    let to = to.min(bytes.len());
    bytes[from..to].fill(0xa5);
    fs::write(path, bytes).unwrap();
}

const FOREIGN: &str =
    "`state.db` is not a database of bellwether; name another file, or move this one away";

#[test]
fn files_that_cannot_be_used_are_told() {
    let missing = "no database at `state.db`; name the file of a bellwether that runs or ran";
    check("a new file", |path| fs::write(path, "").unwrap(), "opens", "opens");
    check("a text", |path| fs::write(path, "a text\n".repeat(200)).unwrap(), FOREIGN, FOREIGN);
    check(
        "another program's database",
        |path| {
            Connection::open(path).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
        },
        FOREIGN,
        FOREIGN,
    );
    check(
        "no first page",
        |path| {
            fill(path);
            overwrite(path, 0, 100);
        },
        FOREIGN,
        FOREIGN,
    );
    let set_version = |version: i64| {
        move |path: &Path| {
            fill(path);
            let connection = Connection::open(path).unwrap();
            connection.pragma_update(None, "user_version", version).unwrap();
        }
    };
    let newer = "`state.db` has schema 99, this program knows 1; use a newer bellwether";
    check("a newer schema", set_version(99), newer, newer);

    let place = Place::new();
    let nowhere = place.path().join("state.db");
    let error = Writer::open(&nowhere, StoreOptions::default()).err().unwrap();
    assert!(matches!(error, StoreError::NoFolder { .. }), "{error:?}");
    for error in [Reader::open(&nowhere).err().unwrap(), Reader::open(&place.path()).err().unwrap()]
    {
        let StoreError::Missing { path } = &error else { panic!("{error:?}") };
        assert_eq!(error.to_string().replace(&path.display().to_string(), "state.db"), missing);
    }
}

#[test]
fn a_reader_leaves_an_older_schema_alone() {
    let place = Place::new();
    fill(&place.path());
    let connection = Connection::open(place.path()).unwrap();
    connection.pragma_update(None, "user_version", 0).unwrap();
    let error = Reader::open(&place.path()).err().unwrap();
    assert!(matches!(error, StoreError::OlderSchema { found: 0, known: 1, .. }), "{error:?}");
}

#[test]
fn damage_is_told_when_it_is_met() {
    let place = Place::new();
    fill(&place.path());
    overwrite(&place.path(), 60 * 4096, usize::MAX);
    let mut writer = place.writer();
    let error = writer.load_sources("default", &mut |_| ()).unwrap_err();
    assert!(error.is_damaged() && !error.is_full(), "{error:?}");
    let said = error.to_string();
    assert!(said.ends_with("move it away or restore a copy"), "{said}");
    let mut one = checkpoint(NOON_MS);
    one.sources = vec![source(1, NOON_MS)];
    assert!(writer.commit(&one).unwrap_err().is_damaged());
}

#[test]
fn a_flipped_bit_in_a_state_is_told() {
    let place = Place::new();
    fill(&place.path());
    // From the middle of a state, which lies in pages of its own.
    let needle = Chance(3).bytes(10_050)[10_000..].to_vec();
    let mut bytes = fs::read(place.path()).unwrap();
    let spot = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    bytes[spot] ^= 1;
    fs::write(place.path(), bytes).unwrap();
    let error = place.writer().load_sources("default", &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("a state cannot be unpacked"), "{error:?}");
    assert!(error.is_damaged());
}

#[test]
fn a_file_that_was_not_closed_is_read_through() {
    let place = Place::new();
    fill(&place.path());
    let mut writer = place.writer();
    writer.commit(&checkpoint(NOON_MS + 1)).unwrap();
    let killed = place.killed();
    drop(writer);
    assert_eq!(killed.writer().load("default").unwrap().unwrap().watermark_ms, NOON_MS + 1);

    let mut writer = place.writer();
    writer.commit(&checkpoint(NOON_MS + 2)).unwrap();
    let killed = place.killed();
    overwrite(&killed.path(), 20 * 4096, usize::MAX);
    let error = Writer::open(&killed.path(), StoreOptions::default()).err().unwrap();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[test]
fn there_is_one_writer() {
    let place = Place::new();
    let writer = place.writer();
    let error = Writer::open(&place.path(), StoreOptions::default()).err().unwrap();
    let StoreError::InUse { process, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*process, std::process::id().to_string());
    place.reader();
    drop(writer);
    place.writer();
}

#[test]
fn a_foreign_transaction_does_not_hold_a_commit_forever() {
    let place = Place::new();
    let mut writer = place.writer_with(StoreOptions { busy_ms: 1, ..StoreOptions::default() });
    let mut foreign = Connection::open(place.path()).unwrap();
    let transaction = foreign.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate);
    let transaction = transaction.unwrap();
    let error = writer.commit(&checkpoint(NOON_MS)).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    drop(transaction);
    writer.commit(&checkpoint(NOON_MS)).unwrap();
}

#[test]
fn only_its_user_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let mut writer = place.writer();
    writer.commit(&checkpoint(NOON_MS)).unwrap();
    for entry in fs::read_dir(place.path().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.file_name().display());
    }
}

#[test]
fn writers_and_readers_may_be_sent_to_their_threads() {
    let place = Place::new();
    let mut writer = place.writer();
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || writer.commit(&checkpoint(NOON_MS)).map(|()| writer));
        let _writer = writing.join().unwrap().unwrap();
        let reader = place.reader();
        let reading = scope.spawn(move || reader.tenants());
        assert_eq!(reading.join().unwrap().unwrap().len(), 1);
    });
}
