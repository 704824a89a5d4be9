//! Builds guest crates into WebAssembly components: ours for build scripts and tests, and [`Project`]s of others.
//!
//! An inner cargo compiles the guests in a target folder of its own, since the outer cargo holds the lock of the usual
//! one. Only `wasm32-unknown-unknown` will do: the WASI targets import clocks, random numbers and files.

use std::error;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

mod compiler;
mod project;
mod sources;

pub use project::Project;

/// A guest that has been built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Its package, such as `detector-rate`.
    pub package: String,
    /// Where its component lies.
    pub component: PathBuf,
}

/// Why guests could not be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `build` was called outside a build script.
    #[error("`OUT_DIR` is not set; call `guest_build::build` from a build script")]
    NoOutDir,
    /// The compiler cannot compile for WebAssembly.
    #[error(
        "the target `wasm32-unknown-unknown` is not installed; run `rustup target add wasm32-unknown-unknown`"
    )]
    TargetMissing,
    /// The inner cargo could not be started.
    #[error("failed to start `{}`; check `CARGO` and `PATH`", .program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// The inner cargo failed.
    #[error("`cargo build` of {packages} failed; its own words were:\n{stderr}")]
    Cargo {
        /// The guests.
        packages: String,
        /// What it wrote.
        stderr: String,
    },
    /// A folder holds no crate that could be a plugin.
    #[error(
        "`{}` holds no plugin: its `Cargo.toml` needs a package whose `[lib]` has `crate-type = [\"cdylib\"]`",
        folder.display()
    )]
    NoPlugin {
        /// The folder.
        folder: PathBuf,
    },
    /// Cargo cannot read a manifest.
    #[error("cargo cannot use `{}`; its own words were:\n{words}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What it wrote.
        words: String,
    },
    /// A project does not compile.
    #[error("`{package}` does not compile; what cargo said stands above")]
    Compiler {
        /// Its package.
        package: String,
    },
    /// Native tests of a project failed.
    #[error(
        "native tests of `{package}` failed; mend them, `cargo test` runs them alone:\n{stdout}"
    )]
    Tests {
        /// Its package.
        package: String,
        /// What they wrote.
        stdout: String,
    },
    /// A file could not be read or written.
    #[error("failed to access `{}`; check that it exists and may be written", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// A module is not a guest.
    #[error(
        "the module cannot be made a component; check that its crate exports a world of `wit/`"
    )]
    Component(#[source] Box<dyn error::Error + Send + Sync>),
}

/// Builds guests from a build script: writes `<package>.wasm` to `OUT_DIR` and tells cargo when to run it again.
pub fn build(packages: &[&str]) -> Result<Vec<Built>, Error> {
    let out_dir = PathBuf::from(std::env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?);
    let target_dir = sources::target_dir(&out_dir).join("guests");
    let modules = compile(packages, &target_dir)?;
    let mut built = Vec::with_capacity(packages.len());
    for (package, module) in packages.iter().zip(&modules) {
        let bytes = fs::read(module).map_err(|cause| file_error(module, cause))?;
        let component = out_dir.join(format!("{package}.wasm"));
        fs::write(&component, componentize(&bytes)?)
            .map_err(|cause| file_error(&component, cause))?;
        sources::announce(module)?;
        built.push(Built { package: (*package).to_owned(), component });
    }
    Ok(built)
}

/// Compiles guests below `target_dir` and names the core module of each.
pub fn compile(packages: &[&str], target_dir: &Path) -> Result<Vec<PathBuf>, Error> {
    compiler::run(packages, target_dir)?;
    let folder = target_dir.join(compiler::TARGET).join(compiler::PROFILE);
    let name = |package: &&str| format!("{}.wasm", package.replace('-', "_"));
    Ok(packages.iter().map(|package| folder.join(name(package))).collect())
}

/// Makes a core module a component.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, Error> {
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|cause| Error::Component(cause.into()))
}

fn file_error(path: &Path, cause: std::io::Error) -> Error {
    Error::File { path: path.to_owned(), cause }
}

/// The program that a variable of cargo's names, or the one on the path.
fn program(variable: &str, fallback: &str) -> OsString {
    std::env::var_os(variable).unwrap_or_else(|| fallback.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in [&b"not WebAssembly"[..], b"", b"\0asm\x0d\0\x01\0"] {
            let result = componentize(bytes);
            assert!(matches!(result, Err(Error::Component(_))), "{bytes:?} became {result:?}");
        }
    }
}
