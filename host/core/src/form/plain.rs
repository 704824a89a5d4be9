//! Lines without a stamp.

use super::level;
use crate::record::Record;

pub(super) fn parse(line: &[u8], record: &mut Record) {
    record.severity = level::find(line);
    record.body.extend_from_slice(line);
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::check;

    #[test]
    fn reads_lines() {
        check(
            Form::Plain,
            &[
                ("just text", "- unknown |  | just text |"),
                ("WARNING:root:text", "- warn |  | WARNING:root:text |"),
                ("a\0b", r"- unknown |  | a\x00b |"),
                ("", "- unknown |  |  |"),
            ],
        );
    }
}
