//! The way of a filter, beside that of a detector.

use std::sync::Arc;

use bellwether_core::batch::Run;
use bellwether_core::column::{Bitmap, Column};
use bellwether_core::plugin::{Filter, LineColumn, Lines, Plugin, Rows};
use bellwether_plugins::{Kind, Limits, Runtime};

use crate::guest;
use crate::lane::{Subject, limits, told};

const CONFIG: &str = r#"{
    "drop": [{"severity_below": 9}],
    "tag": [{"name": "denied", "when": {"patterns": ["denied"]}}]
}"#;

fn rows(rows: usize, set: &[usize]) -> Bitmap {
    let mut bits = Bitmap::new(rows);
    set.iter().for_each(|row| bits.insert(*row));
    bits
}

#[test]
fn columns_go_in_and_verdicts_come_out() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let plugin = runtime.admit(&guest::filter()).unwrap();
    assert_eq!(plugin.kind(), Kind::Filter);
    let mut filter = plugin.filter(CONFIG).unwrap();
    let wanted = &filter.descriptor().lines;
    assert_eq!(wanted.last(), Some(&LineColumn::Pattern("denied".into())), "as configured");

    let severity = Column::U8s((0..10).map(|row| if row < 3 { 5 } else { 9 }).collect());
    let message = Column::U32s(vec![0; 10]);
    let denied = Column::Bits(rows(10, &[2, 9]));
    let runs = [Run { source: 1, rows: 4 }, Run { source: 2, rows: 6 }];
    let columns = [severity, message, denied].map(Arc::new);
    let lines = Lines { seq: 1, watermark_ms: 0, runs: &runs, columns: &columns };
    let verdicts = filter.evaluate(&lines).unwrap();
    assert_eq!(verdicts.drop, Rows::Some(rows(10, &[0, 1, 2])));
    assert_eq!(verdicts.tags, [(0, Rows::Some(rows(10, &[2, 9])))]);
    let health = filter.health().snapshot();
    assert_eq!((health.calls, health.rows, health.faults.len()), (1, 10, 0));
}

#[test]
fn a_filter_has_limits_of_its_own() {
    let limits = Limits { filter_memory_bytes_max: 1 << 20, ..limits() };
    let runtime = Runtime::new(limits, None).unwrap();
    let error = runtime.admit(&guest::filter()).err().unwrap();
    assert!(told(&error).contains("more memory or tables"), "{}", told(&error));
    assert_eq!(Subject::healthy(&runtime).observe(&[(1, 1)]), Some(vec![1.0]), "a detector may");

    // A detector's rows would pay for this call.
    let limits = Limits {
        fuel_per_row: 1 << 30,
        fuel_per_filter_row: 0,
        fuel_per_call: 1,
        ..crate::lane::limits()
    };
    let runtime = Runtime::new(limits, None).unwrap();
    let mut filter = runtime.admit(&guest::filter()).unwrap().filter("{}").unwrap();
    let (severity, message) = (Column::U8s(vec![0]), Column::U32s(vec![0]));
    let runs = [Run { source: 1, rows: 1 }];
    let columns = [severity, message].map(Arc::new);
    let lines = Lines { seq: 1, watermark_ms: 0, runs: &runs, columns: &columns };
    assert_eq!(filter.evaluate(&lines), None);
    assert_eq!(filter.health().snapshot().faults, [("fuel", 2)].into());
    let poison = filter.take_poison();
    assert_eq!((poison[0].row, poison[0].during.as_str()), (Some(0), "evaluate"));
}

#[test]
fn a_row_that_kills_is_undecided_and_all_others_are_decided() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let plugin = runtime.admit(&guest::sieve()).unwrap();
    let mut filter = plugin.filter(r#"{"drop": 3, "tag": 8, "trap": 5}"#).unwrap();
    let columns = [Arc::new(Column::U32s(vec![1, 3, 3, 8, 5, 3, 8, 5, 1]))];
    let runs = [Run { source: 1, rows: 4 }, Run { source: 2, rows: 5 }];
    for seq in 1..=2 {
        let lines = Lines { seq, watermark_ms: 0, runs: &runs, columns: &columns };
        let verdicts = filter.evaluate(&lines).unwrap();
        assert_eq!(verdicts.drop, Rows::Some(rows(9, &[1, 2, 5])));
        assert_eq!(verdicts.undecided, Rows::Some(rows(9, &[4, 7])));
        let tagged: Vec<usize> = (0..9)
            .filter(|row| verdicts.tags.iter().any(|(tag, rows)| *tag == 0 && rows.contains(*row)))
            .collect();
        assert_eq!(tagged, [3, 6]);
        let poison = filter.take_poison();
        let found: Vec<_> = poison.iter().map(|poison| (poison.source, poison.row)).collect();
        assert_eq!(found, [(2, Some(4)), (2, Some(7))]);
        assert!(poison[0].cause.contains("guest_sieve"), "{}", poison[0].cause);
    }
    let health = filter.health().snapshot();
    assert_eq!((health.rows, health.rows_unscored, health.poisoned), (14, 4, 4));
}

#[test]
fn a_refused_configuration_is_told_in_the_words_of_the_filter() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let plugin = runtime.admit(&guest::filter()).unwrap();
    let error = plugin.filter(r#"{"drop": [{}]}"#).err().unwrap();
    assert!(told(&error).contains("a rule without any condition"), "{}", told(&error));
}
