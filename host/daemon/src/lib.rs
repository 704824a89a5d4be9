//! bellwether watches logs and tells people, early and quietly, when something has really changed.
//!
//! This crate composes the others: [`config`] is read and checked, [`loadout`] opens the plugins it names, [`pipeline`]
//! runs lanes on worker threads between intake and correlator, and [`cli`] is what a user types. [`generate`] makes
//! believable traffic to try it on, and `backtest` measures what is found of what is known.

mod backtest;
mod chain;
pub mod cli;
pub mod config;
pub mod generate;
pub mod loadout;
mod output;
pub mod pipeline;
mod shipped;
pub mod watch;
