//! Lines that begin with seconds or milliseconds since 1970, bare or in brackets.

use super::cursor::Cursor;
use super::{front, stamp};
use crate::record::Record;

pub(super) fn parse(line: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    let bracketed = cursor.eat(b'[').is_some();
    let epoch = stamp::epoch(&mut cursor).filter(|epoch| !epoch.fine)?;
    if bracketed {
        cursor.eat(b']')?;
    }
    if !matches!(cursor.peek(), None | Some(b' ' | b'\t' | b',' | b':' | b'|')) {
        return None;
    }
    record.time_ms = Some(epoch.time_ms);
    front::take(cursor.rest(), record);
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::check;

    #[test]
    fn reads_lines() {
        check(
            Form::Epoch,
            &[
                ("1117838570 text", "2005-06-03T22:42:50Z unknown |  | text |"),
                ("1117838570.25 WARN text", "2005-06-03T22:42:50.25Z warn | WARN | text |"),
                ("1117838570123\ttext", "2005-06-03T22:42:50.123Z unknown |  | text |"),
                (
                    "[1117838570] SERVICE ALERT: x",
                    "2005-06-03T22:42:50Z fatal |  | SERVICE ALERT: x |",
                ),
                ("1117838570", "2005-06-03T22:42:50Z unknown |  |  |"),
                ("1117838570123456 text", ""),
                ("1117838570x", ""),
                ("[1117838570 text", ""),
                ("-1117838570 text", ""),
                ("0946684799 text", ""),
                ("42 text", ""),
            ],
        );
    }
}
