//! The edges: where bytes come from and alerts go to.
//!
//! So far files, compressed or not, and standard input: read once from beginning to end, or followed as they grow.

mod decoded;
mod follow;
mod reader;

pub use follow::{
    Chunk, FollowCounters, FollowError, FollowFrom, FollowOptions, Follower, SavedStream,
    StreamEvent, StreamId,
};
pub use reader::{OpenError, Reader};
