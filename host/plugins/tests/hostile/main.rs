//! Plugins that mean harm: each limit has one that breaks it, and none of them does harm to anybody else.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of an integration test for no test"
)]

mod admission;
mod bisection;
mod cache;
mod compiler;
mod faults;
mod filter;
mod guest;
mod lane;
mod million;
mod module;
mod recovery;
mod state;
mod wear;
