//! Shannon entropy of bytes.

use crate::batch::Batch;
use crate::record::QUERY;

/// Shortest token whose entropy says anything.
pub(crate) const TOKEN_BYTES_MIN: usize = 16;

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

/// The highest entropy of any token in a row's message or in the query of its request.
pub fn highest_bits(batch: &Batch, row: usize) -> f32 {
    let query = batch.attribute(row, QUERY).map_or(0.0, highest_token_bits);
    highest_token_bits(batch.body(row)).max(query)
}

/// The highest entropy of any token of at least 16 bytes; 0 where there is none.
fn highest_token_bits(text: &[u8]) -> f32 {
    let tokens = text.split(|byte| byte.is_ascii_whitespace() || b"=,;\"'".contains(byte));
    let long = tokens.filter(|token| token.len() >= TOKEN_BYTES_MIN);
    long.map(shannon_bits).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchBuilder;
    use crate::record::Record;

    #[test]
    fn known_values() {
        assert_eq!(shannon_bits(b""), 0.0);
        assert_eq!(shannon_bits(b"aaaa"), 0.0);
        assert_eq!(shannon_bits(b"abab"), 1.0);
        assert_eq!(shannon_bits(b"0123456789abcdef"), 4.0);
        assert_eq!(highest_token_bits(b"short words only"), 0.0);
        assert_eq!(highest_token_bits(b"key=0123456789abcdef end"), 4.0);
    }

    #[test]
    fn the_query_of_a_request_counts() {
        let check = |body: &[u8], query: Option<&[u8]>, expected: f32| {
            let mut record = Record { body: body.into(), ..Record::default() };
            query.into_iter().for_each(|query| record.attributes.push(QUERY, query));
            let mut builder = BatchBuilder::default();
            builder.push(1, 0, &record);
            assert_eq!(highest_bits(&builder.seal(), 0), expected);
        };
        check(b"GET / ok", None, 0.0);
        check(b"GET / ok", Some(b"q=tent&page=2"), 0.0);
        check(b"GET / ok", Some(b"key=0123456789abcdef"), 4.0);
        check(b"0123456789abcdef ok", Some(b"q=tent"), 4.0);
    }
}
