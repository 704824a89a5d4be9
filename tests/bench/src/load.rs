//! A pipeline under load whose plugin keeps book, and changes while it does: every row must be in the book once, in order.
//!
//! Whoever compiles this file compiles the guest's own `book.rs` beside it.

use crate::book::Book;
use bellwether::config::Config;
use bellwether::loadout::{Component, Edition, Fit, Loadout, Wanted, Workshop, settings};
use bellwether::pipeline::{Output, Pipeline, Release, Workers};
use bellwether_core::intake::{InputId, InputOptions, Routing};
use bellwether_core::lane::Wishes;
use bellwether_core::state::unpack;
use bellwether_plugins::{Limits, Runtime};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The clock of all runs, so that they are the same on any day.
const NOW_MS: i64 = 1_772_431_200_000;
/// State of the source.
pub(crate) const BALLAST_BYTES: usize = 100 << 10;
/// Lines between two swaps.
const LINES: usize = 1000;
/// Lines in a millisecond of event time.
const LINES_PER_MS: u64 = 10;

/// What a run comes to.
type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Two editions of one plugin, which differ in their configuration.
pub(crate) fn loadouts(component: &[u8]) -> Outcome<[Arc<Loadout>; 2]> {
    let config = Config { detectors: Vec::new(), ..Config::default() };
    // Compiles here: whoever runs this is not the program that could do it in a child.
    let workshop = Workshop::around(Runtime::new(Limits::default(), None)?, &config);
    let fetch = |_: &str| Ok(component.to_vec());
    let open = |edition: u32| {
        let component = Component::Pushed { version: "1".into(), digest: "ledger".into() };
        let own = serde_json::json!({ "edition": edition, "ballast_bytes": BALLAST_BYTES });
        let edition = Edition { component, config: Some(own), ..Edition::configured() };
        let fit = Fit { current: Some(edition), ..Fit::default() };
        let fits = BTreeMap::from([("ledger".to_string(), fit)]);
        let wanted = Wanted { fits, fetch: Some(&fetch) };
        let settings = settings(&config, &config.tenant);
        Loadout::open(&workshop, &config, &wanted, settings, Wishes::default()).map(Arc::new)
    };
    Ok([open(1)?, open(2)?])
}

/// A pipeline under load, and the book that its plugin must keep.
pub(crate) struct Load {
    pipeline: Pipeline,
    input: InputId,
    expected: Book,
    position: u64,
    began: Instant,
}

/// How a run went.
pub(crate) struct Ran {
    /// How long a lane stood still, for each swap.
    pub(crate) held: Vec<Duration>,
}

impl Load {
    /// Starts one worker.
    pub(crate) fn start(loadout: &Arc<Loadout>) -> Outcome<Self> {
        let mut pipeline = Pipeline::start(loadout, &Workers::start(1)?, NOW_MS, Release::AtOnce)?;
        let input = pipeline.open(InputOptions {
            source: "file:load".into(),
            routing: Routing::Whole,
            reference_ms: NOW_MS,
            labels: Vec::new(),
            follows: false,
        });
        let expected = Book { ballast: vec![7; BALLAST_BYTES], ..Book::default() };
        Ok(Load { pipeline, input, expected, position: 0, began: Instant::now() })
    }

    /// Pushes lines as fast as they are taken, and begins a swap whenever the one before has ended.
    pub(crate) fn run(
        &mut self,
        swaps: usize,
        loadouts: Option<&[Arc<Loadout>; 2]>,
    ) -> Outcome<Ran> {
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
        Ok(Ran { held })
    }

    fn push_lines(&mut self) -> Outcome<()> {
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

    /// Holds the plugin's book against what it must be; its rows, and lines per second over all.
    pub(crate) fn end(mut self) -> Outcome<(u64, f64)> {
        self.pipeline.finish(self.input)?;
        let (_, checkpoint) = self.pipeline.checkpoint()?;
        let lines_per_s = self.expected.rows as f64 / self.began.elapsed().as_secs_f64();
        let source = checkpoint.sources.first().ok_or("the source was not saved")?;
        let (_, state) = source.plugins.first().ok_or("the plugin has no state")?;
        let book: Book = postcard::from_bytes(&unpack(&state.bytes)?)?;
        let rows = book.rows;
        if book != self.expected {
            return Err(format!("{rows} rows of {}, or not in order", self.expected.rows).into());
        }
        Ok((rows, lines_per_s))
    }
}
