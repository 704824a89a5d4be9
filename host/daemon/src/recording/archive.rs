//! The thread that keeps what belongs to anomalies, while the recording goes on.
//!
//! Each anomaly comes with the segments that there were when it opened. They stay open until it was looked for in them, even
//! if their names are gone by then.

use super::case::{CaseLimits, Subject, keep};
use super::reader::Recording;
use super::scribe::Shared;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use tracing::{debug, warn};

/// Anomalies that may wait; further ones can be explained while the recording reaches back to them.
const SUBJECTS_MAX: usize = 256;
/// Anomalies that are looked for at a time.
const TOGETHER_MAX: usize = 16;

/// An anomaly, and where it is looked for.
type Wanted = (Recording, Subject);

/// Reaches the thread.
#[derive(Debug)]
pub(super) struct Archive {
    subjects: Option<SyncSender<Wanted>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

impl Archive {
    pub(super) fn open(folder: &Path, limits: CaseLimits, shared: Arc<Shared>) -> io::Result<Self> {
        let (sender, subjects) = sync_channel(SUBJECTS_MAX);
        let (folder, theirs) = (folder.to_owned(), Arc::clone(&shared));
        let thread = std::thread::Builder::new().name("cases".into());
        let thread = thread.spawn(move || work(&folder, limits, &subjects, &theirs))?;
        Ok(Archive { subjects: Some(sender), thread: Some(thread), shared })
    }

    /// Keeps what belongs to an anomaly; everything that does has been written.
    pub(super) fn keep(&self, recording: Recording, subject: Subject) {
        if let Some(subjects) = &self.subjects
            && subjects.try_send((recording, subject)).is_err()
        {
            self.shared.figures().cases_missed += 1;
        }
    }
}

impl Drop for Archive {
    /// What waits is kept.
    fn drop(&mut self) {
        self.subjects = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there was our own fault, and its message has been printed.
            let _ = thread.join();
        }
    }
}

fn work(folder: &Path, limits: CaseLimits, subjects: &Receiver<Wanted>, shared: &Shared) {
    let mut next = None;
    while let Some((recording, first)) = next.take().or_else(|| subjects.recv().ok()) {
        let mut together = vec![first];
        while together.len() < TOGETHER_MAX
            && let Ok((theirs, subject)) = subjects.try_recv()
        {
            if ends(&theirs) != ends(&recording) {
                next = Some((theirs, subject));
                break;
            }
            together.push(subject);
        }
        let count = together.len() as u64;
        let missed = match keep(folder, &recording, &together, limits) {
            Ok(missed) => {
                for (anomaly, error) in &missed {
                    debug!(anomaly, %error, "an anomaly cannot be explained later");
                }
                missed.len() as u64
            }
            Err(error) => {
                warn!(count, %error, "anomalies cannot be explained later");
                count
            }
        };
        let mut figures = shared.figures();
        figures.cases_missed += missed;
        figures.cases_kept += count - missed;
    }
}

/// Numbers of the first and the last segment.
fn ends(recording: &Recording) -> [Option<u64>; 2] {
    let segments = recording.segments();
    [segments.first(), segments.last()].map(|end| end.map(|segment| segment.head.number))
}
