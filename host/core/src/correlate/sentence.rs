//! One sentence a tired person understands.

use crate::calibrate::Side;
use crate::report::Finding;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Characters of a template in a sentence.
const TEMPLATE_CHARACTERS_MAX: usize = 100;
/// Characters of an explanation that stands by itself.
const SUMMARY_CHARACTERS_MAX: usize = 240;
/// Reasons that speak of how many lines there are, for which the sentence has words of its own.
const OF_COUNTS: [&str; 3] = ["rose", "fell", "stopped"];

/// What happened, where and when: `nginx: `upstream timed out <*>` rose from 2/min to 240/min at 03:12`.
pub(super) fn sentence(source: &str, finding: &Finding, start_ms: u64) -> String {
    let name = source.split_once(':').map_or(source, |(_, name)| name);
    let time = clock(start_ms);
    let (before, now) = (finding.before_per_minute, finding.now_per_minute);
    let subject = match &finding.subject {
        Some(subject) => format!("`{}`", clip(&subject.template)),
        None => "all lines together".into(),
    };
    let summary = finding.explanation.as_ref().map(|explanation| explanation.summary.as_str());
    match (finding.position, summary) {
        (Some(_), Some(summary)) => {
            let example = finding.subject.as_ref().and_then(|subject| subject.examples.first());
            let said = finding.said.as_ref().or(example);
            let shown = said.map_or(subject, |said| format!("`{}`", clip(first_line(said))));
            format!("{name}: {}: {shown} at {time}", clip(summary))
        }
        (_, Some(summary)) if !OF_COUNTS.contains(&finding.reason.as_str()) => {
            let summary = clip_at(summary, SUMMARY_CHARACTERS_MAX);
            match &finding.subject {
                Some(_) => format!("{name}: {subject}: {summary} at {time}"),
                None => format!("{name}: {summary} at {time}"),
            }
        }
        _ if now == 0.0 && finding.side == Side::Less => {
            format!("{name}: {subject} stopped at {time}, after {} before", per_minute(before))
        }
        _ => format!("{name}: {subject} {} at {time}", change(finding.side, before, now)),
    }
}

/// What has become of a rate. What is little beside others, or for the hour, need not be less than before.
fn change(side: Side, before: f32, now: f32) -> String {
    let (from, to) = (per_minute(before), per_minute(now));
    match side {
        Side::More if now > before => format!("rose from {from} to {to}"),
        Side::Less if now < before => format!("fell from {from} to {to}"),
        Side::More => format!("came to {to}, more than expected, after {from} before,"),
        Side::Less => format!("came to {to}, less than expected, after {from} before,"),
    }
}

/// Milliseconds since 1970 as RFC 3339 in UTC.
pub(super) fn rfc3339(time_ms: u64) -> String {
    let stamp = i64::try_from(time_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    stamp.map_or_else(|| time_ms.to_string(), |stamp| stamp.to_string())
}

fn clock(time_ms: u64) -> String {
    let stamp = i64::try_from(time_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    stamp.map_or_else(
        || time_ms.to_string(),
        |stamp| {
            let time = stamp.to_zoned(TimeZone::UTC).time();
            format!("{:02}:{:02}", time.hour(), time.minute())
        },
    )
}

fn per_minute(rate: f32) -> String {
    match rate {
        10.0.. => format!("{rate:.0}/min"),
        1.0.. => format!("{rate:.1}/min"),
        _ => format!("{rate:.2}/min"),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn clip(text: &str) -> String {
    clip_at(text, TEMPLATE_CHARACTERS_MAX)
}

fn clip_at(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Explanation;
    use crate::report::Subject;

    fn finding(before: f32, now: f32, summary: Option<&str>) -> Finding {
        Finding {
            detector: "rate".into(),
            side: if now < before { Side::Less } else { Side::More },
            bits: 20.0,
            reason: "rose".into(),
            subject: Some(Subject {
                message: 1,
                template: "upstream timed out <*>".into(),
                severity: 17,
                pattern: None,
                examples: vec!["03:12:01 upstream timed out 7\n  at x".into()],
            }),
            before_per_minute: before,
            now_per_minute: now,
            position: summary.map(|_| 0),
            said: None,
            explanation: summary.map(|text| Explanation { summary: text.into(), evidence: vec![] }),
        }
    }

    /// A fall of counts that a detector of windows found for a reason.
    fn explained(reason: &str, summary: &str) -> Finding {
        let finding = finding(6.0, 2.0, Some(summary));
        Finding { position: None, reason: reason.into(), ..finding }
    }

    #[test]
    fn sentences() {
        let at = 1_772_421_120_000; // 2026-03-02T03:12:00Z
        let cases = [
            (
                finding(2.0, 240.0, None),
                "nginx: `upstream timed out <*>` rose from 2.0/min to 240/min at 03:12",
            ),
            (
                Finding { side: Side::Less, ..finding(0.73, 1.0, None) },
                "nginx: `upstream timed out <*>` came to 1.0/min, less than expected, after 0.73/min before, at 03:12",
            ),
            (
                finding(40.0, 3.5, None),
                "nginx: `upstream timed out <*>` fell from 40/min to 3.5/min at 03:12",
            ),
            (
                finding(0.25, 0.0, None),
                "nginx: `upstream timed out <*>` stopped at 03:12, after 0.25/min before",
            ),
            (
                finding(0.0, 1.0, Some("a message never seen before")),
                "nginx: a message never seen before: `03:12:01 upstream timed out 7` at 03:12",
            ),
            (
                Finding {
                    said: Some("upstream timed out 7".into()),
                    ..finding(0.0, 1.0, Some("a message never seen before"))
                },
                "nginx: a message never seen before: `upstream timed out 7` at 03:12",
            ),
            (
                explained("fell", "nothing for 3 windows"),
                "nginx: `upstream timed out <*>` fell from 6.0/min to 2.0/min at 03:12",
            ),
            (
                explained("fewer", "2 lines, where 6 belong to those of `sent`"),
                "nginx: `upstream timed out <*>`: 2 lines, where 6 belong to those of `sent` at 03:12",
            ),
            (
                Finding { subject: None, ..explained("shifted", "messages changed their shares") },
                "nginx: messages changed their shares at 03:12",
            ),
            (
                Finding { subject: None, ..finding(100.0, 900.0, None) },
                "nginx: all lines together rose from 100/min to 900/min at 03:12",
            ),
        ];
        for (finding, expected) in cases {
            assert_eq!(sentence("file:nginx", &finding, at), expected);
        }
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(rfc3339(1_772_421_120_000), "2026-03-02T03:12:00Z");
        assert_eq!(clock(1_772_421_120_000), "03:12");
    }
}
