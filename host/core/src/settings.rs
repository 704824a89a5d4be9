//! What the pipeline needs to know: sizes, limits, and how loud to be. The daemon fills it from its configuration.

/// Settings of one tenant's pipeline. All limits are finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Name of the tenant.
    pub tenant: String,
    /// Length of a pane, the smallest span of counts.
    pub pane_ms: u64,
    /// Length of the windows in which anomalies are judged.
    pub window_ms: u64,
    /// How far lines may come out of order before they are late.
    pub lateness_ms: u64,
    /// How far a time stamp may run ahead before it is quarantined.
    pub future_ms_max: u64,
    /// Rows per batch.
    pub batch_rows_max: usize,
    /// Bytes per batch.
    pub batch_bytes_max: usize,
    /// Shards of the sources; results do not depend on it.
    pub lanes: u32,
    /// Sources; records of further ones are quarantined.
    pub sources_max: usize,
    /// Lines per second assumed for logs without time stamps.
    pub rate_per_s: f64,
    /// Bytes per line; longer ones are cut.
    pub line_bytes_max: usize,
    /// Bytes per record.
    pub record_bytes_max: usize,
    /// Lines per record.
    pub record_lines_max: u32,
    /// Templates per source.
    pub templates_max: usize,
    /// Alarms a day that are acceptable where nothing is wrong; sets the threshold.
    pub alerts_per_day: f64,
    /// An anomaly is resolved after so many windows without a finding.
    pub quiet_windows: u64,
    /// Examples per template and anomaly.
    pub examples_max: usize,
    /// Findings per window and source.
    pub findings_max: usize,
    /// Anomalies of a source open at the same time; the one longest without a finding is resolved early.
    pub open_anomalies_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            tenant: "default".into(),
            pane_ms: 10_000,
            window_ms: 60_000,
            lateness_ms: 10_000,
            future_ms_max: 86_400_000,
            batch_rows_max: 1024,
            batch_bytes_max: 8 << 20,
            lanes: 16,
            sources_max: 10_000,
            rate_per_s: 100.0,
            line_bytes_max: 1 << 20,
            record_bytes_max: 256 << 10,
            record_lines_max: 1000,
            templates_max: 4096,
            alerts_per_day: 2.0,
            quiet_windows: 10,
            examples_max: 3,
            findings_max: 16,
            open_anomalies_max: 50,
        }
    }
}

impl Settings {
    /// Bits from which a window is an alarm: a surprise that happens as often as the budget allows.
    pub fn alarm_bits(&self) -> f32 {
        let windows_per_day = 86_400_000.0 / self.window_ms as f64;
        (windows_per_day / self.alerts_per_day).log2().max(0.0) as f32
    }

    /// Bits from which a window keeps an open anomaly alive.
    pub fn alive_bits(&self) -> f32 {
        0.6 * self.alarm_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_sets_the_threshold() {
        for (alerts_per_day, bits) in [(2.0, 9.49), (1.0, 10.49), (1e9, 0.0)] {
            let settings = Settings { alerts_per_day, ..Settings::default() };
            assert!((settings.alarm_bits() - bits).abs() < 0.01, "{alerts_per_day}");
        }
    }
}
