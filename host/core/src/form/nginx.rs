//! Error logs of nginx: `2023/03/15 13:20:00 [error] 12#34: *56 text, client: 10.0.0.1, server: _, request: "..."`.

use super::cursor::{Cursor, push_word};
use super::{level, stamp};
use crate::record::Record;

/// What nginx adds behind a message that is about a request; `client` comes first.
const FIELDS: [&[u8]; 7] =
    [b"client", b"server", b"request", b"subrequest", b"upstream", b"host", b"referrer"];
const FIRST_FIELD: &[u8] = b", client: ";

pub(super) fn parse(line: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    if line.get(4) != Some(&b'/') {
        return None;
    }
    record.time_ms = Some(stamp::iso(&mut cursor)?.time_ms);
    cursor.eat_all(b" [")?;
    let level = cursor.until(b']')?;
    record.severity = level::of_field(level)?;
    cursor.eat(b' ')?;
    let pid = cursor.digit_run()?;
    cursor.eat(b'#')?;
    let tid = cursor.digit_run()?;
    cursor.eat(b':')?;
    push_word(&mut record.head, level);
    record.attributes.push(b"pid", pid);
    record.attributes.push(b"tid", tid);
    cursor.skip_blanks();
    let mut message = connection(cursor, record).unwrap_or(cursor).rest();
    if let Some(at) = memchr::memmem::find(message, FIRST_FIELD) {
        request_fields(&message[at..], record);
        message = &message[..at];
    }
    record.body.extend_from_slice(message);
    Some(())
}

/// Steps over the number of the connection, `*56 `.
fn connection<'a>(mut cursor: Cursor<'a>, record: &mut Record) -> Option<Cursor<'a>> {
    cursor.eat(b'*')?;
    let connection = cursor.digit_run()?;
    cursor.eat(b' ')?;
    record.attributes.push(b"connection", connection);
    Some(cursor)
}

/// Takes `, name: value` pairs, whose values may be quoted, for as long as they can be read.
fn request_fields(fields: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(fields);
    loop {
        cursor.eat_all(b", ")?;
        let name = cursor.until(b':')?;
        cursor.eat(b' ')?;
        let value = if cursor.peek() == Some(b'"') {
            cursor.quoted()?
        } else {
            let rest = cursor.rest();
            let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
            cursor = Cursor::new(&rest[end..]);
            &rest[..end]
        };
        if FIELDS.contains(&name) {
            record.attributes.push(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::check;

    #[test]
    fn reads_lines() {
        check(
            Form::NginxError,
            &[
                (
                    r#"2023/03/15 13:20:00 [error] 12#34: *56 open() "/x" failed, client: 1.2.3.4, server: _, request: "GET /a, b HTTP/1.1", host: "h""#,
                    r#"2023-03-15T13:20:00Z error | error | open() "/x" failed | pid=12, tid=34, connection=56, client=1.2.3.4, server=_, request=GET /a, b HTTP/1.1, host=h"#,
                ),
                (
                    "2023/03/15 13:20:00 [notice] 12#34: start",
                    "2023-03-15T13:20:00Z info | notice | start | pid=12, tid=34",
                ),
                ("2023-03-15 13:20:00 [notice] 12#34: start", ""),
                ("2023/03/15 13:20:00 [loud] 12#34: start", ""),
                ("2023/03/15 13:20:00 [notice] start", ""),
            ],
        );
    }
}
