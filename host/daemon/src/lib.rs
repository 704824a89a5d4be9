//! bellwether watches logs and tells people, early and quietly, when something has really changed.
//!
//! This crate composes the others: [`config`] is read and checked, [`loadout`] opens the plugins it names, [`pipeline`]
//! runs lanes on worker threads between intake and correlator, and [`cli`] is what a user types. [`generate`] makes
//! believable traffic to try it on, and `backtest` measures what is found of what is known.
//! [`watch`] is the daemon, [`api`] how it is asked, and `page` how it is looked at.

pub mod alert;
#[expect(unused_qualifications, reason = "the descriptions of routes expand to such paths")]
pub mod api;
mod backtest;
mod chain;
pub mod cli;
pub mod config;
pub mod explain;
pub mod generate;
pub mod kit;
pub mod loadout;
mod output;
mod page;
pub mod pipeline;
pub mod platform;
pub mod recording;
pub mod registry;
mod shipped;
mod trial;
pub mod watch;
