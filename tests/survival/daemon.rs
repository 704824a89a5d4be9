//! A daemon at work, whose log is read along: tests wait for what it says, never for a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A daemon that says nothing for so long hangs; the test ends with a message instead of never.
const SILENCE_S_MAX: u64 = 120;
/// Commits, of which there is one a second, after which a daemon that has not read everything never will.
const COMMITS_MAX: usize = 60;
/// Lines of the log that a message of failure shows.
const LINES_SHOWN: usize = 30;

/// The daemon; it goes down with this value.
pub(super) struct Daemon {
    child: Child,
    log: Receiver<String>,
    heard: Vec<String>,
    /// Where its API answers.
    address: Option<String>,
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
        Daemon { child, log: receiver, heard: Vec::new(), address: None }
    }

    /// Waits until the log has these words, and gives their line. What was said before counts no more.
    pub(super) fn wait_for(&mut self, words: &str) -> String {
        loop {
            match self.log.recv_timeout(Duration::from_secs(SILENCE_S_MAX)) {
                Ok(line) => {
                    self.heard.push(line);
                    let line = &self.heard[self.heard.len() - 1];
                    if let Some((_, address)) = line.split_once("http://127.0.0.1:") {
                        let port = address.split('/').next().unwrap_or_default();
                        self.address = Some(format!("127.0.0.1:{port}"));
                    }
                    if line.contains(words) {
                        return line.clone();
                    }
                }
                Err(why) => self.give_up(words, why),
            }
        }
    }

    /// How many lines of the log so far, up to the last that was waited for, have these words.
    pub(super) fn count(&self, words: &str) -> usize {
        self.heard.iter().filter(|line| line.contains(words)).count()
    }

    /// Waits until so many lines of logs were read, for all tenants together, and demands that no more were.
    pub(super) fn demand_all_read(&mut self, written: usize) {
        let mut read = 0;
        for _ in 0..COMMITS_MAX {
            self.wait_for("committed");
            let status = self.json("/status");
            let tenants = status["tenants"].as_object().expect("tenants by their names");
            let lines = tenants.values().map(|tenant| tenant["lines"].as_u64().expect("a figure"));
            read = lines.sum::<u64>() as usize;
            assert!(read <= written, "{read} lines were read of {written}");
            if read == written {
                return;
            }
        }
        panic!("{read} lines were read of {written}");
    }

    fn give_up(&self, words: &str, why: RecvTimeoutError) -> ! {
        let last = &self.heard[self.heard.len().saturating_sub(LINES_SHOWN)..];
        panic!("no `{words}` in the log ({why}); it said last:\n{}", last.join("\n"));
    }

    /// Where its API answers.
    pub(super) fn address(&self) -> &str {
        self.address.as_deref().expect("the log has named an address")
    }

    /// Asks the API at the address that the log has named.
    pub(super) fn ask(&self, path: &str) -> String {
        let address = self.address();
        let mut stream = TcpStream::connect(address).expect("somebody listens");
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", address);
        stream.write_all(request.as_bytes()).expect("a request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer is text");
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has a body");
        body.to_owned()
    }

    pub(super) fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.ask(path)).expect("the answer is JSON")
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
        self.wait()
    }

    /// Waits until it ends.
    pub(super) fn wait(&mut self) -> ExitStatus {
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
