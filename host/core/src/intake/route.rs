//! Which source a line belongs to.

use crate::frame::Line;
use serde::{Deserialize, Serialize};

/// Longest name in front of ` | `.
const NAME_BYTES_MAX: usize = 64;

/// How the sources of an input are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Routing {
    /// The input is one source.
    Whole,
    /// Lines begin with `name | `, as `docker compose logs` prints them; lines without belong to the input itself.
    Prefixed,
}

impl Routing {
    /// The name in front of a line, and the line without it; no name where the line belongs to the input itself.
    pub(super) fn split(self, line: Line<'_>) -> (&str, Line<'_>) {
        let named = match self {
            Routing::Whole => None,
            Routing::Prefixed => prefix(line.bytes),
        };
        match named {
            Some((name, start)) => (name, Line { bytes: &line.bytes[start..], ..line }),
            None => ("", line),
        }
    }

    /// The key of a source by the name in front of its lines.
    pub(super) fn key(input: &str, name: &str) -> String {
        if name.is_empty() {
            return input.into();
        }
        let kind = input.split(':').next().unwrap_or(input);
        format!("{kind}:{name}")
    }
}

/// The name and where the line proper begins.
fn prefix(line: &[u8]) -> Option<(&str, usize)> {
    let head = &line[..line.len().min(NAME_BYTES_MAX + 1)];
    let bar = head.iter().position(|byte| *byte == b'|')?;
    let name = head[..bar].trim_ascii();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./".contains(byte);
    if name.is_empty() || !name.iter().all(allowed) {
        return None;
    }
    let start = bar + 1 + usize::from(line.get(bar + 1) == Some(&b' '));
    std::str::from_utf8(name).ok().map(|name| (name, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes() {
        let cases = [
            ("gateway   | GET /", "file:gateway", "GET /"),
            ("db-1|x", "file:db-1", "x"),
            ("db-1 |  indented", "file:db-1", " indented"),
            ("no prefix here", "file:all", "no prefix here"),
            ("two words | x", "file:all", "two words | x"),
            (" | x", "file:all", " | x"),
            ("", "file:all", ""),
        ];
        for (text, key, rest) in cases {
            let line = Line { position: 0, bytes: text.as_bytes(), cut: false };
            let (name, line) = Routing::Prefixed.split(line);
            let got = Routing::key("file:all", name);
            assert_eq!((got.as_str(), line.bytes), (key, rest.as_bytes()), "{text}");
        }
    }
}
