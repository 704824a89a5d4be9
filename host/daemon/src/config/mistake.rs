//! What is wrong in a file, where, and how to mend it.

use std::fmt;
use std::path::Path;

use super::tree::{Place, SyntaxError};

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub(crate) struct Mistake {
    /// The file, as the user named it.
    pub(super) file: String,
    /// Where in the file; unknown where the file as a whole is wrong.
    pub(super) place: Place,
    /// Path of keys, or empty.
    pub(super) path: String,
    /// What was expected, what was found, and the mend.
    pub(super) message: String,
}

/// All that is wrong, in the order of the files and lines; one line each.
#[derive(Debug, Clone)]
pub struct Mistakes(Vec<Mistake>);

impl Mistake {
    /// A file that cannot be read at all; the message names it.
    pub(super) fn of_file(path: &Path, message: String) -> Mistake {
        let file = path.display().to_string();
        Mistake { file, place: Place::default(), path: String::new(), message }
    }

    /// A file that is not YAML.
    pub(super) fn of_syntax(file: String, error: &SyntaxError) -> Mistake {
        let message = format!("not valid YAML: {}; check indentation and quotes", error.message);
        Mistake { file, place: error.place, path: String::new(), message }
    }
}

impl Mistakes {
    /// Succeeds where nothing is wrong.
    pub(super) fn none_or(mistakes: Vec<Mistake>) -> Result<(), Mistakes> {
        if mistakes.is_empty() { Ok(()) } else { Err(Mistakes(mistakes)) }
    }

    /// A single one.
    pub(super) fn one(mistake: Mistake) -> Mistakes {
        Mistakes(vec![mistake])
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, mistake) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        if line > 0 {
            write!(formatter, "{}:{line}:{column}: ", self.file)?;
        }
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)
    }
}

/// The candidate that is at most a third of its letters away from the word.
pub(super) fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let distances = candidates.iter().map(|candidate| (distance(word, candidate), *candidate));
    let (edits, candidate) = distances.min_by_key(|(edits, _)| *edits)?;
    (edits <= candidate.len().div_ceil(3)).then_some(candidate)
}

/// Least number of letters to insert, remove or replace.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other_letter) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other_letter);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_proposed() {
        let keys = ["windows", "workers", "lanes", "tenant"];
        for (word, expected) in [
            ("windwos", Some("windows")),
            ("window", Some("windows")),
            ("worker", Some("workers")),
            ("lane", Some("lanes")),
            ("tenants", Some("tenant")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &keys), expected, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(nearest("x", &[]), None);
    }
}
