//! Places between the pages of a list, opaque to those who carry them.
//!
//! A cursor names the last row of a page by what the list is sorted by, not by how many rows came before: rows that are
//! added or deleted meanwhile neither repeat nor hide others.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Fault, StoreError};

/// The cursor behind a row that has these sort values.
pub(crate) fn seal<T: Serialize>(place: &T) -> String {
    let text = serde_json::to_string(place).expect("numbers and texts are always valid JSON");
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The sort values behind a cursor.
pub(crate) fn open<T: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<T>, Fault> {
    let Some(cursor) = cursor else { return Ok(None) };
    let digit = |index: usize| (cursor.as_bytes()[index] as char).to_digit(16);
    let bytes: Option<Vec<u8>> = (0..cursor.len() / 2)
        .map(|index| Some((digit(2 * index)? * 16 + digit(2 * index + 1)?) as u8))
        .collect();
    let bytes = bytes.filter(|_| cursor.len().is_multiple_of(2));
    let place = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let bad = || StoreError::BadCursor { cursor: cursor.chars().take(100).collect() };
    Ok(Some(place.ok_or_else(bad)?))
}
