//! What folders hold: each is listed at most once in a round, whoever asks.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Folders listed in one round; beyond it the globs are too wide to be meant.
const FOLDERS_MAX: usize = 20_000;

/// An entry of a folder whose name is text; others cannot be configured and are left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Its name.
    pub(super) name: String,
    /// Whether it is a folder itself, and not a link to one.
    pub(super) is_folder: bool,
}

/// The folders as they were in this round.
#[derive(Default)]
pub(super) struct Folders {
    listings: HashMap<PathBuf, Result<Rc<[Entry]>, io::ErrorKind>>,
}

impl Folders {
    /// The entries of a folder, sorted by name.
    pub(super) fn entries(&mut self, folder: &Path) -> io::Result<Rc<[Entry]>> {
        if let Some(listing) = self.listings.get(folder) {
            return listing.clone().map_err(io::Error::from);
        }
        if self.listings.len() >= FOLDERS_MAX {
            let message = format!("more than {FOLDERS_MAX} folders; narrow the globs");
            return Err(io::Error::other(message));
        }
        let listing = list(folder);
        let kept = listing.as_ref().map(Rc::clone).map_err(io::Error::kind);
        self.listings.insert(folder.to_owned(), kept);
        listing
    }
}

fn list(folder: &Path) -> io::Result<Rc<[Entry]>> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut entries = Vec::new();
    for entry in here.read_dir()? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            entries.push(Entry { name, is_folder });
        }
    }
    entries.sort_unstable();
    Ok(entries.into())
}
