//! An open generation of a stream, plain or compressed, read from an offset on.

use super::print::{Print, Trail, head_length, tail_length};
use crate::decoded::{Decoded, is_compressed};
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::io::{self, BufReader};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Bytes read from a compressed file at a time, and decompressed at a time on the way to an offset.
const BUFFER_BYTES: usize = 64 << 10;

/// What the file system knows a file by, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct FileKey {
    device: u64,
    inode: u64,
    /// When the inode was given to the file, since a deleted file's is given to another one; 0 where it is not known.
    created_ns: u64,
}

impl FileKey {
    fn new(metadata: &Metadata) -> Self {
        let created = metadata.created().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let created_ns = created.and_then(|since| u64::try_from(since.as_nanos()).ok());
        FileKey {
            device: metadata.dev(),
            inode: metadata.ino(),
            created_ns: created_ns.unwrap_or_default(),
        }
    }
}

/// What is seen of a file without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    /// Which file it is.
    pub(super) key: FileKey,
    /// Its bytes, as they are stored.
    pub(super) size: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub(super) modified_ns: i64,
}

impl Sight {
    /// What the metadata of a regular file say; others are not seen.
    pub(super) fn new(metadata: &Metadata) -> Option<Self> {
        metadata.is_file().then(|| Sight {
            key: FileKey::new(metadata),
            size: metadata.len(),
            modified_ns: metadata
                .mtime()
                .saturating_mul(1_000_000_000)
                .saturating_add(metadata.mtime_nsec()),
        })
    }
}

/// What reading gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// So many bytes.
    Bytes(usize),
    /// There are no more, for now.
    End,
    /// The file no longer has the bytes that were read before: it was truncated or written anew.
    Changed,
}

/// An open generation.
pub(super) struct Handle {
    key: FileKey,
    content: Content,
    offset: u64,
    trail: Trail,
    /// What the file looked like when what was handed out of it was last found to be there.
    checked: Option<Sight>,
    /// The last bytes that the file had then: what was handed out may be no more than a banner, which comes again.
    ahead: Vec<u8>,
    /// Whether all of a plain file was handed out then.
    is_at_end: bool,
}

enum Content {
    Plain(File),
    Packed(Box<Decoded<BufReader<File>>>),
}

impl Handle {
    /// Opens a file at its beginning; `None` if another file has its place.
    pub(super) fn open(path: &Path, key: FileKey) -> io::Result<Option<Self>> {
        let file = File::open(path)?;
        if Sight::new(&file.metadata()?).is_none_or(|sight| sight.key != key) {
            return Ok(None);
        }
        let mut head = [0; 4];
        let count = read_at(&file, &mut head, 0)?;
        let content = if is_compressed(&head[..count]) {
            let decoded = Decoded::new(BufReader::with_capacity(BUFFER_BYTES, file))?;
            Content::Packed(Box::new(decoded))
        } else {
            Content::Plain(file)
        };
        Ok(Some(Handle {
            key,
            content,
            offset: 0,
            trail: Trail::default(),
            checked: None,
            ahead: Vec::new(),
            is_at_end: false,
        }))
    }

    /// Opens a file at an offset; `None` if another file has its place or what is before the offset differs.
    pub(super) fn resume(
        path: &Path,
        key: FileKey,
        offset: u64,
        print: Print,
    ) -> io::Result<Option<Self>> {
        let Some(mut handle) = Handle::open(path, key)? else { return Ok(None) };
        let is_same = match &handle.content {
            Content::Plain(file) => match trail_at(file, offset)? {
                Some(trail) => {
                    handle.trail = trail;
                    handle.offset = offset;
                    handle.trail.print() == print
                }
                None => false,
            },
            Content::Packed(_) => handle.skip(offset, print),
        };
        Ok(is_same.then_some(handle))
    }

    /// Opens a file at its end.
    pub(super) fn open_at_end(path: &Path, key: FileKey) -> io::Result<Option<Self>> {
        let Some(mut handle) = Handle::open(path, key)? else { return Ok(None) };
        match &handle.content {
            Content::Plain(file) => {
                let size = file.metadata()?.len();
                if let Some(trail) = trail_at(file, size)? {
                    handle.trail = trail;
                    handle.offset = size;
                }
            }
            Content::Packed(_) => {
                let mut buffer = vec![0; BUFFER_BYTES];
                while let Got::Bytes(_) = handle.read(&mut buffer)? {}
            }
        }
        Ok(Some(handle))
    }

    /// Decompresses as far as the offset; false if that cannot be or leads elsewhere.
    fn skip(&mut self, offset: u64, print: Print) -> bool {
        let head_bytes = head_length(offset);
        let mut buffer = vec![0; BUFFER_BYTES];
        while self.offset < offset {
            // The head comes first and alone, so that a foreign file is left after some bytes.
            let goal = if self.offset < head_bytes as u64 { head_bytes as u64 } else { offset };
            let wanted = (goal - self.offset).min(BUFFER_BYTES as u64) as usize;
            if !matches!(self.read(&mut buffer[..wanted]), Ok(Got::Bytes(_))) {
                return false;
            }
            if self.offset == head_bytes as u64 && !self.trail.print().has_head_of(print) {
                return false;
            }
        }
        self.trail.print() == print
    }

    /// Reads the next bytes. What is read of a plain file counts only if what was read before is still there.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Got> {
        let count = match &mut self.content {
            Content::Plain(file) => read_once(file, buffer, self.offset)?,
            Content::Packed(decoded) => decoded.read(buffer)?,
        };
        if let Content::Plain(file) = &self.content {
            let sight = Sight::new(&file.metadata()?);
            if count == 0 && self.is_at_end && sight == self.checked {
                return Ok(Got::End);
            }
            let Some(sight) = sight else { return Ok(Got::Changed) };
            if sight.size < self.offset + count as u64 || !self.has_all(file, sight)? {
                return Ok(Got::Changed);
            }
            self.is_at_end = sight.size == self.offset + count as u64;
            self.ahead.clear();
            if !self.is_at_end {
                self.ahead = last_bytes(file, sight.size)?;
            }
            self.checked = Some(sight);
        }
        if count == 0 {
            return Ok(Got::End);
        }
        self.offset += count as u64;
        self.trail.push(&buffer[..count]);
        Ok(Got::Bytes(count))
    }

    /// Whether a plain file still has what was read or seen of it before.
    fn has_all(&self, file: &File, sight: Sight) -> io::Result<bool> {
        if let Some(checked) = self.checked {
            if sight.size < checked.size {
                return Ok(false);
            }
            if !self.ahead.is_empty() && last_bytes(file, checked.size)? != self.ahead {
                return Ok(false);
            }
        }
        Ok(trail_at(file, self.offset)?.as_ref() == Some(&self.trail))
    }

    /// Which file it is.
    pub(super) fn key(&self) -> FileKey {
        self.key
    }

    /// Bytes handed out of it, after decompression.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// What was handed out of it last and first.
    pub(super) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Whether all was handed out that was there when the file was last read; a compressed file does not know.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Whether it is compressed.
    pub(super) fn is_packed(&self) -> bool {
        matches!(self.content, Content::Packed(_))
    }

    /// What the file looked like when what was handed out of it was last found to be there.
    pub(super) fn checked(&self) -> Option<Sight> {
        self.checked
    }

    /// What the file looks like now, where it can be told: compressed files are not expected to change.
    pub(super) fn sight(&self) -> Option<Sight> {
        match &self.content {
            Content::Plain(file) => Sight::new(&file.metadata().ok()?),
            Content::Packed(_) => None,
        }
    }
}

/// The first and last bytes before an offset; `None` if the file is shorter.
fn trail_at(file: &File, offset: u64) -> io::Result<Option<Trail>> {
    let mut head = vec![0; head_length(offset)];
    let tail = last_bytes(file, offset)?;
    let is_whole = read_at(file, &mut head, 0)? == head.len() && tail.len() == tail_length(offset);
    Ok(is_whole.then(|| Trail::new(head, tail)))
}

/// The last bytes before an offset, as far as they are there.
fn last_bytes(file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; tail_length(offset)];
    let begin = offset - bytes.len() as u64;
    let count = read_at(file, &mut bytes, begin)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// Fills the buffer from an offset, as far as there are bytes.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match read_once(file, &mut buffer[filled..], offset + filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Reads some bytes from an offset, as many as there are at once.
fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Whether the shorter of two plain files is a copy of the longer one as far as it goes, told by its first and last
/// bytes; files that are too short to tell are not.
pub(super) fn is_copy(copy: (&Path, Sight), whole: (&Path, Sight)) -> io::Result<bool> {
    if copy.1.size < super::print::HEAD_BYTES as u64 || copy.1.size > whole.1.size {
        return Ok(false);
    }
    let open = |(path, sight): (&Path, Sight)| Handle::open(path, sight.key);
    let (Some(copied), Some(original)) = (open(copy)?, open(whole)?) else { return Ok(false) };
    let (Content::Plain(copied), Content::Plain(original)) = (&copied.content, &original.content)
    else {
        return Ok(false);
    };
    let trail = trail_at(copied, copy.1.size)?;
    Ok(trail.is_some() && trail == trail_at(original, copy.1.size)?)
}
