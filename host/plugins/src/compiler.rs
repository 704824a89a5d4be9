//! Where machine code is made of components: in this process, or in a child that limits itself.
//!
//! A compiler is a large program, and a component from outside is its input. What it takes of memory and time while it
//! works on that cannot be told beforehand, so a child of its own pays for it, and may die of it.

use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use crate::admission::AdmitError;
use crate::engine;
use crate::limits::Limits;
use crate::text::clean;

/// The argument behind which a child finds its limits.
const COMMAND: &str = "compile-plugin";
/// Bytes that are kept of what a child says when it fails.
const LAST_WORDS_BYTES_MAX: u64 = 4 << 10;
/// Stack of a child.
const STACK_BYTES: usize = 16 << 20;
/// What a program says that wanted more memory than it may have.
const OUT_OF_MEMORY: [&str; 3] = ["memory allocation", "out of memory", "cannot allocate memory"];
/// What the allocator may set aside at once, in KiB. It would take a GiB, which counts as if it were in use.
const ARENA_KIB: &str = "4096";

/// The exit code of a child that cannot compile the component, which it explains on standard error.
pub const CHILD_REFUSED: u8 = 65;

/// Who compiles components from outside.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// This process, which then has no limits but those of its own.
    InProcess,
    /// A child of this program, started with the argument `compile-plugin` and limits in JSON, which must call
    /// [`compile_as_child`].
    Child(PathBuf),
}

/// Machine code that a child of ours has made of a component; there is no other way to get one.
#[derive(Debug)]
pub(crate) struct Made(Vec<u8>);

impl Made {
    /// The code.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Why a child could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Its arguments are not what a parent of the same version would give.
    #[error("the limits cannot be understood; this command is for bellwether itself")]
    Limits(#[source] serde_json::Error),
    /// The system does not keep its limits.
    #[error("the system refuses to set limits")]
    Refused(#[source] io::Error),
    /// Its limits leave no room for a stack.
    #[error("out of memory for a stack")]
    NoStack,
    /// The pipes to its parent are broken.
    #[error("the component cannot be read, or its machine code cannot be written")]
    Pipe(#[source] io::Error),
    /// The compiler has a defect.
    #[error("the compiler has a defect")]
    Panicked,
    /// The component cannot be compiled.
    #[error("{0}")]
    Component(String),
}

/// What a child does: limits itself, reads a component and writes machine code.
pub fn compile_as_child(
    limits_json: &str,
    input: impl Read + Send,
    output: impl Write + Send,
) -> Result<(), CompileError> {
    let limits: Limits = serde_json::from_str(limits_json).map_err(CompileError::Limits)?;
    limit_this_process(&limits).map_err(CompileError::Refused)?;
    // A stack that is there from the beginning: one that cannot grow would end the process without a word of why.
    let worker = thread::Builder::new().stack_size(STACK_BYTES);
    thread::scope(|scope| {
        let work = worker.spawn_scoped(scope, || compile(&limits, input, output));
        let work = work.map_err(|_| CompileError::NoStack)?;
        work.join().unwrap_or(Err(CompileError::Panicked))
    })
}

fn compile(limits: &Limits, input: impl Read, mut output: impl Write) -> Result<(), CompileError> {
    let refused = |error: wasmtime::Error| CompileError::Component(format!("{error:#}"));
    let engine = engine::without_pool(limits).map_err(refused)?;
    let mut component = Vec::new();
    let bytes_max = limits.component_bytes_max as u64;
    input.take(bytes_max).read_to_end(&mut component).map_err(CompileError::Pipe)?;
    let code = engine.precompile_component(&component).map_err(refused)?;
    output.write_all(&code).and_then(|()| output.flush()).map_err(CompileError::Pipe)
}

fn limit_this_process(limits: &Limits) -> io::Result<()> {
    let seconds = limits.compile_cpu_s_max;
    let set = |resource, soft, hard| {
        setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })
    };
    let bytes = limits.compile_memory_bytes_max;
    set(Resource::As, bytes, bytes)?;
    // The first limit ends it with a signal by which its parent knows why.
    set(Resource::Cpu, seconds, seconds + 1)?;
    // That it dies is foreseen; nobody wants to look into it.
    set(Resource::Core, 0, 0)?;
    Ok(())
}

/// Lets a child of a program compile a component.
pub(crate) fn compile_in_child(
    program: &Path,
    component: &[u8],
    limits: &Limits,
) -> Result<Made, AdmitError> {
    let cannot = |error: io::Error| AdmitError::NoCompiler { cause: error.to_string() };
    let (mut child, pipes) = start(program, limits).map_err(cannot)?;
    let work = converse(&mut child, pipes, component, limits);
    let status = child.wait().map_err(cannot)?;
    let Some(Answer { code, last_words }) = work else {
        let limit = format!("{} s by the clock", limits.compile_wall_ms_max / 1000);
        return Err(too_dear("time", limit, "compile_cpu_s_max"));
    };
    if code.len() as u64 > code_bytes_max(limits) {
        return Err(too_dear_in_memory(limits));
    }
    if !status.success() {
        return Err(failure(status, &last_words, limits));
    }
    Ok(Made(code))
}

type Pipes = (ChildStdin, ChildStdout, ChildStderr);

fn start(program: &Path, limits: &Limits) -> io::Result<(Child, Pipes)> {
    let limits_json = serde_json::to_string(limits).map_err(io::Error::other)?;
    let mut child = Command::new(program)
        .arg0("bellwether")
        .args([COMMAND, &limits_json])
        // A child that is given nothing can give nothing away.
        .env_clear()
        .env("MIMALLOC_ARENA_RESERVE", ARENA_KIB)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => Ok((child, (stdin, stdout, stderr))),
        _ => Err(io::Error::other("the child has no pipes")),
    }
}

/// What a child has said.
struct Answer {
    code: Vec<u8>,
    last_words: String,
}

/// Hands the component over and takes the code; `None` if that takes too long, whereupon the child is ended.
fn converse(
    child: &mut Child,
    (mut stdin, stdout, stderr): Pipes,
    component: &[u8],
    limits: &Limits,
) -> Option<Answer> {
    // One byte more than it may have, so that too much can be told from just enough.
    let code_bytes_max = code_bytes_max(limits) + 1;
    thread::scope(|scope| {
        let (done, answer) = sync_channel(1);
        scope.spawn(move || {
            // A child that does not want the rest has its reasons, and says them.
            let _ = stdin.write_all(component);
        });
        scope.spawn(move || {
            let words = scope.spawn(move || read(stderr, LAST_WORDS_BYTES_MAX));
            let code = read(stdout, code_bytes_max);
            let last_words = words.join().unwrap_or_default();
            let last_words = String::from_utf8_lossy(&last_words).into_owned();
            // Nobody listens any more when that took too long.
            let _ = done.send(Answer { code, last_words });
        });
        let answer = answer.recv_timeout(Duration::from_millis(limits.compile_wall_ms_max)).ok();
        if answer.is_none() {
            // It may have ended by itself in this moment.
            let _ = child.kill();
        }
        answer
    })
}

/// What comes through a pipe until it is closed. A pipe that breaks ends like one that is closed: the exit code tells.
fn read(pipe: impl Read, bytes_max: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.take(bytes_max).read_to_end(&mut bytes);
    bytes
}

/// Why a child died.
fn failure(status: ExitStatus, last_words: &str, limits: &Limits) -> AdmitError {
    let words = clean(last_words.trim(), 1000);
    if OUT_OF_MEMORY.iter().any(|sign| words.to_lowercase().contains(sign)) {
        return too_dear_in_memory(limits);
    }
    match status.signal().and_then(Signal::from_named_raw) {
        Some(Signal::XCPU) => {
            let limit = format!("{} s", limits.compile_cpu_s_max);
            too_dear("processor time", limit, "compile_cpu_s_max")
        }
        None if status.code() == Some(CHILD_REFUSED.into()) => AdmitError::Compile { cause: words },
        _ => AdmitError::NoCompiler { cause: format!("it ended with {status}: {words}") },
    }
}

fn code_bytes_max(limits: &Limits) -> u64 {
    limits.compile_memory_bytes_max / 4
}

fn too_dear_in_memory(limits: &Limits) -> AdmitError {
    let limit = format!("{} MiB", limits.compile_memory_bytes_max >> 20);
    too_dear("memory", limit, "compile_memory_bytes_max")
}

fn too_dear(what: &'static str, limit: String, setting: &'static str) -> AdmitError {
    AdmitError::TooDear { what, limit, setting }
}
