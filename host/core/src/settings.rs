//! What the pipeline needs to know: sizes, limits, and how loud to be. The daemon fills it from its configuration.

use crate::glob;
use serde::{Deserialize, Serialize};

/// Settings of one tenant's pipeline. All limits are finite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// An anomaly is resolved after so many windows in which nothing of it comes.
    pub quiet_windows: u64,
    /// Examples per template and anomaly.
    pub examples_max: usize,
    /// Findings per window and source.
    pub findings_max: usize,
    /// Anomalies of a source open at the same time; the one longest without a finding is resolved early.
    pub open_anomalies_max: usize,
    /// Sources that are judged otherwise; the first rule that names a source is its rule.
    pub rules: Vec<SourceRule>,
}

/// What holds for some sources in place of what holds for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceRule {
    /// Their keys; `*` stands for any letters.
    pub keys: String,
    /// In place of [`Settings::alerts_per_day`].
    pub alerts_per_day: Option<f64>,
    /// In place of [`Settings::quiet_windows`].
    pub quiet_windows: Option<u64>,
}

/// By what a source is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Standard {
    /// Bits from which a window is an alarm.
    pub alarm_bits: f32,
    /// An anomaly is resolved after so many windows in which nothing of it comes.
    pub quiet_windows: u64,
}

impl Standard {
    /// Bits from which a window keeps an open anomaly alive.
    pub fn alive_bits(&self) -> f32 {
        0.6 * self.alarm_bits
    }
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
            rules: Vec::new(),
        }
    }
}

impl Settings {
    /// By what sources are judged that no rule names.
    pub fn standard(&self) -> Standard {
        self.standard_under(&SourceRule::default())
    }

    /// By what the source of that key is judged.
    pub fn standard_of(&self, key: &str) -> Standard {
        let rule = self.rules.iter().find(|rule| glob::fits(&rule.keys, key));
        rule.map_or_else(|| self.standard(), |rule| self.standard_under(rule))
    }

    /// The alarm is a surprise that happens as often as the budget allows.
    fn standard_under(&self, rule: &SourceRule) -> Standard {
        let windows_per_day = 86_400_000.0 / self.window_ms as f64;
        let alerts_per_day = rule.alerts_per_day.unwrap_or(self.alerts_per_day);
        Standard {
            alarm_bits: (windows_per_day / alerts_per_day).log2().max(0.0) as f32,
            quiet_windows: rule.quiet_windows.unwrap_or(self.quiet_windows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_sets_the_threshold() {
        for (alerts_per_day, bits) in [(2.0, 9.49), (1.0, 10.49), (1e9, 0.0)] {
            let settings = Settings { alerts_per_day, ..Settings::default() };
            let found = settings.standard().alarm_bits;
            assert!((found - bits).abs() < 0.01, "{alerts_per_day}");
        }
    }

    #[test]
    fn the_first_rule_that_names_a_source_is_its_rule() {
        let rule = |keys: &str, alerts_per_day, quiet_windows| SourceRule {
            keys: keys.into(),
            alerts_per_day,
            quiet_windows,
        };
        let rules = vec![
            rule("file:db", Some(45.0), None),
            rule("file:d*", Some(90.0), Some(3)),
            rule("**", None, Some(7)),
        ];
        let settings = Settings { alerts_per_day: 180.0, rules, ..Settings::default() };
        for (key, alarm_bits, quiet_windows) in
            [("file:db", 5.0, 10), ("file:db-2", 4.0, 3), ("file:web", 3.0, 7)]
        {
            assert_eq!(settings.standard_of(key), Standard { alarm_bits, quiet_windows }, "{key}");
        }
        assert_eq!(settings.standard(), Standard { alarm_bits: 3.0, quiet_windows: 10 });
    }
}
