//! Finds the form of a source from its first lines.
//!
//! Nothing is held back: each line is taken by the form that leads at that moment. A line that does not fit the
//! source's form is taken by the first form that it fits, so that a stray line keeps its own stamp.

use super::{Form, Reference};
use crate::record::Record;
use serde::{Deserialize, Serialize};

/// Stamped records may run over several lines, so that many lines without a stamp speak against a stamped form only
/// when they outnumber it this often.
const UNSTAMPED_PER_STAMPED: u32 = 3;
const PLAIN: usize = Form::Plain as usize;

/// Limits of recognition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecognizerLimits {
    /// Lines that vote before the form is fixed.
    pub votes_max: u32,
    /// Lines in a row that do not fit the fixed form before the vote is taken again.
    pub relearn_after: u32,
}

impl Default for RecognizerLimits {
    fn default() -> Self {
        RecognizerLimits { votes_max: 32, relearn_after: 256 }
    }
}

/// What the recognizer thinks of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The form that leads or has won; plain before any line.
    pub form: Form,
    /// Lines that voted for it.
    pub votes: u32,
    /// Lines that voted.
    pub lines: u32,
}

/// Recognizes the form of one source.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recognizer {
    #[serde(skip)]
    limits: RecognizerLimits,
    votes: [u32; Form::ALL.len()],
    lines: u32,
    misfits: u32,
}

impl Recognizer {
    /// Begins without an opinion.
    pub fn new(limits: RecognizerLimits) -> Self {
        Recognizer { limits, votes: [0; Form::ALL.len()], lines: 0, misfits: 0 }
    }

    /// Goes on under these limits, which are not part of a saved recognizer.
    pub fn limit(&mut self, limits: RecognizerLimits) {
        self.limits = limits;
    }

    /// What is known so far.
    pub fn verdict(&self) -> Verdict {
        let form = self.leader();
        Verdict { form, votes: self.votes[form as usize], lines: self.lines }
    }

    /// Fills the record from a line and answers the form that took it: `Plain` when it fits no other.
    ///
    /// Lines that are known to continue a record should not be shown.
    pub fn take(&mut self, line: &[u8], clock: &Reference, record: &mut Record) -> Form {
        if self.lines < self.limits.votes_max {
            self.vote(line, clock, record);
            return take_as(self.leader(), line, clock, record);
        }
        let fixed = self.leader();
        let taken = take_as(fixed, line, clock, record);
        self.misfits = if taken == fixed { 0 } else { self.misfits + 1 };
        if self.misfits >= self.limits.relearn_after {
            *self = Recognizer::new(self.limits);
        }
        taken
    }

    /// Gives each form that fits a vote; plain gets one only where no other fits, since it always does.
    fn vote(&mut self, line: &[u8], clock: &Reference, record: &mut Record) {
        let mut stamped = false;
        for form in stamped_forms() {
            if form.parse(line, clock, record) {
                self.votes[form as usize] += 1;
                stamped = true;
            }
        }
        self.votes[PLAIN] += u32::from(!stamped);
        self.lines += 1;
    }

    fn leader(&self) -> Form {
        let mut best = Form::Plain;
        let mut votes = 0;
        for form in stamped_forms() {
            if self.votes[form as usize] > votes {
                best = form;
                votes = self.votes[form as usize];
            }
        }
        let outnumbered = self.votes[PLAIN] > votes.saturating_mul(UNSTAMPED_PER_STAMPED);
        if outnumbered { Form::Plain } else { best }
    }
}

fn stamped_forms() -> impl Iterator<Item = Form> {
    Form::ALL.into_iter().filter(|form| *form != Form::Plain)
}

fn take_as(expected: Form, line: &[u8], clock: &Reference, record: &mut Record) -> Form {
    if expected != Form::Plain && expected.parse(line, clock, record) {
        return expected;
    }
    let others = Form::ALL.into_iter().filter(|form| *form == Form::Plain || *form != expected);
    for form in others {
        if form.parse(line, clock, record) {
            return form;
        }
    }
    unreachable!("plain fits every line")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISO: &str = "2024-01-02 03:04:05 text";
    const NGINX: &str = "2023/03/15 13:20:00 [error] 12#34: text";
    const HDFS: &str = "081109 203530 143 INFO dfs.A: text";
    const PLAIN: &str = "text";
    const LIMITS: RecognizerLimits = RecognizerLimits { votes_max: 8, relearn_after: 4 };

    /// Shows each line as often as said, then compares the verdict and the form that took each of the last lines.
    fn check(lines: &[(&str, u32)], form: Form, votes: u32, voted: u32, last: Form) {
        let mut recognizer = Recognizer::new(LIMITS);
        let mut record = Record::default();
        let mut taken = Form::Plain;
        for (line, times) in lines {
            for _ in 0..*times {
                taken = recognizer.take(line.as_bytes(), &Reference { time_ms: 0 }, &mut record);
            }
        }
        let expected = Verdict { form, votes, lines: voted };
        assert_eq!((recognizer.verdict(), taken), (expected, last), "{lines:?}");
    }

    #[test]
    fn the_most_votes_win_and_ties_go_to_the_more_specific() {
        check(&[], Form::Plain, 0, 0, Form::Plain);
        check(&[(ISO, 1)], Form::Iso, 1, 1, Form::Iso);
        check(&[(NGINX, 3)], Form::NginxError, 3, 3, Form::NginxError);
        check(&[(NGINX, 3), (ISO, 1)], Form::Iso, 4, 4, Form::Iso);
        check(&[(ISO, 1), (HDFS, 1)], Form::Hdfs, 1, 2, Form::Hdfs);
        check(&[(ISO, 2), (HDFS, 1)], Form::Iso, 2, 3, Form::Hdfs);
        check(&[(PLAIN, 3)], Form::Plain, 3, 3, Form::Plain);
    }

    #[test]
    fn lines_without_a_stamp_must_outnumber_the_others() {
        check(&[(PLAIN, 3), (ISO, 1)], Form::Iso, 1, 4, Form::Iso);
        check(&[(PLAIN, 4), (ISO, 1)], Form::Plain, 4, 5, Form::Iso);
        check(&[(ISO, 1), (PLAIN, 4)], Form::Plain, 4, 5, Form::Plain);
    }

    #[test]
    fn a_fixed_form_stays_until_enough_lines_in_a_row_do_not_fit() {
        check(&[(ISO, 8), (HDFS, 3)], Form::Iso, 8, 8, Form::Hdfs);
        check(&[(ISO, 8), (HDFS, 3), (ISO, 1), (HDFS, 3)], Form::Iso, 8, 8, Form::Hdfs);
        check(&[(ISO, 8), (HDFS, 4)], Form::Plain, 0, 0, Form::Hdfs);
        check(&[(ISO, 8), (HDFS, 5)], Form::Hdfs, 1, 1, Form::Hdfs);
        check(&[(ISO, 8), (PLAIN, 5)], Form::Plain, 1, 1, Form::Plain);
        check(&[(PLAIN, 8), (ISO, 5)], Form::Iso, 1, 1, Form::Iso);
    }
}
