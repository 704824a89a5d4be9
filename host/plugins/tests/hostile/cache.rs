//! The cache of compiled plugins trusts nothing but its own MAC.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bellwether_plugins::{CacheCounts, Runtime};

use crate::guest::ordered;
use crate::lane::limits;

fn entries(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut entries: Vec<_> = paths.filter(|path| !path.ends_with("key")).collect();
    entries.sort();
    entries
}

/// Admits a plugin in a new runtime, as after a restart.
fn restart(folder: &Path, component: &[u8]) -> (bool, CacheCounts) {
    let runtime = Runtime::new(limits(), Some(folder)).unwrap();
    let plugin = runtime.admit(component).unwrap();
    (plugin.inspection().cache_hit, runtime.cache_counts())
}

/// Spoils a cache that holds the component, and checks that the entry is thrown away, made anew and good again.
fn check(spoil: impl FnOnce(&Path, &Path)) {
    let folder = tempfile::tempdir().unwrap();
    let component = ordered("");
    let (hit, counts) = restart(folder.path(), &component);
    assert_eq!((hit, counts.misses, counts.stored), (false, 1, 1));
    let (hit, counts) = restart(folder.path(), &component);
    assert_eq!((hit, counts.hits, counts.stored), (true, 1, 0));
    let [entry] = &entries(folder.path())[..] else { panic!("one entry") };
    spoil(folder.path(), entry);
    let (hit, counts) = restart(folder.path(), &component);
    assert_eq!((hit, counts.hits, counts.rejected, counts.stored), (false, 0, 1, 1));
    assert!(restart(folder.path(), &component).0, "the new entry is good");
}

#[test]
fn a_damaged_byte() {
    check(|_, entry| {
        let mut bytes = fs::read(entry).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(entry, bytes).unwrap();
    });
}

#[test]
fn a_truncated_entry() {
    check(|_, entry| {
        let bytes = fs::read(entry).unwrap();
        fs::write(entry, &bytes[..bytes.len() - 1]).unwrap();
    });
}

#[test]
fn an_empty_entry() {
    check(|_, entry| fs::write(entry, []).unwrap());
}

#[test]
fn another_version_of_the_format() {
    check(|_, entry| {
        let mut bytes = fs::read(entry).unwrap();
        assert!(bytes.starts_with(b"bellwether code1"));
        bytes[15] = b'2';
        fs::write(entry, bytes).unwrap();
    });
}

#[test]
fn a_foreign_key() {
    check(|folder, _| {
        fs::write(folder.join("key"), [7; 32]).unwrap();
    });
}

#[test]
fn a_key_that_others_can_read() {
    check(|folder, _| {
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(folder.join("key"), open).unwrap();
    });
}

#[test]
fn an_entry_of_another_component() {
    check(|folder, entry| {
        restart(folder, &ordered("observe trap"));
        let other = entries(folder).into_iter().find(|path| path != entry).unwrap();
        fs::rename(other, entry).unwrap();
    });
}

#[test]
fn folder_and_key_are_private() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("a/b");
    Runtime::new(limits(), Some(&cache)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&cache), mode(&cache.join("key"))), (0o700, 0o600));
}

#[test]
fn a_file_in_the_place_of_the_folder_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Runtime::new(limits(), Some(file.path())).err().unwrap();
    let told = crate::lane::told(&error);
    assert!(told.contains("choose another `cache_dir`"), "{told}");
}

#[test]
fn compiled_code_gives_the_same_answers_as_its_source() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let runtime = Runtime::new(limits(), Some(folder.path())).unwrap();
        let mut subject = crate::lane::Subject::healthy(&runtime);
        assert_eq!(subject.observe(&[(1, 3)]), Some(vec![1.0, 2.0, 3.0]));
    }
}
