//! Worker threads, which all pipelines of a program share.
//!
//! A pipeline has as many desks as there are threads, and each has a share of its lanes. What waits at a desk is done in
//! its order, by whichever thread is free; so a thousand tenants need no thousand threads, and one alone has them all.

use super::PipelineError;
use super::worker::{Answer, Task, Worker};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Tasks that may wait at one desk.
const DESK_TASKS_MAX: usize = 32;
/// Tasks that may wait at all desks together, except that a few may wait anywhere.
const TASKS_MAX: usize = 256;
const FEW_TASKS: usize = 4;
/// Tasks that a thread does before it looks at other desks.
const TURN_TASKS: usize = 8;

/// Threads on which pipelines work.
#[derive(Clone)]
pub struct Workers {
    pool: Arc<ThreadPool>,
    /// Tasks that wait, at all desks.
    waiting: Arc<AtomicUsize>,
}

impl Workers {
    /// Starts so many; with 0, one for each processor.
    pub fn start(count: usize) -> Result<Self, PipelineError> {
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
        let builder =
            ThreadPoolBuilder::new().num_threads(if count == 0 { processors } else { count });
        let pool = builder.thread_name(|number| format!("worker-{number}")).build()?;
        Ok(Workers { pool: Arc::new(pool), waiting: Arc::default() })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// A desk where this worker is told what to do.
    pub(super) fn desk(&self, worker: Worker, answers: Sender<Answer>) -> Desk {
        let pile = Pile { tasks: VecDeque::new(), place: Place::Here(Box::new(worker)) };
        let waiting = Arc::clone(&self.waiting);
        let table = Table { pile: Mutex::new(pile), waiting, answers };
        Desk { pool: Arc::clone(&self.pool), table: Arc::new(table) }
    }
}

/// Where tasks are left for a worker.
pub(super) struct Desk {
    pool: Arc<ThreadPool>,
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
                let table = Arc::clone(&self.table);
                self.pool.spawn_fifo(move || table.turn(worker));
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
    /// Does some of what waits.
    fn turn(self: Arc<Self>, mut worker: Box<Worker>) {
        for _ in 0..TURN_TASKS {
            let mut pile = self.pile();
            let Some(task) = pile.tasks.pop_front() else {
                pile.place = Place::Here(worker);
                return;
            };
            drop(pile);
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            if !self.work(&mut worker, task) {
                self.pile().place = Place::Gone;
                return;
            }
        }
        rayon::spawn_fifo(move || self.turn(worker));
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
