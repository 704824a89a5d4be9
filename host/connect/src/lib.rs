//! The edges: where bytes come from and alerts go to.
//!
//! So far files, compressed or not, and standard input, read once from beginning to end.

mod reader;

pub use reader::{OpenError, Reader};
