//! The edges: where bytes come from and alerts go to.
//!
//! Bytes come from files, compressed or not, and standard input: read once from beginning to end, or followed as they
//! grow. Alerts go to webhooks, standard output, and files.

mod decoded;
mod follow;
mod reader;
pub mod sink;

pub use follow::{
    Chunk, FollowCounters, FollowError, FollowFrom, FollowOptions, Follower, SavedStream,
    StreamEvent, StreamId,
};
pub use reader::{OpenError, Reader};
