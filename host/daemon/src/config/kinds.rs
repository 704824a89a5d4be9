//! The kinds of settings: numbers, flags, words, names, texts.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::table::Table;
use super::tree::{Node, Value};

impl Table<'_> {
    /// A whole number within a range.
    pub(super) fn integer<T>(
        &mut self,
        key: &'static str,
        default: T,
        range: RangeInclusive<T>,
        doc: &str,
    ) -> T
    where
        T: Copy + Display + PartialOrd + TryFrom<i64>,
    {
        self.note_setting(key, &default.to_string(), &with_range(doc, &range));
        self.read_integer(key, &range, default).unwrap_or(default)
    }

    /// A whole number that may be left out.
    pub(super) fn optional_integer(
        &mut self,
        key: &'static str,
        example: u64,
        range: RangeInclusive<u64>,
        doc: &str,
    ) -> Option<u64> {
        self.note_optional(key, &example.to_string(), &with_range(doc, &range));
        self.read_integer(key, &range, example)
    }

    fn read_integer<T>(
        &mut self,
        key: &'static str,
        range: &RangeInclusive<T>,
        example: T,
    ) -> Option<T>
    where
        T: Copy + Display + PartialOrd + TryFrom<i64>,
    {
        let expected = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(key, &expected, &example.to_string(), |value| match value {
            Value::Integer(integer) => {
                T::try_from(*integer).ok().filter(|integer| range.contains(integer))
            }
            _ => None,
        })
    }

    /// A number within a range.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        default: f64,
        range: RangeInclusive<f64>,
        doc: &str,
    ) -> f64 {
        self.note_setting(key, &format!("{default:?}"), &with_range(doc, &range));
        self.read_number(key, &range, default).unwrap_or(default)
    }

    /// A number that may be left out.
    pub(super) fn optional_number(
        &mut self,
        key: &'static str,
        example: f64,
        range: RangeInclusive<f64>,
        doc: &str,
    ) -> Option<f64> {
        self.note_optional(key, &format!("{example:?}"), &with_range(doc, &range));
        self.read_number(key, &range, example)
    }

    fn read_number(
        &mut self,
        key: &'static str,
        range: &RangeInclusive<f64>,
        example: f64,
    ) -> Option<f64> {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        self.read(key, &expected, &example.to_string(), |value| match value {
            Value::Integer(integer) => Some(*integer as f64).filter(|n| range.contains(n)),
            Value::Number(number) => Some(*number).filter(|n| range.contains(n)),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str, default: bool, doc: &str) -> bool {
        self.note_setting(key, &default.to_string(), doc);
        let flag = self.read(key, "true or false", &default.to_string(), |value| match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        });
        flag.unwrap_or(default)
    }

    /// One of some words; the first is the default.
    pub(super) fn choice(
        &mut self,
        key: &'static str,
        words: &[&'static str],
        doc: &str,
    ) -> &'static str {
        let listed = words.join(" or ");
        self.note_setting(key, words[0], &format!("{doc} One of {}.", words.join(", ")));
        let word = self.read(key, &listed, words[0], |value| match value {
            Value::Text(text) => words.iter().copied().find(|word| word == text),
            _ => None,
        });
        word.unwrap_or(words[0])
    }

    /// A name of 1 to 63 lower-case letters, digits and `-`.
    pub(super) fn name(&mut self, key: &'static str, default: &str, doc: &str) -> String {
        self.note_setting(key, default, doc);
        self.read_name(key, default).unwrap_or_else(|| default.to_owned())
    }

    /// A name that may be left out.
    pub(super) fn optional_name(
        &mut self,
        key: &'static str,
        example: &str,
        doc: &str,
    ) -> Option<String> {
        self.note_optional(key, example, doc);
        self.read_name(key, example)
    }

    fn read_name(&mut self, key: &'static str, example: &str) -> Option<String> {
        let expected = "1 to 63 lower-case letters, digits or `-`";
        self.read(key, expected, example, |value| match value {
            Value::Text(text) if bellwether_core::pattern::is_name(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// A text with a default, not empty.
    pub(super) fn text(&mut self, key: &'static str, default: &str, doc: &str) -> String {
        self.note_setting(key, &quoted(default), doc);
        let text = self.read(key, "a text", default, |value| match value {
            Value::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        });
        text.unwrap_or_else(|| default.to_owned())
    }

    /// A text that may be left out, but not be empty.
    pub(super) fn optional_text(
        &mut self,
        key: &'static str,
        example: &str,
        doc: &str,
    ) -> Option<String> {
        self.note_optional(key, example, doc);
        self.read(key, "a text", example, |value| match value {
            Value::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        })
    }

    /// A text that must be given.
    pub(super) fn required_text(&mut self, key: &'static str, example: &str) -> Option<String> {
        self.require(key, example);
        self.read(key, "a text", example, |value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// A whole number that must be given.
    pub(super) fn required_integer(&mut self, key: &'static str, example: i64) -> Option<i64> {
        let example = example.to_string();
        self.require(key, &example);
        self.read(key, "a whole number", &example, |value| match value {
            Value::Integer(integer) => Some(*integer),
            _ => None,
        })
    }

    /// A list of texts, each with its place in the list; empty by default.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        example: &str,
        doc: &str,
    ) -> Vec<(usize, String)> {
        self.note_setting(key, "[]", doc);
        let Some(items) = self.read_list(key, example) else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match &item.value {
                Value::Text(text) => texts.push((index, text.clone())),
                other => {
                    let message = format!("expected a text, found {other}; put it in quotes");
                    self.complain_at(key, Some(index), &message);
                }
            }
        }
        texts
    }

    /// Any settings, handed on as they are.
    pub(super) fn free(&mut self, key: &'static str, doc: &str) -> serde_json::Value {
        self.note_setting(key, "{}", doc);
        let value = self.find(key).filter(|node| match node.value {
            Value::Table(_) => true,
            ref other => {
                let message = format!("expected a table, found {other}; write e.g. {{}}");
                self.complain(&[key], &message);
                false
            }
        });
        value.map_or_else(|| serde_json::Value::Object(serde_json::Map::new()), Node::to_json)
    }

    /// A table or a list of any shape, which may be left out.
    pub(super) fn optional_shape(
        &mut self,
        key: &'static str,
        example: &str,
        doc: &str,
    ) -> Option<serde_json::Value> {
        self.note_optional(key, example, doc);
        self.read(key, "a table or a list", example, |value| {
            matches!(value, Value::Table(_) | Value::List(_)).then(|| value.to_json())
        })
    }
}

fn with_range<T: Display>(doc: &str, range: &RangeInclusive<T>) -> String {
    format!("{doc} From {} to {}.", range.start(), range.end())
}

/// As YAML needs it: braces and colons would mean something.
fn quoted(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte));
    if plain { text.to_owned() } else { format!("\"{text}\"") }
}
