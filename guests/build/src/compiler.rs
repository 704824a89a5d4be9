//! The inner cargo: which command, in which environment.

use crate::{Error, program};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
pub(crate) const PROFILE: &str = "guest";

/// Variables of the outer cargo that the inner one needs: where it lives, how it reaches the network, and the job
/// server that keeps both together within one number of jobs.
const KEPT: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_",
    "CARGO_HTTP_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
];

/// Variables that would change how guests are compiled; clippy, for one, travels in `RUSTC_WORKSPACE_WRAPPER`.
const DROPPED: [&str; 6] =
    ["RUSTFLAGS", "RUSTDOCFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CLIPPY_ARGS", "RUSTC", "RUSTDOC"];

/// Compiles the packages of the workspace around the current folder.
pub(crate) fn run(packages: &[&str], target_dir: &Path) -> Result<(), Error> {
    let mut command = Command::new(program("CARGO", "cargo"));
    command.args(["build", "--locked", "--target", TARGET, "--profile", PROFILE]);
    command.arg("--target-dir").arg(target_dir);
    for package in packages {
        command.args(["--package", package]);
    }
    isolate(&mut command);
    command.stdin(Stdio::null());
    let output = command.output().map_err(|cause| start_error(&command, cause))?;
    if output.status.success() {
        return Ok(());
    }
    if !target_is_installed()? {
        return Err(Error::TargetMissing);
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::Cargo { packages: packages.join(", "), stderr })
}

/// Takes out of the environment what would change how guests are compiled, and sets the flags that all have.
pub(crate) fn isolate(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if leaks(&name) {
            command.env_remove(name);
        }
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+simd128");
}

/// Whether a variable tells the inner cargo something that was meant for the outer one.
fn leaks(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let kept = KEPT.iter().any(|kept| name.starts_with(kept));
    DROPPED.contains(&name) || name.starts_with("CARGO_") && !kept
}

/// Whether the standard library for the target is there. Asked only after a failure, since asking takes time.
pub(crate) fn target_is_installed() -> Result<bool, Error> {
    let mut command = Command::new(program("RUSTC", "rustc"));
    command.args(["--print", "target-libdir", "--target", TARGET]);
    let output = command.output().map_err(|cause| start_error(&command, cause))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(output.status.success() && Path::new(&folder).is_dir())
}

pub(crate) fn start_error(command: &Command, cause: std::io::Error) -> Error {
    Error::Start { program: command.get_program().into(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_outer_cargo_do_not_leak() {
        let cases = [
            ("CARGO_ENCODED_RUSTFLAGS", true),
            ("CARGO_TARGET_DIR", true),
            ("CARGO_BUILD_TARGET", true),
            ("CARGO_PROFILE_RELEASE_LTO", true),
            ("RUSTFLAGS", true),
            ("RUSTC_WORKSPACE_WRAPPER", true),
            ("CARGO_HOME", false),
            ("CARGO_MAKEFLAGS", false),
            ("CARGO_NET_OFFLINE", false),
            ("RUSTUP_TOOLCHAIN", false),
            ("PATH", false),
        ];
        for (name, expected) in cases {
            assert_eq!(leaks(OsStr::new(name)), expected, "{name}");
        }
    }
}
