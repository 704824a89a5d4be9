//! Every limit of a plugin in one place, each finite.

use serde::{Deserialize, Serialize};

use crate::admission::Kind;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// What plugins may use. The name of a limit ends in its unit; counts end in `_max`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Size of a component. A Rust guest has 25 KB, a Go guest 3 MB; larger ones carry an interpreter.
    pub component_bytes_max: usize,
    /// Linear memory of a detector, all memories together.
    pub detector_memory_bytes_max: usize,
    /// Linear memory of a filter, which has next to no state.
    pub filter_memory_bytes_max: usize,
    /// Linear memories of an instance: more than one would only be a way round the limits above.
    pub memories_max: u32,
    /// Tables of an instance: its own, and those that adapters between component and module need.
    pub tables_max: u32,
    /// Elements of each table: more than any compiler makes function pointers.
    pub table_elements_max: usize,
    /// Core instances of a component: the module, and the adapters that the tool chain puts beside it.
    pub core_instances_max: u32,
    /// Native stack of a call, well within a thread's 2 MiB.
    pub stack_bytes_max: usize,
    /// Instances alive at a time. Each reserves 4 GiB of address space (not memory) to need no bounds checks.
    pub instances_max: u32,

    /// Fuel of `observe`, `evaluate`, `explain` and `forget`, before rows. A unit is about one instruction.
    pub fuel_per_call: u64,
    /// Fuel of `close-window`, before rows: linear algebra over a window takes its time.
    pub fuel_per_window: u64,
    /// Further fuel for each row given to a detector.
    pub fuel_per_row: u64,
    /// Further fuel for each row given to a filter, which stands in the way of every line.
    pub fuel_per_filter_row: u64,
    /// Fuel of starting, `describe`, `configure`, `save` and `load`.
    pub fuel_lifecycle: u64,
    /// Wall time that a unit of fuel may take before the call is given up, about 20 times what it should take.
    /// A backstop: it depends on the machine, so fuel must always decide first.
    pub deadline_ns_per_fuel: u64,
    /// The least such wall time of a call.
    pub deadline_ms_min: u64,
    /// How often the clock behind deadlines ticks while a call is under way.
    pub tick_ms: u64,

    /// What one call may hand to the host, replies included.
    pub hostcall_bytes_max: usize,
    /// Saved state of one source.
    pub state_bytes_max: usize,
    /// Saved states of all sources of a lane.
    pub lane_state_bytes_max: usize,
    /// Event time after which the state of a source that had work is saved again; what came since is in the journal.
    pub checkpoint_every_ms: u64,
    /// What a plugin was given since its states were saved, kept to be given again; more, and they are saved.
    pub journal_bytes_max: usize,
    /// Rows, windows or states that are set aside in one call before the rest of it is given up.
    pub poison_max: usize,
    /// Scores that are explained at once where a batch had to be taken apart.
    pub explanations_at_once_max: usize,
    /// Halvings of the fuel of a plugin that uses it up again and again.
    pub share_halvings_max: u32,
    /// Event time without such an end after which its share is doubled again.
    pub share_grows_after_ms: u64,
    /// Event time after which an instance is changed for a new one.
    pub instance_age_ms_max: u64,
    /// Linear memory below which an instance never has grown too much.
    pub worn_bytes_min: usize,
    /// How many times the memory that its states take an instance may have before it is changed for a new one.
    pub worn_growth_max: usize,
    /// Percent of the memory it may have from which on it is changed for a new one.
    pub worn_percent_max: usize,
    /// Marks per row of a call.
    pub marks_per_row_max: usize,
    /// Summary of an explanation.
    pub summary_bytes_max: usize,
    /// Named facts of an explanation.
    pub evidence_max: usize,
    /// Name or value of such a fact.
    pub evidence_bytes_max: usize,
    /// Log lines kept of one call.
    pub log_lines_max: usize,
    /// Bytes kept of a log line.
    pub log_line_bytes_max: usize,
    /// Calls of `metrics.add` that count in one call.
    pub metric_calls_max: u32,
    /// Frames of a backtrace.
    pub backtrace_frames_max: usize,

    /// Name, version, and each name of a reason, tag, metric, column or pattern.
    pub name_bytes_max: usize,
    /// Columns of lines, and columns of series, that a plugin may want.
    pub columns_max: usize,
    /// Patterns a plugin may bring along.
    pub patterns_max: usize,
    /// Expression of such a pattern.
    pub pattern_bytes_max: usize,
    /// Reasons of a detector.
    pub reasons_max: usize,
    /// Tags of a filter.
    pub tags_max: usize,
    /// Metrics of a plugin.
    pub metrics_max: usize,
    /// Schema of the configuration.
    pub schema_bytes_max: usize,
    /// Configuration of a plugin.
    pub config_bytes_max: usize,

    /// Faults within `circuit_within_ms` that a lane bears; one more and the plugin is left out for a while.
    pub circuit_faults_max: usize,
    /// Event time over which faults are counted.
    pub circuit_within_ms: u64,
    /// Event time that a plugin is left out at first; doubled each time it fails again.
    pub circuit_pause_ms_min: u64,
    /// Event time that a plugin is left out at most.
    pub circuit_pause_ms_max: u64,
    /// Rows of late by which the share of poison is told.
    pub circuit_poison_rows: usize,
    /// One poisoned row in so many is borne; more, and the plugin is left out for a while.
    pub circuit_rows_per_poison: usize,
    /// How often a plugin may be left out for a while; once more, and it is left out until it is opened anew.
    pub circuit_openings_max: usize,
    /// Event time over which that is counted.
    pub circuit_openings_within_ms: u64,

    /// Address space of a process that compiles a component from outside; the code it makes has at most a quarter.
    pub compile_memory_bytes_max: u64,
    /// Processor time of that process.
    pub compile_cpu_s_max: u64,
    /// How long it may take by the clock, more than that since other work may be under way.
    pub compile_wall_ms_max: u64,
    /// Compiled plugins kept on disk; the oldest go first.
    pub cache_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            component_bytes_max: 4 * MIB,
            detector_memory_bytes_max: 64 * MIB,
            filter_memory_bytes_max: 16 * MIB,
            memories_max: 1,
            tables_max: 4,
            table_elements_max: 30_000,
            core_instances_max: 8,
            stack_bytes_max: 512 * KIB,
            instances_max: 1024,
            fuel_per_call: 10_000_000,
            fuel_per_window: 200_000_000,
            fuel_per_row: 100_000,
            fuel_per_filter_row: 20_000,
            fuel_lifecycle: 500_000_000,
            deadline_ns_per_fuel: 20,
            deadline_ms_min: 100,
            tick_ms: 10,
            hostcall_bytes_max: 4 * MIB,
            state_bytes_max: 8 * MIB,
            lane_state_bytes_max: 256 * MIB,
            checkpoint_every_ms: 600_000,
            journal_bytes_max: MIB,
            poison_max: 8,
            explanations_at_once_max: 64,
            share_halvings_max: 4,
            share_grows_after_ms: 3_600_000,
            instance_age_ms_max: 86_400_000,
            worn_bytes_min: 4 * MIB,
            worn_growth_max: 4,
            worn_percent_max: 75,
            marks_per_row_max: 8,
            summary_bytes_max: 500,
            evidence_max: 16,
            evidence_bytes_max: 500,
            log_lines_max: 20,
            log_line_bytes_max: KIB,
            metric_calls_max: 1000,
            backtrace_frames_max: 20,
            name_bytes_max: 64,
            columns_max: 16,
            patterns_max: 16,
            pattern_bytes_max: 4 * KIB,
            reasons_max: 64,
            tags_max: 64,
            metrics_max: 64,
            schema_bytes_max: 64 * KIB,
            config_bytes_max: 256 * KIB,
            circuit_faults_max: 3,
            circuit_within_ms: 60_000,
            circuit_pause_ms_min: 1000,
            circuit_pause_ms_max: 300_000,
            compile_memory_bytes_max: 1 << 30,
            compile_cpu_s_max: 120,
            compile_wall_ms_max: 300_000,
            circuit_poison_rows: 10_000,
            circuit_rows_per_poison: 1000,
            circuit_openings_max: 5,
            circuit_openings_within_ms: 3_600_000,
            cache_bytes_max: 256 << 20,
        }
    }
}

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) fuel: u64,
    pub(crate) reply_bytes: usize,
    pub(crate) ticks: u64,
}

impl Budget {
    /// With so many halvings of its fuel; the clock stays what it is, a backstop.
    pub(crate) fn halved(self, halvings: u32) -> Budget {
        Budget { fuel: self.fuel >> halvings.min(63), ..self }
    }
}

impl Limits {
    /// Fuel for a batch of so many rows.
    pub fn batch_fuel(&self, kind: Kind, rows: usize) -> u64 {
        self.batch_budget(kind, rows).fuel
    }

    /// Fuel for a closed window of so many rows.
    pub fn window_fuel(&self, rows: usize) -> u64 {
        self.window_budget(rows).fuel
    }

    /// Linear memory of an instance.
    pub fn memory_bytes_max(&self, kind: Kind) -> usize {
        match kind {
            Kind::Detector => self.detector_memory_bytes_max,
            Kind::Filter => self.filter_memory_bytes_max,
        }
    }

    /// For a batch.
    pub(crate) fn batch_budget(&self, kind: Kind, rows: usize) -> Budget {
        let fuel_per_row = match kind {
            Kind::Detector => self.fuel_per_row,
            Kind::Filter => self.fuel_per_filter_row,
        };
        self.budget(self.fuel_per_call, fuel_per_row, rows)
    }

    /// For a closed window.
    pub(crate) fn window_budget(&self, rows: usize) -> Budget {
        self.budget(self.fuel_per_window, self.fuel_per_row, rows)
    }

    /// For `explain` and `forget`.
    pub(crate) fn small_budget(&self) -> Budget {
        self.budget(self.fuel_per_call, 0, 0)
    }

    /// For starting, `describe`, `configure` and `load`.
    pub(crate) fn lifecycle_budget(&self) -> Budget {
        self.budget(self.fuel_lifecycle, 0, 0)
    }

    /// For `save`, whose reply may be longer than others: a state, and the record around it.
    pub(crate) fn save_budget(&self) -> Budget {
        let reply_bytes = self.state_bytes_max.saturating_add(KIB);
        Budget { reply_bytes, ..self.lifecycle_budget() }
    }

    fn budget(&self, base: u64, fuel_per_row: u64, rows: usize) -> Budget {
        let fuel = fuel_per_row.saturating_mul(rows as u64).saturating_add(base);
        let deadline_ms = fuel.saturating_mul(self.deadline_ns_per_fuel) / 1_000_000;
        // One tick more, since the first comes at any moment after the call has begun.
        let ticks = deadline_ms.max(self.deadline_ms_min) / self.tick_ms.max(1) + 1;
        Budget { fuel, reply_bytes: self.hostcall_bytes_max, ticks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_grows_with_the_rows_and_never_overflows() {
        let limits = Limits::default();
        let small = limits.batch_budget(Kind::Filter, 0);
        assert_eq!((small.fuel, small.ticks), (10_000_000, 21));
        let batch = limits.batch_budget(Kind::Detector, 1024);
        assert_eq!((batch.fuel, batch.ticks), (112_400_000, 225));
        let endless = limits.window_budget(usize::MAX);
        assert_eq!(endless.fuel, u64::MAX);
        assert!(endless.ticks > 0, "the deadline is not lost in the overflow");
    }

    #[test]
    fn one_limit_can_be_set_and_a_misspelt_one_is_refused() {
        let limits: Limits = serde_json::from_str(r#"{"fuel_per_row": 7}"#).unwrap();
        assert_eq!(limits, Limits { fuel_per_row: 7, ..Limits::default() });
        let error = serde_json::from_str::<Limits>(r#"{"fuel_per_rows": 7}"#).unwrap_err();
        assert!(error.to_string().contains("fuel_per_rows"), "{error}");
    }

    /// Asked at run time: several checkouts may share a build folder.
    #[test]
    fn the_page_for_authors_names_every_limit() {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
        let page = std::path::Path::new(&package).join("../../docs/plugins.md");
        let page = std::fs::read_to_string(page).expect("the page is there");
        let limits = serde_json::to_value(Limits::default()).expect("limits are plain numbers");
        for (name, value) in limits.as_object().expect("a struct") {
            let row = format!("| `{name}` | {value} |");
            assert!(page.contains(&row), "docs/plugins.md has no row `{row}`");
        }
    }
}
