//! Who may name what: one owner per foreign library, and a core without I/O, clock and tasks.

use super::code;
use super::manifest::{self, Manifest};
use super::tree::{self, File};
use super::{Expected, Offence, check, demand_none};

/// A library, spelt as in code, and the only folder that may name it.
const OWNERS: &[(&str, &str)] = &[
    ("wasmtime", "host/plugins"),
    ("wasmparser", "host/plugins"),
    ("rusqlite", "host/store"),
    ("serde_saphyr", "host/daemon/src/config"),
    ("wit_component", "guests/build"),
];

/// The pure crate.
const CORE: &str = "host/core";

/// What would make core impure.
const IMPURE: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "net"],
    &["time", "Instant"],
    &["time", "SystemTime"],
    &["std", "time", "*"],
];

/// Libraries that the bench holds ours against, and where: there they are peers.
const PEERS: &[(&str, &str, &str)] =
    &[("wasmtime", "tests/bench", "tests/bench/src/boundary/bare.rs")];

/// The folder that owns a library or one of its companions, such as `wasmtime-environ`.
fn owner(library: &str) -> Option<(&'static str, &'static str)> {
    let library = library.replace('-', "_");
    let mut owners = OWNERS.iter().copied();
    owners.find(|(name, _)| {
        library.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}

fn code_offences(file: &File) -> Vec<Offence> {
    let mut offences = Vec::new();
    for path in code::paths(code::tokens(file)) {
        let Some((library, folder)) = owner(&path.segments[0]) else { continue };
        let is_peer = |(name, _, place): &(&str, &str, &str)| {
            path.segments[0] == *name && file.path == *place
        };
        if !file.is_in(folder) && !PEERS.iter().any(is_peer) {
            let message = format!("names `{library}`; only {folder} may, ask it for what you need");
            offences.push(Offence::new(file, path.line, message));
        }
    }
    offences
}

fn manifest_offences(manifest: &Manifest) -> Vec<Offence> {
    let mut offences = Vec::new();
    for dependency in manifest.dependencies() {
        let Some((_, folder)) = owner(&dependency.package) else { continue };
        let is_peer = |(name, package, _): &(&str, &str, &str)| {
            dependency.package == *name && manifest.folder() == *package
        };
        if PEERS.iter().any(is_peer) {
            continue;
        }
        if folder != manifest.folder() && !folder.starts_with(&format!("{}/", manifest.folder())) {
            let library = &dependency.package;
            let message = format!("depends on `{library}`; only {folder} may name it");
            offences.push(Offence::new(&manifest.file, dependency.line, message));
        }
    }
    offences
}

fn purity_offences(file: &File) -> Vec<Offence> {
    if !file.is_in(CORE) {
        return Vec::new();
    }
    let mut offences = Vec::new();
    for path in code::paths(code::tokens(file)) {
        if path.segments[0] == "tokio" || IMPURE.iter().any(|impure| path.has(impure)) {
            let name = path.segments.join("::");
            let message =
                format!("names `{name}`; core does no I/O and reads no clock, pass it in");
            offences.push(Offence::new(file, path.line, message));
        }
    }
    offences
}

#[test]
fn libraries_are_named_by_their_owners_only() {
    let mut offences: Vec<Offence> = tree::read_rust().iter().flat_map(code_offences).collect();
    offences.extend(manifest::read().iter().flat_map(manifest_offences));
    demand_none(&offences);
}

#[test]
fn core_is_pure() {
    demand_none(&tree::read_rust().iter().flat_map(purity_offences).collect::<Vec<_>>());
}

#[test]
fn a_library_in_foreign_code_is_seen() {
    let cases: &[(&str, &str, Expected<'_>)] = &[
        ("host/daemon/src/a.rs", "use wasmtime::Engine;", &[(1, "only host/plugins")]),
        ("host/plugins/src/a.rs", "use wasmtime::Engine;", &[]),
        ("tests/bench/src/boundary/bare.rs", "use wasmtime::Engine;", &[]),
        ("tests/bench/src/boundary.rs", "use wasmtime::Engine;", &[(1, "only host/plugins")]),
        ("host/daemon/src/a.rs", "\nfn f(e: &wasmtime_environ::Trap) {}", &[(2, "`wasmtime`")]),
        ("tests/a.rs", "use {serde::de, wasmparser::Parser};", &[(1, "`wasmparser`")]),
        ("host/daemon/src/a.rs", "rusqlite::Connection::open(p)", &[(1, "only host/store")]),
        ("host/daemon/src/config/tree.rs", "use serde_saphyr::Error;", &[]),
        ("host/daemon/src/api.rs", "use serde_saphyr::Error;", &[(1, "host/daemon/src/config")]),
        ("guests/sdk/src/a.rs", "wit_component::embed()", &[(1, "only guests/build")]),
        ("host/daemon/src/a.rs", "// wasmtime::Engine\nlet wasmtime = a::wasmtime();", &[]),
    ];
    for (path, text, expected) in cases {
        check(&format!("{path}: {text}"), &code_offences(&File::new(path, text)), expected);
    }
}

#[test]
fn a_library_in_a_foreign_manifest_is_seen() {
    let cases: &[(&str, &str, Expected<'_>)] = &[
        ("host/plugins", "wasmtime.workspace = true", &[]),
        ("tests/bench", "wasmtime.workspace = true", &[]),
        ("host/daemon", "wasmtime.workspace = true", &[(2, "only host/plugins")]),
        ("host/daemon", "serde-saphyr.workspace = true", &[]),
        ("host/core", "serde-saphyr = \"2\"", &[(2, "only host/daemon/src/config")]),
        ("host/core", "serde = \"1\"", &[]),
        ("tests/bench", "x = { package = \"wasmtime-wasi\" }", &[(2, "`wasmtime-wasi`")]),
    ];
    for (folder, line, expected) in cases {
        let text = format!("[dependencies]\n{line}\n");
        let manifest = Manifest::new(File::new(&format!("{folder}/Cargo.toml"), &text));
        check(&format!("{folder}: {line}"), &manifest_offences(&manifest), expected);
    }
}

#[test]
fn impurity_is_seen_in_core_only() {
    let cases: &[(&str, Expected<'_>)] = &[
        ("use std::fs;", &[(1, "`std::fs`")]),
        ("use std::{collections::BTreeMap, fs::File};", &[(1, "`std::fs::File`")]),
        ("fn f() {\n    std::net::TcpStream::connect(a)\n}", &[(2, "`std::net::")]),
        ("use std::time::{Duration, Instant};", &[(1, "`std::time::Instant`")]),
        ("use std::time;\nfn f() { time::SystemTime::now() }", &[(2, "`time::SystemTime::now`")]),
        ("use std::time::*;", &[(1, "`std::time::*`")]),
        ("use tokio::spawn;", &[(1, "`tokio::spawn`")]),
        ("use std::time::Duration; // std::fs", &[]),
    ];
    for (text, expected) in cases {
        check(text, &purity_offences(&File::new("host/core/src/a.rs", text)), expected);
        check(text, &purity_offences(&File::new("host/connect/src/a.rs", text)), &[]);
    }
}
