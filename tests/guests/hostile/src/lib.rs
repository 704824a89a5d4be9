//! A detector that misbehaves on order, so that every limit of the host has a guest that breaks it.
//!
//! Without an order it counts: the score of a line is the number of lines its source has had so far, the score of a
//! window the number of windows. A host that loses, mixes up or repeats state shows in those numbers.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use bindings::bellwether::plugin::types::{
    Batch, Descriptor, Explanation, LineColumn, LoadError, Reason, Rows, SavedState, Scale, Scores,
    SeriesColumn, Window,
};
use bindings::exports::bellwether::plugin::{detection, lifecycle};
use order::{Order, Place};

mod deed;
mod order;

#[expect(unsafe_code, reason = "generated: exports functions under the contract's names")]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "detector" });
    export!(Hostile with_types_in self);
    use super::Hostile;
}

/// The plugin.
struct Hostile;

/// Lines and windows a source has had.
#[derive(Default, Clone, Copy)]
struct Seen {
    lines: u64,
    windows: u64,
}

thread_local! {
    static SEEN: RefCell<BTreeMap<u32, Seen>> = const { RefCell::new(BTreeMap::new()) };
    /// Batches that this instance has been given.
    static CALLS: Cell<u64> = const { Cell::new(0) };
    /// Rows of the last of them.
    static ROWS: Cell<usize> = const { Cell::new(0) };
}

impl lifecycle::Guest for Hostile {
    fn describe() -> Descriptor {
        let mut descriptor = Descriptor {
            name: "hostile".into(),
            version: "0.1.0".into(),
            state_version: 1,
            reads_state_from: 1,
            lines: vec![LineColumn::Template],
            series: vec![SeriesColumn::Count],
            vector: false,
            window: None,
            scale: Scale::Size,
            patterns: Vec::new(),
            reasons: vec!["odd".into()],
            tags: Vec::new(),
            metrics: vec!["calls".into()],
            config_schema: r#"{"type":"object"}"#.into(),
        };
        if let Some(deed) = Order::read().deed(Place::named("describe")) {
            deed::anywhere(deed);
            deed::describe(deed, &mut descriptor);
        }
        descriptor
    }

    fn configure(json: String) -> Result<(), String> {
        match Order::read().deed(Place::named("configure")) {
            Some("refuse") => Err(format!("{json} does not please me")),
            Some(deed) => {
                deed::anywhere(deed);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn save(source: u32) -> Result<SavedState, String> {
        let seen = SEEN.with_borrow(|seen| seen.get(&source).copied().unwrap_or_default());
        let bytes = [seen.lines.to_le_bytes(), seen.windows.to_le_bytes()].concat();
        match Order::read().deed(here("save").source(source)) {
            Some("refuse") => Err("not now".into()),
            Some("big") => Ok(SavedState { version: 1, bytes: vec![0; 9 << 20] }),
            Some("version") => Ok(SavedState { version: 7, bytes }),
            Some(deed) => {
                deed::anywhere(deed);
                Ok(SavedState { version: 1, bytes })
            }
            None => Ok(SavedState { version: 1, bytes }),
        }
    }

    fn load(source: u32, state: SavedState) -> Result<(), LoadError> {
        match Order::read().deed(here("load").source(source)) {
            Some("refuse") => return Err(LoadError::Corrupt("moth-eaten".into())),
            Some("version") => return Err(LoadError::UnsupportedVersion),
            Some(deed) => deed::anywhere(deed),
            None => {}
        }
        let (words, []) = state.bytes.as_chunks::<8>() else {
            return Err(LoadError::Corrupt("length".into()));
        };
        let [lines, windows] = words else {
            return Err(LoadError::Corrupt("length".into()));
        };
        let seen =
            Seen { lines: u64::from_le_bytes(*lines), windows: u64::from_le_bytes(*windows) };
        SEEN.with_borrow_mut(|all| all.insert(source, seen));
        Ok(())
    }

    fn forget(source: u32) {
        if let Some(deed) = Order::read().deed(Place::named("forget").source(source)) {
            deed::anywhere(deed);
        }
        SEEN.with_borrow_mut(|all| all.remove(&source));
    }
}

impl detection::Guest for Hostile {
    fn observe(batch: Batch) -> Scores {
        let mut scores = Scores {
            rows: Vec::new(),
            channels: Vec::new(),
            marks: Vec::new(),
            quiet: Rows::None,
            whole: f32::NAN,
            reasons: vec![Reason { row: Some(0), code: 0, token: 1 }],
        };
        let order = Order::read();
        let mut reply = None;
        CALLS.set(CALLS.get() + 1);
        let mut templates = deed::templates(&batch.columns);
        for run in &batch.runs {
            let place = here("observe").source(run.source).batch(batch.seq);
            let rows = templates.by_ref().take(run.rows as usize);
            rows.filter_map(|row| order.deed(place.template(row))).for_each(deed::anywhere);
            if let Some(deed) = order.deed(place) {
                deed::anywhere(deed);
                reply = Some(deed);
            }
            scores.rows.extend(count(run.source, run.rows));
        }
        if let Some(deed) = reply {
            deed::reply(deed, &mut scores);
        }
        ROWS.set(batch.runs.iter().map(|run| run.rows as usize).sum());
        scores
    }

    fn close_window(window: Window) -> Scores {
        let windows = SEEN.with_borrow_mut(|all| {
            let seen = all.entry(window.source).or_default();
            seen.windows += 1;
            seen.windows as f32
        });
        let rows = window.series.iter().map(deed::length).next().unwrap_or_default();
        let mut scores = Scores {
            rows: vec![windows; rows],
            channels: Vec::new(),
            marks: Vec::new(),
            quiet: Rows::None,
            whole: windows,
            reasons: vec![Reason { row: None, code: 0, token: 2 }],
        };
        if let Some(deed) = Order::read().deed(here("close-window").source(window.source)) {
            deed::anywhere(deed);
            deed::reply(deed, &mut scores);
        }
        scores
    }

    fn explain(token: u32) -> Option<Explanation> {
        let mut explanation = Explanation {
            summary: format!("token {token}"),
            evidence: vec![
                ("token".into(), token.to_string()),
                ("rows".into(), ROWS.get().to_string()),
            ],
        };
        if let Some(deed) = Order::read().deed(Place::named("explain")) {
            deed::anywhere(deed);
            deed::explain(deed, &mut explanation);
        }
        Some(explanation)
    }
}

/// In an export of this instance.
fn here(export: &'static str) -> Place {
    Place::named(export).calls(CALLS.get())
}

/// Counts lines of a source and gives the number that each of them is.
fn count(source: u32, rows: u32) -> impl Iterator<Item = f32> {
    let first = SEEN.with_borrow_mut(|all| {
        let seen = all.entry(source).or_default();
        seen.lines += u64::from(rows);
        seen.lines - u64::from(rows)
    });
    (0..u64::from(rows)).map(move |row| (first + row + 1) as f32)
}
