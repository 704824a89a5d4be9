//! Truth that stands in the log itself: lines with a label in front.
//!
//! Logs of Blue Gene/L begin with `-`, or with the category of an alert, then seconds since 1970. No detector sees that
//! column.

use super::truth::{Fault, Span, Training, Truth};

/// Bytes of a line that hold label and time.
const HEAD_BYTES_MAX: usize = 96;
/// Alert lines at most so far apart are one episode; published figures count them so.
const EPISODE_GAP_S: i64 = 600;
/// What only teaches, in the data that has published figures.
const TRAINING_MS: i64 = 26 * 360_000;
/// The label of a line that tells of nothing wrong.
const NORMAL: &[u8] = b"-";

/// Alert lines of one second and category.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Alert {
    time_s: i64,
    category: String,
    lines: u64,
}

/// Reads the labels of one or more inputs as their bytes pass by.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// The line that each input is in the middle of, as far as it matters.
    heads: Vec<Vec<u8>>,
    alerts: Vec<Alert>,
    unlabelled: u64,
}

impl Labels {
    /// Takes the next bytes of an input.
    pub(crate) fn push(&mut self, input: usize, bytes: &[u8]) {
        if self.heads.len() <= input {
            self.heads.resize(input + 1, Vec::new());
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let head = &mut self.heads[input];
            let room = HEAD_BYTES_MAX - head.len().min(HEAD_BYTES_MAX);
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            head.extend_from_slice(&text[..text.len().min(room)]);
            if piece.ends_with(b"\n") {
                self.end_line(input);
            }
        }
    }

    fn end_line(&mut self, input: usize) {
        let head = std::mem::take(&mut self.heads[input]);
        let mut words = head.split(|byte| *byte == b' ');
        let (label, time) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let time = std::str::from_utf8(time).ok().and_then(|time| time.parse::<i64>().ok());
        let Some(time_s) = time.filter(|_| !label.is_empty()) else {
            self.unlabelled += u64::from(!head.is_empty());
            return;
        };
        if label == NORMAL {
            return;
        }
        let category = String::from_utf8_lossy(label).into_owned();
        match self.alerts.last_mut() {
            Some(last) if last.time_s == time_s && last.category == category => last.lines += 1,
            _ => self.alerts.push(Alert { time_s, category, lines: 1 }),
        }
    }

    /// What was read as a truth, and the number of lines that had no label. Episodes are named after the category that
    /// begins them; outside of alert lines an alarm is false even between two of one episode.
    pub(crate) fn finish(mut self) -> (Truth, u64) {
        (0..self.heads.len()).for_each(|input| self.end_line(input));
        self.alerts.sort();
        let mut faults: Vec<Fault> = Vec::new();
        let mut excused: Vec<Span> = Vec::new();
        for Alert { time_s, category, lines } in self.alerts {
            let span = Span { start_ms: time_s * 1_000, end_ms: (time_s + 1) * 1_000 };
            match excused.last_mut() {
                Some(last) if last.end_ms >= span.start_ms => last.end_ms = span.end_ms,
                _ => excused.push(span),
            }
            let joined = faults.last_mut().filter(|fault| {
                span.start_ms - (fault.span.end_ms - 1_000) <= EPISODE_GAP_S * 1_000
            });
            if let Some(fault) = joined {
                (fault.span.end_ms, fault.end_s) = (span.end_ms, time_s);
                fault.lines_changed = fault.lines_changed.map(|known| known + lines);
                continue;
            }
            let (id, detail) = (faults.len() as u64, String::new());
            faults.push(Fault {
                id,
                kind: category,
                level: None,
                span,
                end_s: time_s,
                lines_changed: Some(lines),
                detail,
            });
        }
        (Truth { faults, excused, training: Training::Milliseconds(TRAINING_MS) }, self.unlabelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start_s: i64, end_s: i64) -> Span {
        Span { start_ms: start_s * 1_000, end_ms: end_s * 1_000 }
    }

    /// Category, span and lines of each episode, excused spans, and unlabelled lines.
    type Read = (Vec<(String, Span, u64)>, Vec<Span>, u64);

    fn read(labels: Labels) -> Read {
        let (truth, unlabelled) = labels.finish();
        let episode = |fault: Fault| (fault.kind, fault.span, fault.lines_changed.unwrap_or(0));
        (truth.faults.into_iter().map(episode).collect(), truth.excused, unlabelled)
    }

    #[test]
    fn alert_lines_near_each_other_are_one_episode() {
        let a = |start, end, lines| ("A".to_owned(), span(start, end), lines);
        let cases: &[(&str, Read)] = &[
            ("- 5 x\n\n- 6 y", (vec![], vec![], 0)),
            ("A 5 x\nA 5 y\nB 6 z", (vec![a(5, 7, 3)], vec![span(5, 7)], 0)),
            ("A 5 x\n- 9 x\nA 605 x\n", (vec![a(5, 606, 2)], vec![span(5, 6), span(605, 606)], 0)),
            (
                "A 5 x\nA 606 x\n",
                (vec![a(5, 6, 1), a(606, 607, 1)], vec![span(5, 6), span(606, 607)], 0),
            ),
            ("A 9 x\nA 5 x\n", (vec![a(5, 10, 2)], vec![span(5, 6), span(9, 10)], 0)),
            ("A x\n 5\nA\n", (vec![], vec![], 3)),
        ];
        for (text, expected) in cases {
            let mut labels = Labels::default();
            labels.push(0, text.as_bytes());
            assert_eq!(&read(labels), expected, "{text:?}");
        }
    }

    #[test]
    fn the_cutting_of_bytes_and_the_mixing_of_inputs_do_not_show() {
        let long = format!("A 7 {}\n- 8 x\n", "x".repeat(1_000));
        let (mut whole, mut cut) = (Labels::default(), Labels::default());
        whole.push(0, long.as_bytes());
        whole.push(1, b"B 9000 y\n");
        let other = b"B 9000 y\n".map(|byte| [byte]);
        for (index, byte) in long.as_bytes().iter().enumerate() {
            cut.push(0, &[*byte]);
            if let Some(byte) = other.get(index) {
                cut.push(1, byte);
            }
        }
        let expected = read(whole);
        assert_eq!(expected.0.len(), 2);
        assert_eq!(read(cut), expected);
    }
}
