//! The house rules, as tests: each names file and line of what breaks it, and the mend.
//!
//! Every rule is a function from files to offences. One test lets it look at the project, another at small texts that
//! break it, so that a rule which never speaks is noticed.

mod code;
mod documents;
mod layers;
mod manifest;
mod owners;
mod plugins;
mod sizes;
pub(crate) mod tree;
mod unsafety;
mod words;

use std::fmt;

use tree::File;

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Offence {
    path: String,
    line: usize,
    /// What is wrong, and the mend.
    message: String,
}

impl Offence {
    fn new(file: &File, line: usize, message: impl Into<String>) -> Self {
        Offence { path: file.path.clone(), line, message: message.into() }
    }
}

impl fmt::Display for Offence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Fails with the list of offences, if there are any.
fn demand_none(offences: &[Offence]) {
    let lines: Vec<String> = offences.iter().map(Offence::to_string).collect();
    assert!(lines.is_empty(), "{} to mend:\n{}", lines.len(), lines.join("\n"));
}

/// The lines that offences should be at, and a part of what each should say.
type Expected<'a> = &'a [(usize, &'a str)];

/// Compares offences with what was expected.
fn check(context: &str, offences: &[Offence], expected: Expected<'_>) {
    let fits = |(offence, (line, part)): (&Offence, &(usize, &str))| {
        offence.line == *line && offence.message.contains(part)
    };
    let same = offences.len() == expected.len() && offences.iter().zip(expected).all(fits);
    assert!(same, "{context}\ngave {offences:#?}\ninstead of {expected:#?}");
}
