//! Looks at the path and its siblings, and finds the current generation again wherever it went.

use super::super::account::Account;
use super::super::folder::Folders;
use super::super::generations::{Candidate, Whereabouts, list};
use super::super::handle::{Got, Handle, Sight};
use super::super::print::HEAD_BYTES;
use super::{Plan, Standing, Stream};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Some compress a file and keep no more of the time it was written than the second.
const SECOND_NS: i64 = 1_000_000_000;

/// Where the current generation was found among the candidates.
enum Found {
    /// All of it, at this one.
    At(usize),
    /// This one is a copy that ends before what was handed out.
    Spent(usize),
    /// At none.
    Nowhere,
}

impl Stream {
    /// Looks at the path; whether it came back after it had ended.
    pub(in super::super) fn look(&mut self, folders: &mut Folders, account: &mut Account) -> bool {
        let seen = match sight(&self.path) {
            Ok(seen) => seen,
            Err(error) => {
                account.unreadable(&self.path, &error);
                return false;
            }
        };
        self.look_back(account);
        let is_same = seen == self.seen;
        self.keep_size();
        self.seen = seen;
        match &self.standing {
            Standing::Live if self.is_current(seen) => self.notice_growth(is_same),
            Standing::Ended if seen.is_none() => {}
            Standing::Behind(plan) if plan.is_confirmed && is_same && seen.is_some() => {
                let grown = self.handle.as_ref().and_then(Handle::sight);
                self.is_ready |= grown.is_some_and(|sight| sight.size != self.offset());
            }
            Standing::Ended => {
                self.arrange(folders, account);
                return true;
            }
            _ => self.arrange(folders, account),
        }
        false
    }

    /// Counts what is written to a generation that was left: a stream does not go back.
    fn look_back(&mut self, account: &mut Account) {
        let Some(former) = &mut self.former else { return };
        former.looks_left -= 1;
        let size = former.handle.sight().map_or(former.size, |sight| sight.size);
        if size > former.size {
            account.lost(&self.path, size - former.size);
            former.size = size;
        }
        if former.looks_left == 0 {
            self.former = None;
        }
    }

    fn is_current(&self, seen: Option<Sight>) -> bool {
        let key = self.generation.as_ref().map(|generation| generation.key);
        key.is_some() && seen.map(|sight| sight.key) == key
    }

    /// Remembers how long the file at the path was: if it is truncated, the next look shows other bytes.
    fn keep_size(&mut self) {
        if matches!(self.standing, Standing::Live)
            && self.is_current(self.seen)
            && let (Some(seen), Some(generation)) = (self.seen, &mut self.generation)
            && let Some(size) = &mut generation.size
        {
            *size = seen.size;
        }
    }

    fn notice_growth(&mut self, is_same: bool) {
        let (Some(seen), Some(generation)) = (self.seen, &self.generation) else { return };
        let is_packed = generation.size.is_none();
        if is_packed && !is_same {
            // A decoder that has seen the end does not go on.
            self.close();
        }
        self.is_ready |= !is_same || (!is_packed && seen.size != self.offset());
    }

    /// Finds the current generation and what comes after it.
    fn arrange(&mut self, folders: &mut Folders, account: &mut Account) {
        self.is_ready = true;
        let at = Whereabouts { path: &self.path, real: &self.real, live: self.seen };
        let found = list(at, folders).and_then(|candidates| {
            self.find(&candidates, account).map(|found| (candidates, found))
        });
        // An error may be a file that was renamed between two steps: the next look tells.
        let Ok((mut candidates, found)) = found else {
            self.standing = Standing::Unknown;
            return;
        };
        let (place, is_lost, younger) = match found {
            Found::At(index) if candidates[index].is_live => {
                self.standing = Standing::Live;
                return;
            }
            Found::At(index) => {
                let younger = candidates.split_off(index + 1);
                (candidates.pop(), false, younger)
            }
            Found::Spent(index) => (None, false, candidates.split_off(index + 1)),
            Found::Nowhere => {
                let is_younger = |candidate: &Candidate| {
                    candidate.is_live || candidate.sight.modified_ns > self.modified_ns
                };
                candidates.retain(is_younger);
                let is_lost = self.generation.is_some() && self.handle.is_none();
                (None, is_lost, candidates)
            }
        };
        if let (Some(place), Some(generation)) = (&place, &mut self.generation) {
            generation.key = place.sight.key;
            let is_packed = self.handle.as_ref().is_some_and(Handle::is_packed);
            generation.size = (!is_packed).then_some(place.sight.size);
        }
        let place = place.map(|candidate| candidate.path);
        let mut plan = Plan { place, is_lost, younger, is_confirmed: false };
        if let Standing::Behind(before) = &self.standing {
            plan.is_confirmed = plan.agrees_with(before);
        }
        self.standing = Standing::Behind(plan);
    }

    /// Looks for the current generation by its content. The oldest that fits counts, even before the file it was: that
    /// may have been copied and truncated, and begin again with the same bytes.
    fn find(&mut self, candidates: &[Candidate], account: &mut Account) -> io::Result<Found> {
        let Some(generation) = &self.generation else { return Ok(Found::Nowhere) };
        let key = self.handle.as_ref().map_or(generation.key, Handle::key);
        let own = candidates.iter().position(|candidate| candidate.sight.key == key);
        // While a file is open, no other can have its key.
        if let (Some(_), Some(index)) = (&self.handle, own) {
            return Ok(Found::At(index));
        }
        let print = self.handle.as_ref().map_or(generation.print, |handle| handle.trail().print());
        for (index, Candidate { path, sight, .. }) in candidates.iter().enumerate() {
            let is_overwritten =
                self.overwritten.as_ref().is_some_and(|(key, _)| *key == sight.key);
            let is_possible = if sight.key == key {
                generation.size.is_none_or(|size| sight.size >= size)
            } else {
                self.may_have_become(*sight)
            };
            if is_overwritten || !is_possible {
                continue;
            }
            match Handle::resume(path, sight.key, self.offset(), print) {
                Ok(Some(handle)) => {
                    // Also in the place of a deleted file, which may have been written anew before it was.
                    account.counters.reopened += 1;
                    self.handle = Some(handle);
                    self.is_restored = false;
                    return Ok(Found::At(index));
                }
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    account.unreadable(path, &error);
                }
                Err(error) => return Err(error),
            }
        }
        self.find_spent(candidates)
    }

    /// Whether a file may hold the current generation: it was last written no earlier than that was known to be.
    fn may_have_become(&self, sight: Sight) -> bool {
        let is_whole_second = sight.modified_ns.rem_euclid(SECOND_NS) == 0;
        let since_ns = if is_whole_second {
            self.modified_ns.div_euclid(SECOND_NS) * SECOND_NS
        } else {
            self.modified_ns
        };
        sight.modified_ns >= since_ns
    }

    /// What was written between the copying of a file and its truncation may have been handed out: then the copy is
    /// shorter than that.
    fn find_spent(&self, candidates: &[Candidate]) -> io::Result<Found> {
        let Some((_, overwritten)) = &self.overwritten else { return Ok(Found::Nowhere) };
        let copy = candidates.iter().rposition(|candidate| !candidate.is_live);
        let Some(index) = copy else { return Ok(Found::Nowhere) };
        let Candidate { path, sight, .. } = &candidates[index];
        if sight.size >= self.offset() || sight.modified_ns < self.modified_ns {
            return Ok(Found::Nowhere);
        }
        let Some(mut handle) = Handle::open(path, sight.key)? else { return Ok(Found::Nowhere) };
        let mut buffer = [0; HEAD_BYTES];
        let is_copy = match handle.read(&mut buffer)? {
            Got::Bytes(count) => overwritten.head().starts_with(&buffer[..count]),
            Got::End | Got::Changed => false,
        };
        Ok(if is_copy { Found::Spent(index) } else { Found::Nowhere })
    }
}

impl Plan {
    /// Whether two looks gave the same.
    fn agrees_with(&self, other: &Plan) -> bool {
        let files = |plan: &Plan| {
            let files = plan.younger.iter().map(|one| (one.sight.key, one.path.clone()));
            files.collect::<Vec<_>>()
        };
        self.place == other.place && self.is_lost == other.is_lost && files(self) == files(other)
    }
}

/// What is at a path; `None` if there is no regular file.
pub(super) fn sight(path: &Path) -> io::Result<Option<Sight>> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Sight::new(&metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
