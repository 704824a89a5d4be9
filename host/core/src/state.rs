//! State as bytes.
//!
//! Everything that remembers is saved in one compact form, so that a run can be stopped anywhere and go on as if nothing
//! had been. Equal states give equal bytes: tables are written in the order of their keys.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use zstd::bulk::Compressor;
use zstd::zstd_safe;

/// The fastest level: a commit must not wait for the last percent.
const LEVEL: i32 = 1;
/// The largest state that is credible.
const BYTES_MAX: u64 = 1 << 30;

/// Why a saved state cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is not in the form that this version writes.
    #[error("the saved state cannot be read; it was written by another version or is damaged")]
    Form(#[from] postcard::Error),
    /// It cannot be decompressed.
    #[error("the saved state cannot be unpacked; it is damaged")]
    Packed,
    /// Its counts are of other spans.
    #[error(
        "the saved state has panes and windows of {saved_ms:?} ms, the configuration {wanted_ms:?} ms; \
         set `windows` back, or move the state away to begin anew"
    )]
    Spans {
        /// Pane and window of the state.
        saved_ms: [u64; 2],
        /// Pane and window configured.
        wanted_ms: [u64; 2],
    },
}

/// Writes a state.
pub(crate) fn to_bytes(state: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(state)
        .expect("states are plain data, and memory is all that writing needs")
}

/// Reads a state.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StateError> {
    Ok(postcard::from_bytes(bytes)?)
}

/// Compresses what is saved. The states of all sources wait for their commit at the same time: compressed where it is
/// made, that is a third of the memory.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    thread_local! {
        // Making one takes longer than a small state does.
        static COMPRESSOR: RefCell<Compressor<'static>> =
            RefCell::new(Compressor::new(LEVEL).expect("zstd accepts its own lowest level at any time"));
    }
    COMPRESSOR.with_borrow_mut(|compressor| {
        let packed = compressor.compress(bytes);
        let mut packed = packed.expect("zstd compresses whatever fits into memory");
        packed.shrink_to_fit();
        packed
    })
}

/// Restores what was compressed.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, StateError> {
    let size = zstd_safe::get_frame_content_size(packed).ok().flatten();
    let size = size.filter(|size| *size <= BYTES_MAX).ok_or(StateError::Packed)?;
    zstd::bulk::decompress(packed, size as usize).map_err(|_| StateError::Packed)
}

/// Bytes as one piece, for `#[serde(with)]`: the form is that of a list of bytes, and a copy makes it.
pub mod raw {
    use super::*;

    /// Writes bytes.
    pub fn serialize<W: Serializer>(bytes: &[u8], writer: W) -> Result<W::Ok, W::Error> {
        writer.serialize_bytes(bytes)
    }

    /// Reads bytes.
    pub fn deserialize<'de, R: Deserializer<'de>>(reader: R) -> Result<Vec<u8>, R::Error> {
        reader.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl serde::de::Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, words: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            words.write_str("bytes")
        }

        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }
}

/// Tables without an order of their own, for `#[serde(with)]`: written in the order of their keys.
pub(crate) mod sorted {
    use super::*;

    pub(crate) fn serialize<K, V, S, W>(
        table: &HashMap<K, V, S>,
        writer: W,
    ) -> Result<W::Ok, W::Error>
    where
        K: Serialize + Ord,
        V: Serialize,
        W: Serializer,
    {
        table.iter().collect::<BTreeMap<_, _>>().serialize(writer)
    }

    pub(crate) fn deserialize<'de, K, V, S, R>(reader: R) -> Result<HashMap<K, V, S>, R::Error>
    where
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        S: BuildHasher + Default,
        R: Deserializer<'de>,
    {
        HashMap::deserialize(reader)
    }
}
