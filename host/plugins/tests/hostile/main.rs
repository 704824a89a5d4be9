//! Plugins that mean harm: each limit has one that breaks it, and none of them does harm to anybody else.

mod admission;
mod cache;
mod faults;
mod guest;
mod lane;
mod module;
mod state;
