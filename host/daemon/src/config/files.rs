//! Reads configuration files and finds those that a pattern of names means.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use bellwether_core::glob::fits;

/// Largest configuration or pattern file in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Reads a whole file; an error says what to mend.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let fail = |error: &std::io::Error| match error.kind() {
        ErrorKind::NotFound => format!("cannot read `{shown}`: no such file; check the path"),
        ErrorKind::InvalidData => format!("cannot read `{shown}`: not UTF-8; save it as UTF-8"),
        ErrorKind::IsADirectory => {
            format!("cannot read `{shown}`: it is a folder; write e.g. {shown}/*.yaml")
        }
        _ => format!("cannot read `{shown}`: {error}; make it readable"),
    };
    let file = std::fs::File::open(path).map_err(|error| fail(&error))?;
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(|error| fail(&error))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(format!(
            "cannot read `{shown}`: more than {FILE_BYTES_MAX} bytes; split it into several files"
        ));
    }
    Ok(text)
}

/// Says whether a file is there, without reading it.
pub(super) fn expect_file(path: &Path) -> Result<(), String> {
    if path.is_file() {
        return Ok(());
    }
    Err(format!("cannot read `{}`: no such file; check the path", path.display()))
}

/// The files that a path means, in the order of their names; `*` in the last part stands for any letters.
pub(super) fn expand(folder: &Path, text: &str) -> Result<Vec<PathBuf>, String> {
    let path = folder.join(text);
    let Some(pattern) = path.file_name().and_then(|name| name.to_str()) else {
        return Err(format!("expected a file, found {text:?}; write e.g. patterns/*.yaml"));
    };
    if path.parent().is_some_and(|parent| parent.to_string_lossy().contains('*')) {
        return Err(format!("`*` in a folder of {text:?}; write it in the last part only"));
    }
    if !pattern.contains('*') {
        return Ok(vec![path]);
    }
    let none = || format!("no file matches `{}`; check the path", path.display());
    let parent = path.parent().unwrap_or(Path::new(""));
    let searched = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let mut found = Vec::new();
    for entry in searched.read_dir().map_err(|_| none())?.flatten() {
        let name = entry.file_name();
        if entry.path().is_file() && name.to_str().is_some_and(|name| fits(pattern, name)) {
            found.push(parent.join(name));
        }
    }
    found.sort();
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

/// What lies beside the file of the store, with an ending behind the whole name: two stores never share it.
pub(super) fn beside(store: &Path, ending: &str) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(format!(".{ending}"));
    path.into()
}
