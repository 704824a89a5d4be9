//! Shannon entropy of bytes.

/// Shortest token whose entropy says anything.
const TOKEN_BYTES_MIN: usize = 16;

/// Bits per byte.
pub fn shannon_bits(bytes: &[u8]) -> f32 {
    let mut counts = [0u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let length = bytes.len() as f32;
    let present = counts.iter().filter(|count| **count > 0);
    present.map(|count| *count as f32 / length).map(|share| -share * share.log2()).sum()
}

/// The highest entropy of any token of at least 16 bytes; 0 where there is none.
pub fn highest_token_bits(text: &[u8]) -> f32 {
    let tokens = text.split(|byte| byte.is_ascii_whitespace() || b"=,;\"'".contains(byte));
    let long = tokens.filter(|token| token.len() >= TOKEN_BYTES_MIN);
    long.map(shannon_bits).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(shannon_bits(b""), 0.0);
        assert_eq!(shannon_bits(b"aaaa"), 0.0);
        assert_eq!(shannon_bits(b"abab"), 1.0);
        assert_eq!(shannon_bits(b"0123456789abcdef"), 4.0);
        assert_eq!(highest_token_bits(b"short words only"), 0.0);
        assert_eq!(highest_token_bits(b"key=0123456789abcdef end"), 4.0);
    }
}
