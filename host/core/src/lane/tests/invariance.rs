//! Neither the cutting into batches nor the company in a lane shows in the reports.

use super::*;
use std::collections::BTreeMap;

pub(super) const WINDOWS: u64 = 300;

/// Two sources with steady lines, bursts, and lines that a detector calls odd.
pub(super) fn traffic(window: u64) -> Vec<Said> {
    let mut lines = Vec::new();
    for source in 0..2u32 {
        let odd_windows = [u64::from(source) * 20 + 140, 250, 290];
        for step in 0..(3 + window % 4) {
            let second = step * 7 + u64::from(source);
            let text = format!("request {} took {second} ms", window * 31 + step);
            lines.push(said(source, window * MINUTE + second * 1000, &text));
        }
        if odd_windows.contains(&window) {
            let at = window * MINUTE + 40_000;
            lines.push(said(source, at, &format!("odd thing in {window}")));
            (0..30).for_each(|more| lines.push(said(source, at + more, "burst of lines")));
        } else if window % 20 == 3 {
            (0..4).for_each(|more| {
                lines.push(said(source, window * MINUTE + more, "burst of lines"))
            });
        }
    }
    lines
}

pub(super) fn by_lines() -> Fake {
    Fake::observing(|lines| {
        let Column::Text(texts) = &*lines.columns[0] else { panic!("texts were wanted") };
        let odd = (0..lines.rows()).filter(|row| texts.row(*row).starts_with(b"odd"));
        // The last line is of a kind of its own, so that it is as surprising as the first one was.
        let channel = |row| if texts.row(row).ends_with(b"end") { 2 } else { 1 };
        let mark =
            |row| Mark { row: row as u32, channel: channel(row), score: 9.0, code: 0, token: 0 };
        Some(Scores { marks: odd.map(mark).collect(), ..silence()? })
    })
}

pub(super) fn by_windows() -> Fake {
    let mut fake = Fake::closing(|window| {
        let Column::U32s(counts) = &*window.columns[1] else { panic!("counts were wanted") };
        let rows = counts.iter().map(|count| (*count as f32).ln_1p()).collect();
        Some(Scores { rows, whole: (window.lines as f32).ln_1p() - 2.0, ..silence()? })
    });
    fake.descriptor.scale = Scale::Size;
    fake
}

/// All reports of a lane that is given the lines of some sources, cut into batches of so many rows.
pub(super) fn reports(sources: &[u32], rows_max: usize) -> Vec<Report> {
    reports_with(sources, rows_max, |_| {})
}

/// The same, and something happens to the lane after each batch.
pub(super) fn reports_with(
    sources: &[u32],
    rows_max: usize,
    mut then: impl FnMut(&mut Lane),
) -> Vec<Report> {
    let mut lane = lane_of(vec![by_lines(), by_windows()]);
    let mut reports = Vec::new();
    for window in 0..WINDOWS {
        let mut lines = traffic(window);
        lines.retain(|(source, ..)| sources.contains(source));
        for cut in lines.chunks(rows_max) {
            reports.extend(push(&mut lane, cut).reports);
            then(&mut lane);
        }
        reports.extend(tick(&mut lane, window));
        then(&mut lane);
    }
    push(&mut lane, &[said(sources[0], WINDOWS * MINUTE, "odd at the end")]);
    reports.extend(lane.step(Input::End).reports);
    reports.sort_by_key(|report| (report.end_ms, report.source));
    reports
}

#[test]
fn batches_do_not_show() {
    let expected = reports(&[0, 1], 1000);
    let windows: Vec<(u32, u64)> = expected
        .iter()
        .map(|report| (report.source, (report.start_ms - BEGIN_MS) / MINUTE))
        .collect();
    for odd in [(0, 140), (1, 160), (0, 300)] {
        assert!(windows.contains(&odd), "{odd:?} is reported: {windows:?}");
    }
    let detectors = expected.iter().flat_map(|report| &report.findings);
    assert!(detectors.clone().any(|finding| finding.position.is_some()), "a line is reported");
    assert!(detectors.clone().any(|finding| finding.position.is_none()), "a count is reported");
    for rows_max in [1, 7, 64] {
        assert_eq!(reports(&[0, 1], rows_max), expected, "batches of {rows_max}");
    }
}

/// Words that prove to be values give ids up, within batches and between them.
#[test]
fn merges_do_not_show() {
    let by_template = || {
        Fake::observing(|lines| {
            let Column::U32s(ids) = &*lines.columns[1] else { panic!("templates were wanted") };
            let mark = |(row, channel): (usize, &u32)| Mark {
                row: row as u32,
                channel: *channel,
                score: 5.0,
                code: 0,
                token: *channel,
            };
            Some(Scores { marks: ids.iter().enumerate().map(mark).collect(), ..silence()? })
        })
    };
    let (names, things) = (["bob", "ann", "eve", "kim", "joe"], ["tape", "disk", "film", "card"]);
    let line = |row: usize| {
        let text = format!("odd {} did {}", names[row * row % 5], things[row * 3 % 4]);
        let mut record = record(&text, row as u64);
        if row % 3 == 1 {
            record.text.extend_from_slice(b" no space left");
        }
        record
    };
    let run = |rows_max: usize| {
        let mut lane = lane_of(vec![by_lines(), by_template(), by_windows()]);
        age(&mut lane, 0, 1);
        for window in (100..=1000).step_by(100) {
            push(&mut lane, &[said(0, window * MINUTE, "usual line")]);
            tick(&mut lane, window);
        }
        for rows in (0..60).collect::<Vec<usize>>().chunks(rows_max) {
            let mut builder = BatchBuilder::default();
            for row in rows {
                let time_ms = BEGIN_MS + 1022 * MINUTE + *row as u64 * 1000;
                builder.push(0, time_ms as i64, &line(*row));
            }
            lane.step(Input::Records(builder.seal()));
        }
        let saved = lane.save();
        let reports = tick(&mut lane, 1022);
        (saved, reports, lane.save())
    };
    let (saved, reports, after) = run(1000);
    let given_up = saved[0].templates.iter().filter(|template| template.lines == 0);
    assert!(given_up.count() > 1, "{:?}", saved[0].templates);
    // The first line with a pattern is the strongest of all; its id was given up later.
    let mut findings = reports.iter().flat_map(|report| &report.findings);
    assert!(findings.any(|finding| finding.position == Some(1)), "{reports:?}");
    for rows_max in [1, 7] {
        assert_eq!(run(rows_max), (saved.clone(), reports.clone(), after.clone()), "{rows_max}");
    }
}

/// A lane that is saved and loaded at every moment says the same, and equal lanes save the same bytes.
#[test]
fn saving_and_loading_does_not_show() {
    let expected = reports(&[0, 1], 7);
    let mut states: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let mut sizes = Vec::new();
    let moved = reports_with(&[0, 1], 7, |lane| {
        for saved in lane.save() {
            states.insert(saved.source, saved.state);
        }
        assert_eq!(lane.save(), [], "nothing has changed since");
        let mut next = lane_of(vec![by_lines(), by_windows()]);
        for (source, state) in &states {
            next.load(*source, state, &[]).expect("it was just saved");
        }
        push(&mut next, &[]);
        sizes.push(states.values().map(Vec::len).sum::<usize>());
        *lane = next;
    });
    assert_eq!(moved, expected);
    let slept = reports_with(&[0, 1], 7, |lane| {
        for saved in lane.save() {
            lane.forget(saved.source);
            lane.load(saved.source, &saved.state, &[]).expect("it was just saved");
        }
    });
    assert_eq!(slept, expected, "who sleeps and wakes has missed nothing");
    let states_of_one = |cut: usize| {
        let mut last = Vec::new();
        reports_with(&[0], cut, |lane| {
            last = lane.save().into_iter().map(|saved| saved.state).next().unwrap_or_default();
        });
        last
    };
    assert!(!states_of_one(1).is_empty());
    assert_eq!(states_of_one(1), states_of_one(64));
    assert!(sizes.last() < Some(&100_000), "{:?}", sizes.last());
}

/// A snapshot is what saving would give, leaves what is to be saved as it is, and can be gone on from.
#[test]
fn a_snapshot_does_not_show() {
    let expected = reports(&[0, 1], 7);
    let mut steps = 0;
    let moved = reports_with(&[0, 1], 7, |lane| {
        steps += 1;
        let snapshots: Vec<Option<Snapshot>> = (0..2).map(|source| lane.snapshot(source)).collect();
        assert_eq!(lane.snapshot(9), None, "nobody has met it");
        for saved in if steps % 5 == 0 { lane.save() } else { vec![] } {
            let Snapshot { state, plugins, newest_ms, open_from_ms } =
                snapshots[saved.source as usize].clone().expect("it was met");
            assert_eq!((state, plugins), (saved.state, saved.plugins));
            assert_eq!(newest_ms, saved.info.last_ms);
            let newest_from_ms = newest_ms as u64 / MINUTE * MINUTE;
            let open = [newest_from_ms, newest_from_ms + MINUTE];
            assert!(open.contains(&open_from_ms), "{open_from_ms} after {newest_ms}");
        }
        for (source, snapshot) in (0..).zip(snapshots) {
            let Some(Snapshot { state, plugins, .. }) = snapshot else { continue };
            lane.forget(source);
            lane.load(source, &state, &plugins).expect("it was just made");
        }
    });
    assert_eq!(moved, expected);
}

#[test]
fn what_gives_way_for_want_of_memory_is_counted() {
    let mut lane = lane_of(vec![]);
    for window in 0..5 {
        let lines = ["usual line", "usual line"].map(|text| said(0, window * MINUTE, text));
        push(&mut lane, &lines);
        tick(&mut lane, window);
    }
    push(&mut lane, &[said(0, 5 * MINUTE, "seen but once")]);
    lane.relieve(Relief::Examples);
    lane.relieve(Relief::RareTemplates);
    let counters = lane.counters();
    assert_eq!(
        counters.examples_given_up, 4,
        "the newest of both messages, and one of each that waits to be saved"
    );
    assert_eq!(counters.templates_given_up, 2, "at both grains");
    assert_eq!(lane.sources()[0].templates_alive, 1);
}

#[test]
fn detectors_that_come_and_go_take_what_was_learnt_about_them_along() {
    let named = |name: &str| {
        let mut fake = by_windows();
        fake.descriptor.name = name.into();
        fake
    };
    let saved = |names: &[&str]| {
        let mut lane = lane_of(names.iter().map(|name| named(name)).collect());
        (0..40).for_each(|window| {
            push(&mut lane, &traffic(window));
            tick(&mut lane, window);
        });
        lane.save().remove(0).state
    };
    for (then, now) in
        [(["a", "b"], ["b", "a"]), (["a", "b"], ["b", "c"]), (["a", "b"], ["a", "b"])]
    {
        let mut lane = lane_of(now.iter().map(|name| named(name)).collect());
        lane.load(0, &saved(&then), &[]).expect("it was just saved");
        push(&mut lane, &[said(0, 41 * MINUTE, "one more")]);
        assert!(tick(&mut lane, 41).is_empty());
        let fresh = lane_of(vec![]);
        assert_ne!(lane.save().len(), fresh.sources().len());
    }
    let mut lane = lane_of(vec![]);
    assert!(lane.load(0, b"nonsense", &[]).is_err());
    let other = Settings { window_ms: 120_000, ..Settings::default() };
    let mut lane = Lane::new(other, patterns(), vec![], vec![], Wishes::default()).unwrap();
    let refused = lane.load(0, &saved(&["a"]), &[]).expect_err("windows differ");
    assert!(refused.to_string().contains("windows"), "{refused}");
}

#[test]
fn company_in_a_lane_does_not_show() {
    let mut apart = reports(&[0], 1000);
    apart.extend(reports(&[1], 1000));
    apart.sort_by_key(|report| (report.end_ms, report.source));
    // The line at the end belongs to the first source of each lane.
    apart.retain(|report| (report.source, report.start_ms) != (1, BEGIN_MS + WINDOWS * MINUTE));
    assert_eq!(apart, reports(&[0, 1], 1000));
}

/// There is a limit of explanations; which findings have one must not depend on the batches either.
#[test]
fn explanations_do_not_depend_on_batches_or_company() {
    let explained = |sources: &[u32], rows_max: usize| {
        let mut lane = lane_of(vec![Fake::observing(|lines| {
            let Column::Text(texts) = &*lines.columns[0] else { panic!("texts were wanted") };
            let odd = (0..lines.rows()).filter(|row| texts.row(*row).starts_with(b"odd"));
            let number = |row: usize| {
                let digits = std::str::from_utf8(&texts.row(row)[3..]).unwrap();
                digits.parse::<u32>().unwrap()
            };
            let mark = |row| {
                let channel = number(row);
                Mark { row: row as u32, channel, score: 5.0, code: 0, token: channel }
            };
            Some(Scores { marks: odd.map(mark).collect(), ..silence()? })
        })]);
        let lines: Vec<Said> = (0..40)
            .flat_map(|row| sources.iter().map(move |source| (*source, row)))
            .map(|(source, row)| said(source, 1022 * MINUTE + row, &format!("odd{row:02}")))
            .collect();
        sources.iter().for_each(|source| age(&mut lane, *source, 1));
        for window in (100..=1000).step_by(100) {
            let usual = sources.iter().map(|source| said(*source, window * MINUTE, "usual line"));
            push(&mut lane, &usual.collect::<Vec<_>>());
            tick(&mut lane, window);
        }
        lines.chunks(rows_max).for_each(|cut| drop(push(&mut lane, cut)));
        let mut reports = tick(&mut lane, 1022);
        reports.retain(|report| report.source == 0);
        reports
    };
    let expected = explained(&[0], 1000);
    assert_eq!(expected.len(), 1);
    for (sources, rows_max) in [(&[0][..], 1), (&[0], 7), (&[0, 1], 1000), (&[0, 1], 7)] {
        assert_eq!(explained(sources, rows_max), expected, "{sources:?} by {rows_max}");
    }
}
