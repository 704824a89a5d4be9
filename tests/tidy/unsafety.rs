//! The list of places that may hold unsafe code.

use proc_macro2::TokenTree;
use toml::Value;

use super::code;
use super::manifest::{self, Manifest};
use super::tree::{self, File};
use super::{Expected, Offence, check, demand_none};

/// Every file that holds unsafe code or lifts the lint against it, with the reason.
const PLACES: &[(&str, &str)] = &[
    ("guests/sdk/src/lib.rs", "exports functions under the contract's names"),
    ("guests/sdk/worlds/detector/Cargo.toml", "bindings generated from wit/"),
    ("guests/sdk/worlds/filter/Cargo.toml", "bindings generated from wit/"),
    (
        "host/core/src/simd/classes.rs",
        "calls what needs AVX2 or AVX-512, and loads of vector registers",
    ),
    ("host/core/src/simd/compress.rs", "calls what needs AVX-512, loads and stores 64 bytes"),
    ("host/core/src/simd/grams.rs", "loads, gathers and stores of vector registers"),
    ("host/core/src/simd/shorts.rs", "loads of vector registers"),
    ("host/plugins/src/compiled.rs", "loads machine code that our own key vouches for"),
    ("tests/bench/src/matching/vectorscan.rs", "calls a library in C that is a peer in the bench"),
    ("tests/guests/hostile/src/deed.rs", "sends a text that is not UTF-8"),
    ("tests/guests/hostile/src/lib.rs", "exports functions under the contract's names"),
];

/// The first line of a Rust file that names `unsafe` or its lint.
fn unsafe_line(file: &File) -> Option<usize> {
    let streams = code::streams(code::tokens(file));
    let mut tokens = streams.iter().flatten();
    tokens.find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "unsafe" || ident == "unsafe_code" => {
            Some(code::line(ident.span()))
        }
        _ => None,
    })
}

/// The line of a manifest that lets its package have unsafe code, or the first one if it takes over no lints at all.
fn lax_line(manifest: &Manifest) -> Option<usize> {
    manifest.package()?;
    let lints = manifest.table.get("lints");
    let inherits = lints.and_then(|lints| lints.get("workspace")).and_then(Value::as_bool);
    if inherits == Some(true) {
        return None;
    }
    Some(manifest.file.line_of("unsafe_code"))
}

fn places(files: &[File], manifests: &[Manifest]) -> Vec<(String, usize)> {
    let rust = files.iter().filter(|file| file.is_rust());
    let mut found: Vec<_> =
        rust.filter_map(|file| Some((file.path.clone(), unsafe_line(file)?))).collect();
    let lax = manifests.iter().filter_map(|one| Some((one.file.path.clone(), lax_line(one)?)));
    found.extend(lax);
    found.sort();
    found
}

/// Compares what was found with the list, in both directions.
fn offences(found: &[(String, usize)], listed: &[(&str, &str)]) -> Vec<Offence> {
    let offence = |path: &str, line, message: &str| Offence {
        path: path.to_owned(),
        line,
        message: message.to_owned(),
    };
    let known = |path: &str| listed.iter().any(|(listed, _)| *listed == path);
    let unknown = found.iter().filter(|(path, _)| !known(path)).map(|(path, line)| {
        offence(path, *line, "permits unsafe code; write it safely, or give a reason in `PLACES`")
    });
    let there = |path: &str| found.iter().any(|(found, _)| found == path);
    let gone = listed.iter().filter(|(path, _)| !there(path));
    let gone = gone.map(|(path, _)| {
        offence(path, 1, "is listed in `PLACES` and has no unsafe code; take it off the list")
    });
    unknown.chain(gone).collect()
}

#[test]
fn unsafe_code_is_where_the_list_says() {
    demand_none(&offences(&places(&tree::read(), &manifest::read()), PLACES));
}

#[test]
fn the_workspace_denies_unsafe_code() {
    let manifests = manifest::read();
    let root = manifests.iter().find(|manifest| manifest.folder().is_empty());
    let lints = root.and_then(|root| root.table.get("workspace")?.get("lints")?.get("rust"));
    let level = lints.and_then(|lints| lints.get("unsafe_code")).and_then(Value::as_str);
    assert_eq!(level, Some("deny"));
}

#[test]
fn unsafe_code_is_seen_wherever_it_hides() {
    let cases = [
        ("fn f() {\n    unsafe { g() }\n}", Some(2)),
        ("#[expect(unsafe_code, reason = \"r\")]\nmod m;", Some(1)),
        ("macro_rules! m { () => { unsafe impl A for B {} } }", Some(1)),
        ("#[unsafe(no_mangle)]\nfn f() {}", Some(1)),
        ("// unsafe\nconst A: &str = \"unsafe_code\"; fn not_unsafe() {}", None),
    ];
    for (text, expected) in cases {
        assert_eq!(unsafe_line(&File::new("x.rs", text)), expected, "{text}");
    }
}

#[test]
fn a_manifest_without_the_lints_is_seen() {
    let cases = [
        ("[package]\nname = \"a\"\n[lints]\nworkspace = true\n", None),
        ("[package]\nname = \"a\"\n[lints.rust]\nunsafe_code = \"allow\"\n", Some(4)),
        ("[package]\nname = \"a\"\n", Some(1)),
        ("[workspace]\nmembers = []\n", None),
    ];
    for (text, expected) in cases {
        assert_eq!(lax_line(&Manifest::new(File::new("a/Cargo.toml", text))), expected, "{text}");
    }
}

#[test]
fn the_list_must_fit_both_ways() {
    let found = [("a.rs".to_owned(), 3), ("b.rs".to_owned(), 4)];
    let cases: &[(&[(&str, &str)], Expected<'_>)] = &[
        (&[("a.rs", ""), ("b.rs", "")], &[]),
        (&[("a.rs", "")], &[(4, "permits unsafe code")]),
        (&[("a.rs", ""), ("b.rs", ""), ("c.rs", "")], &[(1, "take it off the list")]),
    ];
    for (listed, expected) in cases {
        check(&format!("{listed:?}"), &offences(&found, listed), expected);
    }
}
