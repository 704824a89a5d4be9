//! Texts and patterns made to be slow or to be missed: the answer stays right, and the work linear.

use super::*;
use crate::chance::Chance;

/// Patterns of every lane.
const SOURCES: [&str; 25] = [
    "(?i)failed to (start|load) \\S+",
    "\\b[0-9a-f]{40,64}\\b$",
    "^\\s*[A-Z]{2,5}-\\d{4,6}:",
    "\\b\\d{7,}ms\\b",
    "[A-Za-z0-9+/]{200,}={0,2}",
    "[A-Za-z0-9+/]{304}",
    "[A-Za-z0-9+/]{512}",
    "[A-Za-z0-9+/]{2000,}",
    "(?i)('|%27)\\s*or\\s*('|%27)?1",
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}",
    "\"level\": ?\"(fatal|panic)\"",
    "failed to.*failed to.*refused",
    "(failed to )+refused",
    "^\\w+$",
    "^[A-Z].*x$",
    "[^ ]{6}",
    "\\S+@\\S+",
    "a.*b.*c",
    "xy",
    "\\nfailed",
    "(?s)timeout.+after",
    "é|(?u)straße",
    "\\b(FATAL|ERROR)\\b.*timeout",
    "[[:xdigit:]]{16}",
    "\\.(env|git/config)\\b",
];

fn repeated(piece: &str, bytes: usize) -> Vec<u8> {
    piece.bytes().cycle().take(bytes).collect()
}

fn noise(chance: &mut Chance, alphabet: &[u8], bytes: usize) -> Vec<u8> {
    (0..bytes).map(|_| alphabet[chance.below(alphabet.len())]).collect()
}

fn texts() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let chance = &mut Chance::new(3);
    let (hex, base): (&[u8], &[u8]) = (b"0123456789abcdef", b"ABCdefghijklmnop0123456789+/");
    let all: Vec<u8> = (0..=255).collect();
    let mut lines = |count: usize, alphabet: &[u8], bytes: usize| -> Vec<Vec<u8>> {
        (0..count).map(|row| noise(chance, alphabet, bytes + row % 7)).collect()
    };
    let mut corpora = vec![
        ("hexadecimal", lines(200, hex, 36)),
        (
            "runs at every offset",
            (30..140)
                .map(|front| {
                    let mut line = repeated("x ", front);
                    line.extend(repeated("0f", 38 + front % 4));
                    line
                })
                .collect(),
        ),
        ("ten bytes", lines(3000, b"ERx-1: y@'or1", 10)),
        ("no bytes", vec![Vec::new(); 50]),
        ("not UTF-8", lines(300, &all, 60)),
        ("base64", lines(20, base, 260)),
        (
            "base64 with line ends",
            lines(20, b"ABCdefgh0123456789+/abcdefghijklmnopqrstuvwxyzABCD\n", 900),
        ),
        (
            "runs as long as they must be, or nearly",
            [303, 304, 305, 511, 512, 600, 1999, 2000, 2300]
                .map(|bytes| repeated("x0/", bytes))
                .to_vec(),
        ),
        ("quotes", vec![repeated("{\"level\": \"' or\", ", 400); 20]),
        (
            "prefixes of rules",
            vec![repeated("failed to ", 500), repeated("failed to failed to start", 300)],
        ),
    ];
    let mut long = repeated("failed to a uuid ", 1 << 18);
    long.extend_from_slice(b"refused");
    corpora.push(("one long line", vec![b"x".to_vec(), long, b"xy".to_vec()]));
    let uuid = "123e4567-e89b-12d3-a456-426614174000";
    corpora.push(("uuids", vec![uuid.as_bytes().to_vec(), repeated(uuid, 2000)]));
    // A run whose separators fall between samples was once reported on the line before.
    let run = repeated("0a", 40);
    corpora.push((
        "runs beside rows",
        vec![run[..39].to_vec(), run.clone(), run[..20].to_vec(), run[..20].to_vec()],
    ));
    corpora
}

#[test]
fn hostile_texts_are_matched_as_by_each_pattern_alone() {
    let own: Vec<PluginPattern> = SOURCES
        .iter()
        .map(|&expr| PluginPattern {
            name: expr.into(),
            kind: PatternKind::Regex,
            expr: expr.into(),
        })
        .collect();
    let expressions: Vec<Expression> =
        SOURCES.iter().map(|source| Expression::new(PatternKind::Regex, source).unwrap()).collect();
    let matcher = Matcher::new(&[], &own).unwrap();
    for (name, lines) in texts() {
        let mut expected = Vec::new();
        for (id, expression) in expressions.iter().enumerate() {
            let rows = (0..lines.len()).filter(|&row| expression.matches(&lines[row]));
            expected.extend(rows.map(|row| (id as u32, row as u32)));
        }
        let mut counts = Frequencies::empty();
        lines.iter().for_each(|line| counts.observe(line));
        let (mut scratch, mut hits) = (Scratch::default(), Hits::default());
        let refined = matcher.refined(&counts, &Efforts::default());
        for matcher in [&matcher, &refined] {
            for level in Level::available() {
                let matcher = matcher.clone().at_level(level);
                matcher.scan(&batch(&lines), &mut scratch, &mut hits);
                assert_eq!(hits.pairs(), expected, "{name} {level:?}");
            }
        }
    }
}

/// Bytes that a pattern looks at for each byte of a text.
fn walked(source: &str, text: Vec<u8>) -> f64 {
    let own = [PluginPattern { name: "own".into(), kind: PatternKind::Regex, expr: source.into() }];
    let mut scratch = Scratch::default();
    let bytes = text.len() as f64;
    Matcher::new(&[], &own).unwrap().scan(&batch(&[text]), &mut scratch, &mut Hits::default());
    scratch.efforts().patterns[0].walked_bytes as f64 / bytes
}

#[test]
fn what_a_pattern_walks_is_linear_in_the_text() {
    for (source, piece) in [
        ("failed to.*refused", "failed to "),
        ("x.*failed to", "failed to "),
        ("\\S+ failed\\S+ to$", "a failedx "),
        ("(a|b)*xyzab", "xyza"),
        ("(?s)error.*\\.{3}", "error"),
    ] {
        let walked = walked(source, repeated(piece, 1 << 17));
        assert!(walked < 12.0, "{source} walks {walked} times the text");
    }
}

#[test]
fn a_pattern_that_exceeds_its_budget_is_run_on_every_row_and_says_so() {
    let sources = ["end of (\\S+ )+x$", "never ever"];
    let own = sources.map(|expr| PluginPattern {
        name: expr.into(),
        kind: PatternKind::Regex,
        expr: expr.into(),
    });
    let matcher = Matcher::new(&[], &own).unwrap();
    let lines = vec![repeated("to end of never ever to end of ", 200); 8000];
    let (mut scratch, mut hits) = (Scratch::default(), Hits::default());
    let mut efforts = Efforts::default();
    for rows in lines.chunks(500) {
        matcher.scan(&batch(rows), &mut scratch, &mut hits);
        efforts.take(scratch.efforts());
    }
    assert_eq!(efforts.bytes, 201 * 8000 - 16);
    assert!(efforts.exceeds_budget(0) && !efforts.exceeds_budget(1), "{:?}", efforts.patterns);
    let refined = matcher.refined(&Frequencies::default(), &efforts);
    let lanes = |matcher: &Matcher| [matcher.lint()[0].lane, matcher.lint()[1].lane];
    assert_eq!(lanes(&matcher), [Lane::Grams, Lane::Grams]);
    assert_eq!(lanes(&refined), [Lane::Slow, Lane::Grams]);
    assert!(refined.lint()[0].ns_per_line > 10.0 * matcher.lint()[1].ns_per_line);
    let before = hits.clone();
    assert_eq!(before.of(1).len(), 500);
    refined.scan(&batch(&lines[..500]), &mut scratch, &mut hits);
    assert_eq!(hits, before);
    // The same by itself, while it follows the traffic.
    for rows in lines.chunks(500) {
        matcher.scan(&batch(rows), &mut scratch, &mut hits);
        if let Some(thread) = matcher.follow(&batch(rows), &mut scratch) {
            thread.join().unwrap();
        }
    }
    assert_eq!(lanes(&matcher)[0], Lane::Slow);
    assert_ne!(lanes(&matcher)[1], Lane::Slow);
    assert_eq!(hits, before);
}

#[test]
fn every_lane_has_its_patterns() {
    let own = ["connection refused", "x9[59]y|(a)'", "[0-9a-f]{32}", "^[A-Z]{3}", "[^ ]{4}"].map(
        |expr| PluginPattern { name: "p".into(), kind: PatternKind::Regex, expr: expr.into() },
    );
    let matcher = Matcher::new(&[], &own).unwrap();
    let lanes: Vec<Lane> = matcher.lint().iter().map(|lint| lint.lane).collect();
    assert_eq!(lanes, [Lane::Grams, Lane::Shorts, Lane::Runs, Lane::Heads, Lane::Slow]);
    let lints = matcher.lint();
    assert!(lints[0].ns_per_line < 1.0 && lints[4].ns_per_line > 100.0, "{lints:?}");
}
