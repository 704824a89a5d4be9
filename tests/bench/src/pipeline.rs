//! The whole way of a line, from bytes to anomalies, as `bellwether replay` goes it.

use crate::report::{Report, Title};
use crate::rounds::Rounds;
use crate::traffic::{NOW_MS, Traffic};
use anyhow::{Result, ensure};
use bellwether::config::Config;
use bellwether::loadout::{Loadout, settings};
use bellwether::pipeline::{Pipeline, Release, Workers};
use bellwether_core::intake::{InputId, InputOptions, Routing};
use bellwether_core::lane::Wishes;
use std::sync::Arc;
use std::time::Instant;

/// Bytes pushed at a time, as many as the program reads.
const CHUNK_BYTES: usize = 256 << 10;

/// Measures one and two workers.
pub(crate) fn measure(report: &mut Report, traffic: &Traffic) -> Result<()> {
    let loadout = default_loadout()?;
    let lines = traffic.lines();
    let lines_per_s = |workers| -> Result<f64> {
        let began = Instant::now();
        let mut run = Run::start(&loadout, &Workers::start(workers)?, traffic.routing)?;
        traffic.bytes.chunks(CHUNK_BYTES).try_for_each(|chunk| run.push(chunk))?;
        run.end(lines)?;
        Ok(lines as f64 / began.elapsed().as_secs_f64())
    };
    let rounds = Rounds::against(|| lines_per_s(2), || lines_per_s(1))?;
    let one = format!("{}, one worker", traffic.name);
    let two = format!("{}, two workers", traffic.name);
    let title = |case, peer| Title { work: "pipeline", case, peer, unit: "lines/s" };
    report.push(title(&one, None), &rounds.combined(|_, one_worker| one_worker));
    report.push(title(&two, Some("one worker")), &rounds);
    Ok(())
}

/// The plugins and settings of a program without a configuration.
pub(crate) fn default_loadout() -> Result<Arc<Loadout>> {
    let config = Config::default();
    Ok(Arc::new(Loadout::new(&config, settings(&config, &config.tenant), Wishes::default())?))
}

/// A pipeline with one input.
pub(crate) struct Run {
    pipeline: Pipeline,
    input: InputId,
}

impl Run {
    /// Starts it on these threads.
    pub(crate) fn start(
        loadout: &Arc<Loadout>,
        workers: &Workers,
        routing: Routing,
    ) -> Result<Self> {
        let mut pipeline = Pipeline::start(loadout, workers, NOW_MS, Release::InOrder)?;
        let source = "file:bench".into();
        let input = pipeline.open(InputOptions {
            source,
            routing,
            reference_ms: NOW_MS,
            labels: Vec::new(),
            follows: false,
        });
        Ok(Run { pipeline, input })
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.pipeline.push(self.input, bytes)?;
        Ok(())
    }

    /// Waits until everything was done.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.pipeline.checkpoint()?;
        Ok(())
    }

    /// Waits for the end. A pipeline that turned lines away at its door would look fast, so that is an error.
    pub(crate) fn end(mut self, lines: usize) -> Result<()> {
        self.pipeline.finish(self.input)?;
        let (_, totals) = self.pipeline.end()?;
        let (intake, lanes) = (totals.intake, totals.lanes);
        ensure!(intake.lines == lines as u64, "{} of {lines} lines were read", intake.lines);
        let worked = lanes.kept + lanes.dropped;
        let enough = worked * 10 >= intake.records * 9 && worked > 0;
        ensure!(enough, "{worked} of {} records went the whole way", intake.records);
        Ok(())
    }
}
