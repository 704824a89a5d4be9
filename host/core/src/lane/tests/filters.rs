//! Verdicts: what is dropped, tagged, kept, and what happens when a filter cannot answer.

use super::*;

const LINES: usize = 6;

/// A source and how many rows it has.
type SourceRows = (u32, u32);

fn lines() -> Vec<Said> {
    (0..LINES).map(|line| said(line as u32 / 4, line as u64, &format!("word{line} boom"))).collect()
}

fn drops(set: &[usize]) -> Option<Verdicts> {
    Some(Verdicts { drop: rows(LINES, set), ..Verdicts::default() })
}

/// Runs filters over six lines and compares which lines are kept and what was counted.
fn check(
    name: &str,
    filters: Vec<(Option<Verdicts>, bool)>,
    kept: &[u64],
    (dropped, dead, unfiltered): (u64, u64, u64),
    tags: &[(&str, u64)],
) {
    let slots = (1..).zip(filters).map(|(number, (verdicts, fail_open))| FilterSlot {
        seat: Seat::live(&format!("sieve#{number}"), "1"),
        filter: Seated::Fresh(Box::new(Sieve::new(verdicts))),
        fail_open,
    });
    let mut lane = Lane::new(
        Settings::default(),
        patterns(),
        slots.collect(),
        vec![],
        Wishes { kept_records: true, ..Wishes::default() },
    )
    .unwrap();
    let outputs = push(&mut lane, &lines());
    let positions: Vec<u64> = outputs.kept.iter().map(|record| record.position).collect();
    assert_eq!(positions, kept, "{name}");
    for record in &outputs.kept {
        let text = format!("word{} boom", record.position);
        assert_eq!((record.source, &record.text), (record.position as u32 / 4, &text.into()));
    }
    let tags = tags.iter().map(|(tag, count)| (tag.to_string(), *count)).collect();
    let kept = kept.len() as u64;
    let expected =
        LaneCounters { kept, dropped, dead, unfiltered, tags, ..LaneCounters::default() };
    assert_eq!(lane.counters(), &expected, "{name}");
    assert_eq!(kept + dropped + dead, LINES as u64, "{name}");
    let counted: u64 = lane.sources().iter().map(|source| source.lines).sum();
    assert_eq!(counted, kept, "{name}: only kept lines are counted");
}

#[test]
fn verdicts_decide() {
    let all = [0, 1, 2, 3, 4, 5];
    let everything = Some(Verdicts { drop: Rows::All, ..Verdicts::default() });
    let tagged = Some(Verdicts {
        drop: rows(LINES, &[1]),
        tags: vec![(0, rows(LINES, &[1, 2])), (1, Rows::All), (0, Rows::None)],
        ..Verdicts::default()
    });
    check("no filter", vec![], &all, (0, 0, 0), &[]);
    check("keeps", vec![(Some(Verdicts::default()), true)], &all, (0, 0, 0), &[]);
    check("drops some", vec![(drops(&[0, 4]), true)], &[1, 2, 3, 5], (2, 0, 0), &[]);
    check("drops a source", vec![(drops(&[4, 5]), true)], &[0, 1, 2, 3], (2, 0, 0), &[]);
    check("drops all", vec![(everything.clone(), true)], &[], (6, 0, 0), &[]);
    check("two", vec![(drops(&[0, 1]), true), (drops(&[1, 2]), true)], &[3, 4, 5], (3, 0, 0), &[]);
    check("tags", vec![(tagged, true)], &[0, 2, 3, 4, 5], (1, 0, 0), &[("alpha", 2), ("beta", 6)]);
    check("fails open", vec![(None, true)], &all, (0, 0, 6), &[]);
    check("fails closed", vec![(None, false)], &[], (0, 6, 0), &[]);
    let torn = Verdicts { undecided: rows(LINES, &[2, 5]), ..drops(&[0, 5]).unwrap() };
    let open = [1, 2, 3, 4];
    check("undecided, open", vec![(Some(torn.clone()), true)], &open, (2, 0, 2), &[]);
    check("undecided, closed", vec![(Some(torn), false)], &[1, 3, 4], (2, 1, 0), &[]);
    check("both", vec![(None, true), (None, false)], &[], (0, 6, 6), &[]);
    check("dropped first", vec![(drops(&[3]), true), (None, false)], &[], (1, 5, 0), &[]);
    check(
        "dropped beside an open one",
        vec![(None, true), (everything, true)],
        &[],
        (6, 0, 6),
        &[],
    );
}

#[test]
fn what_is_dropped_leaves_every_column() {
    let columns = [
        LineColumn::Position,
        LineColumn::Time,
        LineColumn::Template,
        LineColumn::NoveltyKind,
        LineColumn::NoveltyWords,
        LineColumn::Text,
        LineColumn::Pattern("boom".into()),
    ];
    let said_lines = [
        said(0, 0, "first message boom"),
        said(0, 1, "quite another thing here"),
        said(0, 2, "first message boom"),
        said(1, 3, "first message boom"),
        said(1, 4, "something else of five"),
    ];
    let observe = |dropped: &[usize]| {
        let fake = Fake::new(descriptor(&columns, &[]));
        let heard = fake.heard.clone();
        let verdicts = Some(Verdicts { drop: rows(5, dropped), ..Verdicts::default() });
        let slot = FilterSlot {
            seat: Seat::live("sieve", "1"),
            filter: Seated::Fresh(Box::new(Sieve::new(verdicts))),
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
        push(&mut lane, &said_lines);
        let heard = std::mem::take(&mut *heard.lock().unwrap());
        heard.observed.into_iter().next().zip(heard.runs.into_iter().next())
    };
    let (whole, _) = observe(&[]).unwrap();
    let cases: [(&[usize], &[SourceRows]); 4] = [
        (&[0], &[(0, 2), (1, 2)]),
        (&[1, 4], &[(0, 2), (1, 1)]),
        (&[0, 1, 2], &[(1, 2)]),
        (&[0, 1, 3, 4], &[(0, 1)]),
    ];
    for (dropped, runs) in cases {
        let (seen, seen_runs) = observe(dropped).unwrap();
        let kept: Vec<usize> = (0..5).filter(|row| !dropped.contains(row)).collect();
        let expected: Vec<Column> = whole.iter().map(|column| select(column, &kept)).collect();
        assert_eq!(seen, expected, "without {dropped:?}");
        let seen_runs: Vec<_> = seen_runs.iter().map(|run| (run.source, run.rows)).collect();
        assert_eq!(seen_runs, runs, "without {dropped:?}");
    }
    assert_eq!(observe(&[0, 1, 2, 3, 4]), None, "nothing to observe");
}

/// The values of some rows.
fn select(column: &Column, kept: &[usize]) -> Column {
    match column {
        Column::Bits(bits) => {
            let mut selected = Bitmap::new(kept.len());
            let set = kept.iter().enumerate().filter(|(_, row)| bits.contains(**row));
            set.for_each(|(place, _)| selected.insert(place));
            Column::Bits(selected)
        }
        Column::U8s(values) => Column::U8s(kept.iter().map(|row| values[*row]).collect()),
        Column::U32s(values) => Column::U32s(kept.iter().map(|row| values[*row]).collect()),
        Column::U64s(values) => Column::U64s(kept.iter().map(|row| values[*row]).collect()),
        Column::F32s(values) => Column::F32s(kept.iter().map(|row| values[*row]).collect()),
        Column::F64s(values) => Column::F64s(kept.iter().map(|row| values[*row]).collect()),
        Column::Text(texts) => {
            let mut selected = TextColumn::default();
            kept.iter().for_each(|row| selected.push(texts.row(*row)));
            Column::Text(selected)
        }
    }
}

#[test]
fn filters_see_all_rows_even_those_another_dropped() {
    let (first, second) = (Sieve::new(drops(&[0, 1, 2])), Sieve::new(drops(&[5])));
    let heard = second.heard.clone();
    let slots = [("sieve", first), ("sieve#2", second)]
        .map(|(name, sieve)| FilterSlot {
            seat: Seat::live(name, "1"),
            filter: Seated::Fresh(Box::new(sieve)),
            fail_open: true,
        })
        .into_iter()
        .collect();
    let mut lane =
        Lane::new(Settings::default(), patterns(), slots, vec![], Wishes::default()).unwrap();
    let outputs = push(&mut lane, &lines());
    assert_eq!(outputs, Outputs::default(), "records are kept only where they are wanted");
    let heard = heard.lock().unwrap();
    let Column::Text(texts) = &heard.observed[0][0] else { panic!("texts were wanted") };
    assert_eq!(texts.ends.len(), LINES);
    assert_eq!(heard.runs, [[Run { source: 0, rows: 4 }, Run { source: 1, rows: 2 }]]);
}
