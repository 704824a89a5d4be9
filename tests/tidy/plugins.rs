//! The shape of the plugins that ship: each folder is one small crate, and all of them look alike.

use std::collections::BTreeSet;

use super::tree::{self, File};
use super::{Expected, Offence, check, demand_none};

/// Where each folder is a plugin.
const FOLDERS: &[&str] = &["guests/detectors", "guests/filters"];

/// `src/lib.rs` only exports the type that holds the logic.
const SHIM_LINES_MAX: usize = 39;

fn offences(files: &[File]) -> Vec<Offence> {
    plugins(files).iter().flat_map(|plugin| plugin_offences(plugin, files)).collect()
}

fn plugins(files: &[File]) -> BTreeSet<String> {
    let mut plugins = BTreeSet::new();
    for folder in FOLDERS {
        for file in files.iter().filter(|file| file.is_in(folder)) {
            let rest = &file.path[folder.len() + 1..];
            plugins.extend(rest.split_once('/').map(|(name, _)| format!("{folder}/{name}")));
        }
    }
    plugins
}

fn plugin_offences(plugin: &str, files: &[File]) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (name, complaint) in [
        ("Cargo.toml", none as fn(&File) -> Option<String>),
        ("src/lib.rs", long_shim),
        ("src/config.schema.json", bad_schema),
    ] {
        let path = format!("{plugin}/{name}");
        match files.iter().find(|file| file.path == path) {
            Some(file) => {
                offences.extend(complaint(file).map(|message| Offence::new(file, 1, message)))
            }
            None => {
                let message = "is missing; copy the one of guests/detectors/rate";
                offences.push(Offence::new(&File::new(&path, ""), 1, message));
            }
        }
    }
    offences
}

fn none(_: &File) -> Option<String> {
    None
}

fn long_shim(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    let message =
        || format!("{lines} lines; move the logic to a module, the shim has {SHIM_LINES_MAX}");
    (lines > SHIM_LINES_MAX).then(message)
}

fn bad_schema(file: &File) -> Option<String> {
    match serde_json::from_str::<serde_json::Value>(&file.text) {
        Ok(value) if value.get("type").is_some_and(|kind| kind == "object") => None,
        Ok(_) => Some("no schema of an object; begin with `\"type\": \"object\"`".to_owned()),
        Err(error) => Some(format!("not JSON: {error}; mend the file")),
    }
}

#[test]
fn every_plugin_has_the_same_shape() {
    let files = tree::read();
    assert!(!plugins(&files).is_empty(), "no plugin lies in {FOLDERS:?}");
    demand_none(&offences(&files));
}

#[test]
fn a_plugin_of_another_shape_is_seen() {
    let long = "\n".repeat(SHIM_LINES_MAX + 1);
    let whole = [
        ("Cargo.toml", ""),
        ("src/lib.rs", ""),
        ("src/config.schema.json", r#"{"type":"object"}"#),
    ];
    let mut cases: Vec<(Vec<(&str, &str)>, Expected<'_>)> = vec![(whole.to_vec(), &[])];
    for (name, _) in whole {
        let rest = whole.into_iter().filter(|(other, _)| *other != name).collect();
        cases.push((rest, &[(1, "is missing")]));
    }
    let [manifest, shim, schema] = whole;
    cases.push((vec![manifest, ("src/lib.rs", &long), schema], &[(1, "40 lines")]));
    cases.push((vec![manifest, shim, ("src/config.schema.json", "{")], &[(1, "not JSON")]));
    cases.push((vec![manifest, shim, ("src/config.schema.json", "[]")], &[(1, "no schema")]));
    for (parts, expected) in cases {
        let file =
            |&(name, text): &(&str, &str)| File::new(&format!("guests/filters/x/{name}"), text);
        let mut files: Vec<File> = parts.iter().map(file).collect();
        files.push(File::new("guests/filters/x/src/x.rs", ""));
        files.push(File::new("guests/filters/README.md", ""));
        check(&format!("{parts:?}"), &offences(&files), expected);
    }
}
