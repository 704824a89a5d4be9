//! The thread that owns the store's writer: whoever wants to write sends it a piece of work and waits for the answer.

use bellwether_store::{StoreError, Writer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Pieces of work that may wait.
const JOBS_MAX: usize = 64;

type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The store says why.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The daemon is about to end.
    #[error("the store is closed, since bellwether is about to end")]
    Closed,
}

impl KeeperError {
    /// Whether there is no room left on the disk.
    pub fn is_full(&self) -> bool {
        matches!(self, KeeperError::Store(error) if error.is_full())
    }
}

/// Reaches the writer from any thread.
#[derive(Clone)]
pub struct Keeper {
    jobs: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
}

/// The thread; it ends when the last [`Keeper`] is gone.
pub struct KeeperThread(JoinHandle<()>);

impl Keeper {
    /// Starts the thread.
    pub fn start(writer: Writer) -> std::io::Result<(Keeper, KeeperThread)> {
        let (jobs, receiver) = sync_channel(JOBS_MAX);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || work(writer, &receiver))?;
        let keeper = Keeper { jobs, waiting: Arc::default() };
        Ok((keeper, KeeperThread(thread)))
    }

    /// Writes something and waits until it is written; for threads of their own.
    pub fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, KeeperError> {
        let (reply, answer) = sync_channel(1);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let job: Job = Box::new(move |writer| {
            // Nobody left to hear the answer is no reason not to have written.
            let _ = reply.send(work(writer));
        });
        let sent = self.jobs.send(job);
        let answer = sent.map_err(|_| KeeperError::Closed).and_then(|()| {
            answer.recv().map_err(|_| KeeperError::Closed).and_then(|answer| Ok(answer?))
        });
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        answer
    }

    /// The same for tasks, which must not block.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, KeeperError> {
        let keeper = self.clone();
        let answer = tokio::task::spawn_blocking(move || keeper.call(work)).await;
        answer.unwrap_or(Err(KeeperError::Closed))
    }

    /// Pieces of work that wait, for people who look at queues.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl KeeperThread {
    /// Waits until everything is written and the file is closed.
    pub fn join(self) {
        // A panic in there was our own fault, and its message has been printed.
        let _ = self.0.join();
    }
}

fn work(mut writer: Writer, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        job(&mut writer);
    }
}
