//! What a closed window tells of every template.

use super::*;

/// The windows that a detector is shown of the given lines, one column at a time.
fn closed(lines: &[Said], column: SeriesColumn, last: u64) -> Vec<Column> {
    let fake = Fake::new(descriptor(&[], &[column]));
    let heard = fake.heard.clone();
    let mut lane = lane_of(vec![fake]);
    push(&mut lane, lines);
    tick(&mut lane, last);
    let heard = heard.lock().unwrap();
    assert!(heard.observed.is_empty(), "who wants no lines is shown none");
    heard.closed.iter().map(|window| window.columns[0].clone()).collect()
}

fn texts(values: &[&str]) -> Column {
    let mut column = TextColumn::default();
    values.iter().for_each(|value| column.push(value.as_bytes()));
    Column::Text(column)
}

#[test]
fn rows_are_templates_and_silent_ones_have_a_row() {
    let lines = [
        said(0, 1_000, "user 17 logs in"),
        said(0, 2_000, "user 18 logs in"),
        said(0, 3_000, "user 18 logs in"),
        said(0, 50_000, "token 0123456789abcdef"),
        said(0, 61_000, "user 18 logs in"),
        said(0, 62_000, "the disk has no space left"),
    ];
    let first = |after_ms: &[u64]| Column::U64s(after_ms.iter().map(|ms| BEGIN_MS + ms).collect());
    let counts = |counts: &[u32]| Column::U32s(counts.to_vec());
    let cases = [
        (SeriesColumn::Template, [counts(&[1, 2]), counts(&[1, 2, 3]), counts(&[1, 2, 3])]),
        (SeriesColumn::Count, [counts(&[3, 1]), counts(&[1, 0, 1]), counts(&[0, 0, 0])]),
        (
            SeriesColumn::FirstSeen,
            [
                first(&[1_000, 50_000]),
                first(&[1_000, 50_000, 62_000]),
                first(&[1_000, 50_000, 62_000]),
            ],
        ),
        (SeriesColumn::Repeats, [counts(&[1, 0]), counts(&[0, 0, 0]), counts(&[0, 0, 0])]),
        (
            SeriesColumn::Entropy,
            [
                Column::F32s(vec![0.0, 4.0]),
                Column::F32s(vec![0.0, 0.0, 0.0]),
                Column::F32s(vec![0.0, 0.0, 0.0]),
            ],
        ),
        (
            SeriesColumn::Severity,
            [Column::U8s(vec![WARN; 2]), Column::U8s(vec![WARN; 3]), Column::U8s(vec![WARN; 3])],
        ),
    ];
    for (column, expected) in cases {
        assert_eq!(closed(&lines, column, 2), expected, "{column:?}");
    }
    let user = "user <*> logs in";
    let seen = closed(&lines, SeriesColumn::Text, 1);
    let Column::Text(first) = &seen[0] else { panic!("texts were wanted") };
    assert_eq!(String::from_utf8_lossy(first.row(0)), user);
    let Column::Text(second) = &seen[1] else { panic!("texts were wanted") };
    assert_eq!(second.ends.len(), 3);
    assert_eq!(select_last(second), texts(&["the disk has no space left"]));
}

fn select_last(column: &TextColumn) -> Column {
    let mut last = TextColumn::default();
    last.push(column.row(column.ends.len() - 1));
    Column::Text(last)
}

#[test]
fn a_template_is_forgotten_sixty_windows_after_its_last_line() {
    let mut lines: Vec<Said> =
        (0..80).map(|window| said(0, window * MINUTE + 30_000, "the usual line")).collect();
    lines.push(said(0, 30_000, "once and never again said"));
    let seen = closed(&lines, SeriesColumn::Count, 79);
    let rows: Vec<usize> = seen
        .iter()
        .map(|column| match column {
            Column::U32s(counts) => counts.len(),
            _ => panic!("counts were wanted"),
        })
        .collect();
    assert_eq!(rows.len(), 80);
    assert!(rows[..60].iter().all(|rows| *rows == 2), "{rows:?}");
    assert!(rows[60..].iter().all(|rows| *rows == 1), "{rows:?}");
}

#[test]
fn the_vector_of_a_window_is_there_for_who_wants_it() {
    let lines = [
        said(0, 1_000, "user 17 logs in"),
        said(0, 2_000, "user 18 logs in"),
        said(0, 3_000, "the disk has no space left"),
        said(0, 150_000, "user 18 logs in"),
    ];
    let embed = |messages: &[(&str, u32)]| {
        let messages = messages.iter().map(|(text, lines)| (text.as_bytes().to_vec(), *lines));
        crate::embedding::embed(messages)
    };
    let user = "user <*> logs in";
    let both = embed(&[(user, 2), ("the disk has no space left", 1)]);
    let cases =
        [(true, vec![both, vec![], embed(&[(user, 1)])]), (false, vec![vec![], vec![], vec![]])];
    for (vector, expected) in cases {
        let fake = Fake::new(Descriptor { vector, ..descriptor(&[], &[SeriesColumn::Count]) });
        let heard = fake.heard.clone();
        let mut lane = lane_of(vec![fake]);
        push(&mut lane, &lines);
        tick(&mut lane, 2);
        let seen: Vec<Vec<f32>> =
            heard.lock().unwrap().closed.iter().map(|window| window.vector.clone()).collect();
        assert_eq!(seen, expected, "wanted: {vector}");
    }
}
