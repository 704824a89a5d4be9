//! Ends that only the inside of a writer can bring about: a kill amid a transaction, a disk that is full.

use super::*;
use crate::tests::{Chance, NOON_MS, Place, checkpoint, pane, source};
use crate::{Checkpoint, SourceRow};

#[test]
fn a_kill_amid_a_transaction_leaves_the_checkpoint_before() {
    let place = Place::new();
    let mut writer = place.writer();
    writer.commit(&large(1)).unwrap();

    let Writer { connection, packer, .. } = &mut writer;
    // So little is held in memory that most of the transaction is on the disk before it ends.
    connection.pragma_update(None, "cache_size", 10).unwrap();
    let transaction = connection.transaction().unwrap();
    commit::put(&transaction, packer, &large(2)).unwrap();
    let killed = place.killed();
    drop(transaction);

    let log_bytes = killed.path().with_file_name("state.db-wal").metadata().unwrap().len();
    assert!(log_bytes > 300_000, "only {log_bytes} bytes were written amid the transaction");
    assert_eq!(states(&mut killed.writer()), states_of(&large(1)));
}

#[test]
fn a_full_disk_fails_commits_until_there_is_room() {
    let place = Place::new();
    let mut writer = place.writer();
    writer.commit(&large(1)).unwrap();
    set_room(&writer, 3);
    for _ in 0..2 {
        let error = writer.commit(&large(2)).unwrap_err();
        assert!(error.is_full() && !error.is_damaged(), "{error:?}");
        assert_eq!(states(&mut writer), states_of(&large(1)), "nothing of it is kept");
    }
    assert!(writer.acknowledge("default", "none", "ann", NOON_MS).is_ok(), "small things go on");
    set_room(&writer, 1_000);
    writer.commit(&large(2)).unwrap();
    drop(writer);
    assert_eq!(states(&mut place.writer()), states_of(&large(2)));
}

/// A checkpoint of many pages.
fn large(seed: u64) -> Checkpoint {
    let mut chance = Chance(seed);
    let mut large = checkpoint(NOON_MS);
    let count = 20 * seed as u32;
    let row = |number| SourceRow { state: chance.bytes(20_000), ..source(number, NOON_MS) };
    large.sources = (0..count).map(row).collect();
    large.panes = (0..count).map(|number| pane(number, NOON_MS, &[(1, 1)])).collect();
    large
}

fn states_of(checkpoint: &Checkpoint) -> Vec<Vec<u8>> {
    checkpoint.sources.iter().map(|source| source.state.clone()).collect()
}

fn states(writer: &mut Writer) -> Vec<Vec<u8>> {
    let mut states = Vec::new();
    writer.load_sources("default", &mut |source| states.push(source.state)).unwrap();
    states
}

/// Lets the file grow by so many pages and no more.
fn set_room(writer: &Writer, pages: u64) {
    let number = |pragma: &str| -> u64 {
        let sql = format!("PRAGMA {pragma}");
        writer.connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let pages_max = number("page_count") + pages;
    assert_eq!(number(&format!("max_page_count({pages_max})")), pages_max);
}
