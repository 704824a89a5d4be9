//! The built program, and the folder of labelled data.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::PathBuf;

/// Names the folder of labelled data.
const DATA_VARIABLE: &str = "BELLWETHER_DATA";

/// The binary `bellwether` that lies beside the bench.
pub(crate) fn bellwether() -> Result<PathBuf> {
    let bench = env::current_exe().context("a running program has an executable")?;
    let program = bench.with_file_name(format!("bellwether{}", env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    bail!(
        "`{}` is missing; run `make bench`, or `cargo build --release -p bellwether-daemon` first",
        program.display()
    )
}

/// The folder of this package, asked at run time: several checkouts may share a build folder.
pub(crate) fn package() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default()
}

/// A file of labelled data, if there is such data at all.
pub(crate) fn data(name: &str) -> Result<Option<PathBuf>> {
    let usual = package().join("../../../shared/data");
    labelled(env::var_os(DATA_VARIABLE).map(PathBuf::from), usual, name)
}

/// A folder that somebody named must hold the file, so must the usual one if it exists.
fn labelled(named: Option<PathBuf>, usual: PathBuf, name: &str) -> Result<Option<PathBuf>> {
    if named.is_none() && !usual.is_dir() {
        return Ok(None);
    }
    let file = named.unwrap_or(usual).join(name);
    if file.is_file() {
        return Ok(Some(file));
    }
    bail!("`{}` is missing; add it, or mend {DATA_VARIABLE}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn labelled_data_is_optional_only_as_a_whole() {
        let here = &package();
        let here = here.as_path();
        let nowhere = here.join("nowhere");
        let there = Ok(Some(here.join("Cargo.toml")));
        let cases = [
            (None, here, "Cargo.toml", there.clone()),
            (Some(here), nowhere.as_path(), "Cargo.toml", there),
            (None, &nowhere, "Cargo.toml", Ok(None)),
            (None, here, "absent.gz", Err("absent.gz` is missing")),
            (Some(&nowhere), here, "Cargo.toml", Err("Cargo.toml` is missing")),
        ];
        for (named, usual, name, expected) in cases {
            let result = labelled(named.map(Path::to_owned), usual.to_owned(), name);
            match (&result, &expected) {
                (Ok(file), Ok(wanted)) => assert_eq!(file, wanted),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
                _ => panic!("{named:?}, {name}: {result:?} instead of {expected:?}"),
            }
        }
    }
}
