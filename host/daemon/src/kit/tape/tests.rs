//! Plugins with few wishes have a tape like all others.

use super::super::stage;
use super::*;
use crate::config::Config;
use crate::loadout::pattern_set;
use bellwether_core::plugin::Scale;

/// A plugin that names no column at all.
fn undemanding() -> Descriptor {
    Descriptor {
        name: "undemanding".into(),
        version: "1.0.0".into(),
        state_version: 1,
        reads_state_from: 1,
        lines: Vec::new(),
        series: Vec::new(),
        vector: false,
        window: None,
        scale: Scale::Bits,
        patterns: Vec::new(),
        reasons: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
        config_schema: String::new(),
    }
}

#[test]
fn a_filter_without_columns_has_rows_that_can_be_cut_and_told() {
    let (logs, wanted) = (stage::generated(0.02, 1).expect("a plan"), undemanding());
    let patterns = pattern_set(&Config::default(), std::iter::once(&wanted)).expect("patterns");
    let tape = Tape::record(&logs, Kind::Filter, &wanted, patterns).expect("a tape");
    let rows = tape.sources.len();
    assert!(rows > 0, "something was logged");
    let cuts = tape.steps(7, None, false).into_iter().map(|step| match step {
        Step::Rows(cut) => (cut.lines.view().rows(), cut.lines.columns.len()),
        Step::Window(..) => panic!("a filter is given no windows"),
    });
    let cuts: Vec<(usize, usize)> = cuts.collect();
    assert_eq!(cuts.iter().map(|(rows, _)| rows).sum::<usize>(), rows);
    assert!(cuts.iter().all(|(_, columns)| *columns == 0), "it named none");
    assert!(tape.tell(0).starts_with("line 1 of file:"), "{}", tape.tell(0));
}
