//! A place of a template: eight bytes, since there are many.

use super::token::Kind;
use super::weights::{Context, Weight};
use super::words::{WordId, Words};
use serde::{Deserialize, Serialize};

/// What a variable looks like in a template.
pub(crate) const VARIABLE: &[u8] = b"<*>";

/// A list of masked values: least and most of them, and what stands between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct List {
    pub(super) least: u8,
    pub(super) most: u8,
    /// The delimiter; 0 for none but a blank.
    pub(super) separator: u8,
    pub(super) blank: bool,
}

impl List {
    /// A value alone.
    pub(super) const ONE: List = List { least: 1, most: 1, separator: 0, blank: false };

    fn pack(self) -> u32 {
        u32::from_le_bytes([self.least, self.most, self.separator, u8::from(self.blank)])
    }

    fn unpack(content: u32) -> Self {
        let [least, most, separator, blank] = content.to_le_bytes();
        List { least, most, separator, blank: blank != 0 }
    }
}

/// One place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// A delimiter's byte, a word's number (0 for one that is not kept), a list of masked values.
    content: u32,
    pub(crate) kind: Kind,
    /// Whether a blank stands in front.
    pub(super) blank: bool,
    pub(super) context: Context,
    pub(super) weight: Weight,
}

impl Place {
    /// A place among words.
    pub(super) fn new(kind: Kind, blank: bool) -> Self {
        let weight = Weight::of(kind, b"?", false);
        Place { content: 0, kind, blank, context: Context::Plain, weight }
    }

    pub(super) fn delimiter(byte: u8, blank: bool) -> Self {
        Place { content: u32::from(byte), ..Place::new(Kind::Delimiter, blank) }
    }

    pub(super) fn with_word(self, word: Option<WordId>) -> Self {
        Place { content: word.map_or(0, WordId::number), ..self }
    }

    pub(super) fn weighed(self, context: Context, weight: Weight) -> Self {
        Place { context, weight, ..self }
    }

    pub(super) fn with_list(self, list: List) -> Self {
        Place { content: list.pack(), ..self }
    }

    /// The same place, where experience says that values vary.
    pub(super) fn learnt(self) -> Self {
        Place { content: 0, kind: Kind::Learnt, weight: Weight::Learnt, ..self }
    }

    /// Its word, if it has a known one.
    pub(crate) fn word(&self) -> Option<WordId> {
        let has_word = self.kind.is_text() || self.kind == Kind::Punctuation;
        WordId::from_number(self.content).filter(|_| has_word)
    }

    /// Whether it is a value by its looks, or may be one.
    pub(super) fn has_digits(&self) -> bool {
        matches!(self.kind, Kind::Masked | Kind::Doubtful)
    }

    /// Its word where it is open to words: whatever has a digit is one word, and a learnt value none.
    pub(crate) fn open_word(&self, words: &Words) -> Option<Option<WordId>> {
        match self.kind {
            Kind::Delimiter | Kind::Punctuation => None,
            Kind::Masked | Kind::Doubtful => Some(words.find(VARIABLE)),
            _ => Some(self.word()),
        }
    }

    /// Takes a list of another length for one of its own.
    pub(super) fn widen(&mut self, other: &Place) {
        if self.kind == Kind::Masked && other.kind == Kind::Masked && self.content != other.content
        {
            let (own, other) = (self.list(), other.list());
            let (least, most) = (own.least.min(other.least), own.most.max(other.most));
            self.content = List { least, most, ..own }.pack();
        }
    }

    /// Gives its word the number that it has elsewhere.
    pub(super) fn rename_word(&mut self, each: &mut dyn FnMut(&mut WordId)) {
        if let Some(mut word) = self.word() {
            each(&mut word);
            self.content = word.number();
        }
    }

    /// Whether it is the delimiter.
    pub(super) fn is(&self, delimiter: u8) -> bool {
        self.kind == Kind::Delimiter && self.content == u32::from(delimiter)
    }

    /// The byte of structure that it begins with, 0 if it is none.
    pub(super) fn structure(&self, words: &Words) -> u8 {
        match self.kind {
            Kind::Delimiter => self.content as u8,
            Kind::Punctuation => {
                self.word().and_then(|word| words.text(word).first().copied()).unwrap_or(1)
            }
            _ => 0,
        }
    }

    pub(super) fn list(&self) -> List {
        if self.kind == Kind::Masked { List::unpack(self.content) } else { List::ONE }
    }

    /// Whether another place, of a line or a template, is of what this one stands for.
    pub(super) fn fits(&self, other: &Place) -> bool {
        match self.kind {
            Kind::Learnt => !other.kind.is_structure(),
            Kind::Masked => other.kind == Kind::Masked,
            _ => self.is_same(other),
        }
    }

    /// Whether both are the same text, or values of the same kind.
    pub(super) fn is_same(&self, other: &Place) -> bool {
        let same_text = self.content == other.content && self.content != 0;
        let both_text = self.kind.is_text() && other.kind.is_text();
        (both_text || self.kind == other.kind) && (self.kind.is_value() || same_text)
    }

    /// By which equal values become neighbours: all masked values are one.
    pub(super) fn value_order(&self) -> (Kind, u32) {
        let kind = if self.kind == Kind::Doubtful { Kind::Word } else { self.kind };
        (kind, if self.kind.is_value() { 0 } else { self.content })
    }

    /// Appends what people see.
    pub(super) fn render(&self, words: &Words, out: &mut Vec<u8>) {
        match self.kind {
            Kind::Delimiter => out.push(self.content as u8),
            Kind::Masked | Kind::Learnt => self.render_list(out),
            _ => out.extend_from_slice(self.word().map_or(&[], |word| words.text(word))),
        }
    }

    fn render_list(&self, out: &mut Vec<u8>) {
        let list = self.list();
        out.extend_from_slice(VARIABLE);
        let fixed = if list.least == list.most { list.most } else { 1 };
        for _ in 1..fixed {
            if list.separator != 0 {
                out.push(list.separator);
            }
            if list.blank {
                out.push(b' ');
            }
            out.extend_from_slice(VARIABLE);
        }
    }
}

/// A row of places as people see it.
pub(super) fn render(places: &[Place], words: &Words) -> Vec<u8> {
    let mut text = Vec::new();
    for (number, place) in places.iter().enumerate() {
        if place.blank && number > 0 {
            text.push(b' ');
        }
        place.render(words, &mut text);
    }
    text
}
