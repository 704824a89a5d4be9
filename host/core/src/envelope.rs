//! Lines of containers: what a container runtime wraps around each line that a program writes.
//!
//! Docker writes `{"log":"…\n","stream":"stdout","time":"…"}`, containerd and CRI-O `TIME stdout F …`. The line inside
//! is what is read on, with the runtime's time where it has none of its own; parts of a long line are joined first.

use crate::frame::Line;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What `docker` writes in front of a line.
const DOCKER: &[u8] = b"{\"log\":";

/// Parts of lines that are not complete yet.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Envelope {
    /// By stream: standard output and standard error.
    parts: [Part; 2],
    /// The line that was opened last.
    #[serde(skip)]
    inner: Vec<u8>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Part {
    position: u64,
    bytes: Vec<u8>,
    cut: bool,
}

/// A line inside, and when the runtime took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The line.
    pub line: Line<'a>,
    /// Milliseconds since 1970; `None` where there was no envelope.
    pub time_ms: Option<i64>,
}

/// An envelope around a line or a part of one.
struct Wrapped<'a> {
    text: Cow<'a, [u8]>,
    time_ms: Option<i64>,
    errors: bool,
    complete: bool,
}

#[derive(Deserialize)]
struct DockerLine<'a> {
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(borrow)]
    stream: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
}

impl Envelope {
    /// Opens a line; one without an envelope stays as it is, and of one that goes on in the next there is nothing yet.
    pub fn open<'a>(&'a mut self, line: Line<'a>, bytes_max: usize) -> Option<Opened<'a>> {
        let Some(wrapped) = docker(line.bytes).or_else(|| container(line.bytes)) else {
            return Some(Opened { line, time_ms: None });
        };
        let part = &mut self.parts[usize::from(wrapped.errors)];
        if part.bytes.is_empty() {
            part.position = line.position;
        }
        let room = bytes_max.saturating_sub(part.bytes.len());
        part.cut |= line.cut || wrapped.text.len() > room;
        part.bytes.extend_from_slice(&wrapped.text[..wrapped.text.len().min(room)]);
        if !wrapped.complete {
            return None;
        }
        std::mem::swap(&mut self.inner, &mut part.bytes);
        part.bytes.clear();
        let cut = std::mem::take(&mut part.cut);
        let line = Line { position: part.position, bytes: &self.inner, cut };
        Some(Opened { line, time_ms: wrapped.time_ms })
    }
}

fn docker(line: &[u8]) -> Option<Wrapped<'_>> {
    if !line.starts_with(DOCKER) {
        return None;
    }
    let DockerLine { log, stream, time } = serde_json::from_slice(line).ok()?;
    let text = match log {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    };
    let complete = text.ends_with(b"\n");
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix(b"\n").unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(text.len() - usize::from(complete));
            Cow::Owned(text)
        }
    };
    Some(Wrapped { text, time_ms: time_ms(&time), errors: stream == "stderr", complete })
}

/// `TIME stdout F TEXT`, `P` instead of `F` for a part.
fn container(line: &[u8]) -> Option<Wrapped<'_>> {
    if line.get(10) != Some(&b'T') {
        return None;
    }
    let (stamp, rest) = split(line)?;
    let (stream, rest) = split(rest)?;
    let errors = match stream {
        b"stdout" => false,
        b"stderr" => true,
        _ => return None,
    };
    let (tags, text) = split(rest).unwrap_or((rest, b""));
    let complete = match tags.split(|byte| *byte == b':').next() {
        Some(b"F") => true,
        Some(b"P") => false,
        _ => return None,
    };
    let time_ms = time_ms(std::str::from_utf8(stamp).ok()?)?;
    Some(Wrapped { text: Cow::Borrowed(text), time_ms: Some(time_ms), errors, complete })
}

fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', text)?;
    Some((&text[..space], &text[space + 1..]))
}

fn time_ms(stamp: &str) -> Option<i64> {
    stamp.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_MS: i64 = 1_772_409_600_123;

    /// Opens the lines, and shows what came out of them.
    fn check(lines: &[&str], expected: &[(&str, Option<i64>, u64)]) {
        let mut envelope = Envelope::default();
        let mut position = 0;
        let mut seen = Vec::new();
        for text in lines {
            let line = Line { position, bytes: text.as_bytes(), cut: false };
            position += 100;
            if let Some(Opened { line, time_ms }) = envelope.open(line, 24) {
                let text = String::from_utf8(line.bytes.to_vec()).expect("text");
                seen.push((text, time_ms, line.position, line.cut));
            }
            let saved = crate::state::to_bytes(&envelope);
            envelope = crate::state::from_bytes(&saved).expect("it was just saved");
        }
        let expected: Vec<_> = expected
            .iter()
            .map(|(text, time_ms, at)| (text.to_string(), *time_ms, *at, text.len() == 24))
            .collect();
        assert_eq!(seen, expected, "{lines:?}");
    }

    #[test]
    fn envelopes_are_opened_and_parts_joined() {
        let docker = |text: &str, stream: &str| {
            format!(
                r#"{{"log":"{text}","stream":"{stream}","time":"2026-03-02T00:00:00.123456789Z"}}"#
            )
        };
        let cri =
            |stream: &str, rest: &str| format!("2026-03-02T00:00:00.123456789Z {stream} {rest}");
        let at = Some(AT_MS);
        check(&["plain"], &[("plain", None, 0)]);
        check(&[&docker("one\\n", "stdout")], &[("one", at, 0)]);
        check(&[&docker("a \\\"b\\\"\\n", "stdout")], &[("a \"b\"", at, 0)]);
        check(&[&docker("\\n", "stdout")], &[("", at, 0)]);
        check(&[&docker("one ", "stdout"), &docker("two\\n", "stdout")], &[("one two", at, 0)]);
        check(&[&cri("stdout", "F one two")], &[("one two", at, 0)]);
        check(&[&cri("stderr", "F ")], &[("", at, 0)]);
        check(&[&cri("stdout", "P a"), &cri("stdout", "F b")], &[("ab", at, 0)]);
        let mixed = [&cri("stdout", "P a") as &str, &cri("stderr", "F x"), &cri("stdout", "F b")];
        check(&mixed, &[("x", at, 100), ("ab", at, 0)]);
        let long = cri("stdout", "P aaaaaaaaaaaaaaaa");
        check(&[&long, &long, &cri("stdout", "F b")], &[("aaaaaaaaaaaaaaaaaaaaaaaa", at, 0)]);
    }

    #[test]
    fn what_only_looks_like_an_envelope_stays_as_it_is() {
        for text in [
            r#"{"log":"no time","stream":"stdout"}"#,
            r#"{"log":"broken"#,
            "2026-03-02T00:00:00Z stdout",
            "2026-03-02T00:00:00Z stdin F x",
            "2026-03-02T00:00:00Z stdout X x",
            "2026-03-02Tnoon stdout F x",
            "2026-03-02T00:00:00Z INFO F x",
        ] {
            check(&[text], &[(text, None, 0)]);
        }
    }
}
