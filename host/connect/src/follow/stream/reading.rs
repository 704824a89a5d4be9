//! Hands out the bytes of a stream, and goes over from one generation to the next.

use super::super::account::Account;
use super::super::generations::Candidate;
use super::super::handle::{Got, Handle};
use super::{Former, Plan, Standing, Stream};
use std::io::{self, ErrorKind};

/// Looks at a generation that was left, for those who still write to it.
const LOOKS_BACK: u32 = 8;

/// What reading a stream gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk {
    /// So many bytes are in the buffer.
    Bytes(usize),
    /// There are no more for now.
    CaughtUp,
    /// The file is deleted and read to its end; if the path comes back, the stream goes on.
    Ended,
}

/// What the current generation gave.
enum Step {
    Bytes(usize),
    /// It has no more.
    End,
    /// It cannot tell before the next look.
    Stall,
}

/// What the beginning of a younger generation gave.
enum Opening {
    Bytes(Handle, usize),
    Empty,
    /// It is no longer there.
    Moved,
}

impl Stream {
    /// Hands out the next bytes; the buffer has room for two at least.
    pub(in super::super) fn read(&mut self, buffer: &mut [u8], account: &mut Account) -> Chunk {
        let count = if self.is_ready { self.fill(buffer, account) } else { None };
        if let Some(count) = count {
            self.position += count as u64;
            self.is_line_open = buffer[count - 1] != b'\n';
            // The next look tells whether there is more.
            let is_at_end = self.handle.as_ref().is_some_and(Handle::is_at_end);
            self.is_ready = !(is_at_end && matches!(self.standing, Standing::Live));
            return Chunk::Bytes(count);
        }
        self.is_ready = false;
        if self.has_ended() { Chunk::Ended } else { Chunk::CaughtUp }
    }

    fn fill(&mut self, buffer: &mut [u8], account: &mut Account) -> Option<usize> {
        match self.read_current(buffer, account) {
            Step::Bytes(count) => Some(count),
            Step::Stall => None,
            Step::End => self.read_next(buffer, account),
        }
    }

    fn read_current(&mut self, buffer: &mut [u8], account: &mut Account) -> Step {
        if let Err(error) = self.reopen(account) {
            account.unreadable(&self.path, &error);
            return Step::Stall;
        }
        let Some(handle) = &mut self.handle else { return Step::End };
        let got = handle.read(buffer);
        if let Some(sight) = handle.checked() {
            self.modified_ns = sight.modified_ns;
        }
        match got {
            Ok(Got::Bytes(count)) => return Step::Bytes(count),
            Ok(Got::End) => return Step::End,
            Ok(Got::Changed) => {
                self.overwritten = Some((handle.key(), handle.trail().clone()));
                self.standing = Standing::Unknown;
            }
            Err(error) => {
                account.unreadable(&self.path, &error);
                if let Standing::Behind(plan) = &mut self.standing
                    && plan.is_confirmed
                {
                    // Nobody writes to it any more, so nothing will mend it.
                    plan.place = None;
                    plan.is_lost = true;
                    self.close();
                    return Step::End;
                }
            }
        }
        self.close();
        Step::Stall
    }

    /// Opens the current generation where it was closed.
    fn reopen(&mut self, account: &mut Account) -> io::Result<()> {
        let path = match &self.standing {
            Standing::Live => &self.path,
            Standing::Behind(Plan { place: Some(path), .. }) => path,
            _ => return Ok(()),
        };
        let Some(generation) = self.generation.as_ref().filter(|_| self.handle.is_none()) else {
            return Ok(());
        };
        match Handle::resume(path, generation.key, generation.offset, generation.print) {
            Ok(Some(handle)) => {
                let size = handle.sight().map(|sight| sight.size);
                if size.is_some_and(|size| generation.size.is_some_and(|known| size < known)) {
                    self.overwritten = Some((handle.key(), handle.trail().clone()));
                    self.standing = Standing::Unknown;
                    return Ok(());
                }
                account.counters.reopened += 1;
                self.handle = Some(handle);
            }
            Ok(None) => self.standing = Standing::Unknown,
            Err(error) if error.kind() == ErrorKind::NotFound => self.standing = Standing::Unknown,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Goes over to the next generation that has bytes, if it is certain which one that is.
    fn read_next(&mut self, buffer: &mut [u8], account: &mut Account) -> Option<usize> {
        let Standing::Behind(plan) = &self.standing else { return None };
        if !plan.is_confirmed {
            return None;
        }
        let filler = usize::from(self.is_line_open);
        let mut unreadable = Vec::new();
        for (index, candidate) in plan.younger.iter().enumerate() {
            match open(candidate, &mut buffer[filler..]) {
                Ok(Opening::Bytes(handle, count)) => {
                    buffer[..filler].fill(b'\n');
                    let lost: Vec<Candidate> =
                        unreadable.into_iter().map(|at: usize| plan.younger[at].clone()).collect();
                    self.go_over(index, handle, account);
                    for candidate in lost {
                        account.lost(&candidate.path, candidate.sight.size);
                    }
                    return Some(filler + count);
                }
                Ok(Opening::Empty) if candidate.is_live => return None,
                Ok(Opening::Empty) => {}
                Err(error) if is_lasting(&error) && !candidate.is_live => {
                    account.unreadable(&candidate.path, &error);
                    unreadable.push(index);
                }
                Ok(Opening::Moved) => {
                    self.standing = Standing::Unknown;
                    return None;
                }
                Err(error) => {
                    account.unreadable(&candidate.path, &error);
                    self.standing = Standing::Unknown;
                    return None;
                }
            }
        }
        // While it has a name, somebody may still write to it.
        if self.seen.is_none() && plan.place.is_none() {
            if self.rest_bytes() > 0 {
                account.lost(&self.path, self.rest_bytes());
            }
            self.close();
            self.standing = Standing::Ended;
        }
        None
    }

    /// Leaves the current generation for one of the plan.
    fn go_over(&mut self, index: usize, handle: Handle, account: &mut Account) {
        let Standing::Behind(plan) = &mut self.standing else { return };
        let next = plan.younger.drain(..=index).next_back();
        let Some(next) = next else { return };
        let is_lost = std::mem::take(&mut plan.is_lost);
        plan.place = Some(next.path);
        if let Some(generation) = &self.generation {
            let rest_bytes = self.rest_bytes();
            if is_lost && (self.is_restored || generation.size.is_none() || rest_bytes > 0) {
                account.lost(&self.path, rest_bytes);
            }
            if self.overwritten.is_some() {
                account.counters.truncations += 1;
            } else {
                account.counters.rotations += 1;
            }
        }
        // In a file that was truncated, others may write what comes next.
        let former = self.handle.take().filter(|_| self.overwritten.is_none());
        self.enter(handle, next.sight);
        self.former = former.and_then(|handle| {
            let size = handle.offset();
            (!handle.is_packed()).then_some(Former { handle, size, looks_left: LOOKS_BACK })
        });
        if next.is_live {
            self.standing = Standing::Live;
            self.real = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        }
    }
}

/// Opens a younger generation and reads its first bytes.
fn open(candidate: &Candidate, buffer: &mut [u8]) -> io::Result<Opening> {
    let handle = match Handle::open(&candidate.path, candidate.sight.key) {
        Ok(handle) => handle,
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let Some(mut handle) = handle else { return Ok(Opening::Moved) };
    Ok(match handle.read(buffer)? {
        Got::Bytes(count) => Opening::Bytes(handle, count),
        Got::End => Opening::Empty,
        Got::Changed => Opening::Moved,
    })
}

/// Whether trying again cannot help: no permission, or what is there cannot be decompressed.
fn is_lasting(error: &io::Error) -> bool {
    error.kind() == ErrorKind::PermissionDenied || error.raw_os_error().is_none()
}
