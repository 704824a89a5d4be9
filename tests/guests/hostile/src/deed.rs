//! The misdeeds.

use crate::bindings::bellwether::plugin::log::{self, Level};
use crate::bindings::bellwether::plugin::metrics;
use crate::bindings::bellwether::plugin::types::{
    Column, Descriptor, Explanation, LineColumn, Mark, Pattern, PatternKind, Reason, Rows, Scores,
    Span,
};

/// Does what can be done in any export; an order for some other place does nothing here.
pub(crate) fn anywhere(deed: &str) {
    match deed {
        "loop" => endless(),
        "memory" => hog_memory(),
        "leak" => std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 18])),
        "recurse" => {
            std::hint::black_box(recurse(0));
        }
        "trap" => panic!("on order"),
        "log" => log::log(Level::Info, "all is well\u{1b}[31m\r\n"),
        "log-flood" => flood_log("flood"),
        "log-long" => flood_log(&"flood ".repeat(10_000)),
        "log-broken" => log::log(Level::Warn, &broken_text()),
        "metric" => metrics::add(0, 2.0),
        "metric-flood" => (0..100_000).for_each(|_| metrics::add(0, 1.0)),
        "metric-unknown" => metrics::add(99, 1.0),
        "metric-infinite" => metrics::add(0, f64::INFINITY),
        _ => {}
    }
}

/// Spoils a reply with scores.
pub(crate) fn reply(deed: &str, scores: &mut Scores) {
    let rows = scores.rows.len();
    match deed {
        "big" => scores.rows = vec![1.0; 25_000_000],
        "rows-long" => scores.rows.push(1.0),
        "rows-short" => scores.rows.truncate(rows - 1),
        "infinite" => scores.rows[0] = f32::NEG_INFINITY,
        "nan" => scores.rows.fill(f32::from_bits(0xffc0_1234)),
        "whole-infinite" => scores.whole = f32::INFINITY,
        "whole" => scores.whole = 3.0,
        "channels-short" => scores.channels = vec![0; rows - 1],
        "channels-high" => scores.channels = vec![u32::MAX; rows],
        "mark" => scores.marks = vec![mark(0)],
        "mark-channel" => scores.marks = vec![Mark { channel: u32::MAX, ..mark(0) }],
        "mark-row" => scores.marks = vec![mark(rows as u32)],
        "mark-code" => scores.marks = vec![Mark { code: 1, ..mark(0) }],
        "mark-infinite" => scores.marks = vec![Mark { score: f32::INFINITY, ..mark(0) }],
        "mark-flood" => scores.marks = vec![mark(0); 100_000],
        "quiet-short" => scores.quiet = Rows::Bits(vec![0; rows.div_ceil(8) - 1]),
        "quiet-beyond" => scores.quiet = Rows::Bits(vec![0xff; rows.div_ceil(8)]),
        "quiet" => scores.quiet = Rows::All,
        "reason-row" => scores.reasons[0].row = Some(rows as u32),
        "reason-code" => scores.reasons[0].code = 1,
        "reason-twice" => scores.reasons.push(scores.reasons[0]),
        "reason-flood" => scores.reasons = vec![Reason { row: None, code: 0, token: 0 }; 100_000],
        _ => {}
    }
}

/// Spoils an explanation.
pub(crate) fn explain(deed: &str, explanation: &mut Explanation) {
    match deed {
        "broken" => explanation.summary = broken_text(),
        "long" => explanation.summary = "long ".repeat(100_000),
        "many" => explanation.evidence = vec![("a".into(), "b".into()); 1000],
        _ => {}
    }
}

/// Spoils a descriptor.
pub(crate) fn describe(deed: &str, descriptor: &mut Descriptor) {
    let pattern =
        Pattern { name: "denied".into(), kind: PatternKind::Literal, expr: "denied".into() };
    match deed {
        "name-odd" => descriptor.name = "../hostile\n".into(),
        "name-long" => descriptor.name = "h".repeat(1000),
        "columns" => descriptor.lines = vec![LineColumn::Template; 17],
        "columns-none" => {
            descriptor.lines.clear();
            descriptor.series.clear();
        }
        "patterns" => descriptor.patterns = vec![pattern; 17],
        "reasons" => descriptor.reasons = vec!["odd".into(); 1000],
        "span" => descriptor.window = Some(Span { size_ms: 10_000, step_ms: 0 }),
        "schema" => descriptor.config_schema = "{".into(),
        "versions" => descriptor.reads_state_from = 2,
        _ => {}
    }
}

/// The templates of the rows of a batch.
pub(crate) fn templates(columns: &[Column]) -> impl Iterator<Item = u32> {
    let templates = match columns {
        [Column::U32s(templates), ..] => templates.as_slice(),
        _ => &[],
    };
    templates.iter().copied()
}

/// Rows of a column of a window.
pub(crate) fn length(column: &Column) -> usize {
    match column {
        Column::U32s(values) => values.len(),
        _ => 0,
    }
}

fn mark(row: u32) -> Mark {
    Mark { row, channel: 9, score: 2.5, code: 0, token: 3 }
}

fn endless() {
    let mut turns = 0_u64;
    while std::hint::black_box(turns) != u64::MAX {
        turns += 1;
    }
}

fn hog_memory() {
    loop {
        std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 20]));
    }
}

fn flood_log(message: &str) {
    for _ in 0..100_000 {
        log::log(Level::Warn, message);
    }
}

/// Recursion that no compiler turns into a loop.
fn recurse(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX {
        return 0;
    }
    recurse(depth + 1).rotate_left(1) ^ depth
}

#[expect(unsafe_code, reason = "a guest in another language could send such a text as well")]
fn broken_text() -> String {
    // SAFETY: not sound as a `String`, which is the point; nothing in this crate looks at its characters.
    unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe, 0xfd]) }
}
