//! How well templates agree with labels: the four measures of LogHub-2.0, with its normal form of templates.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

/// A log whose templates are known.
#[derive(Debug, Default, Clone)]
pub(super) struct Labelled {
    pub(super) name: String,
    pub(super) lines: Vec<String>,
    pub(super) templates: Vec<String>,
}

/// Each from 0 to 1.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Score {
    /// Share of lines whose group has exactly the right lines.
    pub(super) grouping: f64,
    /// Harmonic mean of the shares of groups that are right, of ours and of theirs.
    pub(super) groups: f64,
    /// Share of lines with the right text.
    pub(super) parsing: f64,
    /// Harmonic mean of the shares of texts that are right for exactly the right lines.
    pub(super) texts: f64,
}

impl Score {
    /// Compares what was found, an id and a text for each line, with the labels.
    pub(super) fn new(log: &Labelled, ids: &[u32], texts: &[String]) -> Self {
        let labels: Vec<&str> = log.templates.iter().map(String::as_str).collect();
        let (ours, theirs) = (members(ids), members(&labels));
        let right: Vec<&Vec<usize>> =
            ours.values().filter(|lines| theirs[labels[lines[0]]] == **lines).collect();
        let lines = labels.len() as f64;
        let normal: Vec<String> = labels.iter().map(|label| normalize(label)).collect();
        let found: Vec<String> = texts.iter().map(|text| normalize(text)).collect();
        let parsed = found.iter().zip(&normal).filter(|(a, b)| a == b).count();
        let exact = members(&found)
            .into_iter()
            .filter(|(text, lines)| lines.iter().all(|line| normal[*line] == *text));
        let (texts, all) = (members(&found).len(), normal.iter().collect::<HashSet<_>>().len());
        Score {
            grouping: right.iter().map(|lines| lines.len()).sum::<usize>() as f64 / lines,
            groups: harmonic(right.len(), ours.len(), theirs.len()),
            parsing: parsed as f64 / lines,
            texts: harmonic(exact.count(), texts, all),
        }
    }

    /// The mean of several.
    pub(super) fn mean(scores: &[Score]) -> Score {
        Score::worst(scores, scores.len())
    }

    /// The mean of the worst by each measure: no choice of so many is worse.
    pub(super) fn worst(scores: &[Score], count: usize) -> Score {
        let mean = |of: fn(&Score) -> f64| {
            let mut all: Vec<f64> = scores.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            all.iter().take(count).sum::<f64>() / count as f64
        };
        Score {
            grouping: mean(|score| score.grouping),
            groups: mean(|score| score.groups),
            parsing: mean(|score| score.parsing),
            texts: mean(|score| score.texts),
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Score { grouping, groups, parsing, texts } = self;
        write!(out, "{grouping:.3} / {groups:.3} / {parsing:.3} / {texts:.3}")
    }
}

fn members<T: std::hash::Hash + Eq + Clone>(keys: &[T]) -> HashMap<T, Vec<usize>> {
    let mut members: HashMap<T, Vec<usize>> = HashMap::new();
    for (line, key) in keys.iter().enumerate() {
        members.entry(key.clone()).or_default().push(line);
    }
    members
}

fn harmonic(right: usize, ours: usize, theirs: usize) -> f64 {
    if right == 0 { 0.0 } else { 2.0 * right as f64 / (ours + theirs) as f64 }
}

/// The normal form: whatever touches a variable belongs to it.
fn normalize(template: &str) -> String {
    let words: Vec<&str> = template.split_whitespace().collect();
    let mut text = String::new();
    for token in tokens(&words.join(" ")) {
        let is_number = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
        let is_variable = token.contains("<*>") && !token.contains('/');
        text.push_str(if is_number || is_variable { "<*>" } else { token });
    }
    let joined = [
        "<*>.<*>",
        "<*><*>",
        " #<*># ",
        " #<*> ",
        "<*>:<*>",
        "<*>#<*>",
        "<*>/<*>",
        "<*>@<*>",
        "<*>.<*>",
        " \"<*>\" ",
        " '<*>' ",
        "<*><*>",
    ];
    for pattern in joined {
        let variable = if pattern.starts_with(' ') { " <*> " } else { "<*>" };
        while text.contains(pattern) {
            text = text.replace(pattern, variable);
        }
    }
    text
}

/// The pieces between delimiters, and the delimiters.
fn tokens(text: &str) -> Vec<&str> {
    let is_delimiter = |letter: char| " ,!;:=|\"'[](){}.-+@#$%&".contains(letter);
    let parts = text.split_inclusive(is_delimiter);
    let cut = |part: &str| {
        part.len()
            - part.chars().next_back().filter(|last| is_delimiter(*last)).map_or(0, char::len_utf8)
    };
    parts.flat_map(|part| <[&str; 2]>::from(part.split_at(cut(part)))).collect()
}

/// Other orders of the same lines.
pub(super) fn reordered(log: &Labelled, order: &[usize]) -> Labelled {
    let of = |texts: &[String]| order.iter().map(|line| texts[*line].clone()).collect();
    Labelled { name: log.name.clone(), lines: of(&log.lines), templates: of(&log.templates) }
}

#[test]
fn the_normal_form_is_that_of_the_benchmark() {
    let cases = [
        ("a  b 12 c", "a b <*> c"),
        ("blk_<*>: <*>", "<*>: <*>"),
        ("<*>:<*> and <*>.<*>.<*>", "<*> and <*>"),
        ("path/<*> x", "path/<*> x"),
        ("is '<*>' now", "is <*> now"),
        ("k=v, <*>", "k=v, <*>"),
    ];
    for (template, expected) in cases {
        assert_eq!(normalize(template), expected, "{template}");
    }
}

#[test]
fn scores_count_what_is_exactly_right() {
    let own = |texts: [&str; 4]| texts.map(String::from).to_vec();
    let templates = own(["a <*>", "a <*>", "b", "c"]);
    let log = Labelled { templates, ..Labelled::default() };
    let right = Score::new(&log, &[1, 1, 2, 3], &own(["a <*>", "a <*>", "b", "c"]));
    assert_eq!([right.grouping, right.groups, right.parsing, right.texts], [1.0; 4]);
    let wrong = Score::new(&log, &[1, 1, 2, 2], &own(["a <*>", "a <*>", "b", "b"]));
    assert_eq!([wrong.grouping, wrong.parsing], [0.5, 0.75]);
    assert_eq!([wrong.groups, wrong.texts], [0.4, 0.4]);
    let ids: BTreeSet<usize> = members(&[1, 1, 2]).values().map(Vec::len).collect();
    assert_eq!(ids, BTreeSet::from([1, 2]));
}
