//! One followed path: the generations of its file, one after another, as a single stream of bytes.
//!
//! A stream stays with a generation until that has given all its bytes, two looks at the folder agree on what comes
//! next, and that has a first byte. So a writer may go on for a while in a file that was renamed, and no position lies
//! between two generations.

mod looking;
mod reading;
mod saved;

use super::folder::Folders;
use super::generations::{Candidate, Whereabouts, list};
use super::handle::{FileKey, Handle, Sight};
use super::print::{Print, Trail};
pub use reading::Chunk;
pub use saved::SavedStream;
use std::io;
use std::path::{Path, PathBuf};

/// A generation of which bytes were handed out.
struct Generation {
    key: FileKey,
    /// Bytes handed out and their print, as of when the file was last closed; while it is open the handle knows.
    offset: u64,
    print: Print,
    /// Its bytes as far as they were seen for certain; `None` for a compressed one, whose length nobody knows.
    size: Option<u64>,
}

/// How the current generation stands to the path.
enum Standing {
    /// It is the file at the path.
    Live,
    /// That is to be found out at the next look.
    Unknown,
    /// It is not the file at the path.
    Behind(Plan),
    /// It was handed out, and nothing is at the path.
    Ended,
}

/// Where the rest of the current generation is, and what comes after it.
struct Plan {
    /// Where the current generation is now, if it has a name.
    place: Option<PathBuf>,
    /// Whether the current generation is nowhere to be found.
    is_lost: bool,
    /// What comes next, the oldest first.
    younger: Vec<Candidate>,
    /// Whether two looks gave this plan.
    is_confirmed: bool,
}

/// The generation that was left last, in case somebody still writes to it.
struct Former {
    handle: Handle,
    /// Bytes of it that were accounted for.
    size: u64,
    looks_left: u32,
}

/// Where a stream begins that was not known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// With the oldest rotated sibling.
    Oldest,
    /// With the file at the path.
    Live,
    /// At the end of the file at the path.
    End,
}

/// A followed path.
pub(super) struct Stream {
    path: PathBuf,
    /// The file behind the path when it was last there; another one if the path is a link.
    real: PathBuf,
    position: u64,
    /// Whether the last byte handed out was no line end.
    is_line_open: bool,
    /// Generations last written after this are younger than the current one; nanoseconds since 1970.
    modified_ns: i64,
    /// `None` before the first byte.
    generation: Option<Generation>,
    handle: Option<Handle>,
    former: Option<Former>,
    standing: Standing,
    /// What was at the path at the last look.
    seen: Option<Sight>,
    is_ready: bool,
    /// The file in which the current generation was truncated or written anew, and what was handed out of it.
    overwritten: Option<(FileKey, Trail)>,
    /// Whether the current generation was not opened since the start of the process.
    is_restored: bool,
}

impl Stream {
    /// A path that was not known before.
    pub(super) fn new(path: &Path) -> Self {
        Stream {
            path: path.to_owned(),
            real: path.canonicalize().unwrap_or_else(|_| path.to_owned()),
            position: 0,
            is_line_open: false,
            modified_ns: i64::MIN,
            generation: None,
            handle: None,
            former: None,
            standing: Standing::Unknown,
            seen: None,
            is_ready: false,
            overwritten: None,
            is_restored: false,
        }
    }

    /// Decides where a new stream begins.
    pub(super) fn begin(&mut self, begin: Begin, folders: &mut Folders) -> io::Result<()> {
        if begin == Begin::Oldest {
            return Ok(());
        }
        let live = looking::sight(&self.path)?;
        let at = Whereabouts { path: &self.path, real: &self.real, live };
        let siblings = list(at, folders)?.into_iter().filter(|candidate| !candidate.is_live);
        let newest_ns = siblings.map(|candidate| candidate.sight.modified_ns).max();
        self.modified_ns = newest_ns.unwrap_or(i64::MIN);
        if let Some(live) = live
            && begin == Begin::End
            && let Some(handle) = Handle::open_at_end(&self.path, live.key)?
            && handle.offset() > 0
        {
            self.enter(handle, live);
            self.standing = Standing::Live;
        }
        Ok(())
    }

    /// Makes an open file the current generation.
    fn enter(&mut self, handle: Handle, sight: Sight) {
        self.generation = Some(Generation {
            key: sight.key,
            offset: handle.offset(),
            print: handle.trail().print(),
            size: (!handle.is_packed()).then_some(sight.size),
        });
        self.handle = Some(handle);
        self.modified_ns = sight.modified_ns;
        self.overwritten = None;
        self.is_restored = false;
    }

    /// The path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file behind the path when it was last there.
    pub(super) fn real(&self) -> &Path {
        &self.real
    }

    /// When the youngest generation was last written, as far as it was seen; nanoseconds since 1970.
    pub(super) fn modified_ns(&self) -> Option<i64> {
        let youngest = match &self.standing {
            Standing::Behind(plan) => plan.younger.last().map(|candidate| candidate.sight),
            _ => None,
        };
        self.seen.or(youngest).map(|sight| sight.modified_ns)
    }

    /// Whether reading may give something.
    pub(super) fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Whether all was handed out and the file is deleted.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.standing, Standing::Ended)
    }

    /// Files that are open.
    pub(super) fn open_files(&self) -> usize {
        usize::from(self.handle.is_some()) + usize::from(self.former.is_some())
    }

    /// Whether the open file could be opened again for certain, without decompressing it again, and would be known
    /// again by all it has: not only by a banner with which others begin, too.
    pub(super) fn is_cheap_to_close(&self) -> bool {
        let is_at_end = self.handle.as_ref().is_none_or(Handle::is_at_end);
        matches!(self.standing, Standing::Live) && is_at_end
    }

    /// Closes what is open; the current generation is opened again when it is to be read.
    pub(super) fn close(&mut self) {
        self.former = None;
        if let Some(handle) = self.handle.take()
            && let Some(generation) = &mut self.generation
        {
            generation.offset = handle.offset();
            generation.print = handle.trail().print();
        }
    }

    /// Bytes of the current generation that were handed out.
    fn offset(&self) -> u64 {
        let closed = self.generation.as_ref().map_or(0, |generation| generation.offset);
        self.handle.as_ref().map_or(closed, Handle::offset)
    }

    /// Bytes of the current generation that are known to be there and were not handed out.
    fn rest_bytes(&self) -> u64 {
        let size = self.generation.as_ref().and_then(|generation| generation.size);
        size.map_or(0, |size| size.saturating_sub(self.offset()))
    }

    /// Bytes that are known to be there and were not handed out; compressed ones count as they are stored.
    pub(super) fn lag_bytes(&self) -> u64 {
        match (&self.standing, self.seen, &self.generation) {
            (Standing::Live, Some(seen), Some(Generation { size: Some(_), .. })) => {
                seen.size.saturating_sub(self.offset())
            }
            (Standing::Behind(plan), ..) => {
                let younger = plan.younger.iter().map(|candidate| candidate.sight.size);
                self.rest_bytes() + younger.sum::<u64>()
            }
            _ => self.rest_bytes(),
        }
    }
}
