//! The followed files of one tenant: several groups, each with a follower of its own, as one.

use super::naming::{container_labels, source_key};
use crate::config::{Config, InputConfig};
use bellwether_connect::{
    Chunk, FollowCounters, FollowError, FollowFrom, FollowOptions, Follower, SavedStream,
    StreamEvent, StreamId,
};
use bellwether_core::intake::Routing;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A followed file: its group and its stream in it.
pub(super) type FileId = (usize, StreamId);

/// A file that has come.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: FileId,
    pub(super) path: PathBuf,
    /// Key of its source.
    pub(super) source: String,
    pub(super) routing: Routing,
    pub(super) modified_ms: Option<i64>,
    /// What the path says of the container behind it.
    pub(super) labels: Vec<(String, String)>,
}

/// All followed files of a tenant.
pub(super) struct Files {
    groups: Vec<(InputConfig, Follower)>,
    unfollowed: Vec<SavedStream>,
}

impl Files {
    /// Goes on with what was saved: each stream with the first group that covers its path.
    pub(super) fn new(
        config: &Config,
        tenant: &str,
        saved: &[SavedStream],
    ) -> Result<Self, FollowError> {
        let mut left: Vec<&SavedStream> = saved.iter().collect();
        let mut groups = Vec::new();
        for input in config.inputs.iter().filter(|input| input.tenant == tenant) {
            let (own, others) = left.into_iter().partition(|stream| covers(input, &stream.path));
            left = others;
            let own: Vec<SavedStream> = Vec::into_iter(own).cloned().collect();
            let options = FollowOptions {
                include: input.files.clone(),
                exclude: input.exclude.clone(),
                from: if input.from_beginning { FollowFrom::Beginning } else { FollowFrom::End },
                older: input.older,
                poll_ms: config.follow.poll_ms,
                files_max: config.follow.files_max,
                open_files_max: config.follow.open_files_max,
            };
            groups.push((input.clone(), Follower::new(options, &own)?));
        }
        let unfollowed = left.into_iter().filter(|stream| stream.path.exists()).cloned().collect();
        Ok(Files { groups, unfollowed })
    }

    /// Globs that no file is like.
    pub(super) fn unmatched(&self) -> Vec<&str> {
        let followed = |follower: &Follower, glob: &str| {
            let mut paths = follower.streams().filter_map(|id| follower.path(id));
            paths.any(|path| fits(glob, path))
        };
        let groups = self.groups.iter();
        let unmatched = groups.flat_map(|(input, follower)| {
            let globs = input.files.iter().map(String::as_str);
            globs.filter(move |glob| !followed(follower, glob))
        });
        unmatched.collect()
    }

    /// Where files were when an earlier configuration followed them, for a later one that does so again.
    pub(super) fn unfollowed(&self) -> &[SavedStream] {
        &self.unfollowed
    }

    /// Looks at the folders, if it is time; files that have come, and those that are gone for good.
    pub(super) fn poll(&mut self) -> (Vec<Found>, Vec<FileId>) {
        let (mut found, mut gone) = (Vec::new(), Vec::new());
        for (group, (input, follower)) in self.groups.iter_mut().enumerate() {
            for event in follower.poll() {
                match event {
                    StreamEvent::Found { id, path, modified_ms, .. } => found.push(Found {
                        id: (group, id),
                        source: source_key(&input.source, &path),
                        routing: if input.prefixed { Routing::Prefixed } else { Routing::Whole },
                        labels: container_labels(&path),
                        path,
                        modified_ms,
                    }),
                    StreamEvent::Returned { .. } => {}
                    StreamEvent::Gone { id } => gone.push((group, id)),
                }
            }
        }
        (found, gone)
    }

    /// Files of which reading may give something.
    pub(super) fn ready(&self) -> Vec<FileId> {
        let groups = self.groups.iter().enumerate();
        groups
            .flat_map(|(group, (_, follower))| follower.ready().map(move |id| (group, id)))
            .collect()
    }

    pub(super) fn read(&mut self, (group, id): FileId, buffer: &mut [u8]) -> Chunk {
        self.groups[group].1.read(id, buffer)
    }

    /// Where a file is, after all bytes handed out.
    pub(super) fn position(&self, (group, id): FileId) -> Option<SavedStream> {
        self.groups[group].1.position(id)
    }

    /// Whether all of a file was read, and it is deleted.
    pub(super) fn has_ended(&self, (group, id): FileId) -> bool {
        self.groups[group].1.has_ended(id)
    }

    /// Forgets a file that has ended; should its path come back, it is another one.
    pub(super) fn forget(&mut self, (group, id): FileId) {
        self.groups[group].1.forget(id);
    }

    pub(super) fn lag_bytes(&self, (group, id): FileId) -> u64 {
        self.groups[group].1.lag_bytes(id)
    }

    /// How often each file was looked at, at least.
    pub(super) fn looks(&self) -> u64 {
        self.groups.iter().map(|(_, follower)| follower.looks()).min().unwrap_or(0)
    }

    /// Waits for something to read, not longer than that.
    pub(super) fn wait(&self, timeout: Duration) {
        match self.groups.as_slice() {
            [] => std::thread::park_timeout(timeout),
            [(_, follower)] => follower.wait(timeout),
            several => {
                // None of them can be waited for alone; the pause is divided among them.
                let part = timeout / several.len() as u32;
                several.iter().for_each(|(_, follower)| follower.wait(part));
            }
        }
    }

    /// What happened to the files, by name.
    pub(super) fn counters(&self) -> BTreeMap<String, u64> {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for (_, follower) in &self.groups {
            let FollowCounters {
                rotations,
                truncations,
                lost_bytes,
                lost_generations,
                reopened,
                unreadable,
                beyond_files_max,
                ..
            } = follower.counters();
            let named = [
                ("rotations", rotations),
                ("truncations", truncations),
                ("lost_bytes", lost_bytes),
                ("lost_generations", lost_generations),
                ("reopened", reopened),
                ("unreadable", unreadable),
                ("beyond_files_max", beyond_files_max),
            ];
            for (name, count) in named {
                *sums.entry(name.into()).or_default() += count;
            }
        }
        sums
    }
}

fn covers(input: &InputConfig, path: &Path) -> bool {
    input.files.iter().any(|glob| fits(glob, path))
}

fn fits(glob: &str, path: &Path) -> bool {
    let options =
        glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    glob::Pattern::new(glob).is_ok_and(|glob| glob.matches_path_with(path, options))
}
