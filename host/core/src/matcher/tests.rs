//! A scan is exactly what each pattern says alone.

mod hostile;
mod random;

use super::*;
use crate::batch::BatchBuilder;
use crate::pattern::PatternSpec;
use crate::plugin::PatternKind;
use crate::record::Record;

/// Expression, what excuses a line, and a line that proves it.
const PATTERNS: [(&str, &[&str], &str); 15] = [
    ("(?i)out of memory", &[], "Out of memory"),
    ("failed password for", &["127\\.0\\.0\\.1", "(?i)test user"], "failed password for root"),
    ("(?i)(failed|refused)", &["not failed"], "Refused"),
    ("(?i)\\bfail", &[], "FAILURE"),
    ("error .* disk", &[], "error on disk"),
    ("^error", &[], "error"),
    ("disk$", &[], "disk"),
    ("\\d{3}ms", &[], "123ms"),
    ("[^ ]{6}", &["memory"], "abcdef"),
    (" 50[0-4] ", &[], "x 502 y"),
    ("(a.*memory|for .*root)", &[], "a memory"),
    ("(?s)error.*memory", &[], "error\nmemory"),
    ("(?u)(?i)disk|é", &[], "DISK"),
    ("no{2,3} |rootroot|e r", &[], "noo "),
    ("(failed )*[0-9.]{8}", &[], "127.0.0.1"),
];

const WORDS: [&str; 24] = [
    "Out",
    "of",
    "memory",
    "MEMORY",
    "failed",
    "Failed",
    "password",
    "for",
    "root",
    "127.0.0.1",
    "test",
    "user",
    "refused",
    "not",
    "fail",
    "error",
    "on",
    "disk",
    "DISK\n",
    "250ms",
    "502",
    "\nerror",
    "noo",
    "é",
];

fn pattern(name: String, expression: &str, unless: &[&str], line: &str) -> Pattern {
    Pattern::new(&PatternSpec {
        name,
        category: "test".into(),
        expression: expression.into(),
        kind: "regex".into(),
        score: 1,
        severity: "info".into(),
        description: String::new(),
        matches: vec![line.into()],
        rejects: vec!["-".into()],
        unless: unless.iter().map(|&source| source.into()).collect(),
        unproven: true,
        ..PatternSpec::default()
    })
    .unwrap()
}

fn patterns() -> Vec<Pattern> {
    let numbered = PATTERNS.iter().enumerate();
    numbered.map(|(id, (e, unless, line))| pattern(format!("p{id}"), e, unless, line)).collect()
}

fn batch(texts: &[Vec<u8>]) -> Batch {
    let mut builder = BatchBuilder::default();
    for text in texts {
        builder.push(0, 0, &Record { text: text.clone(), ..Record::default() });
    }
    builder.seal()
}

/// Compares a scan with the plain loop over all patterns and rows; says how many pairs matched.
fn check(patterns: &[Pattern], texts: &[Vec<u8>], scratch: &mut Scratch) -> usize {
    let matcher = Matcher::new(patterns, &[]).unwrap();
    let mut hits = Hits::default();
    matcher.scan(&batch(texts), scratch, &mut hits);
    assert_eq!((hits.patterns(), hits.rows()), (patterns.len(), texts.len()));
    for (id, pattern) in patterns.iter().enumerate() {
        for (row, text) in texts.iter().enumerate() {
            let text_shown = String::from_utf8_lossy(text);
            assert_eq!(hits.contains(id, row), pattern.matches(text), "{id} on {text_shown:?}");
        }
    }
    hits.pairs().len()
}

/// Random lines of words that the patterns know, some run together and some with a byte spoilt.
fn random_lines(count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut state = seed;
    let mut next = move |below: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut lines = Vec::new();
    for _ in 0..count {
        let mut line = Vec::new();
        for _ in 0..next(9) {
            line.extend_from_slice(WORDS[next(WORDS.len())].as_bytes());
            if next(5) > 0 {
                line.push(b' ');
            }
        }
        if !line.is_empty() && next(4) == 0 {
            let place = next(line.len());
            line[place] = next(256) as u8;
        }
        lines.push(line);
    }
    lines
}

#[test]
fn a_scan_equals_each_pattern_alone_on_random_lines() {
    let patterns = patterns();
    let mut scratch = Scratch::default();
    for seed in 0..8 {
        let pairs = check(&patterns, &random_lines(1000, seed), &mut scratch);
        assert!(pairs > 1000, "the lines must exercise the patterns, only {pairs} pairs matched");
    }
}

#[test]
fn a_scratch_may_go_from_one_matcher_to_another() {
    let (patterns, lines) = (patterns(), random_lines(200, 99));
    let mut scratch = Scratch::default();
    for part in [&patterns[..], &patterns[7..], &patterns[..1], &[], &patterns[2..9]] {
        check(part, &lines, &mut scratch);
        check(part, &[], &mut scratch);
    }
}

#[test]
fn patterns_of_plugins_follow_in_their_order() {
    let extra = [
        (PatternKind::Literal, "Disk."),
        (PatternKind::LiteralNocase, "DISK"),
        (PatternKind::Regex, "^d.sk"),
    ]
    .map(|(kind, expr)| PluginPattern { name: "own".into(), kind, expr: expr.into() });
    let library = [pattern("p".into(), "full", &[], "full")];
    let matcher = Matcher::new(&library, &extra).unwrap();
    let texts = ["disk full", "a Disk.", "dusk"].map(|text| text.as_bytes().to_vec());
    let mut hits = Hits::default();
    matcher.scan(&batch(&texts), &mut Scratch::default(), &mut hits);
    let rows = |id: usize| (0..3).filter(|&row| hits.contains(id, row)).collect::<Vec<_>>();
    assert_eq!(matcher.len(), 4);
    assert_eq!([rows(0), rows(1), rows(2), rows(3)], [vec![0], vec![1], vec![0, 1], vec![0, 2]]);
}

#[test]
fn a_plugin_pattern_that_cannot_be_used_is_named() {
    let extra = [PluginPattern { name: "own".into(), kind: PatternKind::Regex, expr: "x*".into() }];
    let error = Matcher::new(&[], &extra).unwrap_err();
    assert_eq!(error.to_string(), "pattern `own` of a plugin cannot be used");
}

#[test]
fn what_is_common_in_the_traffic_is_looked_for_no_more() {
    // Either word will do; which is the rarer one only the traffic says.
    let extra = ["plugh.*xyzzy", "frotz"].map(|expr| PluginPattern {
        name: "own".into(),
        kind: PatternKind::Regex,
        expr: expr.into(),
    });
    for common in ["plugh", "xyzzy"] {
        let matcher = Matcher::new(&[], &extra).unwrap();
        let worker = matcher.clone();
        let mut texts = vec![format!("{common} and nothing else").into_bytes(); 1000];
        texts.push(b"plugh and xyzzy".to_vec());
        let batch = batch(&texts);
        let (mut scratch, mut hits) = (Scratch::default(), Hits::default());
        let mut planned = 0;
        for _ in 0..200 {
            matcher.scan(&batch, &mut scratch, &mut hits);
            assert_eq!(hits.pairs(), [(0, 1000)]);
            if let Some(thread) = matcher.follow(&batch, &mut scratch) {
                thread.join().unwrap();
                planned += 1;
            }
        }
        assert!(planned > 0, "a plan follows some hundred thousand lines");
        Efforts::default().take(scratch.efforts());
        worker.scan(&batch, &mut scratch, &mut hits);
        assert_eq!(hits.pairs(), [(0, 1000)]);
        assert!(scratch.efforts().patterns[0].candidates < 10, "{common}");
    }
}
