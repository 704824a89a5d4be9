//! Syslog: the traditional form of RFC 3164 and the structured one of RFC 5424.

use super::cursor::{Cursor, push_word};
use super::{Reference, level, stamp};
use crate::record::Record;

/// `app[pid]:` in front of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    pub(super) app: &'a [u8],
    pub(super) pid: Option<&'a [u8]>,
}

/// Reads `app[pid]:` or `app:`; the cursor stands behind the colon then.
pub(super) fn tag<'a>(cursor: &mut Cursor<'a>) -> Option<Tag<'a>> {
    let word = cursor.word()?.strip_suffix(b":")?;
    let (app, pid) = match word.strip_suffix(b"]") {
        Some(inner) => {
            let bracket = inner.iter().rposition(|byte| *byte == b'[')?;
            (&inner[..bracket], Some(&inner[bracket + 1..]))
        }
        None => (word, None),
    };
    (!app.is_empty()).then_some(Tag { app, pid })
}

/// Puts host and app into head and attributes; the pid changes too often for the head.
pub(super) fn take_host_and_tag(host: &[u8], tag: Option<&Tag<'_>>, record: &mut Record) {
    let app = tag.map(|tag| tag.app);
    let pid = tag.and_then(|tag| tag.pid);
    let fields: [(&[u8], Option<&[u8]>); 3] = [(b"host", Some(host)), (b"app", app), (b"pid", pid)];
    for (name, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            record.attributes.push(name, value);
        }
    }
    push_word(&mut record.head, host);
    push_word(&mut record.head, app.unwrap_or_default());
}

/// Reads `<34>Oct 11 22:14:15 host app[pid]: text`; priority, host and app may be absent.
pub(super) fn parse_rfc3164(line: &[u8], clock: &Reference, record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    let priority = if cursor.peek() == Some(b'<') { Some(priority(&mut cursor)?) } else { None };
    let month = stamp::month_name(&mut cursor)?;
    cursor.eat(b' ')?;
    let padded = cursor.eat(b' ').is_some();
    let two_digits = !padded && cursor.rest().get(1).is_some_and(u8::is_ascii_digit);
    let day = cursor.digits(if two_digits { 2 } else { 1 })?;
    cursor.eat(b' ')?;
    let day_ms = stamp::time_of_day(&mut cursor)?;
    if !cursor.at_blank() {
        return None;
    }
    record.time_ms = Some(stamp::yearless_to_utc_ms(month, day, day_ms, clock)?);
    cursor.skip_blanks();
    let mut ahead = cursor;
    // Without a host the tag comes first.
    let (host, tagged) = match tag(&mut ahead) {
        Some(tag) => (&b""[..], Some(tag)),
        None => {
            let host = cursor.word().unwrap_or_default();
            cursor.skip_blanks();
            ahead = cursor;
            (host, tag(&mut ahead))
        }
    };
    take_host_and_tag(host, tagged.as_ref(), record);
    if tagged.is_some() {
        cursor = ahead;
        cursor.skip_blanks();
    }
    record.severity = match priority {
        Some(priority) => level::of_priority(priority),
        None => level::find(cursor.rest()),
    };
    record.body.extend_from_slice(cursor.rest());
    Some(())
}

/// Reads `<34>1 2003-10-11T22:14:15.003Z host app pid msgid [id name="value"] text`, where `-` stands for nothing.
pub(super) fn parse_rfc5424(line: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    record.severity = level::of_priority(priority(&mut cursor)?);
    cursor.eat_all(b"1 ")?;
    if cursor.peek() == Some(b'-') {
        cursor.step();
    } else {
        record.time_ms = Some(stamp::iso(&mut cursor).filter(|stamp| stamp.strict)?.time_ms);
    }
    cursor.eat(b' ')?;
    for name in [&b"host"[..], b"app", b"pid", b"msgid"] {
        let value = cursor.word()?;
        cursor.eat(b' ')?;
        if value == b"-" {
            continue;
        }
        record.attributes.push(name, value);
        if matches!(name, b"host" | b"app") {
            push_word(&mut record.head, value);
        }
    }
    structured_data(&mut cursor, record)?;
    if !cursor.at_blank() {
        return None;
    }
    cursor.skip_blanks();
    let message = cursor.rest();
    record.body.extend_from_slice(message.strip_prefix(b"\xef\xbb\xbf").unwrap_or(message));
    Some(())
}

fn priority(cursor: &mut Cursor<'_>) -> Option<u32> {
    cursor.eat(b'<')?;
    let digits = cursor.digit_run().filter(|digits| digits.len() <= 3)?;
    cursor.eat(b'>')?;
    let value = digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    (value <= 191).then_some(value)
}

/// Reads `-` or elements `[id name="value" ...]`; each value becomes the attribute `id.name`.
fn structured_data(cursor: &mut Cursor<'_>, record: &mut Record) -> Option<()> {
    if cursor.peek() == Some(b'-') {
        cursor.step();
        return Some(());
    }
    if cursor.peek() != Some(b'[') {
        return None;
    }
    let mut name = Vec::new();
    let mut value = Vec::new();
    while cursor.eat(b'[').is_some() {
        name.clear();
        name.extend_from_slice(element_word(cursor, b" ]")?);
        name.push(b'.');
        let id_end = name.len();
        while cursor.eat(b' ').is_some() {
            name.truncate(id_end);
            name.extend_from_slice(element_word(cursor, b"=")?);
            cursor.eat(b'=')?;
            value.clear();
            unescape(cursor.quoted()?, &mut value);
            record.attributes.push(&name, &value);
        }
        cursor.eat(b']')?;
    }
    Some(())
}

fn element_word<'a>(cursor: &mut Cursor<'a>, ends: &[u8]) -> Option<&'a [u8]> {
    let rest = cursor.rest();
    let end = rest.iter().position(|byte| ends.contains(byte)).filter(|end| *end > 0)?;
    *cursor = Cursor::new(&rest[end..]);
    Some(&rest[..end])
}

/// Only quote, backslash and bracket are escaped; any other backslash is one.
fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        rest = match (byte, tail) {
            (b'\\', [escaped @ (b'"' | b'\\' | b']'), tail @ ..]) => {
                out.push(*escaped);
                tail
            }
            _ => {
                out.push(*byte);
                tail
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::check;

    #[test]
    fn rfc3164() {
        check(
            Form::Rfc3164,
            &[
                (
                    "<34>Oct 11 22:14:15 web su[12]: 'su root' failed",
                    "2023-10-11T22:14:15Z fatal | web su | 'su root' failed | host=web, app=su, pid=12",
                ),
                (
                    "Jun  9 01:02:03 web kernel: ERROR x",
                    "2024-06-09T01:02:03Z error | web kernel | ERROR x | host=web, app=kernel",
                ),
                (
                    "Jun 9 01:02:03.5 web cron: x",
                    "2024-06-09T01:02:03.5Z unknown | web cron | x | host=web, app=cron",
                ),
                (
                    "Jun 09 01:02:03 web sshd(pam)[1]: x",
                    "2024-06-09T01:02:03Z unknown | web sshd(pam) | x | host=web, app=sshd(pam), pid=1",
                ),
                (
                    "Jun 16 12:00:00 web last message repeated",
                    "2024-06-16T12:00:00Z unknown | web | last message repeated | host=web",
                ),
                (
                    "Jun 16 12:00:01 sshd[4]: x",
                    "2023-06-16T12:00:01Z unknown | sshd | x | app=sshd, pid=4",
                ),
                (
                    "Feb 29 12:00:00 web a: x",
                    "2024-02-29T12:00:00Z unknown | web a | x | host=web, app=a",
                ),
                ("Jun 16 12:00:00", "2024-06-16T12:00:00Z unknown |  |  |"),
                (
                    "<191>Jun 09 01:02:03 web a: x",
                    "2024-06-09T01:02:03Z debug | web a | x | host=web, app=a",
                ),
                ("<192>Jun 09 01:02:03 web a: x", ""),
                ("<>Jun 09 01:02:03 web a: x", ""),
                ("Feb 30 12:00:00 web a: x", ""),
                ("Jux 09 01:02:03 web a: x", ""),
                ("Jun 00 01:02:03 web a: x", ""),
                ("June 09 01:02:03 web a: x", ""),
                ("Jun 09 01:02:03x", ""),
            ],
        );
    }

    #[test]
    fn rfc5424() {
        check(
            Form::Rfc5424,
            &[
                (
                    r#"<165>1 2003-10-11T22:14:15.003Z web evnt 8710 ID47 [ex@1 a="1" b="q\"\\\]\n"][x] An event"#,
                    r#"2003-10-11T22:14:15.003Z info | web evnt | An event | host=web, app=evnt, pid=8710, msgid=ID47, ex@1.a=1, ex@1.b=q"\\]\\n"#,
                ),
                (
                    "<11>1 2003-10-11T22:14:15-07:00 web su - - - text",
                    "2003-10-12T05:14:15Z error | web su | text | host=web, app=su",
                ),
                ("<11>1 - - - - - -", "- error |  |  |"),
                (
                    "<11>1 2003-10-11T22:14:15Z web su - - - \u{feff}text",
                    "2003-10-11T22:14:15Z error | web su | text | host=web, app=su",
                ),
                ("<11>2 2003-10-11T22:14:15Z web su - - - x", ""),
                ("<11>1 2003-10-11 22:14:15 web su - - - x", ""),
                ("<11>1 2003-10-11T22:14:15Z web su - - x", ""),
                (r#"<11>1 2003-10-11T22:14:15Z web su - - [a b="c] x"#, ""),
                (r#"<11>1 2003-10-11T22:14:15Z web su - - [a b=c] x"#, ""),
            ],
        );
    }
}
