//! Patterns are refused with all that is wrong with them, and count where they should.

use super::*;

fn spec() -> PatternSpec {
    PatternSpec {
        name: "disk-full".into(),
        category: "disk".into(),
        expression: "(?i)no space left".into(),
        kind: "regex".into(),
        score: 70,
        severity: "error".into(),
        description: "A file system has no free block.".into(),
        matches: vec!["write: No space left on device".into(), "no space left".into()],
        rejects: vec!["plenty of space left".into(), "no space".into()],
        ..PatternSpec::default()
    }
}

/// Changes a good pattern and compares all messages.
fn check(change: impl FnOnce(&mut PatternSpec), expected: &[&str]) {
    let mut spec = spec();
    change(&mut spec);
    let errors = Pattern::new(&spec).err().unwrap_or_default();
    let found: Vec<String> = errors
        .iter()
        .map(|error| match error.index {
            Some(index) => format!("{}[{index}]: {error}", error.key),
            None => format!("{}: {error}", error.key),
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_good_pattern_is_accepted() {
    check(|_| {}, &[]);
    let pattern = Pattern::new(&spec()).unwrap();
    assert_eq!((pattern.name(), pattern.category()), ("disk-full", "disk"));
    assert_eq!((pattern.score(), pattern.severity()), (70, severity::ERROR));
}

#[test]
fn fields_are_checked() {
    check(
        |spec| {
            spec.name = "Disk full".into();
            spec.category = String::new();
            spec.score = 101;
            spec.severity = "bad".into();
            spec.kind = "glob".into();
        },
        &[
            "name: expected 1 to 63 lower-case letters, digits or `-`, found \"Disk full\"; write e.g. disk-full",
            "category: expected 1 to 63 lower-case letters, digits or `-`, found \"\"; write e.g. disk-full",
            "score: expected a number from 0 to 100, found 101; write e.g. 50",
            "severity: expected one of trace, debug, info, warn, error, fatal, found \"bad\"; write e.g. error",
            "kind: expected one of regex, literal, literal-nocase, found \"glob\"; leave it out for regex",
        ],
    );
    check(
        |spec| spec.score = -1,
        &["score: expected a number from 0 to 100, found -1; write e.g. 50"],
    );
}

#[test]
fn expressions_are_checked() {
    let mends = |expression: &str, message: &str| {
        check(|spec| spec.expression = expression.into(), &[message]);
    };
    mends(
        "no (space",
        "expression: character 4 of the expression: unclosed group; mend it or put `\\` before a plain sign",
    );
    mends(
        "é[z-a]",
        "expression: character 3 of the expression: invalid character class range, the start must be <= the end; \
         mend it or put `\\` before a plain sign",
    );
    let empty = "expression: the expression matches the empty text and so every line; \
                 require a character, e.g. `x+` instead of `x*`";
    for expression in ["", "x*", "^", r"\b", "a|b?"] {
        mends(expression, empty);
    }
    mends(
        "(a{1000}){1000}",
        "expression: the expression needs more than 1048576 bytes when compiled; lower its repetition counts",
    );
    mends(
        &"a".repeat(4097),
        "expression: the expression has 4097 bytes, at most 4096 are allowed; split it into several patterns",
    );
    check(
        |spec| spec.unless = vec!["fine".into(), "(".into(), ".*".into()],
        &[
            "unless[1]: character 1 of the expression: unclosed group; mend it or put `\\` before a plain sign",
            "unless[2]: the expression matches the empty text and so every line; \
             require a character, e.g. `x+` instead of `x*`",
        ],
    );
    check(
        |spec| spec.unless = vec!["fine".into(); UNLESS_MAX + 1],
        &["unless: expected at most 16 expressions, found 17; join some of them by `|`"],
    );
}

#[test]
fn patterns_must_prove_themselves() {
    check(
        |spec| {
            spec.matches = vec![];
            spec.rejects.truncate(1);
        },
        &[
            "matches: expected at least 2 lines, found 0; add a line that must match",
            "rejects: expected at least 2 lines, found 1; add a near miss that must not match",
        ],
    );
    check(
        |spec| {
            spec.unless = vec!["quota".into()];
            spec.matches = vec!["disk full".into(), "no space left: quota".into()];
            spec.rejects = vec!["No space left".into(), "no space left: quota".into()];
        },
        &[
            "matches[0]: the expression does not match \"disk full\"; mend the expression or the line",
            "matches[1]: the expression matches \"no space left: quota\", but `unless` excuses it; \
             mend `unless` or the line",
            "rejects[0]: the pattern must not match \"No space left\"; \
             narrow the expression or add to `unless`",
        ],
    );
}

#[test]
fn unproven_patterns_may_lack_lines_and_still_keep_their_word() {
    check(
        |spec| {
            spec.unproven = true;
            spec.matches = vec![];
            spec.rejects.truncate(1);
        },
        &[],
    );
    check(
        |spec| {
            spec.unproven = true;
            spec.matches = vec!["disk full".into()];
            spec.rejects = vec![];
        },
        &[
            "matches[0]: the expression does not match \"disk full\"; mend the expression or the line",
        ],
    );
    check(
        |spec| spec.unproven = true,
        &["unproven: the pattern has the lines that prove it; remove `unproven`"],
    );
    assert!(Pattern::new(&spec()).unwrap().is_proven());
    let bare = PatternSpec { unproven: true, matches: vec![], ..spec() };
    assert!(!Pattern::new(&bare).unwrap().is_proven());
}

#[test]
fn several_expressions_are_proven_each() {
    let several = |spec: &mut PatternSpec, expressions: &[&str]| {
        spec.expression = String::new();
        spec.expressions = expressions.iter().map(|&source| source.into()).collect();
    };
    check(|spec| several(spec, &["No space", "no space left$"]), &[]);
    check(
        |spec| several(spec, &["No space left", "quota", "no ("]),
        &["expressions[2]: character 4 of the expression: unclosed group; \
           mend it or put `\\` before a plain sign"],
    );
    check(
        |spec| several(spec, &["(?i)no space left", "quota"]),
        &[
            "expressions[1]: no line under `matches` proves this expression; add one that it matches",
        ],
    );
    check(
        |spec| spec.expressions = vec!["(?i)no space left".into()],
        &["expression: expected `expression` or `expressions`, found both; remove one"],
    );
    check(
        |spec| several(spec, &["(?i)no space left"; EXPRESSIONS_MAX + 1]),
        &["expressions: expected at most 16 expressions, found 17; make several patterns of them"],
    );
}

#[test]
fn conditions_and_rules_to_ignore_are_checked() {
    let wants = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
    check(|spec| spec.conditions = vec![wants("severity", ">= warn")], &[]);
    check(
        |spec| {
            spec.conditions = vec![wants("level", "warn"), wants("severity", "loud")];
            spec.ignore = true;
        },
        &[
            "score: a pattern that ignores has no score; remove `score`",
            "where: expected severity or attributes.NAME, found \"level\"; write e.g. attributes.code",
            "where: severity: expected values, or one of the form `>= least`, found \"loud\"; \
             write e.g. '>= 500', or '>= warn' for severity",
        ],
    );
    check(
        |spec| spec.conditions = vec![wants("severity", "warn"); CONDITIONS_MAX + 1],
        &["where: expected at most 16 conditions, found 17; remove some"],
    );
    let ignoring = PatternSpec { ignore: true, score: 0, ..spec() };
    assert!(Pattern::new(&ignoring).unwrap().ignores());
}

#[test]
fn an_earlier_literal_lends_nothing_to_a_later_one() {
    assert!(!Expression::new(PatternKind::Regex, "[a-f]a.*ab").unwrap().matches(b"ab fab"));
}

#[test]
fn kinds_and_bytes() {
    let matches = |kind, source, text: &[u8]| Expression::new(kind, source).unwrap().matches(text);
    assert!(matches(PatternKind::Literal, "a.b(", b"xa.b(y"));
    assert!(!matches(PatternKind::Literal, "a.b", b"A.B"));
    assert!(!matches(PatternKind::Literal, "a.b", b"axb"));
    assert!(matches(PatternKind::LiteralNocase, "a.B(", b"A.b("));
    assert!(!matches(PatternKind::LiteralNocase, "a.b", b"axb"));
    assert!(matches(PatternKind::Regex, "(?i)error: .+", b"\xff\x00 ERROR: \xfe"));
    assert!(matches(
        PatternKind::Regex,
        "^Caused by: .*full$",
        b"java.io\nCaused by: disk full\n\tat x"
    ));
    assert!(!matches(PatternKind::Regex, "java.*full", b"java.io\nCaused by: disk full"));
}
