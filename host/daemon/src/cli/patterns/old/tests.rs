//! Old lines are read as they were meant, and whatever is odd about them is told.

use super::*;

/// Reads a line and compares expression, score, severity and description, and the beginnings of the doubts.
fn check(line: &str, expected: (&str, i64, &str, &str), doubts: &[&str]) {
    let read = Line::read(line).unwrap();
    let found = (read.expression, read.score(), read.severity(), read.description);
    assert_eq!(found, expected, "{line}");
    assert_eq!(read.doubts.len(), doubts.len(), "{line}: {:?}", read.doubts);
    for (doubt, beginning) in read.doubts.iter().zip(doubts) {
        assert!(doubt.starts_with(beginning), "{line}: {doubt}");
    }
}

#[test]
fn sound_lines_are_taken_as_they_are() {
    check(
        "A (broken|lost) 2.5 A link is down.",
        ("(broken|lost)", 50, "warn", "A link is down."),
        &[],
    );
    check("A cron\\[\\d+\\] 0.1 Normal.", ("cron\\[\\d+\\]", 2, "info", "Normal."), &[]);
    check("A oops|panic 5.0 Both matter.", ("oops|panic", 100, "fatal", "Both matter."), &[]);
    check("A a(b|c)d|[x|y]e 3.5 Twice 4.0", ("a(b|c)d|[x|y]e", 70, "error", "Twice 4.0"), &[]);
    check("A  lost   4   Several blanks.", ("lost", 80, "error", "Several blanks."), &[]);
    check("A lost 1.5", ("lost", 30, "info", ""), &[]);
    check("A päckchen\u{a0}x 1 Größe.", ("päckchen\u{a0}x", 20, "info", "Größe."), &[]);
}

#[test]
fn doubtful_lines_are_taken_and_told() {
    let cut =
        "the expression has a blank, where the old program cut it: it looked for `no` with score 1";
    check("A no space left 4.5 Full.", ("no space left", 90, "error", "Full."), &[cut]);
    check("A no (5 3 or) more 4.5 Numbers.", ("no (5 3 or) more", 90, "error", "Numbers."), &[cut]);
    let none =
        "there is no score, so the expression may end anywhere; `lost` was taken with score 1";
    check("A lost high A link.", ("lost", 20, "info", "high A link."), &[none]);
    check("A lost", ("lost", 20, "info", ""), &[none]);
    let range = "score 57 is not from 0 to 10; 100 of 100 was taken";
    check("A lost 57 A link.", ("lost", 100, "fatal", "A link."), &[range]);
    let range = "score -2 is not from 0 to 10; 0 of 100 was taken";
    check("A lost -2 A link.", ("lost", 0, "info", "A link."), &[range]);
    let loose = "no brackets hold the alternatives together, so each of `fail`, `timeout` matches by itself";
    check(
        "A nginx.*error|fail|timeout 2 Web.",
        ("nginx.*error|fail|timeout", 40, "warn", "Web."),
        &[loose],
    );
}

#[test]
fn lines_that_cannot_be_patterns_are_refused() {
    let cases = [
        ("A", "there is no expression; write NAME REGEX SCORE DESCRIPTION"),
        ("A (broken|lost 2.0 A link.", "character 1 of the expression: unclosed group"),
        ("A broken|lost) 2.0 A link.", "character 12 of the expression: unopened group"),
        ("A [a-z 2.0 A link.", "character 1 of the expression: unclosed character class"),
        ("A fail(?!ed) 2.0 A link.", "the expression looks ahead or behind"),
        ("A (?<=x)fail 2.0 A link.", "the expression looks ahead or behind"),
        ("A (\\w+)\\s\\1 2.0 Twice.", "the expression refers back"),
        ("A fail|.* 2.0 All.", "the expression matches the empty text"),
    ];
    for (line, beginning) in cases {
        let problem = Line::read(line).unwrap_err();
        assert!(problem.starts_with(beginning), "{line}: {problem}");
    }
}
