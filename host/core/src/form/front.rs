//! What stands between a stamp and its message: level, thread and logger.
//!
//! Loggers write these in many orders, so they are taken off only around a level that is clearly there. In doubt they
//! stay in the message, where the worst they do is to cost a template.

use super::cursor::{Cursor, is_blank, push_word};
use super::level;
use crate::record::Record;

const ITEMS_MAX: usize = 5;
const BRACKET_BYTES_MAX: usize = 100;

/// The items read so far.
#[derive(Default)]
struct Front<'a> {
    head: [&'a [u8]; ITEMS_MAX],
    items: usize,
    severity: Option<u8>,
    pid: Option<&'a [u8]>,
}

/// What one item of the front is.
enum Item<'a> {
    Level(&'a [u8], u8),
    Name(&'a [u8]),
    /// A name behind which only the message can come.
    Last(&'a [u8]),
    Pid(&'a [u8]),
}

/// Divides what follows a stamp into head and body and finds its severity.
pub(super) fn take(rest: &[u8], record: &mut Record) {
    let start = skip_separators(rest, true);
    let (front, body) = read(start);
    let Some(severity) = front.severity else {
        record.severity = level::find(start);
        record.body.extend_from_slice(start);
        return;
    };
    record.severity = severity;
    for word in &front.head[..front.items] {
        push_word(&mut record.head, word);
    }
    if let Some(pid) = front.pid {
        record.attributes.push(b"pid", pid);
    }
    record.body.extend_from_slice(body);
}

/// Divides what follows a stamp whose bracket is still open, as in `[2024-01-01T00:00:00Z INFO  app::http] text`.
pub(super) fn take_open(rest: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(rest);
    let inner = cursor.until(b']')?;
    let mut words = Cursor::new(inner);
    words.skip_blanks();
    record.severity = level::of_field(words.word()?)?;
    for word in inner.split(|byte| is_blank(*byte)) {
        push_word(&mut record.head, word);
    }
    cursor.skip_blanks();
    record.body.extend_from_slice(cursor.rest());
    Some(())
}

fn read(rest: &[u8]) -> (Front<'_>, &[u8]) {
    let mut front = Front::default();
    let mut rest = rest;
    while front.items < ITEMS_MAX {
        let Some((item, after)) = next_item(rest, front.severity.is_some()) else { break };
        rest = skip_separators(after, false);
        let name = match item {
            Item::Pid(pid) if front.pid.is_none() => {
                front.pid = Some(pid);
                continue;
            }
            Item::Pid(_) => break,
            Item::Level(name, severity) => {
                front.severity = Some(severity);
                name
            }
            Item::Name(name) | Item::Last(name) => name,
        };
        front.head[front.items] = name;
        front.items += 1;
        if matches!(item, Item::Last(_)) {
            break;
        }
    }
    (front, rest)
}

/// Reads one item and says what is left behind it.
fn next_item(rest: &[u8], levelled: bool) -> Option<(Item<'_>, &[u8])> {
    if rest.first() == Some(&b'[') {
        return bracket(rest, levelled);
    }
    let mut cursor = Cursor::new(rest);
    let word = cursor.word()?;
    let after = cursor.rest();
    let bare = word.strip_suffix(b":").unwrap_or(word);
    if !levelled {
        if let Some(severity) = level::of_word(bare) {
            return Some((Item::Level(bare, severity), after));
        }
        // `name - LEVEL - text`, the habit of Python.
        cursor.eat_all(b" - ")?;
        level::of_word(cursor.word()?)?;
        return is_name(word).then_some((Item::Name(word), after));
    }
    if word.iter().all(u8::is_ascii_digit) {
        return after.starts_with(b" ---").then_some((Item::Pid(word), after));
    }
    if bare.len() < word.len() {
        return is_logger(bare).then_some((Item::Last(bare), after));
    }
    cursor.skip_blanks();
    let separated = matches!(cursor.rest(), [b'-' | b':' | b'|', b' ', ..]);
    (separated && is_name(word)).then_some((Item::Last(word), after))
}

/// Reads `[...]`, within which brackets may nest.
fn bracket(rest: &[u8], levelled: bool) -> Option<(Item<'_>, &[u8])> {
    let mut depth = 0;
    let end = rest.iter().take(BRACKET_BYTES_MAX).position(|byte| {
        depth += i32::from(*byte == b'[') - i32::from(*byte == b']');
        depth == 0
    })?;
    let inner = rest[1..end].trim_ascii();
    let after = &rest[end + 1..];
    if !matches!(after, [] | [b' ' | b'\t' | b'[' | b':', ..]) || inner.is_empty() {
        return None;
    }
    match level::of_field(inner) {
        Some(severity) if !levelled => return Some((Item::Level(inner, severity), after)),
        _ => {}
    }
    if inner.iter().all(u8::is_ascii_digit) {
        return Some((Item::Pid(inner), after));
    }
    inner.iter().any(u8::is_ascii_alphabetic).then_some((Item::Name(inner), after))
}

/// Whether a word can name a logger where the punctuation around it says that one stands there.
fn is_name(word: &[u8]) -> bool {
    word[0].is_ascii_alphabetic()
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-$:/<>".contains(byte))
}

/// Whether a word before a colon names a logger by its looks alone: `a.b.c`, `a.B`, `a::b`, `A$B`.
fn is_logger(word: &[u8]) -> bool {
    if word.is_empty() || !is_name(word) || word.contains(&b'/') {
        return false;
    }
    let dots = word.iter().filter(|byte| **byte == b'.').count();
    let last = word.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let capital = last.first().is_some_and(u8::is_ascii_uppercase);
    dots > 1
        || (dots == 1 && capital)
        || word.contains(&b'$')
        || word.windows(2).any(|two| two == b"::")
}

/// Steps over blanks and over `-`, `|`, `:`, `,` or `---` that stand alone. Right behind a stamp all but `-` may also
/// touch the message.
fn skip_separators(rest: &[u8], behind_stamp: bool) -> &[u8] {
    let mut cursor = Cursor::new(rest);
    if behind_stamp && matches!(cursor.peek(), Some(b'|' | b':' | b',')) {
        cursor.step();
    }
    loop {
        cursor.skip_blanks();
        let mut ahead = cursor;
        if ahead.eat_all(b"---").is_none() {
            match ahead.peek() {
                Some(b'-' | b'|' | b':' | b',') => ahead.step(),
                _ => return cursor.rest(),
            }
        }
        if !ahead.at_blank() {
            return cursor.rest();
        }
        cursor = ahead;
    }
}
