//! Every test that looks at the project from outside, in one binary, because it links only once.
//!
//! To add a group of tests, write `x.rs` or `x/mod.rs` beside this file and add one line here.

// Plugins from the first file to a finding, as their authors go.
mod authoring;
// The book that a guest keeps, and the load under which it does.
#[path = "guests/ledger/src/book.rs"]
mod book;
#[path = "bench/src/load.rs"]
mod load;
// Logs whose faults are known, and what is found of them.
mod backtest;
// Chance that is the same in every run, for the groups that need it.
mod chance;
// What else the program is asked to do: patterns, plugins, generated logs, and wrong usage.
mod commands;
// Configurations that are wrong, and filters that a configuration asks for.
mod configuration;
// Lines that kill a plugin, and all others.
mod dead_letters;
// A day of generated traffic, and what was found of what was planted.
mod demo;
// The same bytes out, whatever the number of workers, the cutting of the input and the size of batches.
mod determinism;
// Public logs with known faults.
mod labelled;
// Templates against labels.
mod mining;
// What goes wrong in the first ten minutes.
mod newcomer;
// Inputs that nobody would write on purpose.
mod odd_input;
// What a run of the program came to.
mod outcome;
// The binary under test and the labelled data, for the groups that need them.
mod program;
// A daemon that is killed anywhere.
mod survival;
// Plugins that change under load.
mod swaps;
// The rules of CONTRIBUTING.md that a machine can check.
mod tidy;
