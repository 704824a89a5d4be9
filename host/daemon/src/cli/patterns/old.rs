//! Lines of the Log Anomaly Detector's pattern files, `NAME REGEX SCORE DESCRIPTION`, and what is suspicious about them.
//!
//! The old program cut a line at its first blanks. An expression that held one was cut short there, lost its score, and
//! matched far more than was meant. Here a line is read as it was meant: the expression ends where a score follows.

use bellwether_core::pattern::{Expression, ExpressionError, SCORE_MAX};
use bellwether_core::plugin::PatternKind;

/// The old scale: 0 is normal, from 5 critical; few wrote more than that.
const OLD_SCORE_MAX: f64 = 10.0;
/// Points of ours for one of the old scale: its 5 is our 100.
const POINTS: f64 = 20.0;
/// What the old program took where it found no number.
const OLD_SCORE_DEFAULT: f64 = 1.0;

/// What a line was meant to say.
#[derive(Debug, PartialEq)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    /// As written; the old program ignored case.
    pub(super) expression: &'a str,
    score: f64,
    pub(super) description: &'a str,
    /// What should be looked at, with the mend.
    pub(super) doubts: Vec<String>,
}

impl<'a> Line<'a> {
    /// Reads a line; an error says why it cannot be a pattern.
    pub(super) fn read(line: &'a str) -> Result<Line<'a>, String> {
        let (name, rest) = line.split_once(is_blank).unwrap_or((line, ""));
        let rest = rest.trim_start();
        let first = rest.split(is_blank).next().unwrap_or_default();
        if first.is_empty() {
            return Err("there is no expression; write NAME REGEX SCORE DESCRIPTION".to_owned());
        }
        let mut doubts = Vec::new();
        let (expression, score, description) = find_score(rest).unwrap_or_else(|| {
            doubts.push(format!(
                "there is no score, so the expression may end anywhere; `{first}` was taken with score \
                 {OLD_SCORE_DEFAULT}, as the old program did; compare"
            ));
            (first, OLD_SCORE_DEFAULT, rest[first.len()..].trim())
        });
        if let Err(error) = Expression::new(PatternKind::Regex, expression) {
            return Err(refusal(&error));
        }
        if expression != first {
            doubts.push(format!(
                "the expression has a blank, where the old program cut it: it looked for `{first}` with score \
                 {OLD_SCORE_DEFAULT}; it was taken whole, so expect fewer matches"
            ));
        }
        if !(0.0..=OLD_SCORE_MAX).contains(&score) {
            doubts.push(format!(
                "score {score} is not from 0 to {OLD_SCORE_MAX}; {} of {SCORE_MAX} was taken, set it yourself",
                points(score)
            ));
        }
        doubts.extend(loose_word(expression));
        Ok(Line { name, expression, score, description, doubts })
    }

    /// The score on our scale.
    pub(super) fn score(&self) -> i64 {
        points(self.score)
    }

    /// The severity that the old program made of the score.
    pub(super) fn severity(&self) -> &'static str {
        match self.score {
            5.0.. => "fatal",
            3.5.. => "error",
            2.0.. => "warn",
            _ => "info",
        }
    }
}

fn points(score: f64) -> i64 {
    // The clamp keeps it within the range of an integer.
    (score * POINTS).round().clamp(0.0, SCORE_MAX as f64) as i64
}

/// Parts a text where a score stands: the first number in the old range that has a whole expression before it, or else
/// the first number.
fn find_score(rest: &str) -> Option<(&str, f64, &str)> {
    let mut fallback = None;
    let mut start = 0;
    for word in rest.split(is_blank) {
        let end = start + word.len();
        let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
        if let (Some(number), true) = (number, start > 0) {
            let parts = (rest[..start].trim_end(), number, rest[end..].trim());
            let whole = Expression::new(PatternKind::Regex, parts.0).is_ok();
            if whole && (0.0..=OLD_SCORE_MAX).contains(&number) {
                return Some(parts);
            }
            fallback = fallback.or(Some(parts));
        }
        // A blank is one byte.
        start = end + 1;
    }
    fallback
}

fn is_blank(sign: char) -> bool {
    sign.is_ascii_whitespace()
}

/// Why an expression cannot be taken over; the old program dropped some of these without a word.
fn refusal(error: &ExpressionError) -> String {
    let text = error.to_string();
    if text.contains("look-around") {
        return "the expression looks ahead or behind, which takes unbounded time; write what must follow into the \
                expression and what must not under `unless`"
            .to_owned();
    }
    if text.contains("backreference") {
        return "the expression refers back to what a group matched, which takes unbounded time; write out what may \
                repeat"
            .to_owned();
    }
    text
}

/// A plain word that matches by itself, since no brackets hold the alternatives together.
fn loose_word(expression: &str) -> Option<String> {
    let branches = alternatives(expression);
    let is_plain = |branch: &&str| {
        !branch.is_empty()
            && branch.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let plain: Vec<&str> = branches.iter().copied().filter(is_plain).collect();
    if plain.is_empty() || plain.len() == branches.len() {
        return None;
    }
    Some(format!(
        "no brackets hold the alternatives together, so each of `{}` matches by itself; write (?:a|b) around what may vary",
        plain.join("`, `")
    ))
}

/// What stands between the `|` outside of all groups and classes.
fn alternatives(expression: &str) -> Vec<&str> {
    let (mut branches, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let (mut escaped, mut in_class) = (false, false);
    for (place, sign) in expression.char_indices() {
        match sign {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' => escaped = true,
            ']' => in_class = false,
            _ if in_class => {}
            '[' => in_class = true,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                branches.push(&expression[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    branches.push(&expression[start..]);
    branches
}

#[cfg(test)]
mod tests;
