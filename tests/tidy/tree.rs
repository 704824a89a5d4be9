//! The text files of the project.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Below the root, with `/` between the parts.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl File {
    /// A file that only a test has.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    /// Its last part.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether it is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it lies in a folder, at any depth.
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The first line that holds a text, counted from 1; the first of all if none does.
    pub(crate) fn line_of(&self, text: &str) -> usize {
        self.text.lines().position(|line| line.contains(text)).map_or(1, |index| index + 1)
    }
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    // Asked at run time: a build folder that several checkouts share would keep the path of another one.
    let tests = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package lies");
    let tests = Path::new(&tests);
    tests.parent().expect("this package lies in a folder of the workspace").to_owned()
}

/// Reads every text file of the project, in the order of their paths.
pub(crate) fn read() -> Vec<File> {
    let mut files = Vec::new();
    read_folder(&root(), "", &mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// Reads all Rust files of the project.
pub(crate) fn read_rust() -> Vec<File> {
    read().into_iter().filter(File::is_rust).collect()
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<File>) {
    let entries = fs::read_dir(folder).expect("a folder of the project can be listed");
    for entry in entries {
        let entry = entry.expect("a folder of the project can be listed to its end");
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().expect("an entry of a folder has a type");
        let path = format!("{prefix}{name}");
        if kind.is_dir() && !is_foreign(&entry.path(), &name) {
            read_folder(&entry.path(), &format!("{path}/"), files);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            files.push(File { path, text });
        }
    }
}

/// Whether a folder holds what tools wrote: cargo marks its target folders, wherever they lie.
fn is_foreign(folder: &Path, name: &str) -> bool {
    name == ".git" || folder.join("CACHEDIR.TAG").exists()
}

#[test]
fn the_tree_holds_what_was_written_and_nothing_that_was_built() {
    let files = read();
    let has = |path: &str| files.iter().any(|file| file.path == path);
    assert!(has("Cargo.toml") && has("tests/tidy/tree.rs") && has(".gitignore"));
    assert!(!files.iter().any(|file| file.is_in(".git") || file.is_in("target")));
}

#[test]
fn files_know_where_they_lie() {
    let file = File::new("host/core/src/lib.rs", "one\ntwo\n");
    assert_eq!((file.name(), file.is_rust()), ("lib.rs", true));
    assert_eq!((file.line_of("two"), file.line_of("three")), (2, 1));
    for (folder, inside) in [("host/core", true), ("host", true), ("host/co", false)] {
        assert_eq!(file.is_in(folder), inside, "{folder}");
    }
}
