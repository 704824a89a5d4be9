//! A new project: a small plugin that works, with everything that building it needs.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

/// What the build script has packed.
mod packed {
    include!(concat!(env!("OUT_DIR"), "/kit.rs"));
}

/// Longest name; the sandbox allows no longer one.
const NAME_BYTES_MAX: usize = 64;
/// Names that Rust or the project itself needs.
const TAKEN: [&str; 52] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "bellwether-sdk",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "lib",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "sdk",
    "self",
    "serde",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "type",
    "unsafe",
    "use",
    "where",
];

/// What a new plugin is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// It scores rows.
    Detector,
    /// It drops and tags rows.
    Filter,
}

/// Why a project cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    /// The name does not fit.
    #[error("`{name}` is no name for a plugin: {why}; write e.g. long-lines")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is something already.
    #[error("`{0}` exists already; choose another name, or another folder with --path")]
    Exists(String),
    /// A file cannot be written.
    #[error("cannot write `{path}`; check the folder and its permissions")]
    Write {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// A name that can be a package, a file, a module and the plugin's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// Checks a name.
    pub(crate) fn parse(name: &str) -> Result<Self, ProjectError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let why = if name.is_empty() || !name.bytes().all(plain) {
            "it may have a-z, 0-9 and `-`"
        } else if !name.starts_with(|first: char| first.is_ascii_lowercase()) || name.ends_with('-')
        {
            "it must begin with a letter and not end with `-`"
        } else if name.len() > NAME_BYTES_MAX {
            "it is longer than 64 letters"
        } else if TAKEN.contains(&name) {
            "the word has a meaning of its own"
        } else {
            return Ok(Name(name.to_owned()));
        };
        Err(ProjectError::Name { name: name.to_owned(), why })
    }

    /// As a package, such as `long-lines`.
    pub(crate) fn package(&self) -> &str {
        &self.0
    }

    /// As a module, such as `long_lines`.
    fn module(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As a type, such as `LongLines`.
    fn type_name(&self) -> String {
        let words = self.0.split('-').map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_uppercase() + rest
        });
        let name = words.collect::<String>();
        // The traits have these names.
        if name == "Detector" || name == "Filter" { format!("My{name}") } else { name }
    }
}

/// Writes a project to a folder that does not exist yet.
pub(crate) fn create(folder: &Path, name: &Name, sort: Sort) -> Result<(), ProjectError> {
    if folder.exists() {
        return Err(ProjectError::Exists(folder.display().to_string()));
    }
    for (path, text) in files(name, sort) {
        let path = folder.join(path);
        let failed = |source| ProjectError::Write { path: path.display().to_string(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, text).map_err(failed)?;
    }
    Ok(())
}

/// All files of a project, by their paths.
fn files(name: &Name, sort: Sort) -> Vec<(String, String)> {
    let (template, word, title) = match sort {
        Sort::Detector => (packed::DETECTOR, "detector", "Detector"),
        Sort::Filter => (packed::FILTER, "filter", "Filter"),
    };
    let named = |text: &str| {
        text.replace(&format!("template-{word}"), name.package())
            .replace(&format!("template_{word}"), &name.module())
            .replace(&format!("Template{title}"), &name.type_name())
    };
    let own = template.iter().filter(|(path, _)| *path != "Cargo.toml");
    let mut files: Vec<(String, String)> =
        own.map(|(path, text)| (named(path), named(text))).collect();
    let sdk = packed::SDK.iter();
    files.extend(sdk.map(|(path, text)| (format!("sdk/{path}"), (*text).to_owned())));
    files.push((".gitignore".into(), "/target\n".into()));
    files.push(("Cargo.toml".into(), manifest(name)));
    files.push(("Cargo.lock".into(), lock(name)));
    files
}

fn manifest(name: &Name) -> String {
    let template = include_str!("project/manifest.toml");
    let filled = template.replace("template", name.package());
    format!("{filled}{}\n{}", packed::SERDE, include_str!("project/manifest-rest.toml"))
        + packed::PROFILE.trim_end()
        + "\n"
}

/// The versions that the SDK was tested with. Cargo takes out what this project does not need.
fn lock(name: &Name) -> String {
    let own = format!(
        "[[package]]\nname = \"{}\"\nversion = \"0.1.0\"\ndependencies = [\n \"bellwether-sdk\",\n \"serde\",\n]\n",
        name.package()
    );
    let mut entries: Vec<(&str, &str)> = packed::LOCKED.to_vec();
    entries.push((name.package(), &own));
    entries.sort_unstable();
    let mut text = String::from("version = 4\n");
    for (_, entry) in entries {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{entry}");
    }
    text
}

#[cfg(test)]
mod tests;
