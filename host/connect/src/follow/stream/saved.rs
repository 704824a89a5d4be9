//! The place of a stream, to be kept while the process is not there.

use super::super::handle::FileKey;
use super::super::print::Print;
use super::{Generation, Standing, Stream};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The place of a stream: how many bytes of it were handed out, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedStream {
    /// The followed path.
    pub path: PathBuf,
    /// Bytes of the stream that were handed out.
    pub position: u64,
    is_line_open: bool,
    modified_ns: i64,
    /// The file behind the path, if that is a link.
    real: Option<PathBuf>,
    generation: Option<SavedGeneration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SavedGeneration {
    key: FileKey,
    offset: u64,
    print: Print,
    size: Option<u64>,
}

impl Stream {
    /// A stream that goes on where another one was saved.
    pub(in super::super) fn restore(saved: &SavedStream) -> Self {
        let generation = saved.generation.as_ref().map(|saved| Generation {
            key: saved.key,
            offset: saved.offset,
            print: saved.print,
            size: saved.size,
        });
        Stream {
            path: saved.path.clone(),
            real: saved.real.clone().unwrap_or_else(|| saved.path.clone()),
            position: saved.position,
            is_line_open: saved.is_line_open,
            modified_ns: saved.modified_ns,
            is_restored: generation.is_some(),
            generation,
            handle: None,
            former: None,
            standing: Standing::Unknown,
            seen: None,
            is_ready: false,
            overwritten: None,
        }
    }

    /// Where the stream is.
    pub(in super::super) fn save(&self) -> SavedStream {
        let generation = self.generation.as_ref().map(|generation| SavedGeneration {
            key: generation.key,
            offset: self.offset(),
            print: self.handle.as_ref().map_or(generation.print, |open| open.trail().print()),
            size: generation.size,
        });
        let is_text = self.real.to_str().is_some();
        SavedStream {
            path: self.path.clone(),
            position: self.position,
            is_line_open: self.is_line_open,
            modified_ns: self.modified_ns,
            real: (is_text && self.real != self.path).then(|| self.real.clone()),
            generation,
        }
    }
}
