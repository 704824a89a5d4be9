//! Every test that looks at the project from outside, in one binary, because it links only once.
//!
//! To add a group of tests, write `x.rs` or `x/mod.rs` beside this file and add one line here.

// The binary under test and the labelled data, for the groups that need them.
mod program;
// The rules of CONTRIBUTING.md that a machine can check.
mod tidy;
