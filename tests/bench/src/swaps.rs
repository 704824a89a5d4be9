//! Plugins change while a pipeline works at full speed: is every row seen once and in order, and for how long does a lane
//! stand still?

use crate::book::Book;
use crate::traffic::NOW_MS;
use anyhow::{Context, Result, ensure};
use bellwether::config::Config;
use bellwether::loadout::{Component, Edition, Fit, Loadout, Wanted, runtime, settings};
use bellwether::pipeline::{Output, Pipeline, Release};
use bellwether_core::intake::{InputId, InputOptions, Routing};
use bellwether_core::lane::Wishes;
use bellwether_core::state::unpack;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The component that the build script made.
const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest-ledger.wasm"));
/// State of the source.
const BALLAST_BYTES: usize = 100 << 10;
/// Lines between two swaps.
const LINES: usize = 1000;
/// Lines in a millisecond of event time.
const LINES_PER_MS: u64 = 10;

/// How many swaps this process was asked for, by `--swaps N`.
pub(crate) fn asked_of_this_process() -> Result<Option<usize>> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--swaps").skip(1);
    arguments.next().map(|count| count.parse().context("`--swaps` takes a number")).transpose()
}

/// Swaps so many times and tells how that went.
pub(crate) fn measure(swaps: usize) -> Result<()> {
    let loadouts = loadouts()?;
    let mut load = Load::start(&loadouts[0])?;
    let still = load.run(swaps, None)?;
    let mut load = Load::start(&loadouts[0])?;
    let mut held = load.run(swaps, Some(&loadouts))?.held;
    let lines_per_s = load.end()?;
    held.sort_unstable();
    let at = |share: f64| held[((held.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("swaps                {}, of plugins with {BALLAST_BYTES} bytes of state", held.len());
    println!("rows                 {}, each seen once and in order", swaps * LINES);
    println!("lines/s              {lines_per_s:.0}; {:.0} without swaps", still.lines_per_s);
    println!(
        "a lane stood still   {:.3} ms in the median, {:.3} p99, {:.3} at most",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

/// Two editions of one plugin, which differ in their configuration.
fn loadouts() -> Result<[Arc<Loadout>; 2]> {
    let config = Config { detectors: Vec::new(), ..Config::default() };
    let runtime = runtime(&config)?;
    let fetch = |_: &str| Ok(COMPONENT.to_vec());
    let open = |edition: u32| {
        let component = Component::Pushed { version: "1".into(), digest: "ledger".into() };
        let own = serde_json::json!({ "edition": edition, "ballast_bytes": BALLAST_BYTES });
        let edition = Edition { component, config: Some(own), ..Edition::configured() };
        let fit = Fit { current: Some(edition), ..Fit::default() };
        let fits = BTreeMap::from([("ledger".to_string(), fit)]);
        let wanted = Wanted { fits, fetch: Some(&fetch) };
        let settings = settings(&config, &config.tenant);
        Loadout::open(&runtime, &config, &wanted, settings, Wishes::default()).map(Arc::new)
    };
    Ok([open(1)?, open(2)?])
}

/// A pipeline under load, and the book that its plugin must keep.
struct Load {
    pipeline: Pipeline,
    input: InputId,
    expected: Book,
    position: u64,
    began: Instant,
}

/// How a run went.
struct Ran {
    held: Vec<Duration>,
    lines_per_s: f64,
}

impl Load {
    fn start(loadout: &Arc<Loadout>) -> Result<Self> {
        let mut pipeline = Pipeline::start(loadout, 1, NOW_MS, Release::AtOnce)?;
        let input = pipeline.open(InputOptions {
            source: "file:load".into(),
            routing: Routing::Plain,
            reference_ms: NOW_MS,
            labels: Vec::new(),
            follows: false,
        });
        let expected = Book { ballast: vec![7; BALLAST_BYTES], ..Book::default() };
        Ok(Load { pipeline, input, expected, position: 0, began: Instant::now() })
    }

    /// Pushes lines as fast as they are taken, and begins a swap whenever the one before has ended.
    fn run(&mut self, swaps: usize, loadouts: Option<&[Arc<Loadout>; 2]>) -> Result<Ran> {
        let mut held = Vec::with_capacity(swaps);
        let (mut number, mut under_way) = (0, false);
        for _ in 0..swaps {
            self.push_lines()?;
            let Some(loadouts) = loadouts else { continue };
            let mut output = Output::default();
            if under_way {
                loop {
                    if let Some(fitted) = self.pipeline.fitted(&mut output)? {
                        held.push(fitted?);
                        break;
                    }
                    self.push_lines()?;
                }
            }
            let (before, next) = (&loadouts[number % 2], &loadouts[(number + 1) % 2]);
            self.pipeline.fit(before, next, &mut output)?;
            (number, under_way) = (number + 1, true);
        }
        let lines_per_s = self.expected.rows as f64 / self.began.elapsed().as_secs_f64();
        Ok(Ran { held, lines_per_s })
    }

    fn push_lines(&mut self) -> Result<()> {
        let mut bytes = Vec::with_capacity(LINES * 80);
        for _ in 0..LINES {
            let number = self.expected.rows;
            let ms = number / LINES_PER_MS;
            let (hour, minute, second) = (ms / 3_600_000 % 24, ms / 60_000 % 60, ms / 1000 % 60);
            self.expected.enter(self.position + bytes.len() as u64);
            writeln!(
                bytes,
                "2026-03-01T{hour:02}:{minute:02}:{second:02}.{:03}Z INFO worker {} took request {number}",
                ms % 1000,
                number % 17
            )?;
        }
        self.position += bytes.len() as u64;
        self.pipeline.push(self.input, &bytes)?;
        Ok(())
    }

    /// Holds the plugin's book against what it must be.
    fn end(mut self) -> Result<f64> {
        self.pipeline.finish(self.input)?;
        let (_, checkpoint) = self.pipeline.checkpoint()?;
        let lines_per_s = self.expected.rows as f64 / self.began.elapsed().as_secs_f64();
        let source = checkpoint.sources.first().context("the source was saved")?;
        let (_, state) = source.plugins.first().context("the plugin has a state")?;
        let book: Book = postcard::from_bytes(&unpack(&state.bytes)?)?;
        ensure!(
            book == self.expected,
            "{} rows of {}, or not in order",
            book.rows,
            self.expected.rows
        );
        Ok(lines_per_s)
    }
}
