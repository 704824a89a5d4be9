//! Measures a run against what is known to have gone wrong.
//!
//! [`truth`] and [`labels`] say what that is, [`columns`] makes log lines of tables, [`run`] collects what the windows
//! of a replay were worth, [`score`] compares the two by one protocol for all data into [`figures`], and [`chart`] draws
//! both.

pub(crate) mod chart;
pub(crate) mod columns;
pub(crate) mod figures;
pub(crate) mod labels;
pub(crate) mod run;
pub(crate) mod score;
mod sheet;
pub(crate) mod truth;
