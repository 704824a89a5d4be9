//! The generations of a stream that are there, the oldest first: rotated siblings, then the file at the path.

use super::folder::Folders;
use super::handle::{Sight, is_copy};
use super::rotated::{Age, origins, unpacked};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// A file that is a generation of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Where it is now.
    pub(super) path: PathBuf,
    /// What it looks like.
    pub(super) sight: Sight,
    /// Whether it is the file at the stream's path, to which lines are still added.
    pub(super) is_live: bool,
}

/// Where the generations of a stream are to be looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whereabouts<'a> {
    /// The stream's path.
    pub(super) path: &'a Path,
    /// The file behind the path when it was last there; another one if the path is a link.
    pub(super) real: &'a Path,
    /// What is at the path now.
    pub(super) live: Option<Sight>,
}

/// Lists the generations. An error means that the files are changing right now, or that the folder cannot be read.
pub(super) fn list(at: Whereabouts<'_>, folders: &mut Folders) -> io::Result<Vec<Candidate>> {
    let mut found = siblings(at.real, folders)?;
    let mut real_now = at.real.to_owned();
    if at.live.is_some() {
        real_now = at.path.canonicalize()?;
        if real_now != at.real {
            // The link leads elsewhere, as after the restart of a container: what it led to is a generation too.
            let sight = at.real.symlink_metadata().ok().as_ref().and_then(Sight::new);
            let path = at.real.to_owned();
            found.extend(sight.map(|sight| Candidate { path, sight, is_live: false }));
            found.extend(siblings(&real_now, folders)?);
        }
    }
    if let Some(sight) = at.live {
        drop_copy(&mut found, (&real_now, sight))?;
        found.push(Candidate { path: at.path.to_owned(), sight, is_live: true });
    }
    // Two names of one file, as while it is being renamed or linked: the younger one counts.
    let mut keys = HashSet::new();
    let mut kept: Vec<Candidate> =
        found.into_iter().rev().filter(|candidate| keys.insert(candidate.sight.key)).collect();
    kept.reverse();
    Ok(kept)
}

/// Before a file is truncated in place it is copied. While both are there, the copy is no generation of its own.
fn drop_copy(siblings: &mut Vec<Candidate>, live: (&Path, Sight)) -> io::Result<()> {
    if let Some(youngest) = siblings.last()
        && is_copy((&youngest.path, youngest.sight), live)?
    {
        siblings.pop();
    }
    Ok(())
}

/// The rotated siblings of a file, the oldest first.
fn siblings(real: &Path, folders: &mut Folders) -> io::Result<Vec<Candidate>> {
    let (Some(folder), Some(name)) =
        (real.parent(), real.file_name().and_then(|name| name.to_str()))
    else {
        return Ok(Vec::new());
    };
    let entries = match folders.entries(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let first = entries.partition_point(|entry| entry.name.as_str() < stem);
    let near = entries[first..].iter().take_while(|entry| entry.name.starts_with(stem));
    let mut names = HashSet::new();
    let mut found: Vec<(Age, Candidate)> = Vec::new();
    for entry in near {
        let own = |(origin, age): (String, Age)| (origin == name).then_some(age);
        let Some(age) = origins(&entry.name).into_iter().find_map(own) else { continue };
        // The plain file sorts before the compressed one, which is whole only when the plain one is gone.
        if !names.insert(unpacked(&entry.name).to_owned()) {
            continue;
        }
        let path = folder.join(&entry.name);
        if let Some(sight) = Sight::new(&path.symlink_metadata()?) {
            found.push((age, Candidate { path, sight, is_live: false }));
        }
    }
    sort(&mut found);
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}

/// Sorts by what the names say, or, where they speak different languages, by when files were last written.
fn sort(found: &mut [(Age, Candidate)]) {
    let turns = found.iter().filter(|(age, _)| matches!(age, Age::Turns(_))).count();
    let is_mixed = turns != 0 && turns != found.len();
    found.sort_by(|(age, candidate), (other_age, other)| {
        let by_time = candidate.sight.modified_ns.cmp(&other.sight.modified_ns);
        let by_name = match (age, other_age) {
            (Age::Turns(turns), Age::Turns(other)) => other.cmp(turns),
            (age, other) => age.cmp(other),
        };
        let order = if is_mixed { by_time } else { Ordering::Equal };
        order.then(by_name).then_with(|| candidate.path.cmp(&other.path))
    });
}
