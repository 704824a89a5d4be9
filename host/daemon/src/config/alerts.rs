//! What people are told: how often, and through which sinks.

use std::path::Path;

use super::sinks::{SinkConfig, read_sinks};
use super::table::Table;

/// How alerts are sent; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertConfig {
    /// How long a sink hears nothing further of a cause that it was told of.
    pub cooldown_s: u64,
    /// Whether the end of an anomaly is told.
    pub resolved: bool,
    /// Pause after the first failure.
    pub retry_first_s: u64,
    /// Longest pause between attempts.
    pub retry_max_s: u64,
    /// Attempts before an alert is given up.
    pub attempts_max: u32,
    /// How long an attempt may take.
    pub timeout_s: u64,
    /// Address of the page, for links.
    pub link: Option<String>,
    /// Whom to tell.
    pub sinks: Vec<SinkConfig>,
}

impl AlertConfig {
    pub(super) fn read(table: &mut Table<'_>, folder: &Path) -> AlertConfig {
        let config = AlertConfig {
            cooldown_s: table.integer(
                "cooldown_s",
                3600,
                0..=86_400,
                "Seconds in which a sink that was told of a message of a source hears of no further anomaly about it, unless that one is more severe; they are counted, and the next alert says how many.",
            ),
            resolved: table.flag(
                "resolved",
                true,
                "Whether sinks are told when an anomaly that they were told of is over.",
            ),
            retry_first_s: table.integer(
                "retry_first_s",
                5,
                1..=3600,
                "Longest pause in seconds before an alert is sent again that failed; it doubles with each attempt.",
            ),
            retry_max_s: table.integer(
                "retry_max_s",
                3600,
                1..=86_400,
                "Longest pause in seconds between two attempts.",
            ),
            attempts_max: table.integer(
                "attempts_max",
                100,
                1..=10_000,
                "Attempts after which an alert is given up; `bellwether alerts retry` revives it.",
            ),
            timeout_s: table.integer(
                "timeout_s",
                10,
                1..=300,
                "Seconds that a webhook has for its answer.",
            ),
            link: table.optional_text(
                "link",
                "http://localhost:8085",
                "Address of the page as people reach it; alerts then have a link to the anomaly.",
            ),
            sinks: read_sinks(table, folder),
        };
        if table.is_sound() && config.retry_max_s < config.retry_first_s {
            let message = format!(
                "expected at least retry_first_s of {} s, found {} s; write e.g. retry_max_s: {}",
                config.retry_first_s, config.retry_max_s, config.retry_first_s
            );
            table.complain(&["retry_max_s", "retry_first_s"], &message);
        }
        config
    }
}
