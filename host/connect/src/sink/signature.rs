//! Signatures, by which a receiver knows that an alert is ours, and that nobody sends it to him again much later.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The signature of a body sent at that second: HMAC-SHA-256 of `timestamp.body`.
pub(super) fn sign(secret: &str, timestamp_s: u64, body: &str) -> String {
    let timestamp = timestamp_s.to_string();
    format!("sha256={}", mac(secret.as_bytes(), &[timestamp.as_bytes(), b".", body.as_bytes()]))
}

fn mac(key: &[u8], parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    let mut text = String::new();
    for byte in mac.finalize().into_bytes() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4231_come_out() {
        let jefe: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(mac(b"Jefe", &jefe), expected);
        let long: &[u8] = b"Test Using Larger Than Block-Size Key - Hash Key First";
        let expected = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54";
        assert_eq!(mac(&[0xaa; 131], &[long]), expected);
    }

    #[test]
    fn time_and_body_are_signed() {
        // printf '1700000000.{"id":"a"}' | openssl dgst -sha256 -hmac secret
        let expected = "sha256=24d16fb59a06bae8d031d22eb88b663480215741cc94a5cd046993fa9ea6ac23";
        assert_eq!(sign("secret", 1_700_000_000, "{\"id\":\"a\"}"), expected);
        for (secret, timestamp_s, body) in [
            ("Secret", 1_700_000_000, "{\"id\":\"a\"}"),
            ("secret", 1_700_000_001, "{\"id\":\"a\"}"),
            ("secret", 1_700_000_000, "{\"id\":\"b\"}"),
        ] {
            assert_ne!(sign(secret, timestamp_s, body), expected);
        }
    }
}
