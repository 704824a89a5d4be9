//! What a run of the program came to: its exit code, what it wrote, and the records it accounts for.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::program::bellwether;

/// A run that takes longer hangs; it is ended, so that the tests end too.
const RUN_S_MAX: u64 = 120;

/// What came out of one run.
pub(crate) struct Outcome {
    /// The arguments, for messages.
    asked: String,
    code: Option<i32>,
    /// Standard output.
    pub(crate) out: Vec<u8>,
    /// Standard error.
    pub(crate) err: String,
}

/// Where the records of a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) read: u64,
    pub(crate) kept: u64,
    pub(crate) dropped: u64,
    pub(crate) late: u64,
    pub(crate) quarantined: u64,
}

/// Runs the program without input.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    run_with(arguments, |_| Ok(()))
}

/// Runs the program in a folder, so that arguments can name files without it.
pub(crate) fn run_in(folder: &Path, arguments: &[&str]) -> Outcome {
    let mut command = bellwether();
    command.current_dir(folder);
    finish(command, arguments, |_| Ok(()))
}

/// Runs the program with a writer to its standard input.
pub(crate) fn run_with(
    arguments: &[&str],
    feed: impl FnOnce(&mut ChildStdin) -> std::io::Result<()> + Send + 'static,
) -> Outcome {
    finish(bellwether(), arguments, feed)
}

/// Runs a program that somebody has prepared, such as one with variables of its own.
pub(crate) fn run_prepared(program: Command, arguments: &[&str]) -> Outcome {
    finish(program, arguments, |_| Ok(()))
}

fn finish(
    mut command: Command,
    arguments: &[&str],
    feed: impl FnOnce(&mut ChildStdin) -> std::io::Result<()> + Send + 'static,
) -> Outcome {
    // The user's wishes for more messages do not count here.
    command.args(arguments).env_remove("RUST_LOG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a built program starts");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    let mut stdout = child.stdout.take().expect("standard output is a pipe");
    let mut stderr = child.stderr.take().expect("standard error is a pipe");
    let feeder = thread::spawn(move || match feed(&mut stdin) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => panic!("the input broke: {error}"),
        _ => {}
    });
    let complaints = thread::spawn(move || read_all(&mut stderr));
    let (sender, results) = channel();
    let results_reader = thread::spawn(move || sender.send(read_all(&mut stdout)));
    let asked = arguments.join(" ");
    let out = match results.recv_timeout(Duration::from_secs(RUN_S_MAX)) {
        Ok(out) => out,
        Err(RecvTimeoutError::Timeout) => {
            child.kill().expect("a running child can be ended");
            panic!("`{asked}` hangs: it was ended after {RUN_S_MAX} s");
        }
        Err(RecvTimeoutError::Disconnected) => panic!("the output of `{asked}` cannot be read"),
    };
    let status = child.wait().expect("a child that closed its output ends");
    feeder.join().expect("the input was fed");
    let err = complaints.join().expect("standard error was read");
    drop(results_reader.join().expect("standard output was read"));
    Outcome { asked, code: status.code(), out, err: String::from_utf8_lossy(&err).into_owned() }
}

fn read_all(pipe: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    pipe.read_to_end(&mut bytes).expect("a pipe can be read to its end");
    bytes
}

impl Outcome {
    /// Fails unless the run ended with that code and without a panic.
    pub(crate) fn expect_code(self, code: i32) -> Self {
        let Outcome { asked, err, .. } = &self;
        assert_eq!(self.code, Some(code), "exit code of `{asked}`, which said:\n{err}");
        for sign in ["panicked", "RUST_BACKTRACE", "DOES NOT ADD UP", "report this"] {
            assert!(!err.contains(sign), "`{asked}` said:\n{err}");
        }
        self
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("the program writes UTF-8")
    }

    /// Standard output as JSON, one object a line.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let parse = |line| match serde_json::from_str(line) {
            Ok(object) => object,
            Err(error) => panic!("`{}` wrote {line:?}, which is not JSON: {error}", self.asked),
        };
        self.text().lines().map(parse).collect()
    }

    /// Lines of the events of that name, such as `opened`.
    pub(crate) fn events(&self, name: &str) -> Vec<Value> {
        self.objects().into_iter().filter(|object| object["event"] == name).collect()
    }

    /// The account, which stands in the last line and must add up.
    pub(crate) fn account(&self) -> Account {
        let objects = self.objects();
        let last = objects.last().expect("the account is always written");
        assert_eq!(last["event"], "account", "the last line of `{}`", self.asked);
        let count = |name: &str| match last["account"][name].as_u64() {
            Some(count) => count,
            None => panic!("`{name}` is missing in {last}"),
        };
        let account = Account {
            read: count("read"),
            kept: count("kept"),
            dropped: count("dropped"),
            late: count("late"),
            quarantined: count("quarantined"),
        };
        let Account { read, kept, dropped, late, quarantined } = account;
        let sum = kept + dropped + late + quarantined + count("dead");
        assert_eq!(read, sum, "the account of `{}`: {account:?}", self.asked);
        account
    }
}

/// Writes a file into a folder and gives its path as an argument.
pub(crate) fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("a temporary folder can be written to");
    argument(&path)
}

/// A path as an argument.
pub(crate) fn argument(path: &Path) -> String {
    path.to_str().expect("paths of tests are text").to_owned()
}

/// Feeds all bytes at once.
pub(crate) fn whole(
    bytes: Vec<u8>,
) -> impl FnOnce(&mut ChildStdin) -> std::io::Result<()> + Send + 'static {
    move |stdin| stdin.write_all(&bytes)
}
