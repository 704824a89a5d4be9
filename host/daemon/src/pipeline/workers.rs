//! Worker threads, which all pipelines of a program share.
//!
//! A pipeline has a desk for each thread, with a share of its lanes. What waits at a desk is done in its order, and the
//! desks of a thread have their turns; so a thousand tenants need no thousand threads, and one alone has them all. A desk
//! stays with its thread, in whose caches its lanes are.

use super::PipelineError;
use super::worker::{Answer, Task, Worker};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tasks that may wait at one desk.
const DESK_TASKS_MAX: usize = 32;
/// Tasks that may wait at all desks together, except that a few may wait anywhere.
const TASKS_MAX: usize = 256;
const FEW_TASKS: usize = 4;
/// Tasks that a thread does before it looks at other desks.
const TURN_TASKS: usize = 8;

/// Threads on which pipelines work; they end with the last who has this or a desk.
#[derive(Clone)]
pub struct Workers {
    threads: Arc<[Sender<Shift>]>,
    /// Tasks that wait, at all desks.
    waiting: Arc<AtomicUsize>,
    /// Pipelines so far.
    pipelines: Arc<AtomicUsize>,
}

/// A worker that has something to do at its desk.
struct Shift {
    table: Arc<Table>,
    worker: Box<Worker>,
}

impl Workers {
    /// Starts so many; with 0, one for each processor.
    pub fn start(count: usize) -> Result<Self, PipelineError> {
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
        let start = |number: usize| {
            let (sender, shifts) = channel();
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            thread.spawn(move || work(&shifts)).map_err(PipelineError::Threads)?;
            Ok(sender)
        };
        let threads = (0..if count == 0 { processors } else { count }).map(start);
        Ok(Workers {
            threads: threads.collect::<Result<_, PipelineError>>()?,
            waiting: Arc::default(),
            pipelines: Arc::default(),
        })
    }

    /// A desk with each thread, at each of which a worker is told what to do. Each pipeline has its first with another
    /// thread: the sources of many tenants may have the same names, and so the same lanes.
    pub(super) fn desks(&self, worker: impl Fn() -> Worker, answers: &Sender<Answer>) -> Vec<Desk> {
        let count = self.threads.len();
        let first = self.pipelines.fetch_add(1, Ordering::Relaxed) % count;
        let desk = |thread: usize| {
            let pile = Pile { tasks: VecDeque::new(), place: Place::Here(Box::new(worker())) };
            let (waiting, answers) = (Arc::clone(&self.waiting), answers.clone());
            let table = Arc::new(Table { pile: Mutex::new(pile), waiting, answers });
            Desk { workers: self.clone(), thread, table }
        };
        (first..first + count).map(|thread| thread % count).map(desk).collect()
    }
}

/// A thread: its desks have their turns, until nobody can have a desk with it any more.
fn work(shifts: &Receiver<Shift>) {
    let mut ready = VecDeque::new();
    loop {
        if ready.is_empty() {
            let Ok(shift) = shifts.recv() else { return };
            ready.push_back(shift);
        }
        ready.extend(shifts.try_iter());
        let left = ready.pop_front().and_then(Shift::turn);
        ready.extend(left);
    }
}

impl Shift {
    /// Does some of what waits; what is left waits for the next turn.
    fn turn(mut self) -> Option<Shift> {
        for _ in 0..TURN_TASKS {
            let Some(task) = self.table.next() else { break };
            if !self.table.work(&mut self.worker, task) {
                self.table.pile().place = Place::Gone;
                return None;
            }
        }
        let table = Arc::clone(&self.table);
        let mut pile = table.pile();
        if pile.tasks.is_empty() {
            pile.place = Place::Here(self.worker);
            return None;
        }
        Some(self)
    }
}

/// Where tasks are left for a worker.
pub(super) struct Desk {
    workers: Workers,
    thread: usize,
    table: Arc<Table>,
}

struct Table {
    // A std mutex: held to lay a task down or to take one up.
    pile: Mutex<Pile>,
    waiting: Arc<AtomicUsize>,
    answers: Sender<Answer>,
}

struct Pile {
    tasks: VecDeque<Task>,
    place: Place,
}

/// Where the worker is.
enum Place {
    /// It waits for tasks.
    Here(Box<Worker>),
    /// A thread has it.
    AtWork,
    /// It has ended, or nobody hears it any more.
    Gone,
}

/// What a desk has room for.
pub(super) enum Room {
    /// One more task.
    Free,
    /// Nothing, until an answer has come.
    Full,
    /// Nothing any more.
    Closed,
}

impl Desk {
    /// Whether a task can be left; only who leaves tasks here may rely on it.
    pub(super) fn room(&self) -> Room {
        let pile = self.table.pile();
        let here = pile.tasks.len();
        let everywhere = self.table.waiting.load(Ordering::Relaxed);
        if matches!(pile.place, Place::Gone) {
            Room::Closed
        } else if here >= DESK_TASKS_MAX || (here >= FEW_TASKS && everywhere >= TASKS_MAX) {
            Room::Full
        } else {
            Room::Free
        }
    }

    /// Leaves a task where there is room.
    pub(super) fn put(&self, task: Task) {
        let mut pile = self.table.pile();
        pile.tasks.push_back(task);
        self.table.waiting.fetch_add(1, Ordering::Relaxed);
        match std::mem::replace(&mut pile.place, Place::AtWork) {
            Place::Here(worker) => {
                let shift = Shift { table: Arc::clone(&self.table), worker };
                // The thread goes on for as long as somebody has a desk with it.
                let _ = self.workers.threads[self.thread].send(shift);
            }
            elsewhere => pile.place = elsewhere,
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let left = self.pile().tasks.len();
        self.waiting.fetch_sub(left, Ordering::Relaxed);
    }
}

impl Table {
    /// The next task.
    fn next(&self) -> Option<Task> {
        let task = self.pile().tasks.pop_front()?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(task)
    }

    /// Does a task; whether there may be others after it.
    fn work(&self, worker: &mut Worker, task: Task) -> bool {
        let ends = matches!(task, Task::End);
        let say = &mut |answer| self.answers.send(answer).is_ok();
        // After a panic nobody sees the worker again.
        let said = catch_unwind(AssertUnwindSafe(|| worker.take(task, say)));
        // Nobody left to tell is the end as well.
        let heard = said.unwrap_or(Err(PipelineError::Worker)).unwrap_or_else(|error| {
            let _ = self.answers.send(Answer::Failed(error));
            false
        });
        heard && !ends
    }

    fn pile(&self) -> MutexGuard<'_, Pile> {
        // Nothing panics while it is held.
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
