//! One JSON object per line.
//!
//! Loggers agree on little: each part of a record has a list of names it goes by, the first of which counts. A name
//! that lost, or whose value cannot be understood, is an attribute like any other. A field of an object right in the
//! line is named `outer.inner`; what lies deeper, and lists, must be well-formed but are passed over.

use super::cursor::{Cursor, push_word};
use super::{level, stamp};
use crate::record::{Record, severity};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

const ATTRIBUTES_MAX: usize = 32;
/// Objects whose fields count: the line and those right in it.
const DEPTH_MAX: usize = 2;
/// Names with a meaning, by part, each part in the order in which they count.
const NAMES: [&str; 23] = [
    "message",
    "msg",
    "log",
    "body",
    "event",
    "text",
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "t",
    "date",
    "level",
    "severity",
    "lvl",
    "log.level",
    "service",
    "service.name",
    "app",
    "logger",
    "component",
    "host",
    "hostname",
];
const MESSAGE: Range<usize> = 0..6;
const TIME: Range<usize> = 6..12;
const LEVEL: Range<usize> = 12..16;
const HEAD: Range<usize> = 16..23;

pub(super) fn parse(line: &[u8], record: &mut Record) -> Option<()> {
    if line.first() != Some(&b'{') {
        return None;
    }
    // An application that logs half a character should not lose its record over it.
    let text = String::from_utf8_lossy(line);
    let mut json = serde_json::Deserializer::from_str(&text);
    let mut fields = Fields { slots: Default::default(), attributes: 0, record };
    let place = Place { name: Cow::Borrowed(""), depth: 0, fields: &mut fields };
    place.deserialize(&mut json).and_then(|()| json.end()).ok()?;
    fields.take_time();
    fields.take_level();
    fields.take_message(line);
    fields.read_head();
    fields.push_rest();
    Some(())
}

/// A string, number or boolean as text.
struct Scalar<'a> {
    text: Cow<'a, str>,
    /// Whether it is a string.
    quoted: bool,
}

/// What the line has said so far.
struct Fields<'a, 'r> {
    /// Values of `NAMES`.
    slots: [Option<Scalar<'a>>; NAMES.len()],
    /// How many attributes the record has.
    attributes: usize,
    record: &'r mut Record,
}

impl<'a> Fields<'a, '_> {
    /// Keeps the first value of a name with a meaning for later.
    fn push(&mut self, name: &str, value: Scalar<'a>) {
        match NAMES.iter().position(|known| *known == name) {
            Some(slot) if self.slots[slot].is_none() => self.slots[slot] = Some(value),
            _ => self.push_attribute(name, &value),
        }
    }

    fn push_attribute(&mut self, name: &str, value: &Scalar<'_>) {
        if self.attributes < ATTRIBUTES_MAX {
            self.attributes += 1;
            self.record.attributes.push(name.as_bytes(), value.text.as_bytes());
        }
    }

    fn take_time(&mut self) {
        self.record.time_ms = self.take_first(TIME, time_of);
    }

    fn take_level(&mut self) {
        let of_text = |text: &[u8]| level::of_field(text).or_else(|| level::of_number(text));
        self.record.severity = self.take_first(LEVEL, of_text).unwrap_or(severity::UNKNOWN);
    }

    /// Takes the message, first line only; a line without one is its own message.
    fn take_message(&mut self, line: &[u8]) {
        let message = self.slots[MESSAGE].iter_mut().find_map(Option::take);
        let first_line = message.as_ref().and_then(|message| message.text.split('\n').next());
        self.record.body.extend_from_slice(first_line.map_or(line, str::as_bytes));
    }

    /// Empties the first of these slots whose value means something, and answers what.
    fn take_first<T>(
        &mut self,
        slots: Range<usize>,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Option<T> {
        self.slots[slots].iter_mut().find_map(|slot| {
            let meaning = read(slot.as_ref()?.text.as_bytes())?;
            *slot = None;
            Some(meaning)
        })
    }

    /// Joins the words of the head, which stay attributes too.
    fn read_head(&mut self) {
        for value in self.slots[HEAD].iter().flatten().filter(|value| value.quoted) {
            push_word(&mut self.record.head, value.text.as_bytes());
        }
    }

    /// Makes attributes of the values that nothing has taken.
    fn push_rest(&mut self) {
        let slots = std::mem::take(&mut self.slots);
        for (name, slot) in NAMES.iter().zip(slots) {
            if let Some(value) = slot {
                self.push_attribute(name, &value);
            }
        }
    }
}

/// Milliseconds since 1970 of a stamp or a number.
fn time_of(text: &[u8]) -> Option<i64> {
    let mut cursor = Cursor::new(text);
    let stamp = stamp::iso(&mut cursor).filter(|_| cursor.rest().is_empty());
    stamp.map(|stamp| stamp.time_ms).or_else(|| {
        let mut cursor = Cursor::new(text);
        let epoch = stamp::epoch(&mut cursor)?;
        cursor.rest().is_empty().then_some(epoch.time_ms)
    })
}

/// A name, copied only if it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A place in the line whose value comes next.
struct Place<'f, 'a, 'r> {
    name: Cow<'a, str>,
    /// Objects around it.
    depth: usize,
    fields: &'f mut Fields<'a, 'r>,
}

impl<'a> Place<'_, 'a, '_> {
    fn push(self, text: Cow<'a, str>, quoted: bool) {
        self.fields.push(&self.name, Scalar { text, quoted });
    }
}

impl<'a> DeserializeSeed<'a> for Place<'_, 'a, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Place<'_, 'a, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        if self.depth >= DEPTH_MAX {
            return IgnoredAny.visit_map(members).map(drop);
        }
        while let Some(Name(key)) = members.next_key()? {
            let outermost = self.depth == 0;
            let name = if outermost { key } else { format!("{}.{key}", self.name).into() };
            let depth = self.depth + 1;
            members.next_value_seed(Place { name, depth, fields: &mut *self.fields })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, elements: A) -> Result<(), A::Error> {
        IgnoredAny.visit_seq(elements).map(drop)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<(), E> {
        self.push(text.into(), true);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.push(text.to_owned().into(), true);
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.push(number.to_string().into(), false);
        Ok(())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.push(number.to_string().into(), false);
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.push(serde_json::Value::from(number).to_string().into(), false);
        Ok(())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        self.push(if truth { "true" } else { "false" }.into(), false);
        Ok(())
    }

    /// Passes over a null.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::Form;
    use crate::form::tests::{CLOCK, check};

    #[test]
    fn reads_lines() {
        check(
            Form::Json,
            &[
                (
                    r#"{"time":"2024-01-02T03:04:05.6Z","level":"warn","msg":"hi \"x\"","user":"bob","n":1.50,"ok":true,"no":null,"list":[1]}"#,
                    r#"2024-01-02T03:04:05.6Z warn |  | hi "x" | user=bob, n=1.5, ok=true"#,
                ),
                (
                    r#"{"msg":"second","message":"first","event":7}"#,
                    "- unknown |  | first | msg=second, event=7",
                ),
                (
                    r#"{"ts":1704164645.25,"level":50,"logger":"db","service":{"name":"shop","id":3},"log":{"level":"info"},"body":"x"}"#,
                    "2024-01-02T03:04:05.25Z error | shop db | x | service.id=3, log.level=info, service.name=shop, logger=db",
                ),
                (
                    r#"{"t":5,"timestamp":1704164645000,"text":"x"}"#,
                    "2024-01-02T03:04:05Z unknown |  | x | t=5",
                ),
                (
                    r#"{"date":"1704164645000000","msg":"x"}"#,
                    "2024-01-02T03:04:05Z unknown |  | x |",
                ),
                (
                    r#"{"@timestamp":1704164645000000000,"msg":"x"}"#,
                    "2024-01-02T03:04:05Z unknown |  | x |",
                ),
                (
                    r#"{"time":"soon","ts":"2024-01-02 03:04:05","msg":"x"}"#,
                    "2024-01-02T03:04:05Z unknown |  | x | time=soon",
                ),
                (
                    r#"{"log":"two\nlines\n","stream":"stderr"}"#,
                    "- unknown |  | two | stream=stderr",
                ),
                (
                    r#"{"level":"loud","severity":"CRITICAL","a\tb":"c\td"}"#,
                    r#"- fatal |  | {"level":"loud","severity":"CRITICAL","a\\tb":"c\\td"} | a\tb=c\td, level=loud"#,
                ),
                (
                    r#"{"a":{"b":{"c":1},"d":2}}"#,
                    r#"- unknown |  | {"a":{"b":{"c":1},"d":2}} | a.d=2"#,
                ),
                (r#"{"msg":"a","msg":"b"}"#, "- unknown |  | a | msg=b"),
                (r#"{}"#, "- unknown |  | {} |"),
                (
                    r#"{"app":"a","logger":"","host":5,"hostname":"h","msg":"x"}"#,
                    "- unknown | a h | x | app=a, logger=, host=5, hostname=h",
                ),
                (
                    r#"{"a\"":{"b\/":"\u00e9","c":"\ud83d\ude00"}, "msg" : "\\\u0009" } "#,
                    r#"- unknown |  | \\\t | a".b/=\xc3\xa9, a".c=\xf0\x9f\x98\x80"#,
                ),
            ],
        );
    }

    #[test]
    fn numbers_keep_their_value() {
        // As written and as read; the latter is empty where the line is refused.
        let cases = [
            ("0", "0"),
            ("-7", "-7"),
            ("1.50", "1.5"),
            ("-2E2", "-200.0"),
            ("1e300", "1e+300"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551616", "1.8446744073709552e+19"),
            ("1e999", ""),
            ("01", ""),
            ("1.", ""),
            (".5", ""),
            ("+1", ""),
            ("-", ""),
            ("1e", ""),
        ];
        for (written, read) in cases {
            let line = format!(r#"{{"msg":"x","n":{written}}}"#);
            let expected = format!("- unknown |  | x | n={read}");
            check(Form::Json, &[(&line, if read.is_empty() { "" } else { &expected })]);
        }
    }

    #[test]
    fn refuses_what_is_not_one_object() {
        let cases = [
            r#"{"a":nul}"#,
            r#"{"a":}"#,
            r#"{"a" 1}"#,
            r#"{"a":1,}"#,
            r#"{,}"#,
            r#"{a:1}"#,
            r#"{"a":1}{"b":2}"#,
            r#"{"a":1} x"#,
            r#"{"a":[1,]}"#,
            r#"{"a":{"b":{"c":[1 2]}}}"#,
            r#"{"a":"\q"}"#,
            r#"{"a":"\ud800"}"#,
            "{\"a\":\"\t\"}",
            r#" {"a":1}"#,
            r#"[{"a":1}]"#,
            "1",
            "",
        ];
        for line in cases {
            check(Form::Json, &[(line, "")]);
        }
        let whole = r#"{"a":"q\"\u00e9","n":null,"t":true,"o":{"l":[1,{"d":"}"},[]]},"e":-2.5}"#;
        for end in 0..=whole.len() {
            let fits = Form::Json.parse(&whole.as_bytes()[..end], &CLOCK, &mut Record::default());
            assert_eq!(fits, end == whole.len(), "{}", &whole[..end]);
        }
    }

    #[test]
    fn deep_nesting_does_not_end_the_stack() {
        for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
            let inner = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            let line = format!("{{\"msg\":\"x\",\"deep\":{inner},\"n\":1}}");
            check(Form::Json, &[(&line, "- unknown |  | x | n=1")]);
            check(Form::Json, &[(&line[..line.len() - 7], "")]);
        }
    }

    #[test]
    fn json_keeps_at_most_32_attributes_and_broken_characters() {
        let fields: Vec<_> = (0..100).map(|field| format!("\"f{field}\":{field}")).collect();
        let mut line = format!("{{{},\"msg\":\"x?", fields.join(",")).into_bytes();
        line.extend_from_slice(b"\xff\"}");
        let mut record = Record::default();
        assert!(Form::Json.parse(&line, &CLOCK, &mut record));
        assert_eq!(record.body, "x?\u{fffd}".as_bytes());
        assert_eq!(record.attributes.iter().count(), 32);
    }
}
