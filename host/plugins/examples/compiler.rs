//! A child that compiles, as the program itself is one when it is started with `compile-plugin`. Tests start it.

use std::io;
use std::process::ExitCode;

use bellwether_plugins::{CHILD_REFUSED, compile_as_child};

fn main() -> ExitCode {
    let limits_json = std::env::args().nth(2).unwrap_or_default();
    match compile_as_child(&limits_json, io::stdin(), io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody would read that the words cannot be written.
            let _ = io::Write::write_all(&mut io::stderr(), error.to_string().as_bytes());
            CHILD_REFUSED.into()
        }
    }
}
