//! Bits and severity combined, over whatever holds the columns; shared as `work` is.

use bellwether_sdk::BLOCK;
use bellwether_sdk::kernel::at_least;

/// Places of the columns of bits.
const TIMED_OUT: usize = 0;
const RETRIED: usize = 1;
const REFUSED: usize = 2;
/// OpenTelemetry's number of the severity `error`.
const ERROR: u8 = 17;

/// Names the rows that timed out without a retry, or were refused and are errors, a block of them at a time.
pub(crate) fn combine(
    severity: &[u8],
    block: impl Fn(usize, usize) -> u64,
    mut mark: impl FnMut(usize, u64),
) {
    for row in (0..severity.len()).step_by(BLOCK) {
        let gave_up = block(TIMED_OUT, row) & !block(RETRIED, row);
        let refused = block(REFUSED, row) & at_least(&severity[row..], ERROR);
        mark(row, gave_up | refused);
    }
}
