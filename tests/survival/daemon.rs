//! A daemon at work, whose log is read along: tests wait for what it says, never for a time.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// A daemon that says nothing for so long hangs; the test ends with a message instead of never.
const SILENCE_S_MAX: u64 = 120;
/// Lines of the log that a message of failure shows.
const LINES_SHOWN: usize = 30;

/// The daemon; it goes down with this value.
pub(super) struct Daemon {
    child: Child,
    log: Receiver<String>,
    heard: Vec<String>,
}

impl Daemon {
    pub(super) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("a built program starts");
        let log = BufReader::new(child.stderr.take().expect("its log is piped"));
        let (sender, receiver) = channel();
        // Read to the end whatever the test looks at, so that the daemon never waits for a full pipe.
        thread::spawn(move || {
            log.lines().for_each(|line| drop(sender.send(line.expect("the log is text"))));
        });
        Daemon { child, log: receiver, heard: Vec::new() }
    }

    /// Waits until the log has these words, and gives their line. What was said before counts no more.
    pub(super) fn wait_for(&mut self, words: &str) -> String {
        loop {
            match self.log.recv_timeout(Duration::from_secs(SILENCE_S_MAX)) {
                Ok(line) => {
                    self.heard.push(line);
                    let line = &self.heard[self.heard.len() - 1];
                    if line.contains(words) {
                        return line.clone();
                    }
                }
                Err(why) => self.give_up(words, why),
            }
        }
    }

    fn give_up(&self, words: &str, why: RecvTimeoutError) -> ! {
        let last = &self.heard[self.heard.len().saturating_sub(LINES_SHOWN)..];
        panic!("no `{words}` in the log ({why}); it said last:\n{}", last.join("\n"));
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a running daemon hears signals");
    }

    /// Kills it without warning.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("a running daemon can be killed");
        self.child.wait().expect("it is gone");
    }

    /// Asks it to end, as a service manager would.
    pub(super) fn end(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.child.wait().expect("it ends")
    }
}

impl Drop for Daemon {
    /// Whatever happens, no daemon is left behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
