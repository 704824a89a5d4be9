//! The segments in a folder: their names, and where a restart goes on.

use super::block::{Blocks, RecordingError};
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tracing::warn;

/// What the names of segments end with.
const ENDING: &str = ".segment";
/// Digits in front of that, so that names are in the order of numbers.
const DIGITS: usize = 8;

/// Bytes of the disk that are left to the store.
const ROOM_BYTES_MIN: u64 = 128 << 20;

/// Where a segment lies.
pub(super) fn path_of(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:0DIGITS$}{ENDING}"))
}

/// The segments that are there, the oldest first. A folder that is not there has none.
pub(super) fn list(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut segments = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_suffix(ENDING).and_then(|digits| digits.parse().ok());
        segments.extend(number.map(|number| (number, path)));
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Demands that the disk has room for more than the store needs.
pub(super) fn demand_room(folder: &Path) -> io::Result<()> {
    let disk = rustix::fs::statvfs(folder)?;
    if disk.f_bavail.saturating_mul(disk.f_frsize) >= ROOM_BYTES_MIN {
        return Ok(());
    }
    let text = "too little room is left on its disk for anything but the store; free some";
    Err(io::Error::new(io::ErrorKind::StorageFull, text))
}

/// Creates a folder that nobody else can look into, since logs may hold what others must not see.
pub(super) fn create(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Where a recording goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Number of the next segment.
    pub(super) number: u64,
    /// Whether it goes on where the last one ends.
    pub(super) continues: bool,
}

/// Cuts off what was recorded after a commit, since that is read and said again. Where that commit is not to be found,
/// everything stays, and nothing goes on.
pub(super) fn go_on(folder: &Path, mark: Option<u64>) -> io::Result<Place> {
    let mut segments = list(folder)?;
    let number = segments.last().map_or(0, |(number, _)| number + 1);
    let Some(mark) = mark else { return Ok(Place { number, continues: false }) };
    let mut later = Vec::new();
    while let Some((_, path)) = segments.pop() {
        if let Some(end) = last_marked(&path, mark) {
            OpenOptions::new().write(true).open(&path)?.set_len(end)?;
            later.iter().try_for_each(std::fs::remove_file)?;
            return Ok(Place { number, continues: true });
        }
        later.push(path);
    }
    Ok(Place { number, continues: false })
}

/// Where the last block with that mark ends.
fn last_marked(path: &Path, mark: u64) -> Option<u64> {
    let mut found = None;
    let mut read = || -> Result<(), RecordingError> {
        let mut blocks = Blocks::open(path)?;
        while let Some(front) = blocks.next_front()? {
            if front.mark == mark {
                found = Some(front.end());
            }
        }
        Ok(())
    };
    if let Err(error) = read() {
        warn!(%error, "a segment of the recording is not used to its end");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::block::{beginning, pack};
    use super::*;

    fn write(folder: &Path, number: u64, marks: &[u64], tail: &[u8]) {
        let mut text = beginning();
        for mark in marks {
            text.extend(pack(b"said", *mark).expect("packed"));
        }
        text.extend_from_slice(tail);
        std::fs::write(path_of(folder, number), text).expect("written");
    }

    /// Numbers of the segments, and how many blocks they have.
    fn blocks(folder: &Path) -> Vec<(u64, usize)> {
        let count = |path: &PathBuf| {
            let mut blocks = Blocks::open(path).expect("a segment");
            let mut count = 0;
            while blocks.next_front().is_ok_and(|front| front.is_some()) {
                count += 1;
            }
            count
        };
        let segments = list(folder).expect("a folder");
        segments.iter().map(|(number, path)| (*number, count(path))).collect()
    }

    #[test]
    fn it_goes_on_behind_the_commit() {
        let all = [(3, 3), (4, 2), (6, 3)];
        let cases = [
            (None, all.to_vec(), false),
            (Some(99), all.to_vec(), false),
            (Some(23), all.to_vec(), true),
            (Some(22), vec![(3, 3), (4, 2), (6, 2)], true),
            (Some(12), vec![(3, 3), (4, 2)], true),
            (Some(11), vec![(3, 3), (4, 1)], true),
            (Some(1), vec![(3, 2)], true),
        ];
        for (mark, expected, continues) in cases {
            let folder = tempfile::tempdir().expect("a folder");
            write(folder.path(), 3, &[0, 1, 0], b"");
            write(folder.path(), 4, &[11, 12], b"torn");
            // The same mark twice: nothing happened between the two commits.
            write(folder.path(), 6, &[22, 22, 23], b"");
            std::fs::write(folder.path().join("other"), b"").expect("written");
            let place = go_on(folder.path(), mark).expect("a folder");
            assert_eq!(place, Place { number: 7, continues }, "{mark:?}");
            assert_eq!(blocks(folder.path()), expected, "{mark:?}");
        }
    }

    #[test]
    fn where_nothing_is_it_begins() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("new/deep");
        let begin = Place { number: 0, continues: false };
        assert_eq!(go_on(&folder, Some(1)).expect("nothing"), begin);
        create(&folder).expect("created");
        create(&folder).expect("it is there");
        assert_eq!(go_on(&folder, None).expect("nothing"), begin);
    }
}
