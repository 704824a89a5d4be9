//! Series of each tenant and of each of its plugins.

use std::collections::BTreeMap;

use bellwether_plugins::{CircuitState, Health};

use super::family::Families;
use crate::recording::Figures;
use crate::watch::TenantStatus;

type Tenants = BTreeMap<String, TenantStatus>;

/// A family with one series for each tenant: name, help, value.
type OfTenant = (&'static str, &'static str, fn(&TenantStatus) -> f64);

/// A family with one series for each plugin.
type OfPlugin = (&'static str, &'static str, fn(&Health) -> u64);

const COUNTERS: &[OfTenant] = &[
    ("read_bytes_total", "Bytes read from inputs, in all runs.", |one| one.intake.bytes as f64),
    ("read_lines_total", "Lines read from inputs, in all runs.", |one| one.intake.lines as f64),
    ("read_records_total", "Records read from inputs, in all runs.", |one| {
        one.intake.records as f64
    }),
    ("cut_records_total", "Records that were cut because of their length.", |one| {
        one.intake.cut as f64
    }),
    ("unstamped_records_total", "Records without a time stamp of their own.", |one| {
        one.intake.unstamped as f64
    }),
    ("unfiltered_records_total", "Records that passed a filter that could not answer.", |one| {
        one.lanes.unfiltered as f64
    }),
    ("dead_letters_total", "Records, windows and states that plugins could not bear.", |one| {
        one.lanes.poisoned as f64
    }),
    ("commits_total", "Commits since the start.", |one| one.commit.commits as f64),
    ("commit_failures_total", "Attempts to commit that failed.", |one| one.commit.failures as f64),
    (
        "panes_given_up_total",
        "Rows of counts that were given up while no commit was possible.",
        |one| one.commit.panes_given_up as f64,
    ),
    ("recording_written_bytes_total", "Bytes recorded since the start.", |one| {
        recorded(one, |figures| figures.written_bytes)
    }),
    ("recording_gaps_total", "Segments of the recording that ended before their time.", |one| {
        recorded(one, |figures| figures.gaps)
    }),
    ("cases_kept_total", "Anomalies of which enough was kept to explain them.", |one| {
        recorded(one, |figures| figures.cases_kept)
    }),
    ("cases_missed_total", "Anomalies of which too little was kept to explain them.", |one| {
        recorded(one, |figures| figures.cases_missed)
    }),
];

const GAUGES: &[OfTenant] = &[
    ("watermark_timestamp_seconds", "Event time that is complete, in seconds since 1970.", |one| {
        one.watermark_ms as f64 / 1000.0
    }),
    ("open_anomalies", "Anomalies that go on.", |one| one.open_anomalies as f64),
    ("inputs", "Files that are followed.", |one| one.inputs.len() as f64),
    ("inputs_caught_up", "Files that were read to their end.", |one| {
        one.inputs.iter().filter(|input| input.caught_up).count() as f64
    }),
    ("input_lag_bytes", "Bytes of all files that are not yet read.", |one| {
        one.inputs.iter().map(|input| input.lag_bytes).sum::<u64>() as f64
    }),
    ("slow_patterns", "Patterns that are run on every line.", |one| one.slow_patterns.len() as f64),
    ("sources", "Sources at work.", |one| one.sources.len() as f64),
    ("stopped", "Whether the tenant stopped: 1 if so.", |one| f64::from(one.stopped.is_some())),
    ("commit_possible", "Whether commits are possible at the moment: 1 if so.", |one| {
        f64::from(one.commit.trouble.is_none())
    }),
    ("last_commit_timestamp_seconds", "When the last commit was, in seconds since 1970.", |one| {
        one.commit.last_ms as f64 / 1000.0
    }),
    ("last_commit_duration_seconds", "How long the last commit took.", |one| {
        one.commit.took_ms as f64 / 1000.0
    }),
    ("last_commit_bytes", "State in the last commit.", |one| one.commit.bytes as f64),
    ("recording_bytes", "What is recorded at present.", |one| {
        recorded(one, |figures| figures.bytes)
    }),
];

const PLUGIN_COUNTERS: &[OfPlugin] = &[
    ("plugin_calls_total", "Batches and windows a plugin was asked about and answered.", |one| {
        one.calls
    }),
    ("plugin_rows_total", "Rows in the calls of a plugin.", |one| one.rows),
    ("plugin_unscored_rows_total", "Rows for which a plugin failed or was left out.", |one| {
        one.rows_unscored
    }),
    ("plugin_poisoned_total", "Rows, windows and states that kill a plugin.", |one| one.poisoned),
    ("plugin_reruns_total", "Calls of a plugin that were made again after a fault.", |one| {
        one.reruns
    }),
    ("plugin_bisections_total", "Batches that were taken apart for what kills a plugin.", |one| {
        one.bisections
    }),
    ("plugin_rejuvenations_total", "Instances of a plugin changed for wear or age.", |one| {
        one.rejuvenations
    }),
    ("plugin_fuel_total", "Fuel used by a plugin.", |one| one.fuel),
    ("plugin_starts_total", "Instances of a plugin that were started.", |one| one.starts),
];

const PLUGIN_GAUGES: &[OfPlugin] = &[
    ("plugin_memory_bytes", "Linear memory of a plugin at present.", |one| one.memory_bytes),
    ("plugin_state_bytes", "Saved state of a plugin.", |one| one.state_bytes),
    ("plugin_fuel_halvings", "How often the fuel of a plugin is halved for using it up.", |one| {
        one.fuel_halvings
    }),
    ("plugin_quarantined", "Whether a plugin is not asked any more: 1 if so.", |one| {
        u64::from(one.circuit == CircuitState::Quarantined)
    }),
    ("plugin_left_out", "Whether a plugin fails too often and is left out: 1 if so.", |one| {
        u64::from(one.circuit != CircuitState::Closed)
    }),
];

/// A figure of the recording; 0 where nothing is recorded.
fn recorded(tenant: &TenantStatus, figure: fn(&Figures) -> u64) -> f64 {
    tenant.recording.as_ref().map_or(0.0, |figures| figure(figures) as f64)
}

/// Adds everything that is counted by tenant.
pub(super) fn tenants(families: &mut Families, tenants: &Tenants) {
    for (name, help, value) in COUNTERS {
        let mut family = families.counter(name, help);
        for (tenant, one) in tenants {
            family.add(&[("tenant", tenant)], value(one));
        }
    }
    for (name, help, value) in GAUGES {
        let mut family = families.gauge(name, help);
        for (tenant, one) in tenants {
            family.add(&[("tenant", tenant)], value(one));
        }
    }
    records(families, tenants);
    files(families, tenants);
    plugins(families, tenants);
}

fn records(families: &mut Families, tenants: &Tenants) {
    let mut family =
        families.counter("records_total", "Records by what became of them, in all runs.");
    for (tenant, one) in tenants {
        let outcomes = [
            ("kept", one.lanes.kept),
            ("dropped", one.lanes.dropped),
            ("late", one.intake.late),
            ("quarantined", one.intake.quarantined),
            ("dead", one.lanes.dead),
        ];
        for (outcome, count) in outcomes {
            family.count(&[("tenant", tenant), ("outcome", outcome)], count);
        }
    }
}

fn files(families: &mut Families, tenants: &Tenants) {
    let mut family =
        families.counter("file_events_total", "What happened to followed files, by kind.");
    for (tenant, one) in tenants {
        for (event, count) in &one.files {
            family.count(&[("tenant", tenant), ("event", event)], *count);
        }
    }
}

fn plugins(families: &mut Families, tenants: &Tenants) {
    let all = || {
        tenants.iter().flat_map(|(tenant, one)| {
            one.plugins
                .iter()
                .map(move |(plugin, health)| (tenant.as_str(), plugin.as_str(), health))
        })
    };
    for (name, help, value) in PLUGIN_COUNTERS {
        let mut family = families.counter(name, help);
        for (tenant, plugin, health) in all() {
            family.count(&[("tenant", tenant), ("plugin", plugin)], value(health));
        }
    }
    for (name, help, value) in PLUGIN_GAUGES {
        let mut family = families.gauge(name, help);
        for (tenant, plugin, health) in all() {
            family.count(&[("tenant", tenant), ("plugin", plugin)], value(health));
        }
    }
    let mut busy = families.counter("plugin_busy_seconds_total", "Wall time in calls of a plugin.");
    for (tenant, plugin, health) in all() {
        busy.add(&[("tenant", tenant), ("plugin", plugin)], health.busy_ns as f64 / 1e9);
    }
    let mut faults = families.counter("plugin_faults_total", "Faults of a plugin by cause.");
    for (tenant, plugin, health) in all() {
        for (cause, count) in &health.faults {
            faults.count(&[("tenant", tenant), ("plugin", plugin), ("cause", cause)], *count);
        }
    }
}
