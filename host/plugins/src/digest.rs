//! Names of contents.

use std::fmt::Write;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

/// Bytes as people read them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes all that is written");
    }
    text
}

/// The SHA-256 of bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-256 of whatever a value feeds a hasher.
pub(crate) fn sha256_of(value: &impl Hash) -> [u8; 32] {
    let mut hasher = Feed(Sha256::new());
    value.hash(&mut hasher);
    hasher.0.finalize().into()
}

struct Feed(Sha256);

impl Hasher for Feed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        u64::from_le_bytes(*digest.first_chunk().expect("32 bytes have a first 8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_have_their_known_names() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(&sha256(b"")), empty);
        assert_eq!(sha256_of(&7_u8), sha256(&[7]));
        assert_ne!(sha256_of(&"a"), sha256_of(&"b"));
    }
}
