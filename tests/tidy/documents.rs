//! What is written for people: that it exists, that its links lead somewhere, that it names nobody's machine.

use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag};

use super::tree::{self, File};
use super::{Expected, Offence, check, demand_none};

/// Every project has them, at its root.
const DOCUMENTS: &[&str] =
    &["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"];

/// Folders at the root of a developer's machine.
const MACHINE_FOLDERS: &[&str] = &["home", "root", "work"];

/// Files of log lines, whose paths belong to invented machines.
const LOG_SAMPLES: &[&str] = &["patterns", "examples/logs", "host/daemon/src/generate/catalogue"];

fn missing(files: &[File]) -> Vec<Offence> {
    let there = |name: &str| files.iter().any(|file| file.path == name);
    let missing = DOCUMENTS.iter().filter(|name| !there(name));
    let offence = |name| Offence::new(&File::new(name, ""), 1, "is missing; write it");
    missing.map(|name| offence(name)).collect()
}

/// Links of a Markdown file that lead to no file below `root`.
fn dead_links(file: &File, root: &Path) -> Vec<Offence> {
    let folder = root.join(&file.path);
    let folder = folder.parent().unwrap_or(root);
    let mut offences = Vec::new();
    for (event, range) in Parser::new(&file.text).into_offset_iter() {
        let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event else {
            continue;
        };
        let path = dest_url.split('#').next().unwrap_or_default();
        if path.contains(':') || path.is_empty() {
            continue;
        }
        if path.starts_with('/') || !folder.join(path).exists() {
            let line = file.text[..range.start].matches('\n').count() + 1;
            let message = format!("links to `{path}`, which is not there; mend the link");
            offences.push(Offence::new(file, line, message));
        }
    }
    offences
}

/// Lines that name a folder at the root of somebody's machine.
fn machine_paths(file: &File) -> Vec<Offence> {
    if LOG_SAMPLES.iter().any(|folder| file.is_in(folder)) {
        return Vec::new();
    }
    let mut offences = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for folder in MACHINE_FOLDERS {
            if names_folder(line, folder) {
                let message = format!("names a path below `/{folder}`; make it relative");
                offences.push(Offence::new(file, index + 1, message));
            }
        }
    }
    offences
}

/// Whether `/folder/` stands in a line as the beginning of a path, not in the middle of one.
fn names_folder(line: &str, folder: &str) -> bool {
    let continues = |before: &str| {
        before.ends_with(|letter: char| letter.is_alphanumeric() || "._-/}>$~*".contains(letter))
    };
    line.match_indices(&format!("/{folder}/")).any(|(start, _)| !continues(&line[..start]))
}

#[test]
fn the_usual_documents_exist() {
    demand_none(&missing(&tree::read()));
}

#[test]
fn links_lead_to_files() {
    let (files, root) = (tree::read(), tree::root());
    let documents = files.iter().filter(|file| file.path.ends_with(".md"));
    demand_none(&documents.flat_map(|file| dead_links(file, &root)).collect::<Vec<_>>());
}

#[test]
fn no_file_names_a_machine() {
    demand_none(&tree::read().iter().flat_map(machine_paths).collect::<Vec<_>>());
}

#[test]
fn a_missing_document_is_seen() {
    let mut files: Vec<File> = DOCUMENTS.iter().map(|name| File::new(name, "")).collect();
    check("all are there", &missing(&files), &[]);
    files.retain(|file| file.path != "README.md");
    files.push(File::new("guests/README.md", ""));
    check("one lies elsewhere", &missing(&files), &[(1, "is missing")]);
}

#[test]
fn dead_links_are_seen() {
    let cases: &[(&str, Expected<'_>)] = &[
        ("[a](Cargo.toml) and [b](tests/all.rs#L1) and [c](host/)", &[]),
        ("text\n\n[a](nowhere.md)", &[(3, "`nowhere.md`")]),
        ("- one\n- [a](nowhere.md#x)\n", &[(2, "`nowhere.md`")]),
        ("[a][b]\n\n[b]: nowhere.md\n", &[(1, "`nowhere.md`")]),
        ("![a](nowhere.png)", &[(1, "`nowhere.png`")]),
        ("[a](/etc)", &[(1, "`/etc`")]),
        ("[a](#below) <https://example.org> [b](https://example.org/x) [c](mailto:a@b.c)", &[]),
        ("`[a](nowhere.md)`\n\n```\n[a](nowhere.md)\n```\n", &[]),
    ];
    for (text, expected) in cases {
        check(text, &dead_links(&File::new("x.md", text), &tree::root()), expected);
    }
    let inner = File::new("tests/x.md", "[a](../Cargo.toml) [b](all.rs) [c](tests/all.rs)");
    check(
        "links start at their own file",
        &dead_links(&inner, &tree::root()),
        &[(1, "`tests/all.rs`")],
    );
}

#[test]
fn machine_paths_are_seen() {
    for folder in MACHINE_FOLDERS {
        let cases: &[(String, Expected<'_>)] = &[
            (format!("a\nsee /{folder}/x"), &[(2, folder)]),
            (format!("const A: &str = \"/{folder}/x\";"), &[(1, folder)]),
            (format!("cd=/{folder}/x"), &[(1, folder)]),
            (format!("src/{folder}/x, ../{folder}/x, https://example.org/{folder}/"), &[]),
            (format!("$HOME/{folder}/x, ~/{folder}/x, /{folder}s/x"), &[]),
        ];
        for (text, expected) in cases {
            check(text, &machine_paths(&File::new("x.rs", text)), expected);
        }
        check("a sample", &machine_paths(&File::new("patterns/a.yaml", &cases[0].0)), &[]);
    }
}
