//! Lines of Blue Gene/L: label, seconds since 1970, date, node, local time, node, `RAS`, facility, level, text.
//!
//! The label is a person's later judgement of the line, so nothing of it may reach head, body or attributes.

use super::cursor::{Cursor, push_word};
use super::{level, stamp};
use crate::record::{Record, severity};

const SECONDS_END: usize = "2005-06-03-15.42.50".len();

pub(super) fn parse(line: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    let _label = field(&mut cursor)?;
    let epoch = stamp::epoch(&mut cursor)?;
    cursor.eat(b' ')?;
    dotted_date(field(&mut cursor)?)?;
    let node = field(&mut cursor)?;
    let local = field(&mut cursor)?;
    let _node_again = field(&mut cursor)?;
    let source = field(&mut cursor)?;
    let facility = field(&mut cursor)?;
    let level = cursor.word()?;
    cursor.skip_blanks();
    record.time_ms = Some(epoch.time_ms + fraction_ms(local).unwrap_or(0));
    record.severity = level::of_field(level).unwrap_or(severity::UNKNOWN);
    for word in [node, source, facility, level] {
        push_word(&mut record.head, word);
    }
    record.body.extend_from_slice(cursor.rest());
    Some(())
}

fn field<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let word = cursor.word()?;
    cursor.eat(b' ')?;
    Some(word)
}

fn dotted_date(field: &[u8]) -> Option<()> {
    let shape = |(at, byte): (usize, &u8)| match at {
        4 | 7 => *byte == b'.',
        _ => byte.is_ascii_digit(),
    };
    (field.len() == 10 && field.iter().enumerate().all(shape)).then_some(())
}

/// The part of `2005-06-03-15.42.50.675872` that the seconds since 1970 lack; its zone is unknown.
fn fraction_ms(local: &[u8]) -> Option<i64> {
    let digits = local.get(SECONDS_END..)?.strip_prefix(b".")?;
    digits.iter().all(u8::is_ascii_digit).then(|| stamp::fraction_ms(digits))?
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::check;

    #[test]
    fn reads_lines() {
        check(
            Form::Bgl,
            &[
                (
                    "- 1117838570 2005.06.03 R02-M1 2005-06-03-15.42.50.675872 R02-M1 RAS KERNEL INFO cache error",
                    "2005-06-03T22:42:50.675Z info | R02-M1 RAS KERNEL INFO | cache error |",
                ),
                (
                    "APPREAD 1117838570 2005.06.03 R23 2005-06-03-15.42.50 R23 RAS APP FATAL ciod: failed",
                    "2005-06-03T22:42:50Z fatal | R23 RAS APP FATAL | ciod: failed |",
                ),
                (
                    "- 1117838570 2005.06.03 NULL 2005-06-03-15.42.50.1 NULL RAS MMCS FAILURE",
                    "2005-06-03T22:42:50.1Z error | NULL RAS MMCS FAILURE |  |",
                ),
                ("- 1117838570 2005-06-03 R02 x R02 RAS KERNEL INFO y", ""),
                ("- 117838570 2005.06.03 R02 x R02 RAS KERNEL INFO y", ""),
                ("- 1117838570 2005.06.03 R02 x R02 RAS KERNEL", ""),
            ],
        );
    }
}
