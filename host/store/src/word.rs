//! Enums as words: the database holds what a person would write in a query.

use rusqlite::types::{FromSqlError, FromSqlResult, ValueRef};

use crate::error::Fault;

/// Every value of an enum, with its word.
pub(crate) type Words<T> = &'static [(T, &'static str)];

/// The word of a value.
pub(crate) fn of<T: Copy + PartialEq>(words: Words<T>, value: T) -> &'static str {
    let entry = words.iter().find(|(one, _)| *one == value);
    entry.expect("the list of words has every value of its enum").1
}

/// The value of a stored word.
pub(crate) fn parse<T: Copy>(words: Words<T>, value: ValueRef<'_>) -> FromSqlResult<T> {
    let word = value.as_str()?;
    let entry = words.iter().find(|(_, one)| *one == word);
    entry.map(|(value, _)| *value).ok_or(FromSqlError::InvalidType)
}

/// A stored list, which is JSON so that people can query it.
pub(crate) fn parse_list<T: serde::de::DeserializeOwned>(text: &str) -> Result<Vec<T>, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::Unreadable(format!("a list: {error}")))
}

/// A list as it is stored.
pub(crate) fn list<T: serde::Serialize>(items: &[T]) -> String {
    serde_json::to_string(items).expect("lists of texts are always valid JSON")
}

/// The beginning of a text, cut between characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
