//! Named expressions with a category, a score and the lines that prove them.
//!
//! A pattern is written down as a `PatternSpec` and becomes a `Pattern` only when it keeps its own word: each line under
//! `matches` must match and each line under `rejects` must not. So a pattern in use is a tested pattern, unless whoever
//! took it over from elsewhere says that it is `unproven`. Those that ship are proven by a test, once for all.

mod condition;
mod expression;
mod problem;

use serde::Deserialize;

pub use condition::{CONDITIONS_MAX, Condition};
pub use expression::{COMPILED_BYTES_MAX, EXPRESSION_BYTES_MAX, Expression, ExpressionError};
pub use problem::{PatternError, Problem};

use crate::batch::Batch;
use crate::plugin::PatternKind;
use crate::record::severity;

/// Longest name or category in bytes.
pub const NAME_BYTES_MAX: usize = 63;
/// Highest score.
pub const SCORE_MAX: i64 = 100;
/// Most expressions under `expressions`.
pub const EXPRESSIONS_MAX: usize = 16;
/// Least lines under `matches`, and under `rejects`.
pub const LINES_MIN: usize = 2;
/// Most expressions under `unless`.
pub const UNLESS_MAX: usize = 16;

/// Severity numbers a pattern may have, by their names.
const SEVERITIES: [u8; 6] = [
    severity::TRACE,
    severity::DEBUG,
    severity::INFO,
    severity::WARN,
    severity::ERROR,
    severity::FATAL,
];

/// A pattern as it is written down, unchecked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternSpec {
    /// Its name: lower-case letters, digits and `-`.
    pub name: String,
    /// What it is about, in the same alphabet.
    pub category: String,
    /// What to look for, where it is one expression.
    #[serde(default)]
    pub expression: String,
    /// What to look for, where several messages mean the same; each is matched by a line of its own.
    #[serde(default)]
    pub expressions: Vec<String>,
    /// How the expression is read: `regex`, `literal` or `literal-nocase`.
    #[serde(default = "regex_kind")]
    pub kind: String,
    /// How much a match matters, 0 to 100.
    pub score: i64,
    /// A severity word, `trace` to `fatal`.
    pub severity: String,
    /// What a match means and what to look at.
    pub description: String,
    /// Lines that must match, at least two.
    pub matches: Vec<String>,
    /// Lines that must not match, at least two.
    pub rejects: Vec<String>,
    /// Whether it may lack lines, since it was taken over without any.
    #[serde(default)]
    pub unproven: bool,
    /// Regular expressions that excuse a line which matches.
    #[serde(default)]
    pub unless: Vec<String>,
    /// Fields of the record and what they should be; the lines do not prove these.
    #[serde(default, rename = "where")]
    pub conditions: Vec<(String, Vec<String>)>,
    /// Whether records that match count for no other pattern.
    #[serde(default)]
    pub ignore: bool,
}

fn regex_kind() -> String {
    "regex".to_owned()
}

/// A checked, compiled and proven pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    name: String,
    category: String,
    description: String,
    score: u8,
    severity: u8,
    expression: Expression,
    unless: Option<Expression>,
    is_proven: bool,
    conditions: Vec<Condition>,
    ignores: bool,
}

impl Pattern {
    /// Checks, compiles and proves a pattern; on failure says all that is wrong with it.
    pub fn new(spec: &PatternSpec) -> Result<Pattern, Vec<PatternError>> {
        let mut errors = Vec::new();
        let pattern = Pattern::read(spec, &mut errors);
        if let Some(pattern) = &pattern {
            // What a clone compiles goes with it; most patterns never search again.
            pattern.clone().prove(spec, &mut errors);
        }
        pattern.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// The same of one that a test has proven.
    pub fn shipped(spec: &PatternSpec) -> Result<Pattern, Vec<PatternError>> {
        let mut errors = Vec::new();
        let pattern = Pattern::read(spec, &mut errors);
        pattern.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// Checks a pattern; there is none where not even its expressions can be read.
    fn read(spec: &PatternSpec, errors: &mut Vec<PatternError>) -> Option<Pattern> {
        check_name("name", &spec.name, errors);
        check_name("category", &spec.category, errors);
        if !(0..=SCORE_MAX).contains(&spec.score) {
            errors.push(error("score", None, Problem::Score(spec.score)));
        }
        let severity = severity_number(&spec.severity);
        if severity.is_none() {
            errors.push(error("severity", None, Problem::Severity(spec.severity.clone())));
        }
        check_lines(spec, errors);
        if spec.ignore && spec.score != 0 {
            errors.push(error("score", None, Problem::IgnoredScore));
        }
        let conditions = read_conditions(&spec.conditions, errors);
        let expression = read_expression(spec, errors);
        let unless = read_unless(&spec.unless, errors);
        Some(Pattern {
            name: spec.name.clone(),
            category: spec.category.clone(),
            description: spec.description.clone(),
            score: spec.score.clamp(0, SCORE_MAX) as u8,
            severity: severity?,
            expression: expression?,
            unless: unless?,
            is_proven: !spec.unproven,
            conditions,
            ignores: spec.ignore,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about.
    pub fn category(&self) -> &str {
        &self.category
    }

    /// What a match means.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// How much a match matters, 0 to 100.
    pub fn score(&self) -> u8 {
        self.score
    }

    /// OpenTelemetry severity number.
    pub fn severity(&self) -> u8 {
        self.severity
    }

    /// What it looks for.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// What excuses a text that the expression matches.
    pub fn unless(&self) -> Option<&Expression> {
        self.unless.as_ref()
    }

    /// Whether it has the lines that prove it.
    pub fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// Whether records that match count for no other pattern.
    pub fn ignores(&self) -> bool {
        self.ignores
    }

    /// What it asks of the fields of a record.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Whether the fields of a record are as they should be.
    pub(crate) fn suits(&self, batch: &Batch, row: usize) -> bool {
        self.conditions.iter().all(|condition| condition.holds(batch, row))
    }

    /// Whether the pattern counts for this text.
    pub fn matches(&self, text: &[u8]) -> bool {
        self.expression.matches(text) && !self.excuses(text)
    }

    fn excuses(&self, text: &[u8]) -> bool {
        self.unless.as_ref().is_some_and(|unless| unless.matches(text))
    }

    fn prove(self, spec: &PatternSpec, errors: &mut Vec<PatternError>) {
        let known = errors.len();
        let kind = kind_of(spec).unwrap_or(PatternKind::Regex);
        for (index, source) in spec.expressions.iter().enumerate() {
            let is_said =
                |part: Expression| spec.matches.iter().any(|line| part.matches(line.as_bytes()));
            match Expression::new(kind, source).map(is_said) {
                Ok(is_said) if is_said || spec.unproven => {}
                Ok(_) => errors.push(error("expressions", Some(index), Problem::NoLine)),
                Err(problem) => errors.push(error("expressions", Some(index), problem.into())),
            }
        }
        for (index, source) in spec.unless.iter().enumerate() {
            if let Err(problem) = Expression::new(PatternKind::Regex, source) {
                errors.push(error("unless", Some(index), problem.into()));
            }
        }
        if errors[known..].iter().any(|own| own.problem != Problem::NoLine) {
            return;
        }
        let key = if spec.expressions.is_empty() { "expression" } else { "expressions" };
        let unless = self.unless.iter().map(|unless| ("unless", unless));
        for (key, expression) in std::iter::once((key, &self.expression)).chain(unless) {
            if let Err(problem) = expression.compile() {
                return errors.push(error(key, None, problem.into()));
            }
        }
        for (index, line) in spec.matches.iter().enumerate() {
            if !self.expression.matches(line.as_bytes()) {
                errors.push(error("matches", Some(index), Problem::Missed(line.clone())));
            } else if self.excuses(line.as_bytes()) {
                errors.push(error("matches", Some(index), Problem::Excused(line.clone())));
            }
        }
        for (index, line) in spec.rejects.iter().enumerate() {
            if self.matches(line.as_bytes()) {
                errors.push(error("rejects", Some(index), Problem::Caught(line.clone())));
            }
        }
    }
}

fn error(key: &'static str, index: Option<usize>, problem: Problem) -> PatternError {
    PatternError { key, index, problem }
}

fn check_name(key: &'static str, name: &str, errors: &mut Vec<PatternError>) {
    if !is_name(name) {
        errors.push(error(key, None, Problem::Name(name.to_owned())));
    }
}

/// A pattern has enough lines on both sides, or says that it has not.
fn check_lines(spec: &PatternSpec, errors: &mut Vec<PatternError>) {
    let few_matches = spec.matches.len() < LINES_MIN;
    let few_rejects = spec.rejects.len() < LINES_MIN;
    if spec.unproven && !few_matches && !few_rejects {
        errors.push(error("unproven", None, Problem::Proven));
    }
    if few_matches && !spec.unproven {
        errors.push(error("matches", None, Problem::FewMatches(spec.matches.len())));
    }
    if few_rejects && !spec.unproven {
        errors.push(error("rejects", None, Problem::FewRejects(spec.rejects.len())));
    }
}

/// Whether a text may name a pattern, a category or a tenant: 1 to 63 of `a-z`, `0-9` and `-`.
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

fn severity_number(word: &str) -> Option<u8> {
    SEVERITIES.into_iter().find(|&number| severity::name(number) == word)
}

fn kind_of(spec: &PatternSpec) -> Option<PatternKind> {
    match spec.kind.as_str() {
        "regex" => Some(PatternKind::Regex),
        "literal" => Some(PatternKind::Literal),
        "literal-nocase" => Some(PatternKind::LiteralNocase),
        _ => None,
    }
}

fn read_expression(spec: &PatternSpec, errors: &mut Vec<PatternError>) -> Option<Expression> {
    let Some(kind) = kind_of(spec) else {
        errors.push(error("kind", None, Problem::Kind(spec.kind.clone())));
        return None;
    };
    if spec.expressions.is_empty() {
        let expression = Expression::read(kind, &spec.expression);
        return expression
            .map_err(|problem| errors.push(error("expression", None, problem.into())))
            .ok();
    }
    if !spec.expression.is_empty() {
        errors.push(error("expression", None, Problem::BothExpressions));
    }
    if spec.expressions.len() > EXPRESSIONS_MAX {
        let problem = Problem::TooManyExpressions(spec.expressions.len());
        errors.push(error("expressions", None, problem));
        return None;
    }
    let parts = read_all("expressions", kind, &spec.expressions, errors)?;
    Some(Expression::any_of(&parts))
}

/// Reads a list of expressions; `None` means that something is wrong with one.
fn read_all(
    key: &'static str,
    kind: PatternKind,
    sources: &[String],
    errors: &mut Vec<PatternError>,
) -> Option<Vec<Expression>> {
    let mut parts = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        match Expression::read(kind, source) {
            Ok(expression) => parts.push(expression),
            Err(problem) => errors.push(error(key, Some(index), problem.into())),
        }
    }
    (parts.len() == sources.len()).then_some(parts)
}

fn read_conditions(
    written: &[(String, Vec<String>)],
    errors: &mut Vec<PatternError>,
) -> Vec<Condition> {
    if written.len() > CONDITIONS_MAX {
        errors.push(error("where", None, Problem::TooManyConditions(written.len())));
    }
    let mut conditions = Vec::new();
    for (key, values) in written {
        match Condition::new(key, values) {
            Ok(condition) => conditions.push(condition),
            Err(problem) => errors.push(error("where", None, problem)),
        }
    }
    conditions
}

/// Joins what excuses a line into one expression; the outer `None` means that something is wrong.
fn read_unless(sources: &[String], errors: &mut Vec<PatternError>) -> Option<Option<Expression>> {
    if sources.len() > UNLESS_MAX {
        errors.push(error("unless", None, Problem::TooManyUnless(sources.len())));
        return None;
    }
    let parts = read_all("unless", PatternKind::Regex, sources, errors)?;
    Some((!parts.is_empty()).then(|| Expression::any_of(&parts)))
}

#[cfg(test)]
mod tests;
