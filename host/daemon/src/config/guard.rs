//! What an edition of a plugin may do while it comes in.

use super::table::Table;

/// Looks after editions that come in; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardConfig {
    /// How long the edition before stands by.
    pub stands_by_s: u64,
    /// Times the cost of the edition before.
    pub cost_factor: f64,
    /// Faults from which on it goes.
    pub faults_max: u64,
}

impl GuardConfig {
    pub(super) fn read(table: &mut Table<'_>) -> GuardConfig {
        GuardConfig {
            stands_by_s: table.integer(
                "guard_s",
                900,
                1..=604_800,
                "How long after an activation the edition before stands by, learning on, to come back at once.",
            ),
            cost_factor: table.number(
                "guard_cost_factor",
                2.0,
                1.0..=1000.0,
                "An edition that comes in goes again by itself if a row costs so many times the fuel or time of the one before.",
            ),
            faults_max: table.integer(
                "guard_faults_max",
                3,
                1..=1_000_000,
                "An edition that comes in goes again by itself with its fault of this number.",
            ),
        }
    }
}
