//! The recording of a tenant: what its lanes were told in the last minutes, and the states from which that can be told
//! again.
//!
//! It is kept in segments, each a file of blocks. A segment begins with a head and holds what was dispatched, in that order,
//! and each source as it was before the first thing said of it there. So any segment can be played by itself. The
//! [`Recorder`] is called where things are dispatched and only puts them into words; a thread of its own writes them. When
//! the disk is full or too slow, the pipeline goes on and the recording has a gap.

mod archive;
mod block;
mod case;
mod cut;
mod entry;
mod reader;
mod recorder;
mod scribe;
mod shelf;

pub use block::RecordingError;
pub use case::{Case, CaseError, CaseHead, CaseLimits, Subject};
pub use entry::{Entry, Head, Makeup, Seating};
pub use reader::{Entries, Recording, Segment};
pub use recorder::Recorder;
pub use scribe::{Figures, Limits};

#[cfg(test)]
mod tests;
