//! What the detectors and filters that ship cost on generated traffic: as components, and natively.
//!
//! What is timed is the plugin alone, with the boundary: what the host makes of columns and scores is in `pipeline`.

use crate::natives::{
    native_divergence, native_dmd, native_drop_noise, native_entropy, native_invariants,
    native_novelty, native_rate,
};
use crate::report::{Report, Title};
use crate::rounds::{Rounds, ns_per_item_anew};
use crate::traffic::Traffic;
use anyhow::{Context, Error, Result, ensure};
use bellwether::config::Config;
use bellwether::kit::{Log, listen, pattern_set};
use bellwether_core::column::Column;
use bellwether_core::plugin::{
    Descriptor, Detector, Filter, Given, GivenLines, GivenWindow, Plugin,
};
use bellwether_plugins::{CompiledPlugin, LaneDetector, LaneFilter, Limits, Runtime};
use bellwether_sdk::testing::{self, Batch, Run, TextColumn, Window};
use bellwether_sdk::{DetectorPlugin, FilterPlugin};
use std::hint::black_box;
use std::sync::Arc;

/// The components that the build script made.
const RATE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/detector-rate.wasm"));
const NOVELTY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/detector-novelty.wasm"));
const INVARIANTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/detector-invariants.wasm"));
const DIVERGENCE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/detector-divergence.wasm"));
const ENTROPY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/detector-entropy.wasm"));
const DMD: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/detector-dmd.wasm"));
const DROP_NOISE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/filter-drop-noise.wasm"));

/// What the filter is to do: conditions of each sort.
const DROP: &str = r#"{
    "drop": [{"severity_below": 9, "messages": ["0badcafe", "1badcafe"]}, {"patterns": ["out-of-memory-killer"]}],
    "tag": [{"name": "errors", "when": {"severity_from": 17}}]
}"#;
/// Of the traffic, since windows of some detectors take long.
const SHARE: usize = 4;

/// Measures each.
pub(crate) fn measure(report: &mut Report, traffic: &Traffic) -> Result<()> {
    let runtime = Runtime::new(Limits::default(), None)?;
    let mut bench = Bench { report, traffic, runtime };
    bench.detector(RATE, native_rate::Native::default)?;
    bench.detector(NOVELTY, native_novelty::Native::default)?;
    bench.detector(INVARIANTS, native_invariants::Native::default)?;
    bench.detector(DIVERGENCE, native_divergence::Native::default)?;
    bench.detector(ENTROPY, native_entropy::Native::default)?;
    bench.detector(DMD, native_dmd::Native::default)?;
    bench.filter(DROP_NOISE, native_drop_noise::Native::default)
}

/// Makes one that has been given nothing yet.
type Make<'a, P> = &'a dyn Fn() -> Result<P>;
/// Gives it everything; how much it said.
type Ask<'a, P> = &'a dyn Fn(&mut P) -> Option<usize>;

/// What all are measured with.
struct Bench<'a> {
    report: &'a mut Report,
    traffic: &'a Traffic,
    runtime: Runtime,
}

impl Bench<'_> {
    /// A detector over lines, windows, or both.
    fn detector<D: bellwether_sdk::Detector>(
        &mut self,
        component: &[u8],
        make: fn() -> DetectorPlugin<D>,
    ) -> Result<()> {
        let plugin = self.runtime.admit(component)?;
        let guest = || plugin.detector("{}", None).map_err(Error::from);
        let native = || {
            let mut native = make();
            native.configure("{}").map_err(Error::msg)?;
            Ok(native)
        };
        let (lines, windows) = given(self.traffic, &plugin, guest()?.descriptor())?;
        if !lines.is_empty() {
            let given: Vec<Batch> = lines.iter().map(batch).collect();
            let ours = |guest: &mut LaneDetector| {
                let each = lines.iter().map(|given| guest.observe(&given.view()));
                each.map(|scores| {
                    scores.map(|own| said(own.rows.len(), own.marks.len(), own.whole))
                })
                .sum()
            };
            let theirs = |native: &mut DetectorPlugin<D>| {
                let each = given.iter().map(|batch| native.observe(batch));
                Some(each.map(|own| said(own.rows.len(), own.marks.len(), own.whole)).sum())
            };
            let rows = rows_of(&lines);
            self.compare(&plugin, ("ns/row", rows), (&guest, &ours), (&native, &theirs))?;
        }
        if !windows.is_empty() {
            let given: Vec<Window> = windows.iter().map(window).collect();
            let ours = |guest: &mut LaneDetector| {
                let each = windows.iter().map(|given| guest.close_window(&given.view()));
                each.map(|scores| {
                    scores.map(|own| said(own.rows.len(), own.marks.len(), own.whole))
                })
                .sum()
            };
            let theirs = |native: &mut DetectorPlugin<D>| {
                let each = given.iter().map(|window| native.close_window(window));
                Some(each.map(|own| said(own.rows.len(), own.marks.len(), own.whole)).sum())
            };
            let items = windows.len();
            self.compare(&plugin, ("ns/window", items), (&guest, &ours), (&native, &theirs))?;
        }
        Ok(())
    }

    fn filter<F: bellwether_sdk::Filter>(
        &mut self,
        component: &[u8],
        make: fn() -> FilterPlugin<F>,
    ) -> Result<()> {
        let plugin = self.runtime.admit(component)?;
        let guest = || plugin.filter(DROP).map_err(Error::from);
        let native = || {
            let mut native = make();
            native.configure(DROP).map_err(Error::msg)?;
            Ok(native)
        };
        let (lines, _) = given(self.traffic, &plugin, guest()?.descriptor())?;
        let given: Vec<Batch> = lines.iter().map(batch).collect();
        let ours = |guest: &mut LaneFilter| {
            let each = lines.iter().map(|given| guest.evaluate(&given.view()));
            each.map(|verdicts| verdicts.map(|own| own.tags.len())).sum()
        };
        let theirs = |native: &mut FilterPlugin<F>| {
            Some(given.iter().map(|batch| native.evaluate(batch).tags.len()).sum())
        };
        let rows = rows_of(&lines);
        self.compare(&plugin, ("ns/row", rows), (&guest, &ours), (&native, &theirs))
    }

    /// Both over the same, each time from the beginning; they must have as much to say, which on a quiet day is nothing.
    fn compare<G, N>(
        &mut self,
        plugin: &CompiledPlugin,
        (unit, items): (&'static str, usize),
        (guest, ours): (Make<'_, G>, Ask<'_, G>),
        (native, theirs): (Make<'_, N>, Ask<'_, N>),
    ) -> Result<()> {
        let name = &plugin.descriptor().name;
        let said = ours(&mut guest()?).with_context(|| format!("{name} failed"))?;
        ensure!(theirs(&mut native()?) == Some(said), "{name} says more or less natively");
        let rounds = Rounds::against(
            || ns_per_item_anew(items, guest, |guest| finish(black_box(ours(guest)))),
            || ns_per_item_anew(items, native, |native| finish(black_box(theirs(native)))),
        )?;
        self.report.push(Title { work: "plugin", case: name, peer: Some("native"), unit }, &rounds);
        Ok(())
    }
}

/// How much a detector said.
fn said(rows: usize, marks: usize, whole: f32) -> usize {
    rows + marks + usize::from(!whole.is_nan())
}

fn finish(said: Option<usize>) -> Result<()> {
    said.map(drop).context("the plugin failed")
}

/// What a plugin is given for the first share of the traffic.
fn given(
    traffic: &Traffic,
    plugin: &CompiledPlugin,
    wanted: &Descriptor,
) -> Result<(Vec<GivenLines>, Vec<GivenWindow>)> {
    let bytes = traffic.bytes[..traffic.bytes.len() / SHARE].to_vec();
    let log = Log { source: "file:bench".into(), bytes, routing: traffic.routing };
    let patterns = pattern_set(&Config::default(), std::iter::once(wanted))?;
    let (mut lines, mut windows) = (Vec::new(), Vec::new());
    for given in listen(&[log], plugin.kind(), wanted, patterns)?.1 {
        match given {
            Given::Lines(own) => lines.push(own),
            Given::Window(own) => windows.push(own),
        }
    }
    Ok((lines, windows))
}

fn rows_of(lines: &[GivenLines]) -> usize {
    lines.iter().map(|given| given.view().rows()).sum()
}

/// A batch as the guest has it.
fn batch(given: &GivenLines) -> Batch {
    let runs = given.runs.iter().map(|run| Run { source: run.source, rows: run.rows });
    Batch {
        seq: given.seq,
        watermark: given.watermark_ms,
        runs: runs.collect(),
        columns: columns(&given.columns),
    }
}

/// A window as the guest has it.
fn window(given: &GivenWindow) -> Window {
    Window {
        source: given.source,
        start: given.start_ms,
        end: given.end_ms,
        lines: given.lines,
        series: columns(&given.columns),
        vector: given.vector.to_vec(),
    }
}

fn columns(given: &[Arc<Column>]) -> Vec<testing::Column> {
    let column = |column: &Arc<Column>| match &**column {
        Column::Bits(bits) => testing::Column::Bits(bits.bytes().to_vec()),
        Column::U8s(values) => testing::Column::U8s(values.clone()),
        Column::U32s(values) => testing::Column::U32s(values.clone()),
        Column::U64s(values) => testing::Column::U64s(values.clone()),
        Column::F32s(values) => testing::Column::F32s(values.clone()),
        Column::F64s(values) => testing::Column::F64s(values.clone()),
        Column::Text(text) => {
            let (bytes, ends) = (text.bytes.clone(), text.ends.clone());
            testing::Column::Text(TextColumn { bytes, ends })
        }
    };
    given.iter().map(column).collect()
}
