//! A plugin that somebody writes in a folder of their own, outside of this workspace.

use crate::compiler::{self, PROFILE, TARGET};
use crate::{Error, componentize, file_error, program};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The crate of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Where it lies.
    pub folder: PathBuf,
    /// Its package, such as `rate`.
    pub package: String,
    /// Where cargo builds it.
    pub target_dir: PathBuf,
    /// File name of its core module.
    module: String,
    /// Whether cargo has all it needs, so that the network need not be asked.
    offline: bool,
}

/// What `cargo metadata` says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

impl Project {
    /// Asks cargo about the package in a folder.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let manifest = folder.join("Cargo.toml");
        let manifest = manifest.canonicalize().map_err(|cause| file_error(&manifest, cause))?;
        // Fails where a crate is not in cargo's cache yet.
        let offline = metadata(&manifest, &["--offline"]).is_ok();
        let metadata = metadata(&manifest, &["--no-deps"])?;
        let package = metadata.packages.into_iter().find(|one| one.manifest_path == manifest);
        let package = package.ok_or_else(|| Error::NoPlugin { folder: folder.to_owned() })?;
        let is_module = |target: &&Target| target.crate_types.iter().any(|kind| kind == "cdylib");
        let module = package.targets.iter().find(is_module);
        let module = module.ok_or_else(|| Error::NoPlugin { folder: folder.to_owned() })?;
        Ok(Project {
            folder: folder.to_owned(),
            module: format!("{}.wasm", module.name.replace('-', "_")),
            package: package.name,
            target_dir: metadata.target_directory,
            offline,
        })
    }

    /// Compiles it and returns its component; what the compiler has to say goes to standard error.
    pub fn build(&self) -> Result<Vec<u8>, Error> {
        let mut command = self.cargo("build");
        command.args(["--target", TARGET, "--profile", PROFILE]);
        compiler::isolate(&mut command);
        let status = command.status().map_err(|cause| compiler::start_error(&command, cause))?;
        if !status.success() {
            return Err(match compiler::target_is_installed()? {
                true => Error::Compiler { package: self.package.clone() },
                false => Error::TargetMissing,
            });
        }
        let module = self.target_dir.join(TARGET).join(PROFILE).join(&self.module);
        let bytes = std::fs::read(&module).map_err(|cause| file_error(&module, cause))?;
        componentize(&bytes)
    }

    /// Runs its native tests and returns how many passed.
    pub fn test(&self) -> Result<u64, Error> {
        let mut command = self.cargo("test");
        command.stdout(Stdio::piped());
        let output = command.output().map_err(|cause| compiler::start_error(&command, cause))?;
        let words = String::from_utf8_lossy(&output.stdout);
        if output.status.success() {
            return Ok(tests_passed(&words));
        }
        let package = self.package.clone();
        // Without a test that ran, it was the compiler that failed.
        if !words.contains("\nrunning ") {
            return Err(Error::Compiler { package });
        }
        Err(Error::Tests { package, stdout: words.into_owned() })
    }

    fn cargo(&self, what: &str) -> Command {
        let mut command = Command::new(program("CARGO", "cargo"));
        command.arg(what).args(["--package", &self.package]);
        command.arg("--target-dir").arg(&self.target_dir);
        if self.offline {
            command.arg("--offline");
        }
        command.current_dir(&self.folder).stdin(Stdio::null()).stderr(Stdio::inherit());
        command
    }
}

fn metadata(manifest: &Path, flags: &[&str]) -> Result<Metadata, Error> {
    let mut command = Command::new(program("CARGO", "cargo"));
    command
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .args(flags);
    command.stdin(Stdio::null());
    let output = command.output().map_err(|cause| compiler::start_error(&command, cause))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(Error::Manifest { path: manifest.to_owned(), words: stderr });
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::Manifest { path: manifest.to_owned(), words: error.to_string() })
}

/// The sum of `test result: ok. 5 passed; …` over all binaries.
fn tests_passed(words: &str) -> u64 {
    let passed = |line: &str| {
        let (before, _) = line.strip_prefix("test result: ")?.split_once(" passed")?;
        before.rsplit(' ').next()?.parse::<u64>().ok()
    };
    words.lines().filter_map(passed).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_passed_are_added_up() {
        let cases = [
            ("", 0),
            ("running 5 tests\ntest result: ok. 5 passed; 0 failed; 1 ignored\n", 5),
            ("test result: ok. 5 passed; 0\nx\ntest result: ok. 2 passed; 0", 7),
        ];
        for (words, expected) in cases {
            assert_eq!(tests_passed(words), expected, "{words}");
        }
    }

    #[test]
    fn a_folder_without_a_plugin_is_refused() {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let here = package.expect("cargo runs the tests");
        let refused = |folder: &Path| Project::open(folder).expect_err("no plugin lies there");
        assert!(matches!(refused(&here.join("src")), Error::File { .. }));
        assert!(matches!(refused(&here), Error::NoPlugin { .. }), "a library, but no module");
        let rate = Project::open(&here.join("../detectors/rate")).expect("a plugin lies there");
        assert_eq!(
            (rate.package.as_str(), rate.module.as_str()),
            ("detector-rate", "detector_rate.wasm")
        );
    }
}
