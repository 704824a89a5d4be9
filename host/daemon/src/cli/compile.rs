//! `bellwether compile-plugin`: what the program calls itself with, to compile a component within limits.

use std::io;

use bellwether_plugins::{CHILD_REFUSED, CompileError, compile_as_child};

use super::{Failure, tell};
use crate::chain::chain;

/// Reads a component from standard input and writes its machine code to standard output.
pub(super) fn run(limits_json: &str) -> Result<(), Failure> {
    match compile_as_child(limits_json, io::stdin(), io::stdout()) {
        Ok(()) => Ok(()),
        Err(CompileError::Component(why)) => {
            // The parent tells it in its own words.
            tell(&why);
            Err(Failure::told(CHILD_REFUSED))
        }
        Err(CompileError::Limits(error)) => Err(Failure::usage(format!(
            "the limits cannot be understood ({error}); bellwether runs this command by itself"
        ))),
        Err(error) => Err(Failure::our_fault(chain(&error))),
    }
}
