//! Finds the files that globs name.

use super::account::Account;
use super::folder::Folders;
use glob::{MatchOptions, Pattern, PatternError};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Folders below each other that `**` goes through.
const DEPTH_MAX: usize = 64;

/// As shells do: a star does not leave its folder, and hidden files are named explicitly.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// What is not wanted need not be named as carefully.
const EXCLUDE_OPTIONS: MatchOptions =
    MatchOptions { require_literal_leading_dot: false, ..OPTIONS };

/// What files are followed.
pub(super) struct Globs {
    include: Vec<Glob>,
    exclude: Vec<Pattern>,
}

struct Glob {
    root: PathBuf,
    parts: Vec<Part>,
    whole: Pattern,
}

enum Part {
    Name(String),
    Names(Pattern),
    /// Any number of folders.
    Folders,
}

impl Globs {
    /// Parses the globs; an error comes with the one that is wrong.
    pub(super) fn new(
        include: &[String],
        exclude: &[String],
    ) -> Result<Self, (String, PatternError)> {
        let named = |glob: &String, error| (glob.clone(), error);
        let include =
            include.iter().map(|glob| Glob::new(glob).map_err(|error| named(glob, error)));
        let exclude =
            exclude.iter().map(|glob| Pattern::new(glob).map_err(|error| named(glob, error)));
        Ok(Globs {
            include: include.collect::<Result<_, _>>()?,
            exclude: exclude.collect::<Result<_, _>>()?,
        })
    }

    /// Whether a path is followed if there is a file.
    pub(super) fn matches(&self, path: &Path) -> bool {
        let included = self.include.iter().any(|glob| glob.whole.matches_path_with(path, OPTIONS));
        included && !self.is_excluded(path)
    }

    /// A glob without a slash is about names, one with a slash about paths.
    fn is_excluded(&self, path: &Path) -> bool {
        let name = path.file_name().map_or(path, Path::new);
        self.exclude.iter().any(|glob| {
            let subject = if glob.as_str().contains('/') { path } else { name };
            glob.matches_path_with(subject, EXCLUDE_OPTIONS)
        })
    }

    /// All paths that match now, whatever is there.
    pub(super) fn scan(&self, folders: &mut Folders, account: &mut Account) -> BTreeSet<PathBuf> {
        let mut walk = Walk { folders, account, found: BTreeSet::new() };
        for glob in &self.include {
            walk.descend(&glob.root, &glob.parts, 0);
        }
        let mut found = walk.found;
        found.retain(|path| !self.is_excluded(path));
        found
    }

    /// The folders in which new files can be expected before anything is found.
    pub(super) fn roots(&self) -> impl Iterator<Item = PathBuf> {
        self.include.iter().map(|glob| {
            let fixed = glob.parts.iter().map_while(|part| match part {
                Part::Name(name) => Some(name),
                Part::Names(_) | Part::Folders => None,
            });
            let fixed_max = glob.parts.len().saturating_sub(1);
            fixed.take(fixed_max).fold(glob.root.clone(), |folder, name| folder.join(name))
        })
    }
}

impl Glob {
    fn new(glob: &str) -> Result<Self, PatternError> {
        let root = PathBuf::from(if glob.starts_with('/') { "/" } else { "" });
        let names: Vec<&str> =
            glob.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let mut parts = Vec::new();
        for name in &names {
            parts.push(match *name {
                "**" => Part::Folders,
                name if name.contains(['*', '?', '[']) => Part::Names(Pattern::new(name)?),
                name => Part::Name(name.to_owned()),
            });
        }
        let whole = Pattern::new(&format!("{}{}", root.display(), names.join("/")))?;
        Ok(Glob { root, parts, whole })
    }
}

struct Walk<'a> {
    folders: &'a mut Folders,
    account: &'a mut Account,
    found: BTreeSet<PathBuf>,
}

impl Walk<'_> {
    fn descend(&mut self, folder: &Path, parts: &[Part], depth: usize) {
        let Some((part, rest)) = parts.split_first() else {
            self.found.insert(folder.to_owned());
            return;
        };
        match part {
            Part::Name(name) => {
                let path = folder.join(name);
                if !rest.is_empty() || path.exists() {
                    self.descend(&path, rest, depth);
                }
            }
            Part::Names(pattern) => {
                for name in self.names(folder, |name, _| pattern.matches_with(name, OPTIONS)) {
                    self.descend(&folder.join(name), rest, depth);
                }
            }
            Part::Folders => {
                self.descend(folder, rest, depth);
                if depth < DEPTH_MAX {
                    // Links to folders are not followed here, since they may lead in a circle.
                    let is_open = |name: &str, is_folder| is_folder && !name.starts_with('.');
                    for name in self.names(folder, is_open) {
                        self.descend(&folder.join(name), parts, depth + 1);
                    }
                }
            }
        }
    }

    fn names(&mut self, folder: &Path, wanted: impl Fn(&str, bool) -> bool) -> Vec<String> {
        match self.folders.entries(folder) {
            Ok(entries) => {
                let wanted = entries.iter().filter(|entry| wanted(&entry.name, entry.is_folder));
                wanted.map(|entry| entry.name.clone()).collect()
            }
            Err(error) => {
                if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
                    self.account.unreadable(folder, &error);
                }
                Vec::new()
            }
        }
    }
}
