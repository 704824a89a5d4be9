//! The thread that owns the store's writer: whoever wants to write sends it a piece of work and waits for the answer.

use bellwether_store::{StoreError, StoreOptions, Writer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Pieces of work that may wait.
const JOBS_MAX: usize = 64;

type Job = Box<dyn FnOnce(Result<&mut Writer, StoreError>) + Send>;

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
    /// Whether there was room for the store at the start.
    opened: bool,
}

/// The thread; it ends when the last [`Keeper`] is gone.
pub struct KeeperThread(JoinHandle<()>);

impl Keeper {
    /// Starts the thread.
    pub fn start(writer: Writer) -> std::io::Result<(Keeper, KeeperThread)> {
        let (path, options) = (writer.path().to_owned(), writer.options());
        Keeper::spawn(Shelf { path, options, writer: Some(writer) })
    }

    /// Starts the thread without a store, for want of room: each piece of work tries to open it first.
    pub fn start_closed(
        path: &Path,
        options: StoreOptions,
    ) -> std::io::Result<(Keeper, KeeperThread)> {
        Keeper::spawn(Shelf { path: path.to_owned(), options, writer: None })
    }

    fn spawn(mut shelf: Shelf) -> std::io::Result<(Keeper, KeeperThread)> {
        let opened = shelf.writer.is_some();
        let (jobs, receiver) = sync_channel::<Job>(JOBS_MAX);
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
            while let Ok(job) = receiver.recv() {
                job(shelf.writer());
            }
        })?;
        let keeper = Keeper { jobs, waiting: Arc::default(), opened };
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
            let _ = reply.send(writer.and_then(work));
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

    /// Whether there was room for the store at the start.
    pub fn is_open(&self) -> bool {
        self.opened
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

/// The writer's place.
struct Shelf {
    path: PathBuf,
    options: StoreOptions,
    /// Absent until there is room for it.
    writer: Option<Writer>,
}

impl Shelf {
    fn writer(&mut self) -> Result<&mut Writer, StoreError> {
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => Writer::open(&self.path, self.options)?,
        };
        Ok(self.writer.insert(writer))
    }
}
