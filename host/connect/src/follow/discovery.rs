//! New files: found by the globs, told from rotated ones and from second names, within the limit.

use super::folder::Folders;
use super::options::FollowFrom;
use super::rotated::{Age, origins};
use super::stream::{Begin, Stream};
use super::{Follower, StreamEvent, StreamId};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

impl Follower {
    /// Adds the files that are new.
    pub(super) fn discover(
        &mut self,
        folders: &mut Folders,
        events: &mut Vec<StreamEvent>,
    ) -> Vec<StreamId> {
        let mut new = Vec::new();
        for path in self.new_paths(folders) {
            if self.streams.len() >= self.options.files_max && !self.forget_one(events) {
                self.account.beyond(&path, self.options.files_max);
                continue;
            }
            let mut stream = Stream::new(&path);
            let begin = match (self.options.from, self.unscanned_polls, self.options.older) {
                (FollowFrom::End, None, _) => Begin::End,
                (_, _, true) => Begin::Oldest,
                (_, _, false) => Begin::Live,
            };
            if let Err(error) = stream.begin(begin, folders) {
                self.account.unreadable(&path, &error);
            }
            self.open_files += stream.open_files();
            new.push(self.insert(stream));
            self.close_some(None);
        }
        for root in self.globs.roots() {
            self.wake.watch(&root);
        }
        for followed in self.streams.values() {
            let stream = &followed.stream;
            stream.path().parent().into_iter().for_each(|folder| self.wake.watch(folder));
            stream.real().parent().into_iter().for_each(|folder| self.wake.watch(folder));
        }
        new
    }

    /// Paths that match and have no stream yet: regular files, no rotated siblings, no second names.
    fn new_paths(&mut self, folders: &mut Folders) -> Vec<PathBuf> {
        let mut matched = self.globs.scan(folders, &mut self.account);
        matched.retain(|path| !self.by_path.contains_key(path));
        let mut paths: Vec<PathBuf> =
            matched.into_iter().filter(|path| self.is_file(path)).collect();
        // A file is shorter in name than what was rotated from it.
        paths.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
        let mut real: BTreeSet<PathBuf> =
            self.streams.values().map(|followed| followed.stream.real().to_owned()).collect();
        let mut new = BTreeSet::new();
        for path in paths {
            let origin = self.origin(&path, &new);
            let path = origin.unwrap_or(path);
            if !self.by_path.contains_key(&path)
                && real.insert(path.canonicalize().unwrap_or_else(|_| path.clone()))
            {
                new.insert(path);
            }
        }
        new.into_iter().collect()
    }

    /// The path from which a file was rotated: one that is followed, or, for numbered files, would be.
    fn origin(&self, path: &Path, new: &BTreeSet<PathBuf>) -> Option<PathBuf> {
        let name = path.file_name()?.to_str()?;
        origins(name).into_iter().find_map(|(origin, age)| {
            let origin = path.with_file_name(origin);
            let is_followed = self.by_path.contains_key(&origin) || new.contains(&origin);
            let is_numbered = matches!(age, Age::Turns(_));
            (is_followed || (is_numbered && self.globs.matches(&origin))).then_some(origin)
        })
    }

    fn is_file(&mut self, path: &Path) -> bool {
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => true,
            Ok(metadata) if metadata.is_dir() => false,
            Ok(_) => {
                self.account.unreadable(path, &"it is no regular file");
                false
            }
            // A link to a file that is to come, or a file that is gone again.
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => {
                self.account.unreadable(path, &error);
                false
            }
        }
    }

    /// Forgets the stream that ended and was not read for longest.
    fn forget_one(&mut self, events: &mut Vec<StreamEvent>) -> bool {
        let ended = self.streams.iter().filter(|(_, followed)| followed.stream.has_ended());
        let oldest = ended.min_by_key(|(_, followed)| followed.read_last).map(|(id, _)| *id);
        let Some(id) = oldest.filter(|id| self.forget(*id)) else { return false };
        events.push(StreamEvent::Gone { id });
        true
    }
}
