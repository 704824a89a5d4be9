//! Error logs of Apache: `[Sun Dec 04 04:47:44 2005] [notice] text`, since 2.4 with module, process and client.

use super::cursor::{Cursor, push_word};
use super::level;
use super::stamp::{self, Date};
use crate::record::Record;

const WEEKDAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

pub(super) fn parse(line: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    record.time_ms = Some(bracketed_time(&mut cursor)?);
    cursor.eat_all(b" [")?;
    let level = cursor.until(b']')?;
    let (module, level) = match level.iter().position(|byte| *byte == b':') {
        Some(colon) => (&level[..colon], &level[colon + 1..]),
        None => (&b""[..], level),
    };
    record.severity = level::of_field(level)?;
    push_word(&mut record.head, module);
    push_word(&mut record.head, level);
    if !module.is_empty() {
        record.attributes.push(b"module", module);
    }
    cursor.skip_blanks();
    while let Some(after) = bracketed_field(cursor, record) {
        cursor = after;
        cursor.skip_blanks();
    }
    record.body.extend_from_slice(cursor.rest());
    Some(())
}

/// Reads `[Fri Sep 09 10:42:29.902022 2011]`.
fn bracketed_time(cursor: &mut Cursor<'_>) -> Option<i64> {
    cursor.eat(b'[')?;
    let weekday = cursor.word()?;
    if !WEEKDAYS.contains(&weekday) {
        return None;
    }
    cursor.eat(b' ')?;
    let month = stamp::month_name(cursor)?;
    cursor.eat(b' ')?;
    let padded = cursor.eat(b' ').is_some();
    let day = cursor.digits(if padded { 1 } else { 2 })?;
    cursor.eat(b' ')?;
    let day_ms = stamp::time_of_day(cursor)?;
    cursor.eat(b' ')?;
    let year = cursor.digits(4)?;
    cursor.eat(b']')?;
    stamp::to_utc_ms(Date { year, month, day }, day_ms, 0)
}

/// Takes `[pid 7]`, `[pid 7:tid 8]` or `[client 10.0.0.1:80]` as attributes; another bracket belongs to the message.
fn bracketed_field<'a>(mut cursor: Cursor<'a>, record: &mut Record) -> Option<Cursor<'a>> {
    cursor.eat(b'[')?;
    let inner = cursor.until(b']')?;
    if let Some(client) = inner.strip_prefix(b"client ") {
        record.attributes.push(b"client", client);
        return Some(cursor);
    }
    let numbers = inner.strip_prefix(b"pid ")?;
    let mut numbers = Cursor::new(numbers);
    record.attributes.push(b"pid", numbers.digit_run()?);
    if numbers.eat_all(b":tid ").is_some() {
        record.attributes.push(b"tid", numbers.digit_run()?);
    }
    Some(cursor)
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::check;

    #[test]
    fn reads_lines() {
        check(
            Form::ApacheError,
            &[
                (
                    "[Sun Dec 04 04:47:44 2005] [notice] workerEnv ok",
                    "2005-12-04T04:47:44Z info | notice | workerEnv ok |",
                ),
                (
                    "[Fri Sep  9 10:42:29.902022 2011] [core:error] [pid 35:tid 43] [client 1.2.3.4:5] AH00128: File [x]",
                    "2011-09-09T10:42:29.902Z error | core error | AH00128: File [x] | module=core, pid=35, tid=43, client=1.2.3.4:5",
                ),
                (
                    "[Sun Dec 04 04:47:44 2005] [error] [x] y",
                    "2005-12-04T04:47:44Z error | error | [x] y |",
                ),
                (
                    "[Sun Dec 04 04:47:44 2005] [ssl:trace4] x",
                    "2005-12-04T04:47:44Z trace | ssl trace4 | x | module=ssl",
                ),
                ("[Sun Feb 30 04:47:44 2005] [notice] x", ""),
                ("[Sux Dec 04 04:47:44 2005] [notice] x", ""),
                ("[Sun Dec 04 04:47:44 2005] [loud] x", ""),
                ("[Sun Dec 04 04:47:44 2005] x", ""),
            ],
        );
    }
}
