//! Lines that begin with a date that begins with the year, bare or in brackets.

use super::cursor::Cursor;
use super::{front, level, stamp, syslog};
use crate::record::Record;

pub(super) fn parse(line: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    let bracketed = cursor.eat(b'[').is_some();
    let stamp = stamp::iso(&mut cursor)?;
    record.time_ms = Some(stamp.time_ms);
    if bracketed && cursor.eat(b']').is_none() {
        if front::take_open(cursor.rest(), record).is_none() {
            cursor.skip_blanks();
            record.severity = level::find(cursor.rest());
            record.body.extend_from_slice(cursor.rest());
        }
        return Some(());
    }
    if host_and_app(cursor, stamp.strict && !bracketed, record).is_none() {
        front::take(cursor.rest(), record);
    }
    Some(())
}

/// Takes `host app[pid]: text` as syslog daemons write it behind a stamp of RFC 3339. `host app: text` could as well be
/// a message of two words and a colon, so it counts only behind the exact stamp that those daemons write.
fn host_and_app(cursor: Cursor<'_>, strict: bool, record: &mut Record) -> Option<()> {
    let mut cursor = cursor;
    cursor.eat(b' ')?;
    let host = cursor.word()?;
    cursor.eat(b' ')?;
    let tag = syslog::tag(&mut cursor)?;
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-:/()".contains(byte);
    let named = host.iter().all(allowed) && tag.app.iter().all(allowed);
    let begins_sentence =
        host[0].is_ascii_uppercase() && host[1..].iter().any(u8::is_ascii_lowercase);
    let level = level::of_word(host).or(level::of_word(tag.app)).is_some();
    if !named
        || level
        || host.ends_with(b":")
        || (tag.pid.is_none() && (!strict || begins_sentence))
    {
        return None;
    }
    syslog::take_host_and_tag(host, Some(&tag), record);
    cursor.skip_blanks();
    record.severity = level::find(cursor.rest());
    record.body.extend_from_slice(cursor.rest());
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::{CLOCK, check};
    use crate::record::Record;

    #[test]
    fn levels_threads_and_loggers_become_the_head() {
        check(
            Form::Iso,
            &[
                (
                    "2024-01-02 03:04:05 INFO [main] com.foo.Bar: msg",
                    "2024-01-02T03:04:05Z info | INFO main com.foo.Bar | msg |",
                ),
                (
                    "2024-01-02 03:04:05 INFO  com.foo.Bar - msg",
                    "2024-01-02T03:04:05Z info | INFO com.foo.Bar | msg |",
                ),
                (
                    "2024-01-02 03:04:05 [http-1] WARN  c.f.Bar - msg",
                    "2024-01-02T03:04:05Z warn | http-1 WARN c.f.Bar | msg |",
                ),
                (
                    "2024-01-02 03:04:05 - INFO  [Q[myid=1]/0:0:A@7] - msg: 3",
                    "2024-01-02T03:04:05Z info | INFO Q[myid=1]/0:0:A@7 | msg: 3 |",
                ),
                (
                    "2024-01-02 03:04:05,1 - app.db - ERROR - msg",
                    "2024-01-02T03:04:05.1Z error | app.db ERROR | msg |",
                ),
                (
                    "2024-01-02 03:04:05.1 | DEBUG    | app:run:42 - msg",
                    "2024-01-02T03:04:05.1Z debug | DEBUG app:run:42 | msg |",
                ),
                (
                    "2024-01-02 03:04:05.1  INFO 77 --- [   main] c.e.App  : msg",
                    "2024-01-02T03:04:05.1Z info | INFO main c.e.App | msg | pid=77",
                ),
                (
                    "[2024-01-02 03:04:05 +0100] [12] [INFO] msg",
                    "2024-01-02T02:04:05Z info | INFO | msg | pid=12",
                ),
                (
                    "[2024-01-02T03:04:05Z WARN  app::http] msg",
                    "2024-01-02T03:04:05Z warn | WARN app::http | msg |",
                ),
                (
                    "[2024-01-02T03:04:05Z and more] ERROR",
                    "2024-01-02T03:04:05Z error |  | and more] ERROR |",
                ),
                (
                    "2024-01-02T03:04:05Z  INFO app::db: msg",
                    "2024-01-02T03:04:05Z info | INFO app::db | msg |",
                ),
            ],
        );
    }

    #[test]
    fn what_is_in_doubt_stays_in_the_message() {
        check(
            Form::Iso,
            &[
                (
                    "2024-01-02 03:04:05 plain text",
                    "2024-01-02T03:04:05Z unknown |  | plain text |",
                ),
                ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z unknown |  |  |"),
                ("2024-01-02T03:04:05Z ", "2024-01-02T03:04:05Z unknown |  |  |"),
                ("[2024-01-02 03:04:05,678] text", "2024-01-02T03:04:05.678Z unknown |  | text |"),
                (
                    "2024-01-02 03:04:05 ERROR: failed: x",
                    "2024-01-02T03:04:05Z error | ERROR | failed: x |",
                ),
                (
                    "2024-01-02 03:04:05 ERROR failed: x",
                    "2024-01-02T03:04:05Z error | ERROR | failed: x |",
                ),
                (
                    "2024-01-02 03:04:05 ERROR 10.0.0.1: x",
                    "2024-01-02T03:04:05Z error | ERROR | 10.0.0.1: x |",
                ),
                (
                    "2024-01-02 03:04:05 ERROR a.txt: x",
                    "2024-01-02T03:04:05Z error | ERROR | a.txt: x |",
                ),
                (
                    "2024-01-02 03:04:05 [main] no level",
                    "2024-01-02T03:04:05Z unknown |  | [main] no level |",
                ),
                (
                    "2024-01-02 03:04:05 a level=error b=1",
                    "2024-01-02T03:04:05Z error |  | a level=error b=1 |",
                ),
                (
                    "2024-01-02 03:04:05 -1 degrees",
                    "2024-01-02T03:04:05Z unknown |  | -1 degrees |",
                ),
                ("2024-01-02T03:04:05Z,a,b", "2024-01-02T03:04:05Z unknown |  | a,b |"),
                ("2024-02-30 03:04:05 x", ""),
                (" 2024-01-02 03:04:05 x", ""),
                ("at 2024-01-02 03:04:05", ""),
                ("", ""),
            ],
        );
    }

    #[test]
    fn host_and_app_as_syslog_daemons_write_them() {
        check(
            Form::Iso,
            &[
                (
                    "2024-01-02T03:04:05Z mail ids: A: new",
                    "2024-01-02T03:04:05Z unknown | mail ids | A: new | host=mail, app=ids",
                ),
                (
                    "2024-01-02 03:04:05 mail ids[7]: ERROR x",
                    "2024-01-02T03:04:05Z error | mail ids | ERROR x | host=mail, app=ids, pid=7",
                ),
                (
                    "2024-01-02 03:04:05 mail ids: x",
                    "2024-01-02T03:04:05Z unknown |  | mail ids: x |",
                ),
                (
                    "2024-01-02T03:04:05Z Connection lost: x",
                    "2024-01-02T03:04:05Z unknown |  | Connection lost: x |",
                ),
                (
                    "2024-01-02T03:04:05Z INFO main: x",
                    "2024-01-02T03:04:05Z info | INFO | main: x |",
                ),
            ],
        );
    }

    #[test]
    fn the_last_year_comes_through_as_a_time() {
        let mut record = Record::default();
        assert!(Form::Iso.parse(b"9999-12-31 23:59:59 x", &CLOCK, &mut record));
        assert_eq!(record.time_ms, Some(253_402_300_799_000));
    }
}
