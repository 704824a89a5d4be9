//! How a tenant says how it is doing.

use super::status::{InputStatus, PluginLine, SourceStatus};
use super::tenant::Tenant;
use crate::loadout::split_key;
use bellwether_core::calibrate::WARM_UP_WINDOWS;
use bellwether_plugins::LogLine;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Time over which rates are smoothed.
const SMOOTH: Duration = Duration::from_secs(30);
/// Lines of a plugin that are kept.
const LINES_MAX: usize = 200;

/// Writes everything down that people may ask for.
pub(super) fn tell(tenant: &Tenant, since: Option<Duration>) {
    let inputs = tenant.reading.iter().map(|(id, reading)| InputStatus {
        path: reading.path.clone(),
        source: reading.source.clone(),
        position: reading.position,
        lag_bytes: tenant.files.lag_bytes(*id),
        caught_up: reading.caught_up,
        idle: reading.idle,
    });
    let inputs: Vec<InputStatus> = inputs.collect();
    let intake = tenant.pipeline.intake();
    let forms = intake.sources();
    let status = &tenant.given.status;
    status.update(&tenant.given.tenant, |status| {
        let before = std::mem::take(&mut status.sources);
        let sources = forms.into_iter().map(|(number, form)| {
            let info = tenant.infos.get(&number);
            let old = before.get(&form.key);
            let source = SourceStatus {
                form: form.form.form.name().into(),
                form_votes: (form.form.votes, form.form.lines),
                records: form.records,
                lines: info.map_or(0, |info| info.lines),
                lines_per_s: old.zip(since).map_or(0.0, |(old, since)| {
                    rate(old.lines_per_s, form.records - old.records.min(form.records), since)
                }),
                first_ms: info.map_or(0, |info| info.first_ms),
                last_ms: info.map_or(0, |info| info.last_ms),
                templates: info.map_or(0, |info| info.templates_alive),
                templates_evicted: info.map_or(0, |info| info.templates_evicted),
                windows: info.map_or(0, |info| info.windows),
                warm_up_windows: WARM_UP_WINDOWS,
                source: form.key,
            };
            (source.source.clone(), source)
        });
        status.sources = sources.collect::<BTreeMap<_, _>>();
        status.watermark_ms = intake.ticked_ms();
        status.inputs = inputs;
        status.intake = *intake.counters();
        status.lanes = tenant.counters.clone();
        status.plugins = tenant.given.loadout.health();
        hear(&mut status.plugin_lines, tenant.given.loadout.take_lines(), (tenant.given.clock)());
        status.trials = tenant.trials.clone();
        let slow = tenant.given.loadout.slow_patterns();
        for pattern in slow.difference(&status.slow_patterns) {
            let tenant = &tenant.given.tenant;
            tracing::warn!(
                tenant,
                pattern,
                "this pattern is run on every line, since its words are too common in these logs; \
                 give it a rarer one, or remove it"
            );
        }
        status.slow_patterns = slow;
        status.digests = tenant.given.loadout.digests();
        status.files = tenant.files.counters();
        status.recording = tenant.pipeline.recording();
        status.open_anomalies = tenant.pipeline.open_anomalies();
    });
}

/// Keeps the last lines of each plugin.
fn hear(
    kept: &mut BTreeMap<String, VecDeque<PluginLine>>,
    lines: Vec<(String, LogLine)>,
    at_ms: u64,
) {
    for (key, LogLine { level, line }) in lines {
        let (name, edition) = split_key(&key);
        let edition = edition.map(str::to_owned);
        let own = kept.entry(name.to_owned()).or_default();
        if own.len() == LINES_MAX {
            own.pop_front();
        }
        own.push_back(PluginLine { at_ms, edition, level, line });
    }
}

/// A rate that forgets what lies some time back.
fn rate(before: f64, records: u64, since: Duration) -> f64 {
    let seconds = since.as_secs_f64().max(0.001);
    let weight = 1.0 - (-seconds / SMOOTH.as_secs_f64()).exp();
    before + weight * (records as f64 / seconds - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_approached() {
        let mut smoothed = 0.0;
        for _ in 0..300 {
            smoothed = rate(smoothed, 50, Duration::from_secs(1));
        }
        assert!((smoothed - 50.0).abs() < 0.1, "{smoothed}");
    }
}
