//! Who is told of what.

use bellwether_core::correlate::{Alarm, Event, EventKind};
use bellwether_store::{AlertKind, NewAlert, Severity};

use super::body::Body;
use crate::config::{AlertConfig, SourceConfig, may_be_told};

/// The alert that an event deserves, for the commit that keeps the event; none if nobody may be told, or no sink wants it. The same event gives
/// the same alert, so that a commit which is repeated tells nobody twice.
pub fn new_alerts(
    config: &AlertConfig,
    sources: &[SourceConfig],
    event: &Event,
) -> Option<NewAlert> {
    let (kind, word) = match event.event {
        EventKind::Opened => (AlertKind::Opened, "opened"),
        EventKind::Updated => (AlertKind::Updated, "updated"),
        EventKind::Resolved if config.resolved => (AlertKind::Resolved, "resolved"),
        EventKind::Resolved | EventKind::Continued => return None,
    };
    if !may_be_told(sources, event) {
        return None;
    }
    let wanting = config.sinks.iter().filter(|sink| sink.wants(event));
    let sinks: Vec<String> = wanting.map(|sink| sink.name.clone()).collect();
    if sinks.is_empty() {
        return None;
    }
    let key = format!("{}:{word}:{}", event.id, event.at_ms);
    let body = Body::new(event, kind, &key, config.link.as_deref()).to_json();
    Some(NewAlert {
        key,
        anomaly: event.id.clone(),
        source: event.source.clone(),
        cause: event.template_id.clone(),
        kind,
        severity: match event.severity {
            Alarm::Notice => Severity::Notice,
            Alarm::Warning => Severity::Warning,
            Alarm::Critical => Severity::Critical,
        },
        at_ms: event.at_ms,
        body,
        sinks,
    })
}
