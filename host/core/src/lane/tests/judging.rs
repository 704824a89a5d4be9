//! From scores to reports: which scores speak, which only teach, and who is asked to explain.

use super::*;
use crate::calibrate::Side;

/// Age of the source when something odd happens, chosen so that a first finding has exactly eleven bits.
const OLD: u64 = 1022;
/// What the detector says of something odd.
const STRENGTH: f32 = 5.0;

/// What a detector answers to lines.
type Answer = fn(&Lines<'_>) -> Option<Scores>;

/// Rows that the test calls odd, with the template of each.
fn odd_rows(lines: &Lines<'_>) -> Vec<(u32, u32)> {
    let (Column::Text(texts), Column::U32s(templates)) = (&*lines.columns[0], &*lines.columns[1])
    else {
        panic!("text and template were wanted")
    };
    let odd = (0..lines.rows()).filter(|row| texts.row(*row).starts_with(b"odd"));
    odd.map(|row| (row as u32, templates[row])).collect()
}

/// Scores with a dense value for odd rows and another for all others.
fn dense(lines: &Lines<'_>, odd: f32, other: f32) -> Scores {
    let mut scores = Scores { rows: vec![other; lines.rows()], ..silence().unwrap() };
    for (row, _) in odd_rows(lines) {
        scores.rows[row as usize] = odd;
        scores.reasons.push(Reason { row: Some(row), code: 1, token: 70 + row });
    }
    scores
}

fn marked(lines: &Lines<'_>, score: f32) -> Scores {
    let mark = |(row, channel)| Mark { row, channel, score, code: 1, token: 70 + row };
    let marks = odd_rows(lines).into_iter().map(mark).collect();
    Scores { marks, ..silence().unwrap() }
}

/// What is reported of a line that is odd, in an old source.
fn reported(observe: impl FnMut(&Lines<'_>) -> Option<Scores> + Send + 'static) -> Vec<Report> {
    let mut lane = lane_of(vec![Fake::observing(observe)]);
    age(&mut lane, 0, OLD);
    push(&mut lane, &odd_lines());
    tick(&mut lane, OLD)
}

fn odd_lines() -> [Said; 3] {
    let at = OLD * MINUTE;
    [
        said(0, at, "usual line"),
        said(0, at + 1, "odd no space left here"),
        said(0, at + 2, "usual line"),
    ]
}

#[test]
fn a_dense_score_and_a_mark_say_the_same() {
    let by_mark = reported(|lines| Some(marked(lines, STRENGTH)));
    let [report] = &by_mark[..] else { panic!("one window is odd: {by_mark:?}") };
    assert_eq!((report.source, report.end_ms - BEGIN_MS), (0, (OLD + 1) * MINUTE));
    assert_eq!(report.end_ms - report.start_ms, MINUTE);
    let [finding] = &report.findings[..] else { panic!("one row is odd: {report:?}") };
    assert_eq!((finding.detector.as_str(), finding.reason.as_str()), ("fake", "one"));
    assert_eq!((finding.side, finding.position), (Side::More, Some(OLD * MINUTE + 1)));
    assert_eq!((finding.before_per_minute, finding.now_per_minute), (0.0, 1.0));
    assert_eq!(finding.explanation.as_ref().unwrap().summary, "token 71");
    let subject = finding.subject.as_ref().unwrap();
    assert_eq!(subject.template, "odd no space left here");
    assert_eq!(subject.pattern.as_deref(), Some("disk-full"));
    let severity = crate::record::severity::ERROR;
    assert_eq!(subject.severity, severity, "that of the pattern is higher than its own");
    assert_eq!(subject.examples, ["odd no space left here"]);
    for other in [0.0, f32::NAN] {
        assert_eq!(reported(move |lines| Some(dense(lines, STRENGTH, other))), by_mark, "{other}");
    }
    let named = reported(|lines| {
        let channels = match &*lines.columns[1] {
            Column::U32s(templates) => templates.clone(),
            _ => panic!("templates were wanted"),
        };
        Some(Scores { channels, ..dense(lines, STRENGTH, 0.0) })
    });
    assert_eq!(named, by_mark, "the template is the channel where none is named");
}

#[test]
fn bits_are_those_of_the_source_age_and_the_offset() {
    // Offset, and other detectors that could speak.
    for (offset, others) in [(0.0, 0), (2.0, 0), (-3.0, 0), (0.0, 1), (0.0, 3)] {
        let mut fakes = vec![Fake::observing(|lines| {
            let mut scores = marked(lines, STRENGTH);
            // A line without a pattern, since patterns have bits of their own.
            scores.marks.retain(|mark| mark.row == 0);
            Some(scores)
        })];
        fakes.extend((0..others).map(|_| Fake::observing(|_| silence())));
        let seat = |number: usize| Seat::live(&format!("fake#{number}"), "1");
        let mut slots: Vec<DetectorSlot> =
            (1..).zip(fakes).map(|(number, fake)| fake.in_seat(seat(number))).collect();
        slots[0].offset = offset;
        let mut lane =
            Lane::new(Settings::default(), patterns(), vec![], slots, Wishes::default()).unwrap();
        age(&mut lane, 0, OLD);
        push(&mut lane, &[said(0, OLD * MINUTE, "odd line")]);
        let reports = tick(&mut lane, OLD);
        let voices = ((others as f32 + offset.exp2().min(1.0)) * 2.0).max(1.0);
        let expected = 11.0 + offset - voices.log2();
        let report = reports.first().expect("above what keeps an anomaly alive");
        for bits in [report.state_bits, report.news_bits, report.findings[0].bits] {
            assert!((bits - expected).abs() < 0.01, "{offset} {others}: {bits}, not {expected}");
        }
    }
}

#[test]
fn a_source_with_a_standard_of_its_own_is_judged_by_it() {
    let sources = [0, 1, 2];
    let odd = |lane: &mut Lane| {
        sources.iter().for_each(|source| age(lane, *source, OLD));
        for source in sources {
            push(lane, &[said(source, OLD * MINUTE, "odd line")]);
        }
        tick(lane, OLD).iter().map(|report| report.source).collect::<Vec<_>>()
    };
    let lane = || lane_of(vec![Fake::observing(|lines| Some(marked(lines, STRENGTH)))]);
    assert_eq!(odd(&mut lane()), sources, "the same lines, and the same standard");
    // Odd lines have ten bits; six tenths of an alarm keep an anomaly alive.
    let standard = |alarm_bits| Standard { alarm_bits, ..Standard::default() };
    let mut others = lane();
    others.judge_by(1, standard(11.0 / 0.6));
    others.judge_by(2, standard(9.9 / 0.6));
    assert_eq!(odd(&mut others), [0, 2]);
    for saved in others.save() {
        others.forget(saved.source);
        others.load(saved.source, &saved.state, &saved.plugins).unwrap();
    }
    for source in sources {
        push(&mut others, &[said(source, (OLD + 300) * MINUTE, "odd line of another kind")]);
    }
    let reports = tick(&mut others, OLD + 300);
    let reported: Vec<u32> = reports.iter().map(|report| report.source).collect();
    assert_eq!(reported, [0, 2], "also after sleep");
}

#[test]
fn what_is_no_score_does_not_speak() {
    let cases: [(&str, Answer); 6] = [
        ("silence", |_| silence()),
        ("cannot answer", |_| None),
        ("not a number", |lines| Some(dense(lines, f32::NAN, f32::NAN))),
        ("nothing", |lines| Some(dense(lines, 0.0, 0.0))),
        ("a mark that is no number", |lines| Some(marked(lines, f32::NAN))),
        ("quiet", |lines| Some(Scores { quiet: Rows::All, ..dense(lines, STRENGTH, 0.0) })),
    ];
    for (name, observe) in cases {
        assert_eq!(reported(observe), [], "{name}");
    }
    let only_others = |lines: &Lines<'_>| {
        Some(Scores { quiet: rows(lines.rows(), &[0]), ..dense(lines, STRENGTH, 0.0) })
    };
    assert_eq!(reported(only_others).len(), 1, "another row is quiet");
}

/// Bits of something odd after it was seen every 50 windows before, quiet or absent.
fn bits_after(quiet: Rows, score_before: f32) -> f32 {
    let mut lane = lane_of(vec![Fake::observing(move |lines| {
        let old = lines.watermark_ms > BEGIN_MS + 1000 * MINUTE;
        if old {
            Some(marked(lines, STRENGTH))
        } else {
            Some(Scores { quiet: quiet.clone(), ..dense(lines, score_before, 0.0) })
        }
    })]);
    for window in (0..=1000).step_by(50) {
        push(&mut lane, &[said(0, window * MINUTE, "odd line")]);
        tick(&mut lane, window);
    }
    push(&mut lane, &[said(0, OLD * MINUTE, "odd line")]);
    tick(&mut lane, OLD).first().map_or(0.0, |report| report.state_bits)
}

#[test]
fn quiet_rows_teach() {
    let (taught, untaught) = (bits_after(Rows::All, STRENGTH), bits_after(Rows::All, 0.0));
    assert!((untaught - 10.0).abs() < 0.01, "{untaught}");
    assert!(taught < 8.0, "{taught}");
}

#[test]
fn the_window_as_a_whole_has_no_subject() {
    for (whole, side) in [(STRENGTH, Side::More), (-STRENGTH, Side::Less)] {
        let mut lane = lane_of(vec![Fake::closing(move |window| {
            let odd = window.end_ms == BEGIN_MS + (OLD + 1) * MINUTE;
            let reasons = vec![Reason { row: None, code: 1, token: 5 }];
            Some(Scores { whole: if odd { whole } else { f32::NAN }, reasons, ..silence()? })
        })]);
        age(&mut lane, 0, OLD);
        push(&mut lane, &odd_lines());
        let reports = tick(&mut lane, OLD);
        assert_eq!(reports.len(), 1);
        let [finding] = &reports[0].findings[..] else { panic!("{reports:?}") };
        assert_eq!((finding.side, &finding.subject, finding.position), (side, &None, None));
        assert_eq!((finding.now_per_minute, finding.reason.as_str()), (3.0, "one"));
        assert_eq!(finding.explanation.as_ref().unwrap().summary, "token 5");
    }
}

#[test]
fn rows_of_a_window_are_its_templates() {
    let mut lane = lane_of(vec![Fake::closing(|window| {
        let Column::U32s(counts) = &*window.columns[1] else { panic!("counts were wanted") };
        let odd = |count: &u32| if *count == 7 { STRENGTH } else { 0.0 };
        let reasons = vec![Reason { row: Some(1), code: 1, token: 9 }];
        Some(Scores { rows: counts.iter().map(odd).collect(), reasons, ..silence()? })
    })]);
    age(&mut lane, 0, OLD);
    let lines: Vec<Said> =
        (0..7).map(|line| said(0, OLD * MINUTE + line, "seven times as always")).collect();
    push(&mut lane, &lines);
    let reports = tick(&mut lane, OLD);
    let [Report { findings, .. }] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].subject.as_ref().unwrap().template, "seven times as always");
    assert_eq!((findings[0].now_per_minute, findings[0].position), (7.0, None));
    assert_eq!(findings[0].reason, "one");
}

#[test]
fn only_the_loud_are_asked_to_explain_and_not_all_of_them() {
    for (windows, count, asked) in [(OLD, 1, 1), (OLD, 16, 16), (OLD, 40, 16), (3, 40, 0)] {
        let fake = Fake::observing(|lines| {
            let mut scores = marked(lines, STRENGTH);
            scores.marks.iter_mut().for_each(|mark| mark.channel = mark.row);
            Some(scores)
        });
        let heard = fake.heard.clone();
        let mut lane = lane_of(vec![fake]);
        age(&mut lane, 0, windows);
        let lines: Vec<Said> =
            (0..count).map(|row| said(0, windows * MINUTE + row, "odd line")).collect();
        push(&mut lane, &lines);
        let reports = tick(&mut lane, windows);
        assert_eq!(heard.lock().unwrap().explained.len(), asked, "{count} in window {windows}");
        let findings: usize = reports.iter().map(|report| report.findings.len()).sum();
        assert_eq!(findings, asked, "as many findings as a report may have");
    }
}

#[test]
fn the_end_judges_what_waits() {
    let mut lane = lane_of(vec![Fake::observing(|lines| Some(marked(lines, STRENGTH)))]);
    age(&mut lane, 0, OLD);
    push(&mut lane, &odd_lines());
    assert_eq!(tick(&mut lane, OLD - 1), [], "its window is open");
    let reports = lane.step(Input::End).reports;
    let [report] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!(report.end_ms, BEGIN_MS + (OLD + 1) * MINUTE);
    assert_eq!(report.findings[0].now_per_minute, 1.0, "the line itself is known to be there");
    assert_eq!(lane.step(Input::End), Outputs::default(), "it is judged once");
}
