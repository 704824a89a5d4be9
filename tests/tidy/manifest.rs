//! The manifests of the workspace's packages.

use toml::{Table, Value};

use super::tree::{self, File};

/// A `Cargo.toml`.
pub(crate) struct Manifest {
    pub(crate) file: File,
    pub(crate) table: Table,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It becomes part of what is built.
    Program,
    /// Build scripts call it.
    Build,
    /// Tests, examples and benches call it.
    Development,
}

/// A line of a dependency table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) package: String,
    pub(crate) purpose: Purpose,
    pub(crate) line: usize,
}

const TABLES: &[(&str, Purpose)] = &[
    ("dependencies", Purpose::Program),
    ("build-dependencies", Purpose::Build),
    ("dev-dependencies", Purpose::Development),
];

impl Manifest {
    /// Reads a manifest.
    pub(crate) fn new(file: File) -> Self {
        match file.text.parse() {
            Ok(table) => Manifest { file, table },
            Err(error) => panic!("{}: not TOML: {error}; mend the file", file.path),
        }
    }

    /// The folder it lies in; empty for the workspace itself.
    pub(crate) fn folder(&self) -> &str {
        self.file.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The package it describes.
    pub(crate) fn package(&self) -> Option<&str> {
        self.table.get("package")?.get("name")?.as_str()
    }

    /// All dependencies, those of single targets as well.
    pub(crate) fn dependencies(&self) -> Vec<Dependency> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
        let mut found = Vec::new();
        for table in std::iter::once(&self.table).chain(targets) {
            for (name, purpose) in TABLES {
                let Some(dependencies) = table.get(*name).and_then(Value::as_table) else {
                    continue;
                };
                found.extend(dependencies.iter().map(|(key, value)| {
                    let package = value.get("package").and_then(Value::as_str).unwrap_or(key);
                    let (package, line) = (package.to_owned(), self.line_of_key(name, key));
                    Dependency { package, purpose: *purpose, line }
                }));
            }
        }
        found
    }

    /// The line of a key in the table of that name, or of the table if it is written in another way.
    fn line_of_key(&self, table: &str, key: &str) -> usize {
        let lines = self.file.text.lines().enumerate();
        let inside = lines.skip_while(|(_, line)| !line.contains(&format!("{table}]")));
        let is_key = |line: &str| {
            let rest = line.trim_start().trim_start_matches('"').strip_prefix(key);
            rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=', '"']))
        };
        let found = inside.map(|(index, line)| (index + 1, line)).find(|(_, line)| is_key(line));
        found.map_or_else(|| self.file.line_of(table), |(line, _)| line)
    }
}

/// Reads all manifests of the project.
pub(crate) fn read() -> Vec<Manifest> {
    let files = tree::read().into_iter().filter(|file| file.name() == "Cargo.toml");
    files.map(Manifest::new).collect()
}

#[test]
fn dependencies_are_found_in_every_table() {
    let text = "[package]\nname = \"a\"\n[dependencies]\nb.workspace = true\nc = { package = \"d\" }\n\
        [build-dependencies]\n\"e\" = \"1\"\n[dev-dependencies]\nb = { workspace = true }\n\
        [target.'cfg(unix)'.dependencies]\nf = \"1\"\n";
    let manifest = Manifest::new(File::new("x/a/Cargo.toml", text));
    assert_eq!((manifest.folder(), manifest.package()), ("x/a", Some("a")));
    let found: Vec<_> = manifest.dependencies();
    let expected = [
        ("b", Purpose::Program, 4),
        ("d", Purpose::Program, 5),
        ("e", Purpose::Build, 7),
        ("b", Purpose::Development, 9),
        ("f", Purpose::Program, 11),
    ];
    let expected = expected.map(|(package, purpose, line)| Dependency {
        package: package.to_owned(),
        purpose,
        line,
    });
    assert_eq!(found, expected);
}

#[test]
fn the_workspace_has_no_package_of_its_own() {
    let manifests = read();
    let root = manifests.iter().find(|manifest| manifest.folder().is_empty());
    assert_eq!(root.map(Manifest::package), Some(None));
    let packages = manifests.iter().filter_map(Manifest::package);
    assert!(packages.filter(|package| *package == "bellwether-core").count() == 1);
}
