//! Finds what end-to-end tests need and no crate of theirs can name: the built binary and labelled data.

use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tidy::tree;

/// Names the folder of labelled data.
const DATA_VARIABLE: &str = "BELLWETHER_DATA";

/// The program, ready to get its arguments; panics with the mend if nobody has built it.
pub(crate) fn bellwether() -> Command {
    let test = env::current_exe().expect("a running test has an executable");
    match beside(&test) {
        Ok(program) => Command::new(program),
        Err(complaint) => panic!("{complaint}"),
    }
}

/// A file of labelled data, or `None` and one line on standard error where there is no such data at all.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let named = env::var_os(DATA_VARIABLE).map(PathBuf::from);
    let usual = tree::root().join("../shared/data");
    match labelled(named.as_deref(), &usual, name) {
        Ok(Some(file)) => Some(file),
        Ok(None) => {
            // Not `eprintln!`, which the test harness keeps to itself while tests pass.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: `{name}` is absent; set {DATA_VARIABLE} to the folder of labelled data"
            );
            None
        }
        Err(complaint) => panic!("{complaint}"),
    }
}

/// The component of a guest of the project, which is compiled if need be.
pub(crate) fn guest(package: &str) -> Vec<u8> {
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../guests");
    let modules = guest_build::compile(&[package], &target_dir);
    let modules = modules.unwrap_or_else(|error| panic!("{error}"));
    let module = std::fs::read(&modules[0]).expect("a module that was just built");
    guest_build::componentize(&module).expect("a guest of ours is a component")
}

/// Says in one line what is not tested for want of something, which on CI is a failure.
pub(crate) fn skip(what: &str, missing: &str) {
    assert!(env::var("CI").is_err(), "{what} needs {missing}");
    // Not `eprintln!`, which the test harness keeps to itself while tests pass.
    let _ = writeln!(std::io::stderr(), "skipped: {what} needs {missing}");
}

/// The binary of the profile that a test executable, `<profile>/deps/all-<hash>`, was built in.
fn beside(test: &Path) -> Result<PathBuf, String> {
    let profile = test.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    let program = profile.join(format!("bellwether{}", env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    let place = program.display();
    Err(format!(
        "`{place}` is missing; run `make test`, or `cargo build -p bellwether-daemon` first"
    ))
}

/// A folder that somebody named must hold the file, so must the usual one if it exists.
fn labelled(named: Option<&Path>, usual: &Path, name: &str) -> Result<Option<PathBuf>, String> {
    let folder = named.unwrap_or(usual);
    if named.is_none() && !folder.is_dir() {
        return Ok(None);
    }
    let file = folder.join(name);
    if file.is_file() {
        return Ok(Some(file));
    }
    let place = file.display();
    Err(format!("`{place}` is missing; add it, or point {DATA_VARIABLE} at the folder that has it"))
}

#[test]
fn the_program_tells_its_version() {
    let output = bellwether().arg("--version").output().expect("a built program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let expected = concat!("bellwether ", env!("CARGO_PKG_VERSION"));
    assert!(text.starts_with(expected), "`{text}` instead of `{expected}`");
    assert!(output.status.success(), "`bellwether --version` ended with {}", output.status);
}

#[test]
fn a_program_that_nobody_built_is_missed_with_the_mend() {
    let root = tree::root();
    for test in [root.join("nowhere/debug/deps/all-0"), PathBuf::from("all-0"), PathBuf::new()] {
        let complaint = beside(&test).expect_err("no program lies there");
        assert!(complaint.contains("make test"), "{complaint}");
    }
}

#[test]
fn labelled_data_is_optional_only_as_a_whole() {
    let (here, nowhere) = (tree::root(), tree::root().join("nowhere"));
    let found = Ok(Some(here.join("Cargo.toml")));
    let cases = [
        (None, &nowhere, "Cargo.toml", Ok(None)),
        (None, &here, "Cargo.toml", found.clone()),
        (Some(&here), &nowhere, "Cargo.toml", found),
        (None, &here, "absent.csv", Err("absent.csv` is missing")),
        (Some(&here), &here, "absent.csv", Err("absent.csv` is missing")),
        (Some(&nowhere), &here, "Cargo.toml", Err("BELLWETHER_DATA")),
    ];
    for (named, usual, name, expected) in cases {
        let result = labelled(named.map(PathBuf::as_path), usual, name);
        match (&result, &expected) {
            (Err(complaint), Err(part)) => assert!(complaint.contains(part), "{complaint}"),
            (Ok(file), Ok(wanted)) => assert_eq!(file, wanted),
            _ => panic!("{named:?}, {usual:?}, {name}: {result:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn labelled_data_comes_with_its_manifest() {
    let text = data("MANIFEST.txt").map(std::fs::read_to_string);
    if let Some(text) = text {
        assert!(text.expect("a file that exists can be read").lines().count() > 0);
    }
}
