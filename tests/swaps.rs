//! Plugins change while lines are read as fast as they come: each line is seen once, in order, by one of them.

use crate::load::{Load, loadouts};
use crate::program::guest;

/// Swaps; `make swaps` makes ten thousand.
const SWAPS: usize = 100;

#[test]
fn every_row_is_seen_once_and_in_order() {
    let loadouts = loadouts(&guest("guest-ledger")).expect("both editions work");
    let mut load = Load::start(&loadouts[0]).expect("a pipeline starts");
    let ran = load.run(SWAPS, Some(&loadouts)).expect("the plugins change");
    assert!(ran.held.len() + 1 >= SWAPS, "{} swaps", ran.held.len());
    let (rows, _) = load.end().expect("the book is as it must be");
    assert!(rows >= (SWAPS * 1000) as u64, "{rows} rows");
}
