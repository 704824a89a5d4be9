//! Which lines continue a stack trace.
//!
//! Each language has lines that only its traces have, and lines that could be anything unless the lines before say
//! otherwise; the latter need a state. Indented lines always continue a record, so only the others are judged here.

use serde::{Deserialize, Serialize};

/// Where in a trace a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) enum Trace {
    /// In none.
    #[default]
    Outside,
    /// In Python, before the line that names the exception.
    PythonFrames,
    /// In Python, behind the line that names the exception: another traceback may be chained.
    PythonEnd,
    /// In Python, behind the sentence that announces a chained traceback.
    PythonChain,
    /// In Rust, right behind the line that names the place: the message, any line, comes next.
    RustMessage,
    /// In Rust, behind the message.
    RustEnd,
    /// In Go.
    Go,
    /// In Node, between the place in the source and the error.
    NodePlace,
    /// In Node, behind the error.
    NodeEnd,
}

impl Trace {
    /// Judges the first line of a record.
    pub(super) fn begin(line: &[u8]) -> Trace {
        if line.starts_with(PYTHON_HEADER) {
            Trace::PythonFrames
        } else if line.starts_with(b"thread '")
            && memchr::memmem::find(line, b" panicked at ").is_some()
        {
            // Before 1.73 the message stood in the same line, which then ended in a number.
            if line.ends_with(b":") { Trace::RustMessage } else { Trace::RustEnd }
        } else if is_go_header(line) {
            Trace::Go
        } else if is_node_place(line) {
            Trace::NodePlace
        } else if is_node_error(line) {
            Trace::NodeEnd
        } else {
            Trace::Outside
        }
    }

    /// Judges an unindented line that is not blank, with the number of blank lines before it: whether it continues the
    /// record.
    pub(super) fn continues(&mut self, line: &[u8], blanks: u32) -> bool {
        let next = match *self {
            Trace::PythonFrames if blanks == 0 && is_exception(line) => Some(Trace::PythonEnd),
            Trace::PythonEnd if blanks > 0 && PYTHON_CHAINS.contains(&line) => {
                Some(Trace::PythonChain)
            }
            Trace::PythonChain if line.starts_with(PYTHON_HEADER) => Some(Trace::PythonFrames),
            Trace::RustEnd | Trace::RustMessage if is_rust_note(line) => Some(Trace::RustEnd),
            Trace::Go if is_go_section(line) || line.starts_with(b"exit status ") => {
                Some(Trace::Go)
            }
            Trace::Go if blanks == 0 && is_go_frame(line) => Some(Trace::Go),
            Trace::Go if is_register(line) => Some(Trace::Go),
            Trace::NodePlace if is_node_error(line) || line.starts_with(b"Uncaught ") => {
                Some(Trace::NodeEnd)
            }
            Trace::NodePlace | Trace::NodeEnd if line == b"}" || line.starts_with(b"Node.js v") => {
                Some(Trace::NodeEnd)
            }
            Trace::NodeEnd if blanks == 0 && line.starts_with(b"node:internal") => {
                Some(Trace::NodeEnd)
            }
            _ => None,
        };
        if let Some(next) = next {
            *self = next;
        }
        next.is_some() || is_java_link(line)
    }

    /// Whether the next line belongs to the trace if nothing else claims it; asks once.
    pub(super) fn take_message(&mut self) -> bool {
        let waits = *self == Trace::RustMessage;
        if waits {
            *self = Trace::RustEnd;
        }
        waits
    }

    /// Judges a line that continues a record for another reason: it may begin a trace.
    pub(super) fn enter(&mut self, line: &[u8]) {
        let begun = Trace::begin(line);
        if begun != Trace::Outside {
            *self = begun;
        }
    }
}

const PYTHON_HEADER: &[u8] = b"Traceback (most recent call last):";
const PYTHON_CHAINS: [&[u8]; 2] = [
    b"During handling of the above exception, another exception occurred:",
    b"The above exception was the direct cause of the following exception:",
];

/// `Caused by: ...`, `Suppressed: ...`, `... 12 more`, `at a.b.C.d(E.java:1)`: Java's, though some loggers unindent them.
fn is_java_link(line: &[u8]) -> bool {
    if line.starts_with(b"Caused by: ") || line.starts_with(b"Suppressed: ") {
        return true;
    }
    if let Some(rest) = line.strip_prefix(b"... ") {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let words: [&[u8]; 2] = [b" more", b" common frames omitted"];
        return digits > 0 && words.contains(&&rest[digits..]);
    }
    // "at" also begins sentences: a frame has a place in parentheses.
    line.strip_prefix(b"at ").is_some_and(|frame| frame.ends_with(b")") && has_call(frame))
}

/// `ValueError: text` or `package.Error`: a name, and behind it nothing or a colon.
fn is_exception(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    name.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && name.iter().all(inner)
}

fn is_rust_note(line: &[u8]) -> bool {
    line.starts_with(b"note: ") || line == b"stack backtrace:"
}

fn is_go_header(line: &[u8]) -> bool {
    line.starts_with(b"panic: ") || line.starts_with(b"fatal error: ") || is_goroutine(line)
}

fn is_go_section(line: &[u8]) -> bool {
    line == b"runtime stack:" || is_goroutine(line)
}

fn is_goroutine(line: &[u8]) -> bool {
    let number = line.strip_prefix(b"goroutine ").and_then(|rest| rest.first());
    number.is_some_and(u8::is_ascii_digit) && line.ends_with(b":")
}

/// A function with its arguments, who created a goroutine, or the signal that ended the program.
fn is_go_frame(line: &[u8]) -> bool {
    line.starts_with(b"created by ")
        || line.starts_with(b"[signal ")
        || line.starts_with(b"...additional frames elided")
        || (line.ends_with(b")") && has_call(line))
}

/// `rax    0x2a`, as Go prints the registers behind a fatal signal.
fn is_register(line: &[u8]) -> bool {
    let Some(space) = memchr::memchr(b' ', line) else { return false };
    let (name, rest) = line.split_at(space);
    let lower = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= 6 && name.iter().all(lower) && rest.trim_ascii_start().starts_with(b"0x")
}

/// Whether a parenthesis opens before any blank.
fn has_call(text: &[u8]) -> bool {
    let end = text.iter().position(|byte| matches!(byte, b' ' | b'('));
    end.is_some_and(|end| end > 0 && text[end] == b'(')
}

/// `node:internal/modules/cjs/loader:1080` or `/srv/app.js:10`, alone on a line.
fn is_node_place(line: &[u8]) -> bool {
    let Some(colon) = memchr::memrchr(b':', line) else { return false };
    let (file, number) = (&line[..colon], &line[colon + 1..]);
    let script = [&b".js"[..], b".cjs", b".mjs", b".ts"].iter().any(|end| file.ends_with(end));
    let numbered = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
    numbered && !file.contains(&b' ') && (script || file.starts_with(b"node:internal"))
}

/// `TypeError: text` or `Error [CODE]: text`.
fn is_node_error(line: &[u8]) -> bool {
    let end = line.iter().position(|byte| matches!(byte, b':' | b' '));
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    name.ends_with(b"Error")
        && name.iter().all(u8::is_ascii_alphanumeric)
        && (rest.is_empty() || rest.starts_with(b":") || rest.starts_with(b" ["))
}
