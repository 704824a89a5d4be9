//! Every column of lines holds what `wit/types.wit` says.

use super::*;

/// A line with a head, fields and a severity of its own.
struct Rich {
    source: u32,
    after_ms: u64,
    severity: u8,
    head: &'static str,
    body: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const LINES: [Rich; 5] = [
    Rich {
        source: 3,
        after_ms: 0,
        severity: 9,
        head: "host",
        body: "the service is up",
        fields: &[("user", "ann"), ("took", "12.5")],
    },
    Rich {
        source: 3,
        after_ms: 61_000,
        severity: 17,
        head: "other",
        body: "the service is up",
        fields: &[("user", "bob"), ("took", " -3 ")],
    },
    Rich {
        source: 3,
        after_ms: 62_000,
        severity: 0,
        head: "host",
        body: "no space left on key=0123456789abcdef",
        fields: &[("user", "ann"), ("took", "inf")],
    },
    Rich {
        source: 7,
        after_ms: 5_000,
        severity: 13,
        head: "host",
        body: "the service is up",
        fields: &[("user", "bob")],
    },
    Rich {
        source: 7,
        after_ms: 70_000,
        severity: 21,
        head: "",
        body: "boom",
        fields: &[("took", "x")],
    },
];

fn rich_batch(lines: &[Rich]) -> Batch {
    let mut builder = BatchBuilder::default();
    for (position, line) in lines.iter().enumerate() {
        let mut record = Record {
            position: 100 + position as u64,
            severity: line.severity,
            text: format!("{} {}", line.head, line.body).into(),
            head: line.head.into(),
            body: line.body.into(),
            ..Record::default()
        };
        for (name, value) in line.fields {
            record.attributes.push(name.as_bytes(), value.as_bytes());
        }
        builder.push(line.source, (BEGIN_MS + line.after_ms) as i64, &record);
    }
    builder.seal()
}

/// The columns a detector is shown of the five lines.
fn observed(columns: &[LineColumn]) -> Vec<Column> {
    let fake = Fake::new(descriptor(columns, &[]));
    let heard = fake.heard.clone();
    lane_of(vec![fake]).step(Input::Records(rich_batch(&LINES)));
    let mut heard = heard.lock().unwrap();
    assert_eq!(heard.runs, [[Run { source: 3, rows: 3 }, Run { source: 7, rows: 2 }]]);
    heard.observed.remove(0)
}

fn texts(values: &[&str]) -> Column {
    let mut column = TextColumn::default();
    values.iter().for_each(|value| column.push(value.as_bytes()));
    Column::Text(column)
}

fn bits(set: &[usize]) -> Column {
    let mut bits = Bitmap::new(5);
    set.iter().for_each(|row| bits.insert(*row));
    Column::Bits(bits)
}

#[test]
fn columns_hold_what_they_say() {
    let window = BEGIN as u32;
    let lengths = LINES.iter().map(|line| (line.head.len() + 1 + line.body.len()) as u32);
    let whole: Vec<String> =
        LINES.iter().map(|line| format!("{} {}", line.head, line.body)).collect();
    let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
    let cases = [
        (LineColumn::Position, Column::U64s(vec![100, 101, 102, 103, 104])),
        (
            LineColumn::Time,
            Column::U64s(LINES.iter().map(|line| BEGIN_MS + line.after_ms).collect()),
        ),
        (
            LineColumn::Window,
            Column::U32s(vec![window, window + 1, window + 1, window, window + 1]),
        ),
        (LineColumn::Severity, Column::U8s(vec![9, 17, 0, 13, 21])),
        (LineColumn::Template, Column::U32s(vec![1, 1, 2, 1, 2])),
        (LineColumn::FineTemplate, Column::U32s(vec![1, 2, 3, 1, 2])),
        (LineColumn::Length, Column::U32s(lengths.collect())),
        (LineColumn::Entropy, Column::F32s(vec![0.0, 0.0, 4.0, 0.0, 0.0])),
        (LineColumn::Text, texts(&whole)),
        (LineColumn::Pattern("disk-full".into()), bits(&[2])),
        (LineColumn::Pattern("boom".into()), bits(&[4])),
        (LineColumn::Key("user".into()), Column::U32s(vec![1, 2, 1, 1, 0])),
        (LineColumn::Key("took".into()), Column::U32s(vec![1, 2, 3, 0, 1])),
        (LineColumn::Field("user".into()), texts(&["ann", "bob", "ann", "bob", ""])),
    ];
    let wanted: Vec<LineColumn> = cases.iter().map(|(column, _)| column.clone()).collect();
    for ((column, expected), seen) in cases.iter().zip(observed(&wanted)) {
        assert_eq!(&seen, expected, "{column:?}");
        assert_eq!(observed(std::slice::from_ref(column)), [seen], "{column:?} alone");
    }
    let twice = observed(&[LineColumn::Position, LineColumn::Time, LineColumn::Position]);
    assert_eq!(twice[0], twice[2], "a column wanted twice comes twice");
}

#[test]
fn numbers_that_are_none_are_not_a_number() {
    let columns = observed(&[LineColumn::Number("took".into()), LineColumn::Number("none".into())]);
    let Column::F64s(took) = &columns[0] else { panic!("numbers were wanted") };
    assert_eq!(took[..2], [12.5, -3.0]);
    assert!(took[2..].iter().all(|value| value.is_nan()), "infinite, missing and no number");
    let Column::F64s(none) = &columns[1] else { panic!("numbers were wanted") };
    assert!(none.len() == 5 && none.iter().all(|value| value.is_nan()));
}

#[test]
fn messages_are_named_across_sources_and_novelty_is_per_source() {
    let columns =
        observed(&[LineColumn::Message, LineColumn::NoveltyKind, LineColumn::NoveltyBits]);
    let [Column::U32s(messages), Column::U8s(kinds), Column::F32s(strengths)] = &columns[..] else {
        panic!("three columns were wanted")
    };
    assert_eq!((messages[0], messages[0]), (messages[1], messages[3]));
    assert!(messages[0] != messages[2] && messages[2] != messages[4] && messages[0] != messages[4]);
    assert_eq!((kinds[0], kinds[2], kinds[3], kinds[4]), (1, 1, 1, 1), "new in each source");
    for (kind, strength) in kinds.iter().zip(strengths) {
        assert_eq!(*kind > 0, *strength > 0.0, "{kinds:?} {strengths:?}");
    }
}

#[test]
fn windows_are_counted_in_own_steps_without_idle_time() {
    for (size_ms, step_ms) in [(60_000, 60_000), (10_000, 10_000), (300_000, 60_000)] {
        let window = Some(WindowSpan { size_ms, step_ms });
        let fake = Fake::new(Descriptor { window, ..descriptor(&[LineColumn::Window], &[]) });
        let heard = fake.heard.clone();
        let mut lane = lane_of(vec![fake]);
        push(&mut lane, &[said(0, 0, "a"), said(1, 0, "a"), said(0, 59_999, "a")]);
        tick(&mut lane, 400);
        // Idle from window 121 on, so that window 500 counts as window 121.
        push(&mut lane, &[said(0, 500 * MINUTE + 20_000, "a"), said(2, 500 * MINUTE, "a")]);
        push(&mut lane, &[said(0, 501 * MINUTE, "a")]);
        let first = BEGIN_MS / step_ms;
        let per_minute = MINUTE / step_ms;
        let expected = [
            vec![first, first + 59_999 / step_ms, first],
            vec![first + 121 * per_minute + 20_000 / step_ms, first + 500 * per_minute],
            vec![first + 122 * per_minute],
        ];
        let heard = heard.lock().unwrap();
        for (seen, expected) in heard.observed.iter().zip(expected) {
            let expected = expected.into_iter().map(|window| window as u32).collect();
            assert_eq!(seen, &[Column::U32s(expected)], "step {step_ms}");
        }
    }
}

/// Filters run first, and must not see the gap that detectors do not see.
#[test]
fn filters_and_detectors_count_windows_alike() {
    let fake = Fake::new(descriptor(&[LineColumn::Window], &[]));
    let mut sieve = Sieve::new(Some(Verdicts::default()));
    sieve.descriptor.lines = vec![LineColumn::Window];
    let heard = [fake.heard.clone(), sieve.heard.clone()];
    let slot = FilterSlot {
        seat: Seat::live("sieve", "1"),
        filter: Seated::Fresh(Box::new(sieve)),
        fail_open: true,
    };
    let mut lane = Lane::new(
        Settings::default(),
        patterns(),
        vec![slot],
        vec![fake.slot()],
        Wishes::default(),
    )
    .unwrap();
    push(&mut lane, &[said(0, 0, "a")]);
    tick(&mut lane, 400);
    push(&mut lane, &[said(0, 500 * MINUTE, "a")]);
    push(&mut lane, &[said(0, 500 * MINUTE, "a")]);
    let windows = |place: usize| heard[place].lock().unwrap().observed.clone();
    let expected = [0, 121, 121].map(|window| vec![Column::U32s(vec![BEGIN as u32 + window])]);
    assert_eq!(windows(0), expected, "the detector");
    assert_eq!(windows(1), expected, "the filter");
}
