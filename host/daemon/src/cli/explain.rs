//! `bellwether explain`: why an anomaly was told, score by score.

use super::{Failure, Format, moment, stdout};
use crate::chain::chain;
use crate::config::Config;
use crate::explain::{BasisView, ExplainError, Explanation, Score, SizeView, TailView, explain};
use crate::output::terminal::safe;
use crate::output::{json, table::Table};
use crate::platform::{Base, read_wanted};
use bellwether_core::lane::WEIGHED_MAX;
use bellwether_store::{AnomalyDetail, Reader};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Scores that a table shows.
const SCORES_MAX: usize = 20;
/// Letters of a message in a table.
const TEMPLATE_LETTERS_MAX: usize = 60;

/// Options of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Id of the anomaly, as the page, alerts and `export` show it
    anomaly: String,
    /// Configuration file
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Only an anomaly of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let config = Arc::new(Config::load(&options.config).map_err(Failure::config)?);
    let (tenant, detail) = find(&config, options)?;
    let fits = read_wanted(&config.store.path)?.remove(&tenant).unwrap_or_default();
    let explanation = explain(&Base::new(&config)?, &fits, &tenant, &detail)?;
    let mut out = stdout();
    match options.format {
        Format::Json => json::write(&mut out, &explanation)?,
        Format::Table => write(&mut out, &explanation)?,
    }
    Ok(out.flush()?)
}

fn find(config: &Config, options: &Options) -> Result<(String, AnomalyDetail), Failure> {
    let reader = Reader::open(&config.store.path)?;
    let wanted = |name: &String| options.tenant.as_ref().is_none_or(|tenant| tenant == name);
    let tenants = reader.tenants()?.into_iter().map(|summary| summary.tenant);
    for tenant in tenants.filter(wanted) {
        if let Some(detail) = reader.anomaly(&tenant, &options.anomaly)? {
            return Ok((tenant, detail));
        }
    }
    let (id, path) = (&options.anomaly, config.store.path.display());
    Err(Failure::no_input(vec![format!(
        "no anomaly `{id}` in `{path}`; the page and `bellwether export` show their ids"
    )]))
}

impl From<ExplainError> for Failure {
    fn from(error: ExplainError) -> Self {
        let lines = vec![chain(&error)];
        match error {
            ExplainError::Case { .. } => Failure::no_input(lines),
            ExplainError::Recording(_) | ExplainError::State(_) => Failure::data(lines),
            ExplainError::Loadout(error) => error.into(),
            ExplainError::Changed { .. } => Failure::config(lines.join("\n")),
        }
    }
}

fn write(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let Explanation { window, scores, verdict, .. } = explanation;
    writeln!(out, "{}", safe(&explanation.sentence))?;
    let (start, end) = (moment(window.start_ms), moment(window.end_ms));
    writeln!(out, "window {start} to {end} of {}\n", safe(&explanation.source))?;
    let mut table =
        Table::new(&["bits", "detector", "score", "reason", "made of", "because", "message"]);
    for score in scores.iter().take(SCORES_MAX) {
        let message: String = score.template.chars().take(TEMPLATE_LETTERS_MAX).collect();
        table.push(&[
            format!("{:.2}", score.bits),
            score.detector.clone(),
            format!("{:.3}", score.score),
            score.reason.clone(),
            sum(score, verdict.as_ref().map_or(0.0, |verdict| verdict.trials_bits)),
            because(score),
            if score.channel.is_none() { "all lines together".into() } else { message },
        ]);
    }
    table.write(out)?;
    let further = scores.len().saturating_sub(SCORES_MAX);
    if further > 0 {
        writeln!(out, "… and {further} more scores; `--format json` has them")?;
    }
    if explanation.scores_left_out > 0 {
        let counted = explanation.scores_left_out;
        writeln!(out, "… and {counted} beyond the first {WEIGHED_MAX}, which are only counted")?;
    }
    if let Some(verdict) = verdict {
        writeln!(out)?;
        let mut table = Table::new(&["detector", "bits", "news", "offset", "voices"]);
        for one in &verdict.detectors {
            let bits = [one.state_bits, one.news_bits, one.offset, one.voices];
            let [state, news, offset, voices] = bits.map(|bits| format!("{bits:.2}"));
            table.push(&[one.detector.clone(), state, news, offset, voices]);
        }
        table.write(out)?;
        writeln!(
            out,
            "together {:.2} bits, {:.2} of them news, after {:.2} for several voices; an alarm takes {:.2}",
            verdict.state_bits, verdict.news_bits, verdict.trials_bits, verdict.alarm_bits
        )?;
    }
    conclude(out, explanation)
}

/// How far all that can be believed.
fn conclude(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    if !explanation.whole {
        writeln!(out, "the recording begins within the window; scores from before are not listed")?;
    }
    for plugin in &explanation.faults {
        writeln!(out, "plugin {} failed while this was worked out", safe(plugin))?;
    }
    writeln!(out, "equal: {}", if explanation.equal { "yes" } else { "no" })?;
    explanation.differences.iter().try_for_each(|one| writeln!(out, "  {}", safe(one)))
}

/// The parts of the bits: calibrated, prior, forgiven, offset, trials.
fn sum(score: &Score, trials_bits: f32) -> String {
    if score.quiet {
        return "quiet".into();
    }
    let mut text = format!("{:.2}", score.calibrated_bits);
    let parts = [
        (score.prior_bits, "line"),
        (-score.forgiven_bits.unwrap_or(0.0), "forgiven"),
        (score.offset, "offset"),
        (-trials_bits, "voices"),
    ];
    for (bits, name) in parts.into_iter().filter(|(bits, _)| bits.abs() >= 0.005) {
        text.push_str(&format!(" {bits:+.2} {name}"));
    }
    text
}

fn because(score: &Score) -> String {
    match &score.basis {
        BasisView::Bits(kind) => format!(
            "{:.1} of {} episodes as strong in {} windows, {:+.2} for a record",
            kind.as_strong, kind.episodes, kind.windows, kind.record_bits
        ),
        BasisView::Size(SizeView { judge: "nobody", own, .. }) => {
            format!("too young: {} windows", own.windows)
        }
        BasisView::Size(SizeView { judge: "own", own, .. }) => past("own past", own),
        BasisView::Size(SizeView { judge: "pooled", pooled, .. }) => past("all channels", pooled),
        BasisView::Size(SizeView { own, pooled, .. }) => {
            format!("{}; {}", past("own past", own), past("all channels", pooled))
        }
    }
}

fn past(whose: &str, tail: &TailView) -> String {
    let TailView { windows, peaks, as_high, highest, bits } = tail;
    format!(
        "{whose}: {as_high} of {peaks} peaks as high in {windows} windows, highest {highest:.3}: {bits:.2}"
    )
}
