//! `bellwether patterns import`: pattern files of the Log Anomaly Detector become ours.
//!
//! Nothing is lost: what cannot be a pattern stands as a comment where it was. What the old files never had, lines that
//! prove a pattern, is not made up: each pattern says that it is unproven until somebody adds them.

use super::old::Line;
use crate::cli::{Failure, stdout, tell};
use crate::config::{self, Config};
use crate::output::terminal::safe;
use bellwether_core::pattern::{NAME_BYTES_MAX, is_name};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where a file's name is no category.
const CATEGORY: &str = "imported";

const HEAD: &str = "\
# Patterns of the Log Anomaly Detector, taken over by `bellwether patterns import`.
#
# None of them came with lines that prove it, so each says `unproven`. Give it two lines that must match and two near
# misses, and remove the word. `bellwether patterns check` lists those that are left.
";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Options {
    /// Files with a pattern on each line
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What the patterns are about [default: the name of their file]
    #[arg(long, value_name = "NAME", value_parser = parse_category)]
    category: Option<String>,
    /// Write the patterns into this new file instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What becomes of old files.
#[derive(Debug, Default)]
struct Import {
    /// Entries and comments below `patterns:`.
    entries: String,
    names: HashSet<String>,
    /// What should be looked at: file, line, what is wrong, and the mend.
    report: Vec<String>,
    taken: usize,
    left_out: usize,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut import = Import::default();
    import.names.extend(Config::default().patterns.iter().map(|pattern| pattern.name().to_owned()));
    for file in &options.files {
        let text = config::read_file(file).map_err(|problem| Failure::no_input(vec![problem]))?;
        let category = options.category.clone().unwrap_or_else(|| category_of(file));
        import.add(&file.display().to_string(), &category, &text);
    }
    write(options.output.as_deref(), &import.yaml())?;
    import.report.iter().for_each(|line| tell(&safe(line)));
    let Import { taken, left_out, report, .. } = &import;
    let doubts = report.len() - left_out;
    tell(&format!("{taken} patterns imported, {doubts} doubts, {left_out} lines left out"));
    if *left_out == 0 {
        return Ok(());
    }
    Err(Failure::data(vec!["lines that were left out stand in the result as comments".into()]))
}

/// Never over a file that is there: somebody may have added lines to it by hand.
fn write(path: Option<&Path>, yaml: &str) -> Result<(), Failure> {
    let Some(path) = path else {
        let mut out = stdout();
        out.write_all(yaml.as_bytes())?;
        return Ok(out.flush()?);
    };
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(yaml.as_bytes()))
        .map_err(|error| Failure::write(path, &error))
}

fn parse_category(text: &str) -> Result<String, String> {
    let problem = || format!("expected 1 to {NAME_BYTES_MAX} lower-case letters, digits or `-`");
    is_name(text).then(|| text.to_owned()).ok_or_else(problem)
}

fn category_of(file: &Path) -> String {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).map(name_of);
    stem.filter(|stem| is_name(stem)).unwrap_or_else(|| CATEGORY.to_owned())
}

/// The nearest name of ours.
fn name_of(text: &str) -> String {
    let sign = |sign: char| match sign.to_ascii_lowercase() {
        sign @ ('a'..='z' | '0'..='9') => sign,
        _ => '-',
    };
    text.chars().map(sign).take(NAME_BYTES_MAX).collect()
}

impl Import {
    /// Takes over a file, line by line.
    fn add(&mut self, file: &str, category: &str, text: &str) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let (place, line) = (format!("{file}:{}", index + 1), line.trim());
            if line.is_empty() {
                continue;
            }
            if line.starts_with('#') {
                self.comment(line.trim_start_matches('#').trim_start());
                continue;
            }
            match Line::read(line) {
                Ok(read) => self.take(&place, category, &read),
                Err(problem) => {
                    self.left_out += 1;
                    self.report.push(format!("{place}: left out: {problem}"));
                    self.comment(&format!("{place}: left out: {problem}"));
                    self.comment(line);
                }
            }
        }
    }

    fn take(&mut self, place: &str, category: &str, line: &Line<'_>) {
        self.taken += 1;
        let name = self.claim(place, line.name);
        self.report.extend(line.doubts.iter().map(|doubt| format!("{place}: {name}: {doubt}")));
        let (score, severity) = (line.score(), line.severity());
        let expression = quoted(&format!("(?i){}", line.expression));
        let description =
            quoted(if line.description.is_empty() { line.name } else { line.description });
        let entry = format!(
            "  - name: {name}\n    category: {category}\n    expression: {expression}\n    score: {score}\n    \
             severity: {severity}\n    description: {description}\n    unproven: true\n    matches: []\n    \
             rejects: []\n"
        );
        self.entries.push_str(&entry);
    }

    /// A name that nobody has, neither here nor among the patterns that ship.
    fn claim(&mut self, place: &str, old: &str) -> String {
        let wanted = name_of(old);
        let mut name = wanted.clone();
        let mut number = 1;
        while !self.names.insert(name.clone()) {
            number += 1;
            let end = format!("-{number}");
            name = format!("{}{end}", &wanted[..wanted.len().min(NAME_BYTES_MAX - end.len())]);
        }
        if name != wanted {
            self.report.push(format!(
                "{place}: {name}: {wanted:?} is the name of another pattern, of these files or of those that ship; \
                 this one was renamed, remove it if both mean the same"
            ));
        }
        name
    }

    fn comment(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.entries, "  # {}", printable(text));
    }

    fn yaml(&self) -> String {
        let list = if self.taken == 0 { "patterns: []" } else { "patterns:" };
        format!("{HEAD}\n{list}\n{}", self.entries)
    }
}

/// A text as YAML takes it to the letter, in single quotes where it can.
fn quoted(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return serde_json::Value::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// Comments cannot hold signs that control a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

#[cfg(test)]
mod tests;
