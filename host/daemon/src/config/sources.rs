//! What holds for some sources in place of what holds for all.

use bellwether_core::correlate::{Alarm, Event};
use bellwether_core::glob;
use bellwether_core::settings::SourceRule;

use super::sinks::read_severity;
use super::table::Table;

/// Signs that mean something in other patterns of names, but not in these.
const PLAIN_SIGNS: [char; 3] = ['?', '[', '{'];

/// What holds for some sources; each setting is described in `read_sources`.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceConfig {
    /// Their keys.
    pub keys: String,
    /// Whose sources; `None` for everybody's.
    pub tenant: Option<String>,
    /// Alerts a day that the user is willing to look at from each of them.
    pub alerts_per_day: Option<f64>,
    /// Windows in which nothing of an anomaly comes, after which it is resolved.
    pub quiet_windows: Option<u64>,
    /// Whether nobody is told of their anomalies.
    pub muted: bool,
    /// The least that an anomaly must matter to be told.
    pub severity_min: Alarm,
}

impl SourceConfig {
    /// What the pipeline has to know of it, if it is for that tenant.
    pub fn rule(&self, tenant: &str) -> Option<SourceRule> {
        self.is_for(tenant).then(|| SourceRule {
            keys: self.keys.clone(),
            alerts_per_day: self.alerts_per_day,
            quiet_windows: self.quiet_windows,
        })
    }

    /// Whether it is for that tenant, alone or among all.
    pub(super) fn is_for(&self, tenant: &str) -> bool {
        self.tenant.as_ref().is_none_or(|own| own == tenant)
    }
}

/// Whether anybody may be told of an event; the first entry that names its source decides.
pub fn may_be_told(sources: &[SourceConfig], event: &Event) -> bool {
    let names = |entry: &&SourceConfig| {
        entry.is_for(&event.tenant) && glob::fits(&entry.keys, &event.source)
    };
    let entry = sources.iter().find(names);
    entry.is_none_or(|entry| !entry.muted && event.severity >= entry.severity_min)
}

/// Reads the list of sources that are treated otherwise.
pub(super) fn read_sources(table: &mut Table<'_>) -> Vec<SourceConfig> {
    let doc = "Sources that are treated otherwise than all others. Each entry has `match` and may have the others. The first entry that matches a source holds for it, and no other does.";
    table.sections("sources", "[]", doc, |entry| {
        let keys = entry.optional_text(
            "match",
            "\"file:nginx*\"",
            "Keys of the sources; `*` stands for any letters.",
        );
        if !entry.has("match") {
            entry.require("match", "\"file:nginx*\"");
        }
        if let Some(sign) = keys.iter().find_map(|keys| keys.matches(PLAIN_SIGNS).next()) {
            let message =
                format!("`{sign}` in a key; only `*` stands for other letters, write e.g. file:nginx*");
            entry.complain(&["match"], &message);
        }
        let tenant = entry.optional_name("tenant", "default", "Tenant whose sources they are.");
        let alerts_per_day = entry.optional_number(
            "alerts_per_day",
            0.5,
            0.01..=1000.0,
            "Alerts a day from each of them, instead of what is said for all.",
        );
        let quiet_windows = entry.optional_integer(
            "quiet_windows",
            30,
            1..=1000,
            "Windows in which nothing of an anomaly comes, after which it is resolved, instead of `anomalies.quiet_windows`.",
        );
        let muted = entry.flag(
            "muted",
            false,
            "Whether nobody is told of their anomalies, which are found and kept as ever.",
        );
        let severity_min =
            read_severity(entry, "severity_min", "Least severity of what anybody is told.");
        Some(SourceConfig { keys: keys?, tenant, alerts_per_day, quiet_windows, muted, severity_min })
    })
}
