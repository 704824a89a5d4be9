//! The clock behind deadlines: a thread that ticks only while a plugin is running.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use wasmtime::Engine;

/// Advances the epoch of an engine; ends with it.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    calls: AtomicUsize,
    ended: AtomicBool,
}

/// Keeps the clock going while it lives.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    ticker: &'a Ticker,
}

impl Ticker {
    /// Starts the thread, which sleeps until the first call.
    pub(crate) fn start(engine: Engine, tick_ms: u64) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let tick = Duration::from_millis(tick_ms.max(1));
        let theirs = Arc::clone(&shared);
        let handle = thread::Builder::new()
            .name("plugin-ticker".into())
            .spawn(move || theirs.tick(&engine, tick))?;
        Ok(Ticker { shared, thread: handle.thread().clone(), handle: Some(handle) })
    }

    /// Says that a call begins.
    pub(crate) fn enter(&self) -> Running<'_> {
        // Most calls are shorter than a tick, and find the thread still awake from the one before.
        if self.shared.calls.fetch_add(1, Ordering::SeqCst) == 0 {
            self.thread.unpark();
        }
        Running { ticker: self }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.ticker.shared.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn tick(&self, engine: &Engine, tick: Duration) {
        while !self.ended.load(Ordering::SeqCst) {
            if self.calls.load(Ordering::SeqCst) == 0 {
                // A call that begins just now has left its token, with which this returns at once.
                thread::park();
            } else {
                // Not a timed park: calls that begin meanwhile must not make the clock run faster.
                thread::sleep(tick);
                engine.increment_epoch();
            }
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
        if let Some(handle) = self.handle.take() {
            // The thread cannot panic, and there is nobody to tell.
            let _ = handle.join();
        }
    }
}
