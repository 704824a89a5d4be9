//! Lines of HDFS: `081109 203530 143 INFO dfs.DataNode: text`, with date, time and process first.

use super::cursor::{Cursor, push_word};
use super::level;
use super::stamp::{self, Date};
use crate::record::Record;

pub(super) fn parse(line: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    let (year, month, day) = (cursor.digits(2)?, cursor.digits(2)?, cursor.digits(2)?);
    cursor.eat(b' ')?;
    let (hour, minute, second) = (cursor.digits(2)?, cursor.digits(2)?, cursor.digits(2)?);
    cursor.eat(b' ')?;
    let pid = cursor.digit_run()?;
    cursor.eat(b' ')?;
    let level = cursor.word()?;
    cursor.eat(b' ')?;
    let component = cursor.word()?.strip_suffix(b":")?;
    cursor.skip_blanks();
    let day_ms = stamp::day_ms(hour, minute, second)?;
    record.time_ms = Some(stamp::to_utc_ms(Date { year: 2000 + year, month, day }, day_ms, 0)?);
    record.severity = level::of_word(level)?;
    push_word(&mut record.head, level);
    push_word(&mut record.head, component);
    record.attributes.push(b"pid", pid);
    record.body.extend_from_slice(cursor.rest());
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::check;

    #[test]
    fn reads_lines() {
        check(
            Form::Hdfs,
            &[
                (
                    "081109 203530 143 INFO dfs.DataNode$X: Got blk_1: ok",
                    "2008-11-09T20:35:30Z info | INFO dfs.DataNode$X | Got blk_1: ok | pid=143",
                ),
                (
                    "081109 203530 143 WARN dfs.A: ",
                    "2008-11-09T20:35:30Z warn | WARN dfs.A |  | pid=143",
                ),
                ("080230 203530 143 INFO dfs.A: x", ""),
                ("081109 243530 143 INFO dfs.A: x", ""),
                ("081109 203530 143 LOUD dfs.A: x", ""),
                ("081109 203530 143 INFO no component", ""),
                ("081109 203530", ""),
            ],
        );
    }
}
