//! A window as a vector: what was said in it, by meaning no finer than words and their letters, and no service needed.
//!
//! A message is the sum of its features: words, neighbouring words, and three letters in a row. Each is hashed to one of
//! 256 places and to a sign (Weinberger and others 2009), so that features that meet in a place cancel in the mean. The
//! sum is brought to length 1; a window is the sum of its messages, each with the logarithm of its lines, brought to
//! length 1 again. So messages with words in common lie near one another, and a flood of one does not hide the rest.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Length of the vector.
pub const DIMENSIONS: usize = 256;
/// What stands for a variable in a template; it says nothing.
const VARIABLE: &[u8] = b"<*>";
/// Letters of a feature.
const LETTERS: usize = 3;
/// Kinds of features do not share hashes.
const WORD: u64 = 1;
const PAIR: u64 = 2;
const LETTER: u64 = 3;

/// Embeds a window, given its templates and their lines (0: not said); empty where there is nothing to embed.
pub fn embed(messages: impl Iterator<Item = (Vec<u8>, u32)>) -> Vec<f32> {
    let mut window = vec![0.0; DIMENSIONS];
    for (text, lines) in messages.filter(|(_, lines)| *lines > 0) {
        let message = of_message(&text);
        let weight = (lines as f32).ln_1p();
        window.iter_mut().zip(message).for_each(|(sum, value)| *sum += weight * value);
    }
    if normalise(&mut window) { window } else { Vec::new() }
}

fn of_message(text: &[u8]) -> [f32; DIMENSIONS] {
    let mut message = [0.0; DIMENSIONS];
    let mut add = |feature: &[u8], seed: u64| {
        let hash = xxh3_64_with_seed(feature, seed);
        message[hash as usize % DIMENSIONS] += if hash >> 63 == 0 { 1.0 } else { -1.0 };
    };
    let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (mut before, mut pair): (&[u8], Vec<u8>) = (&[], Vec::new());
    for word in words.filter(|word| *word != VARIABLE) {
        add(word, WORD);
        word.windows(LETTERS).for_each(|letters| add(letters, LETTER));
        if !before.is_empty() {
            pair.clear();
            pair.extend_from_slice(before);
            pair.push(b' ');
            pair.extend_from_slice(word);
            add(&pair, PAIR);
        }
        before = word;
    }
    normalise(&mut message);
    message
}

/// Brings a vector to length 1; whether it has a direction.
fn normalise(vector: &mut [f32]) -> bool {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    length > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(messages: &[(&str, u32)]) -> Vec<f32> {
        embed(messages.iter().map(|(text, lines)| (text.as_bytes().to_vec(), *lines)))
    }

    fn likeness(left: &[f32], right: &[f32]) -> f32 {
        left.iter().zip(right).map(|(left, right)| left * right).sum()
    }

    const LOGIN: &str = "session opened for user <*> by <*>";
    const LOGOUT: &str = "session closed for user <*> by <*>";
    const DISK: &str = "Received block <*> of size <*> from <*>";

    #[test]
    fn windows_are_alike_as_far_as_they_say_the_same() {
        type Case<'a> = (&'a str, &'a [(&'a str, u32)], &'a [(&'a str, u32)], f32, f32);
        let cases: [Case<'_>; 7] = [
            ("the same", &[(LOGIN, 3)], &[(LOGIN, 3)], 0.9999, 1.0001),
            ("more of the same", &[(LOGIN, 3)], &[(LOGIN, 300)], 0.9999, 1.0001),
            (
                "in another order",
                &[(LOGIN, 3), (DISK, 1)],
                &[(DISK, 1), (LOGIN, 3)],
                0.9999,
                1.0001,
            ),
            ("words in common", &[(LOGIN, 1)], &[(LOGOUT, 1)], 0.5, 0.9),
            ("nothing in common", &[(LOGIN, 1)], &[(DISK, 1)], -0.3, 0.3),
            ("one message more", &[(LOGIN, 9)], &[(LOGIN, 9), (DISK, 1)], 0.9, 0.99),
            ("half and half", &[(LOGIN, 9)], &[(LOGIN, 9), (DISK, 9)], 0.6, 0.85),
        ];
        for (name, left, right, least, most) in cases {
            let likeness = likeness(&of(left), &of(right));
            assert!((least..=most).contains(&likeness), "{name}: {likeness}");
        }
    }

    #[test]
    fn a_vector_has_length_one_or_is_empty() {
        for messages in [&[(LOGIN, 1)][..], &[(LOGIN, 7), (DISK, 100_000)], &[("x", 1)]] {
            let vector = of(messages);
            assert_eq!(vector.len(), DIMENSIONS);
            assert!((likeness(&vector, &vector) - 1.0).abs() < 1e-5, "{messages:?}");
        }
        for messages in [&[][..], &[(LOGIN, 0)], &[("", 5)], &[("<*> <*>", 5)]] {
            assert!(of(messages).is_empty(), "{messages:?}");
        }
    }

    #[test]
    fn the_vector_of_a_message_never_changes() {
        // States that were saved hold such vectors.
        let vector = of(&[("a b", 1)]);
        let places: Vec<(usize, f32)> =
            vector.iter().copied().enumerate().filter(|(_, value)| *value != 0.0).collect();
        let fifth = 1.0 / 5f32.sqrt();
        assert_eq!(places, [(32, -2.0 * fifth), (137, fifth)]);
    }
}
