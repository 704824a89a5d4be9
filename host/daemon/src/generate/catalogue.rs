//! What each kind of service has to say, read from the text tables beside this file.
//!
//! A table begins with the settings of the kind (`name`, `form`, `program`, `callers`); then each
//! line is a message: when it is written, its level, its source (`-` for none) and its text, with
//! bars between them. The first word says when:
//!
//! ```text
//! call OPERATION GROUP SHARE [AFTER_MS] | level | source | text    caused by a request
//! every SECONDS JITTER_MS    | level | source | text    a timer
//! random PER_DAY             | level | source | text    at random
//! burst PER_DAY LINES        | level | source | text    at random, several in a row
//! retry PER_DAY              | level | source | text    something is tried again
//! notice                     | level | source | text    the platform, once or twice a day
//! unseen                     | level | source | text    the new error of an incident
//! death                      | level | source | text    the last words before a crash
//! start AFTER_MS             | source | text            stop likewise
//! night AFTER_S LINES STEP_S | source | text            the nightly job
//! reword                     | text | new text          what a new version words differently
//! ```

use super::form::Form;
use super::message::{Level, Message, When};
use super::template::Template;

/// Everything about one kind of service.
#[derive(Debug)]
pub(crate) struct Catalogue {
    /// Name of the first service of this kind.
    pub(crate) name: &'static str,
    /// How it writes its lines.
    pub(crate) form: Form,
    /// Its name in the header of syslog lines.
    pub(crate) program: &'static str,
    /// The kinds of service that notice when this one fails.
    pub(crate) callers: Vec<&'static str>,
    /// Everything it writes.
    pub(crate) messages: Vec<Message>,
}

/// A line of a table that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("line {line}: {problem}")]
pub(crate) struct CatalogueError {
    line: usize,
    problem: String,
}

const TABLES: [&str; 12] = [
    include_str!("catalogue/gateway.txt"),
    include_str!("catalogue/catalogue.txt"),
    include_str!("catalogue/orders.txt"),
    include_str!("catalogue/payments.txt"),
    include_str!("catalogue/database.txt"),
    include_str!("catalogue/queue.txt"),
    include_str!("catalogue/search.txt"),
    include_str!("catalogue/auth.txt"),
    include_str!("catalogue/mail.txt"),
    include_str!("catalogue/shipping.txt"),
    include_str!("catalogue/inventory.txt"),
    include_str!("catalogue/recommender.txt"),
];

/// Reads all tables, in the order in which a growing shop would need them.
pub(crate) fn all() -> Vec<Catalogue> {
    let parse = |table| Catalogue::parse(table).expect("the tests read every table");
    TABLES.into_iter().map(parse).collect()
}

impl Catalogue {
    /// Reads a table.
    pub(crate) fn parse(table: &'static str) -> Result<Self, CatalogueError> {
        let mut catalogue = Self {
            name: "",
            form: Form::Json,
            program: "",
            callers: Vec::new(),
            messages: Vec::new(),
        };
        for (index, line) in table.lines().enumerate() {
            let line = line.trim_ascii();
            if !line.is_empty() && !line.starts_with('#') {
                let located = |problem| CatalogueError { line: index + 1, problem };
                catalogue.line(line).map_err(located)?;
            }
        }
        Ok(catalogue)
    }

    /// The places of the messages whose reason fulfils a condition.
    pub(crate) fn select(&self, condition: fn(When) -> bool) -> Vec<usize> {
        (0..self.messages.len()).filter(|&index| condition(self.messages[index].when)).collect()
    }

    fn line(&mut self, line: &'static str) -> Result<(), String> {
        let Some((when, rest)) = line.split_once('|') else {
            return self.setting(line);
        };
        let when = when.trim_ascii();
        if when == "reword" {
            return self.reword(rest);
        }
        let when = parse_when(when).ok_or_else(|| format!("`{when}` is no reason to write"))?;
        let (level, rest) = match when {
            When::Start { .. } | When::Stop { .. } | When::Night { .. } => ("info", rest),
            _ => column(rest)?,
        };
        let level = Level::parse(level).ok_or_else(|| format!("`{level}` is no level"))?;
        let (source, text) = column(rest)?;
        let source = if source == "-" { "" } else { source };
        let text = text.trim_ascii();
        let template = parse_text(text)?;
        self.messages.push(Message { when, level, source, text, template, reworded: None });
        Ok(())
    }

    fn setting(&mut self, line: &'static str) -> Result<(), String> {
        match line.split_once(' ') {
            Some(("name", name)) => self.name = name,
            Some(("program", program)) => self.program = program,
            Some(("callers", names)) => self.callers = names.split(' ').collect(),
            Some(("form", name)) => {
                self.form = Form::parse(name).ok_or_else(|| format!("`{name}` is no form"))?;
            }
            _ => return Err(format!("`{line}` is neither a setting nor a message")),
        }
        Ok(())
    }

    fn reword(&mut self, columns: &'static str) -> Result<(), String> {
        let (old, new) = column(columns)?;
        let new = parse_text(new.trim_ascii())?;
        let message = self.messages.iter_mut().find(|message| message.text == old);
        let message = message.ok_or_else(|| format!("no message reads `{old}`"))?;
        message.reworded = Some(new);
        Ok(())
    }
}

/// Cuts off the first column. A bar between words of a slot has no blanks around it.
fn column(columns: &str) -> Result<(&str, &str), String> {
    let (first, rest) = columns.split_once(" | ").ok_or("a column is missing")?;
    Ok((first.trim_ascii(), rest))
}

fn parse_text(text: &str) -> Result<Template, String> {
    let text = text.replace("\\n", "\n").replace("\\t", "\t");
    Template::parse(&text).map_err(|slot| format!("`{{{slot}}}` is no slot"))
}

fn parse_when(words: &'static str) -> Option<When> {
    let words: Vec<&'static str> = words.split_ascii_whitespace().collect();
    let number = |index: usize| words.get(index)?.parse::<u32>().ok();
    let amount = |index: usize| words.get(index)?.parse::<f64>().ok();
    Some(match (*words.first()?, words.len()) {
        ("call", 4 | 5) => When::Call {
            operation: words[1],
            group: number(2)?,
            share: amount(3)?,
            after_ms: if words.len() == 5 { number(4)? } else { 2 },
        },
        ("every", 3) => {
            When::Every { period_s: number(1).filter(|period| *period > 0)?, jitter_ms: number(2)? }
        }
        ("random", 2) => When::Random { per_day: amount(1)?, lines: 1 },
        ("burst", 3) => When::Random { per_day: amount(1)?, lines: number(2)? },
        ("retry", 2) => When::Retry { per_day: amount(1)? },
        ("start", 2) => When::Start { after_ms: number(1)? },
        ("stop", 2) => When::Stop { after_ms: number(1)? },
        ("night", 4) => When::Night { after_s: number(1)?, lines: number(2)?, step_s: number(3)? },
        ("notice", 1) => When::Notice,
        ("unseen", 1) => When::Unseen,
        ("death", 1) => When::Death,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn mistakes_in_a_table_are_named_with_their_line() {
        let check = |table: &'static str, expected: &str| {
            let error = Catalogue::parse(table).unwrap_err();
            assert_eq!(error.to_string(), expected, "{table}");
        };
        check("name shop\nform xml", "line 2: `xml` is no form");
        check("colour red", "line 1: `colour red` is neither a setting nor a message");
        check("often 3 | info | - | x", "line 1: `often 3` is no reason to write");
        check("every 0 3 | info | - | x", "line 1: `every 0 3` is no reason to write");
        check("call a 1 | info | - | x", "line 1: `call a 1` is no reason to write");
        check("notice | loud | - | x", "line 1: `loud` is no level");
        check("\n# x\nnotice | info | x", "line 3: a column is missing");
        check("notice | info | - | a {colour} car", "line 1: `{colour}` is no slot");
        check("notice | info | - | a car\nreword | a bus | b", "line 2: no message reads `a bus`");
    }

    #[test]
    fn every_kind_of_service_has_enough_to_say() {
        let mut unseen = HashSet::new();
        for catalogue in all() {
            let name = catalogue.name;
            let count = |condition| catalogue.select(condition).len();
            assert!((25..=80).contains(&catalogue.messages.len()), "{name}");
            assert!(count(|when| matches!(when, When::Call { .. })) >= 5, "{name}");
            assert!(count(|when| matches!(when, When::Every { .. })) >= 3, "{name}");
            assert!(count(|when| matches!(when, When::Random { .. })) >= 10, "{name}");
            assert!(count(|when| matches!(when, When::Retry { .. })) >= 2, "{name}");
            assert!(count(|when| matches!(when, When::Start { .. })) >= 2, "{name}");
            assert!(count(|when| matches!(when, When::Stop { .. })) >= 2, "{name}");
            assert!(count(|when| matches!(when, When::Night { .. })) >= 2, "{name}");
            assert!(count(|when| when == When::Notice) >= 2, "{name}");
            // Only a service with callers can crash.
            let can_crash = !catalogue.callers.is_empty();
            assert_eq!(count(|when| when == When::Death) >= 1, can_crash, "{name}");
            assert!(count(|when| when == When::Unseen) >= 6, "{name}");
            assert!(catalogue.messages.iter().any(|message| message.reworded.is_some()), "{name}");
            for message in &catalogue.messages {
                assert!(message.text.is_ascii(), "{name}: {}", message.text);
                if message.when == When::Unseen {
                    assert!(message.text.contains('{'), "{name}: {} never varies", message.text);
                    assert!(unseen.insert(message.text), "{name}: {} twice", message.text);
                }
            }
        }
    }

    #[test]
    fn alternatives_of_a_group_add_up_to_at_most_one() {
        for catalogue in all() {
            let mut sums: Vec<(&str, u32, f64)> = Vec::new();
            for message in &catalogue.messages {
                if let When::Call { operation, group, share, .. } = message.when {
                    match sums.iter_mut().find(|sum| (sum.0, sum.1) == (operation, group)) {
                        Some(sum) => sum.2 += share,
                        None => sums.push((operation, group, share)),
                    }
                }
            }
            for (operation, group, sum) in sums {
                let name = catalogue.name;
                assert!(sum <= 1.000_001, "{name}: {operation} {group} adds up to {sum}");
            }
        }
    }
}
