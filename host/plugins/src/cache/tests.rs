//! What needs no compiler; damage is tested with real plugins, in `tests/hostile/cache.rs`.

use super::*;

const COMPONENT: [u8; 32] = [1; 32];

#[test]
fn another_compiler_or_component_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path(), [0; 32], 1000).unwrap();
    cache.store(&COMPONENT, b"code");
    assert_eq!(cache.load(&COMPONENT).unwrap().bytes(), b"code");
    assert_eq!(cache.load(&[2; 32]), None);
    let newer = Cache::open(folder.path(), [1; 32], 1000).unwrap();
    assert_eq!(newer.load(&COMPONENT), None);
    assert_eq!(newer.counts(), CacheCounts { misses: 1, ..CacheCounts::default() });
    assert!(cache.load(&COMPONENT).is_some(), "the entry of the older one stays");
}

#[test]
fn the_oldest_entries_make_room() {
    let folder = tempfile::tempdir().unwrap();
    let entry_bytes = (HEADER.len() + MAC_BYTES + 100) as u64;
    let cache = Cache::open(folder.path(), [0; 32], 2 * entry_bytes).unwrap();
    for component in 0..4_u8 {
        cache.store(&[component; 32], &[component; 100]);
        let path = folder.path().join(cache.name(&[component; 32]));
        let written = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(component.into());
        fs::File::options().append(true).open(path).unwrap().set_modified(written).unwrap();
    }
    let kept: Vec<_> = (0..4).filter(|component| cache.load(&[*component; 32]).is_some()).collect();
    assert_eq!(kept, [2, 3]);
    assert_eq!(cache.counts().evicted, 2);
}

#[test]
fn an_entry_larger_than_the_folder_may_be_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path(), [0; 32], 100).unwrap();
    cache.store(&COMPONENT, &[0; 1000]);
    assert_eq!(cache.load(&COMPONENT), None);
}

#[test]
fn a_folder_that_vanishes_costs_a_count() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path(), [0; 32], 100).unwrap();
    drop(folder);
    cache.store(&COMPONENT, b"code");
    assert_eq!(cache.counts(), CacheCounts { failed: 1, ..CacheCounts::default() });
}
