//! Metrics for Prometheus: what the threads say of themselves, put into words at the scrape. Nothing is kept between two.

mod family;
mod source;
mod tenant;

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bellwether_store::{SinkDepth, StoreSize};
use prometheus::{TEXT_FORMAT, TextEncoder};

use super::desk::Desk;
use super::problem::Problem;
use super::status::memory_bytes;
use family::Families;

/// Metrics in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "daemon", responses(
    (status = 200, description = "The metrics.", body = String, content_type = "text/plain"),
))]
pub(super) async fn metrics(State(desk): State<Arc<Desk>>) -> Result<impl IntoResponse, Problem> {
    // A store that cannot be read must not hide what is known without it.
    let kept = desk.read(|reader| Ok((reader.outbox_depth()?, reader.size()?))).await.ok();
    let mut families = Families::default();
    process(&mut families, &desk);
    store(&mut families, kept.as_ref());
    desk.state.status.read(|tenants| {
        tenant::tenants(&mut families, tenants);
        source::sources(&mut families, tenants, desk.state.metrics_sources_max);
    });
    let text = TextEncoder::new().encode_to_string(&families.into_filled());
    let text = text.map_err(|error| {
        tracing::error!(%error, "metrics not encoded");
        Problem::Defect
    })?;
    Ok(([(CONTENT_TYPE, TEXT_FORMAT)], text))
}

fn process(families: &mut Families, desk: &Desk) {
    families
        .gauge("build_info", "The version that runs, as a label; always 1.")
        .count(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    families
        .gauge("start_time_seconds", "When the daemon started, in seconds since 1970.")
        .add(&[], desk.state.started_ms as f64 / 1000.0);
    if let Some(bytes) = memory_bytes() {
        families
            .gauge("resident_memory_bytes", "Memory of the process at present.")
            .count(&[], bytes);
    }
    families
        .gauge("store_writes_waiting", "Pieces of work that wait for the store's thread.")
        .count(&[], desk.state.keeper.waiting() as u64);
    let daemon = desk.state.status.daemon();
    families
        .counter("store_waits_total", "Attempts to open the store for which there was no room.")
        .count(&[], daemon.store_waits);
    let mut reloads = families.counter(
        "reloads_total",
        "Times the configuration was read again, by whether it was used.",
    );
    reloads.count(&[("outcome", "used")], daemon.reloads);
    reloads.count(&[("outcome", "refused")], daemon.reload_failures);
}

fn store(families: &mut Families, kept: Option<&(Vec<SinkDepth>, StoreSize)>) {
    families
        .gauge("store_readable", "Whether the store can be read: 1 if so.")
        .count(&[], u64::from(kept.is_some()));
    let Some((sinks, size)) = kept else { return };
    let sizes = [
        ("store_file_bytes", "Size of the database.", size.file_bytes),
        ("store_log_bytes", "Size of the log ahead beside the database.", size.log_bytes),
        (
            "store_free_bytes",
            "Parts of the database that are free to be used again.",
            size.free_bytes,
        ),
    ];
    for (name, help, bytes) in sizes {
        families.gauge(name, help).count(&[], bytes);
    }
    let mut pending = families.gauge("outbox_pending_alerts", "Alerts that are to be sent.");
    for SinkDepth { tenant, sink, pending: count, .. } in sinks {
        pending.count(&[("tenant", tenant), ("sink", sink)], *count);
    }
    let mut dead = families.gauge("outbox_dead_alerts", "Alerts that were given up.");
    for SinkDepth { tenant, sink, dead: count, .. } in sinks {
        dead.count(&[("tenant", tenant), ("sink", sink)], *count);
    }
}
