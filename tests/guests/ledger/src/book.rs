//! The book: how many rows, and a sum over them that another order, a gap or a repetition would change.
//!
//! Whoever checks it compiles this file too.

use serde::{Deserialize, Serialize};

/// Multiplier of the sum, that of the FNV hash.
const PRIME: u64 = 0x0100_0000_01b3;

/// What was seen of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Book {
    /// Rows.
    pub(crate) rows: u64,
    /// The sum over their positions, in their order.
    pub(crate) sum: u64,
    /// Weight that is carried along.
    pub(crate) ballast: Vec<u8>,
}

impl Book {
    /// Enters a row.
    pub(crate) fn enter(&mut self, position: u64) {
        self.rows += 1;
        self.sum = (self.sum ^ position).wrapping_mul(PRIME).wrapping_add(1);
    }
}
