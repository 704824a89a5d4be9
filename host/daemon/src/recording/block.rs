//! Blocks in a file: compressed, each with a checksum, one written after the other.
//!
//! A file that somebody is writing, or that a killed writer has left, may end within a block; what is there of it does not
//! count. Anything else that is not as it was written is damage, and said with its place.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};
use zstd::bulk::{compress, decompress};

/// First bytes of every file; the digits count its forms.
const MAGIC: &[u8; 8] = b"bwtape01";
/// The fastest level.
const LEVEL: i32 = 1;
/// Bytes in front of a block: two lengths, the mark, the checksum of what follows, and that of these.
const FRONT_BYTES: usize = 28;
/// The largest block that is credible.
const BLOCK_BYTES_MAX: usize = 1 << 30;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The system says why.
    #[error("cannot read `{}`; check the path and its permissions", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is something else, or of another version.
    #[error("`{}` is no recording that this version of bellwether has made; move it away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It is not as it was written.
    #[error("`{}` is damaged at byte {offset}; move it away", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
    },
}

/// The beginning of a file.
pub(super) fn beginning() -> Vec<u8> {
    MAGIC.to_vec()
}

/// A block as it is written. A mark says that everything up to here belongs to a certain commit; 0 is none.
pub(super) fn pack(bytes: &[u8], mark: u64) -> std::io::Result<Vec<u8>> {
    let packed = if bytes.is_empty() { Vec::new() } else { compress(bytes, LEVEL)? };
    let mut block = Vec::with_capacity(FRONT_BYTES + packed.len());
    block.extend_from_slice(&(packed.len() as u32).to_le_bytes());
    block.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    block.extend_from_slice(&mark.to_le_bytes());
    block.extend_from_slice(&xxh3_64(&packed).to_le_bytes());
    let front = xxh3_64_with_seed(&block, FRONT_BYTES as u64) as u32;
    block.extend_from_slice(&front.to_le_bytes());
    block.extend_from_slice(&packed);
    Ok(block)
}

/// What stands in front of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Front {
    /// Of the block in the file.
    pub(super) offset: u64,
    /// The commit it completes, or 0.
    pub(super) mark: u64,
    packed: usize,
    bytes: usize,
    checksum: u64,
}

impl Front {
    /// The first byte after the block.
    pub(super) fn end(&self) -> u64 {
        self.offset + (FRONT_BYTES + self.packed) as u64
    }
}

/// Where blocks stand.
#[derive(Debug, Clone)]
enum Text {
    File(Arc<File>),
    Memory(Arc<[u8]>),
}

/// Goes through blocks, also those of a file that has no name any more.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    text: Text,
    path: PathBuf,
    offset: u64,
}

impl Blocks {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<Self, RecordingError> {
        let unreadable = |source| RecordingError::Unreadable { path: path.into(), source };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let text = Text::File(Arc::new(file));
        let blocks = Blocks { offset: MAGIC.len() as u64, text, path: path.into() };
        let mut magic = [0; MAGIC.len()];
        let magic = &mut magic[..MAGIC.len().min(length as usize)];
        if !blocks.read_at(0, magic)? || !MAGIC.starts_with(magic) {
            return Err(RecordingError::Foreign { path: path.into() });
        }
        Ok(blocks)
    }

    /// Goes through what was just written, as if it were a file.
    pub(super) fn of(text: Vec<u8>) -> Self {
        let text = Text::Memory(text.into());
        Blocks { offset: MAGIC.len() as u64, text, path: PathBuf::from("memory") }
    }

    /// The next block's front, without what is in it; `None` at the end.
    pub(super) fn next_front(&mut self) -> Result<Option<Front>, RecordingError> {
        let offset = self.offset;
        let mut front = [0; FRONT_BYTES];
        if !self.read_at(offset, &mut front)? {
            return Ok(None);
        }
        let (fields, check) = front.split_at(FRONT_BYTES - 4);
        let expected = xxh3_64_with_seed(fields, FRONT_BYTES as u64) as u32;
        let [packed, bytes] = [0, 4].map(|place| number(&fields[place..place + 4]) as usize);
        if number(check) != u64::from(expected) || packed.max(bytes) > BLOCK_BYTES_MAX {
            return Err(self.damaged(offset));
        }
        let (mark, checksum) = (number(&fields[8..16]), number(&fields[16..24]));
        let front = Front { offset, mark, packed, bytes, checksum };
        if packed > 0 && !self.read_at(front.end() - 1, &mut [0])? {
            return Ok(None);
        }
        self.offset = front.end();
        Ok(Some(front))
    }

    /// The next block that holds something, and where it stands; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Vec<u8>)>, RecordingError> {
        while let Some(front) = self.next_front()? {
            if front.packed > 0 {
                return Ok(Some((front.offset, self.unpack(&front)?)));
            }
        }
        Ok(None)
    }

    /// What is wrong at that place.
    pub(super) fn damaged(&self, offset: u64) -> RecordingError {
        RecordingError::Damaged { path: self.path.clone(), offset }
    }

    fn unpack(&self, front: &Front) -> Result<Vec<u8>, RecordingError> {
        let mut packed = vec![0; front.packed];
        let is_there = self.read_at(front.offset + FRONT_BYTES as u64, &mut packed)?;
        if !is_there || xxh3_64(&packed) != front.checksum {
            return Err(self.damaged(front.offset));
        }
        let bytes = decompress(&packed, front.bytes).ok();
        bytes.filter(|bytes| bytes.len() == front.bytes).ok_or_else(|| self.damaged(front.offset))
    }

    /// Whether so much is there.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<bool, RecordingError> {
        match &self.text {
            Text::Memory(text) => {
                let part = text.get(offset as usize..).and_then(|rest| rest.get(..bytes.len()));
                part.inspect(|part| bytes.copy_from_slice(part));
                Ok(part.is_some())
            }
            Text::File(file) => match file.read_exact_at(bytes, offset) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
                Err(source) => Err(RecordingError::Unreadable { path: self.path.clone(), source }),
            },
        }
    }
}

/// A number of up to eight bytes, the lowest first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three blocks, the second with a mark alone.
    fn written() -> Vec<u8> {
        let mut text = beginning();
        for (bytes, mark) in [(&b"one one one one"[..], 0), (b"", 5), (b"three", 6)] {
            text.extend(pack(bytes, mark).expect("packed"));
        }
        text
    }

    fn read(text: &[u8]) -> Result<Vec<Vec<u8>>, RecordingError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        std::fs::write(&path, text).expect("written");
        let mut blocks = Blocks::open(&path)?;
        std::fs::remove_file(&path).expect("removed");
        let mut found = Vec::new();
        while let Some((_, bytes)) = blocks.next()? {
            found.push(bytes);
        }
        Ok(found)
    }

    #[test]
    fn what_is_written_is_read_wherever_the_file_ends() {
        let text = written();
        let one = beginning().len() + pack(b"one one one one", 0).expect("packed").len();
        for end in 0..=text.len() {
            let blocks = read(&text[..end]).expect("an end is no damage").len();
            let expected = usize::from(end >= one) + usize::from(end == text.len());
            assert_eq!(blocks, expected, "ends at {end}");
        }
    }

    #[test]
    fn every_byte_that_is_not_as_it_was_is_seen() {
        for place in 0..written().len() {
            let mut text = written();
            text[place] ^= 0x10;
            match read(&text) {
                Err(RecordingError::Foreign { .. }) => assert!(place < MAGIC.len(), "{place}"),
                Err(RecordingError::Damaged { offset, .. }) => {
                    assert!(offset as usize <= place, "{place} is said to be at {offset}");
                }
                other => panic!("byte {place}: {other:?}"),
            }
        }
    }

    #[test]
    fn marks_are_found_without_reading_the_blocks() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x");
        std::fs::write(&path, written()).expect("written");
        let mut blocks = Blocks::open(&path).expect("it was just written");
        let mut marks = Vec::new();
        while let Some(front) = blocks.next_front().expect("it was just written") {
            marks.push((front.mark, front.end()));
        }
        assert_eq!(marks.iter().map(|(mark, _)| *mark).collect::<Vec<_>>(), [0, 5, 6]);
        assert_eq!(marks[2].1, written().len() as u64);
    }
}
