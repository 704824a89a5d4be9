//! Packs the SDK, the contract and the templates, for `bellwether plugin new`.
//!
//! In a project of an author's own, the SDK is a workspace of its own: its manifest gets those parts of ours that its
//! crates inherit. The lock file gets what the SDK needs, in the versions that ours has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The folder of the workspace.
const ROOT: &str = "../..";

/// Writes `kit.rs` to `OUT_DIR`.
pub(crate) fn pack() -> io::Result<()> {
    let root = Path::new(ROOT);
    let manifest = read(&root.join("Cargo.toml"))?;
    let lock = read(&root.join("Cargo.lock"))?;
    let mut sdk = folder(&root.join("guests/sdk"))?;
    let inherited: BTreeSet<String> = sdk.values().flat_map(|text| inherited(text)).collect();
    for text in sdk.values_mut() {
        *text = text.replace("\"../../../../wit\"", "\"../../wit\"");
    }
    if let Some(own) = sdk.get_mut("Cargo.toml") {
        own.push_str(&workspace(&manifest, &inherited));
    }
    sdk.extend(
        folder(&root.join("wit"))?.into_iter().map(|(path, text)| (format!("wit/{path}"), text)),
    );
    let parts = [
        list("SDK", &sdk),
        list("DETECTOR", &folder(&root.join("guests/templates/detector"))?),
        list("FILTER", &folder(&root.join("guests/templates/filter"))?),
        list("LOCKED", &locked(&lock, "bellwether-sdk")),
        text("PROFILE", &section(&manifest, "[profile.guest]")),
        text("SERDE", &entry(&manifest, "serde")),
    ];
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(out.join("kit.rs"), parts.concat())
}

fn read(path: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read_to_string(path)
}

/// The files of a folder at any depth, by their paths in it, without what is hidden or was built there. What comes or goes
/// is seen as well.
fn folder(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        println!("cargo::rerun-if-changed={}", next.display());
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            if name == "target" || name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if path.is_dir() {
                waiting.push(path);
            } else if let Ok(below) = path.strip_prefix(folder) {
                files.insert(below.to_string_lossy().into_owned(), read(&path)?);
            }
        }
    }
    Ok(files)
}

/// The dependencies that a manifest inherits, such as `serde.workspace = true`.
fn inherited(manifest: &str) -> Vec<String> {
    let names = manifest.lines().filter_map(|line| line.strip_suffix(".workspace = true"));
    names.map(str::to_owned).collect()
}

/// The parts of the workspace's manifest that the SDK inherits.
fn workspace(manifest: &str, inherited: &BTreeSet<String>) -> String {
    let dependencies: Vec<String> = inherited.iter().map(|name| entry(manifest, name)).collect();
    let dependencies = dependencies.concat().replace("guests/sdk/", "");
    let sections = ["[workspace.package]", "[workspace.lints.rust]", "[workspace.lints.clippy]"];
    let sections = sections.map(|name| section(manifest, name)).concat();
    format!(
        "\n[workspace]\nmembers = [\"worlds/*\"]\n\n{sections}[workspace.dependencies]\n{dependencies}"
    )
}

/// A section of a manifest, head and blank line included.
fn section(manifest: &str, head: &str) -> String {
    let lines = manifest.lines().skip_while(|line| *line != head);
    let body: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    body.join("\n") + "\n\n"
}

/// The line of a dependency of the workspace; empty for what is none.
fn entry(manifest: &str, name: &str) -> String {
    let lines = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    let mut dependencies = lines.take_while(|line| !line.starts_with('['));
    let line = dependencies.find(|line| line.starts_with(&format!("{name} = ")));
    line.map(|line| format!("{line}\n")).unwrap_or_default()
}

/// The entries of a lock file that a package needs, itself included, by name and version.
fn locked(lock: &str, package: &str) -> BTreeMap<String, String> {
    let entries: Vec<&str> = lock.split("\n\n").filter(|one| one.contains("[[package]]")).collect();
    let named = |wanted: &str| {
        let (name, version) = wanted.split_once(' ').unwrap_or((wanted, ""));
        entries.iter().find(move |entry| {
            entry.contains(&format!("\nname = \"{name}\"\n"))
                && (version.is_empty() || entry.contains(&format!("\nversion = \"{version}\"\n")))
        })
    };
    let mut found = BTreeMap::new();
    let mut waiting = vec![package.to_owned()];
    while let Some(wanted) = waiting.pop() {
        let Some(entry) = named(&wanted) else { continue };
        let strings =
            entry.lines().filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","));
        if found.insert(wanted, format!("{}\n", entry.trim())).is_none() {
            waiting.extend(strings.map(str::to_owned));
        }
    }
    found
}

fn list(name: &str, files: &BTreeMap<String, String>) -> String {
    let entries: Vec<String> =
        files.iter().map(|(path, text)| format!("    ({path:?}, {text:?}),\n")).collect();
    format!("pub(super) const {name}: &[(&str, &str)] = &[\n{}];\n", entries.concat())
}

fn text(name: &str, text: &str) -> String {
    format!("pub(super) const {name}: &str = {text:?};\n")
}
