//! What can be wrong with a pattern, and the mend.

use thiserror::Error;

use super::{
    CONDITIONS_MAX, EXPRESSIONS_MAX, ExpressionError, LINES_MIN, NAME_BYTES_MAX, SCORE_MAX,
    UNLESS_MAX,
};

/// What is wrong with one part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct PatternError {
    /// The field.
    pub key: &'static str,
    /// Which entry of it, where the field is a list.
    pub index: Option<usize>,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each says what it means in its text")]
pub enum Problem {
    #[error(
        "expected 1 to {NAME_BYTES_MAX} lower-case letters, digits or `-`, found {0:?}; write e.g. disk-full"
    )]
    Name(String),
    #[error("expected one of regex, literal, literal-nocase, found {0:?}; leave it out for regex")]
    Kind(String),
    #[error("expected a number from 0 to {SCORE_MAX}, found {0}; write e.g. 50")]
    Score(i64),
    #[error(
        "expected one of trace, debug, info, warn, error, fatal, found {0:?}; write e.g. error"
    )]
    Severity(String),
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    #[error("expected at most {UNLESS_MAX} expressions, found {0}; join some of them by `|`")]
    TooManyUnless(usize),
    #[error("expected `expression` or `expressions`, found both; remove one")]
    BothExpressions,
    #[error(
        "expected at most {EXPRESSIONS_MAX} expressions, found {0}; make several patterns of them"
    )]
    TooManyExpressions(usize),
    #[error("no line under `matches` proves this expression; add one that it matches")]
    NoLine,
    #[error("expected severity or attributes.NAME, found {0:?}; write e.g. attributes.code")]
    Field(String),
    #[error("{key}: expected 1 to {CONDITIONS_MAX} values, found {count}; write e.g. [500, 503]")]
    Values { key: String, count: usize },
    #[error(
        "{key}: expected values, or one of the form `>= least`, found {found:?}; write e.g. '>= 500', or '>= warn' for severity"
    )]
    Wanted { key: String, found: String },
    #[error("expected at most {CONDITIONS_MAX} conditions, found {0}; remove some")]
    TooManyConditions(usize),
    #[error("a pattern that ignores has no score; remove `score`")]
    IgnoredScore,
    #[error("expected at least {LINES_MIN} lines, found {0}; add a line that must match")]
    FewMatches(usize),
    #[error("expected at least {LINES_MIN} lines, found {0}; add a near miss that must not match")]
    FewRejects(usize),
    #[error("the pattern has the lines that prove it; remove `unproven`")]
    Proven,
    #[error("the expression does not match {0:?}; mend the expression or the line")]
    Missed(String),
    #[error("the expression matches {0:?}, but `unless` excuses it; mend `unless` or the line")]
    Excused(String),
    #[error("the pattern must not match {0:?}; narrow the expression or add to `unless`")]
    Caught(String),
}
