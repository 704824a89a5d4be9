//! A YAML document as a tree in which every key and value knows its line and column.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, NonFiniteFloatPolicy, Options, Spanned};

/// Deepest nesting of lists and tables.
const DEPTH_MAX: usize = 32;
/// Most values in a file.
const NODES_MAX: usize = 250_000;

/// Line and column in a file, both from 1; 0 where they are not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// A key of a table and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) text: String,
}

/// What a document can hold.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Flag(bool),
    Integer(i64),
    /// Always finite.
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Table(Vec<(Key, Node)>),
}

/// Why a text is no document.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) place: Place,
    pub(super) message: String,
}

impl Node {
    /// Reads a document; an empty one is `Value::Null`.
    pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            // Both are reported with their key path, together with all other mistakes.
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            non_finite_float_policy: NonFiniteFloatPolicy::AsString,
            budget: serde_saphyr::budget! { max_depth: DEPTH_MAX, max_nodes: NODES_MAX },
        };
        read(text, options).map_err(|error| SyntaxError::new(&error))
    }

    /// A text that stands nowhere.
    pub(super) fn text(text: String) -> Node {
        Node { place: Place::default(), value: Value::Text(text) }
    }

    /// The node as JSON, for plugins.
    pub(super) fn to_json(&self) -> serde_json::Value {
        self.value.to_json()
    }
}

impl Value {
    /// The value as JSON.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Flag(flag) => (*flag).into(),
            Value::Integer(integer) => (*integer).into(),
            Value::Number(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Table(entries) => {
                entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect()
            }
        }
    }
}

fn read(text: &str, options: Options) -> Result<Node, Error> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Node { place: Place { line: 1, column: 1 }, value: Value::Null });
    }
    serde_saphyr::from_str_with_options(text, options)
}

impl SyntaxError {
    fn new(error: &Error) -> SyntaxError {
        let place = error.location().map_or(Place::default(), |location| Place {
            line: location.line(),
            column: location.column(),
        });
        // The first line is the reason; what follows shows the source, which the place already names.
        let text = error.without_snippet().to_string();
        let line = text.lines().next().unwrap_or_default();
        let message = line.split(" at line ").next().unwrap_or(line);
        let message = message.strip_prefix("error: ").unwrap_or(message);
        SyntaxError { place, message: message.trim_end_matches('.').to_owned() }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Node { place: place(&spanned), value: spanned.value })
    }
}

fn place<T>(spanned: &Spanned<T>) -> Place {
    Place { line: spanned.referenced.line(), column: spanned.referenced.column() }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
        Ok(Value::Integer(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Value, E> {
        Ok(i64::try_from(integer).map_or(Value::Number(integer as f64), Value::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        // JSON cannot say infinite; as a text it is refused wherever a number is asked for.
        let finite = number.is_finite();
        Ok(if finite { Value::Number(number) } else { Value::Text(number.to_string()) })
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = access.next_entry::<Spanned<String>, Node>()? {
            entries.push((Key { place: place(&key), text: key.value }, node));
        }
        Ok(Value::Table(entries))
    }
}

impl fmt::Display for Value {
    /// Shows what was found, shortened, for a message.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CHARACTERS_MAX: usize = 60;
        match self {
            Value::Null => formatter.write_str("nothing"),
            Value::Flag(flag) => write!(formatter, "{flag}"),
            Value::Integer(integer) => write!(formatter, "{integer}"),
            Value::Number(number) => write!(formatter, "{number:?}"),
            Value::Text(text) if text.chars().count() > CHARACTERS_MAX => {
                let start: String = text.chars().take(CHARACTERS_MAX).collect();
                write!(formatter, "{:?}", start + "…")
            }
            Value::Text(text) => write!(formatter, "{text:?}"),
            Value::List(_) => formatter.write_str("a list"),
            Value::Table(_) => formatter.write_str("a table"),
        }
    }
}
