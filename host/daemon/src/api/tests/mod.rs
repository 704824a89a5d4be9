//! Tests of all routes, on a real store and without a network.

mod guarding;
mod lists;
mod people;
mod registry;
mod stand;
mod state;
