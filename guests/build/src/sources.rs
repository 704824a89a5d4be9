//! Which files a guest was built from, and where the outer cargo builds.

use crate::{Error, file_error};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The target folder that `OUT_DIR` lies in. Cargo marks it with a file, so that its layout need not be known.
pub(crate) fn target_dir(out_dir: &Path) -> PathBuf {
    let marked = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    out_dir.ancestors().find(marked).unwrap_or(out_dir).to_owned()
}

/// Prints the lines that make cargo run the build script again when a source of the module changes.
#[expect(clippy::print_stdout, reason = "a build script talks to cargo on its standard output")]
pub(crate) fn announce(module: &Path) -> Result<(), Error> {
    let list = module.with_extension("d");
    let text = fs::read_to_string(&list).map_err(|cause| file_error(&list, cause))?;
    for path in inputs(&text) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    Ok(())
}

/// The sources that a dependency list names, and the manifests and the lock file above them.
fn inputs(list: &str) -> BTreeSet<PathBuf> {
    let mut inputs = BTreeSet::new();
    for source in sources(list) {
        for folder in source.ancestors().skip(1) {
            let manifests = ["Cargo.toml", "Cargo.lock"].map(|name| folder.join(name));
            inputs.extend(manifests.into_iter().filter(|path| path.is_file()));
        }
        inputs.insert(source);
    }
    inputs
}

/// Reads `target: source source`, the form of a makefile, where a blank in a name has a backslash before it.
fn sources(list: &str) -> Vec<PathBuf> {
    let mut sources = Vec::new();
    for line in list.lines() {
        let Some((_, names)) = line.split_once(": ") else {
            continue;
        };
        let mut name = String::new();
        for part in names.split(' ') {
            name.push_str(part);
            if name.ends_with('\\') {
                name.pop();
                name.push(' ');
            } else if !name.is_empty() {
                sources.push(PathBuf::from(std::mem::take(&mut name)));
            }
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_a_dependency_list() {
        let check = |list: &str, expected: &[&str]| {
            let expected: Vec<_> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(sources(list), expected, "{list}");
        };
        check("", &[]);
        check("t/a.wasm:", &[]);
        check("t/a.wasm: src/lib.rs wit/a.wit\n", &["src/lib.rs", "wit/a.wit"]);
        check("t/a.wasm: my\\ code/lib.rs b.rs\n", &["my code/lib.rs", "b.rs"]);
    }

    /// Asked at run time: several checkouts may share a build folder.
    fn package() -> PathBuf {
        std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).expect("cargo runs the tests")
    }

    #[test]
    fn manifests_above_a_source_count_too() {
        let here = package();
        let list = format!("t/a.wasm: {}", here.join("src/lib.rs").display());
        let inputs = inputs(&list);
        for path in ["src/lib.rs", "Cargo.toml", "../../Cargo.lock"] {
            let path = here.join(path).canonicalize().unwrap();
            assert!(inputs.contains(&path), "{} is missing from {inputs:?}", path.display());
        }
    }

    #[test]
    fn the_target_folder_is_the_marked_one() {
        let out_dir = package().join("no/such/out");
        assert_eq!(target_dir(&out_dir), out_dir, "without a mark the folder itself");
    }
}
