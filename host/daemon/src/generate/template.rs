//! A message of a catalogue, taken apart once into constant text and slots.

use super::random::Random;
use super::slot::{Scene, Slot};

/// A message whose slots are known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Slot(Slot),
}

impl Template {
    /// Takes a text apart, in which a doubled brace stands for itself; the error is what stands in
    /// braces and nobody knows.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut constant = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            constant.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                constant.push_str(brace);
                rest = after;
                continue;
            }
            let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
            let slot = (brace == "{").then(|| Slot::parse(name)).flatten();
            if !constant.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut constant)));
            }
            pieces.push(Piece::Slot(slot.ok_or_else(|| name.to_owned())?));
            rest = after;
        }
        constant.push_str(rest);
        if !constant.is_empty() {
            pieces.push(Piece::Text(constant));
        }
        Ok(Self { pieces })
    }

    /// Writes the message with values in its slots.
    pub(crate) fn write(&self, scene: &mut Scene<'_>, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Slot(slot) => slot.write(scene, out),
            }
        }
    }

    /// Whether it tells how long something took.
    pub(crate) fn has_duration(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Slot(slot) if slot.is_duration()))
    }

    /// The template with up to so many of its constant words misspelt, and what was done to them;
    /// `None` if it has no word of at least five letters.
    pub(crate) fn misspell(&self, words: usize, random: &mut Random) -> Option<(Self, String)> {
        let mut places = Vec::new();
        for (index, piece) in self.pieces.iter().enumerate() {
            if let Piece::Text(text) = piece {
                places.extend(long_words(text).map(|(start, end)| (index, start, end)));
            }
        }
        if places.is_empty() {
            return None;
        }
        let mut order: Vec<usize> = (0..places.len()).collect();
        random.shuffle(&mut order);
        order.truncate(words);
        // From the back, so that earlier places stay where they are when a word changes its length.
        order.sort_unstable_by(|left, right| right.cmp(left));
        let mut wrong = self.clone();
        let mut changes = Vec::new();
        for (index, start, end) in order.into_iter().map(|place| places[place]) {
            if let Piece::Text(text) = &mut wrong.pieces[index] {
                let word = text[start..end].to_owned();
                let typo = misspell_word(&word, random);
                text.replace_range(start..end, &typo);
                changes.push(format!("{word} as {typo}"));
            }
        }
        changes.reverse();
        Some((wrong, changes.join(", ")))
    }
}

fn long_words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    text.split(|c: char| !c.is_ascii_alphabetic()).filter_map(move |word| {
        let place = (start, start + word.len());
        start = place.1 + 1;
        (word.len() >= 5).then_some(place)
    })
}

/// One slip of the finger or of a bit inside a word; its first letter stays.
fn misspell_word(word: &str, random: &mut Random) -> String {
    let mut letters = word.as_bytes().to_vec();
    loop {
        let at = 1 + random.below(letters.len() - 2);
        match random.below(4) {
            0 => letters.swap(at, at + 1),
            1 => letters[at] = b'a' + random.below(26) as u8,
            2 => {
                letters.remove(at);
            }
            _ => letters.insert(at, letters[at]),
        }
        if letters != word.as_bytes() {
            return String::from_utf8_lossy(&letters).into_owned();
        }
        letters = word.as_bytes().to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known_or_refused() {
        let check = |text: &str, expected: Result<usize, &str>| {
            let found = Template::parse(text).map(|template| template.pieces.len());
            assert_eq!(found, expected.map_err(str::to_owned), "{text}");
        };
        check("plain words", Ok(1));
        check("order {order} took {ms:40} ms", Ok(5));
        check("{{\"a\": {sku}}}", Ok(3));
        check("{{no slot}} at all", Ok(1));
        check("{ sku }", Err(" sku "));
        check("stray } brace", Err(" brace"));
        check("{pick:a|b}{uuid}", Ok(2));
        check("{colour}", Err("colour"));
        check("{ms:soon}", Err("ms:soon"));
        check("{order:4}", Err("order:4"));
        check("{int:5}", Err("int:5"));
    }

    #[test]
    fn misspelt_words_differ_and_keep_their_first_letter() {
        let template = Template::parse("reserving articles for order {order}").unwrap();
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let (wrong, changes) = template.misspell(2, &mut random).unwrap();
            assert_ne!(wrong, template);
            assert_eq!(changes.matches(" as ").count(), 2, "{changes}");
            for change in changes.split(", ") {
                let (right, typo) = change.split_once(" as ").unwrap();
                assert_ne!(right, typo);
                assert_eq!(right.as_bytes()[0], typo.as_bytes()[0]);
            }
        }
        let (_, changes) = template.misspell(9, &mut Random::new(1)).unwrap();
        assert_eq!(changes.matches(" as ").count(), 3, "{changes}");
        let short = Template::parse("GET /a/{sku} 200 {size:10}").unwrap();
        assert_eq!(short.misspell(1, &mut Random::new(1)), None);
    }
}
