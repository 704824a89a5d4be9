//! Expressions over bytes: compiled within limits, matched in time linear in the text.
//!
//! Most expressions of a library never run, since the matcher looks for parts of them; each is compiled when it does.

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::Input;
use regex_automata::meta::{BuildError, Cache, Config, Regex};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;
use thiserror::Error;

use crate::plugin::PatternKind;

/// Longest expression in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 4096;
/// Largest compiled expression in bytes: room for some thousand bounded repetitions of a class.
pub const COMPILED_BYTES_MAX: usize = 1 << 20;
/// Largest cache of states in bytes, per expression and worker; a search that needs more goes on more slowly.
const CACHE_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of groups.
const NESTING_MAX: u32 = 100;

/// An expression that can be compiled.
///
/// It works on bytes: case is folded for ASCII only, and a text need not be valid UTF-8. In a record of several lines
/// `^` and `$` stand at the ends of each line and `.` stops at a line end.
#[derive(Clone)]
pub struct Expression {
    regex: OnceLock<Regex>,
    syntax: Hir,
}

/// Why an expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each says what it means in its text")]
pub enum ExpressionError {
    #[error(
        "the expression has {bytes} bytes, at most {EXPRESSION_BYTES_MAX} are allowed; split it into several patterns"
    )]
    TooLong { bytes: usize },
    #[error(
        "character {position} of the expression: {message}; mend it or put `\\` before a plain sign"
    )]
    Syntax { position: usize, message: String },
    #[error(
        "the expression needs more than {COMPILED_BYTES_MAX} bytes when compiled; lower its repetition counts"
    )]
    TooLarge,
    #[error("the expression cannot be compiled: {0}; simplify it")]
    Refused(String),
    #[error(
        "the expression matches the empty text and so every line; require a character, e.g. `x+` instead of `x*`"
    )]
    MatchesEmpty,
}

impl Expression {
    /// Reads and compiles an expression that matches no empty text.
    pub fn new(kind: PatternKind, source: &str) -> Result<Expression, ExpressionError> {
        let own = Expression::read(kind, source)?;
        own.compile()?;
        Ok(own)
    }

    /// Reads one; to be compiled before it is used, here or in a test.
    pub(super) fn read(kind: PatternKind, source: &str) -> Result<Expression, ExpressionError> {
        if source.len() > EXPRESSION_BYTES_MAX {
            return Err(ExpressionError::TooLong { bytes: source.len() });
        }
        let syntax = match kind {
            PatternKind::Regex => parse(source)?,
            PatternKind::Literal => Hir::literal(source.as_bytes()),
            PatternKind::LiteralNocase => parse(&format!("(?i){}", regex_syntax::escape(source)))?,
        };
        if syntax.properties().minimum_len() == Some(0) {
            return Err(ExpressionError::MatchesEmpty);
        }
        Ok(Expression { regex: OnceLock::new(), syntax })
    }

    /// Matches where any of the others does; to be compiled before it is used.
    pub(super) fn any_of(others: &[Expression]) -> Expression {
        let branches = others.iter().map(|expression| expression.syntax.clone()).collect();
        Expression { regex: OnceLock::new(), syntax: Hir::alternation(branches) }
    }

    /// The same without what was compiled, until it is used again.
    pub(crate) fn at_rest(self) -> Expression {
        Expression { regex: OnceLock::new(), ..self }
    }

    /// Compiles it, or says why it cannot be.
    pub(super) fn compile(&self) -> Result<(), ExpressionError> {
        if self.regex.get().is_none() {
            let _ = self.regex.set(compile(&self.syntax)?);
        }
        Ok(())
    }

    fn regex(&self) -> &Regex {
        let again = || compile(&self.syntax).expect("it was compiled before, here or in a test");
        self.regex.get_or_init(again)
    }

    /// Whether the expression matches somewhere in the text.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.regex().is_match(text)
    }

    /// Whether it matches in a part of the text, with the caller's own cache, which saves a visit to the shared pool.
    pub(crate) fn matches_with(&self, cache: &mut Cache, text: &[u8], part: Range<usize>) -> bool {
        let input = Input::new(text).range(part).earliest(true);
        self.regex().search_half_with(cache, &input).is_some()
    }

    /// A cache for `matches_with`.
    pub(crate) fn cache(&self) -> Cache {
        self.regex().create_cache()
    }

    /// What the expression says, for finding the bytes it cannot do without.
    pub(crate) fn syntax(&self) -> &Hir {
        &self.syntax
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Expression").field(&self.syntax.to_string()).finish()
    }
}

/// Without a search for literals first: that is the matcher's work, and regex-automata 0.4.18, going back from a literal,
/// finds `[a-f]a.*ab` in `ab fab`.
fn compile(syntax: &Hir) -> Result<Regex, ExpressionError> {
    let config = Config::new()
        .auto_prefilter(false)
        .utf8_empty(false)
        .nfa_size_limit(Some(COMPILED_BYTES_MAX))
        .onepass_size_limit(Some(COMPILED_BYTES_MAX))
        .hybrid_cache_capacity(CACHE_BYTES_MAX);
    let regex = Regex::builder().configure(config).build_from_hir(syntax);
    regex.map_err(|error| refusal(&error))
}

fn parse(source: &str) -> Result<Hir, ExpressionError> {
    let mut parser = ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .multi_line(true)
        .nest_limit(NESTING_MAX)
        .build();
    parser.parse(source).map_err(|error| {
        let (offset, message) = match &error {
            regex_syntax::Error::Parse(error) => {
                (error.span().start.offset, error.kind().to_string())
            }
            regex_syntax::Error::Translate(error) => {
                (error.span().start.offset, error.kind().to_string())
            }
            _ => (0, error.to_string()),
        };
        let position = source.get(..offset).unwrap_or(source).chars().count() + 1;
        ExpressionError::Syntax { position, message }
    })
}

fn refusal(error: &BuildError) -> ExpressionError {
    if error.size_limit().is_some() {
        ExpressionError::TooLarge
    } else {
        ExpressionError::Refused(error.to_string())
    }
}
