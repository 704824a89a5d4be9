//! A sink that is ready to take alerts.

use std::path::PathBuf;

use bellwether_connect::sink::{self, SendError, Webhook, WebhookError};
use bellwether_store::DueAlert;
use serde_json::{Map, Value};

use super::body::SUPPRESSED_SINCE;
use super::template::Template;
use crate::config::{SinkConfig, SinkTarget, WebhookConfig};
use crate::output::json;

/// Requests to one webhook at a time.
const REQUESTS_MAX: usize = 4;

/// Why a sink cannot be got ready.
#[derive(Debug, thiserror::Error)]
#[error("cannot prepare sink `{sink}`")]
pub struct OutletError {
    /// The sink.
    sink: String,
    source: WebhookError,
}

/// Where the alerts of one sink go.
pub(super) enum Outlet {
    Webhook { webhook: Box<Webhook>, body: Option<Template> },
    Stdout,
    File(PathBuf),
}

impl Outlet {
    pub(super) fn open(sink: &SinkConfig, timeout_s: u64) -> Result<Outlet, OutletError> {
        match &sink.target {
            SinkTarget::Stdout => Ok(Outlet::Stdout),
            SinkTarget::File(path) => Ok(Outlet::File(path.clone())),
            SinkTarget::Webhook(config) => {
                let webhook = webhook(config, timeout_s)
                    .map_err(|source| OutletError { sink: sink.name.clone(), source })?;
                Ok(Outlet::Webhook { webhook: Box::new(webhook), body: config.body.clone() })
            }
        }
    }

    /// How many alerts may be under way at a time. Lines go out one by one, in order.
    pub(super) fn sends_max(&self) -> usize {
        match self {
            Outlet::Webhook { .. } => REQUESTS_MAX,
            Outlet::Stdout | Outlet::File(_) => 1,
        }
    }

    /// Sends an alert, and waits until it has arrived.
    pub(super) async fn send(&self, alert: &DueAlert, now_ms: u64) -> Result<(), SendError> {
        let fields = fields(alert)?;
        match self {
            Outlet::Webhook { webhook, body: None } => {
                webhook.post(&alert.row.key, Value::Object(fields).to_string(), now_ms).await
            }
            Outlet::Webhook { webhook, body: Some(template) } => {
                webhook.post(&alert.row.key, template.fill(&fields).to_string(), now_ms).await
            }
            Outlet::Stdout => {
                let line = line(&fields)?;
                blocking(move || sink::print(&line)).await
            }
            Outlet::File(path) => {
                let (path, line) = (path.clone(), line(&fields)?);
                blocking(move || sink::append(&path, &line)).await
            }
        }
    }
}

fn webhook(config: &WebhookConfig, timeout_s: u64) -> Result<Webhook, WebhookError> {
    let mut webhook = Webhook::new(config.url.reveal(), timeout_s)?;
    for (name, value) in &config.headers {
        webhook = webhook.with_header(name, value.reveal())?;
    }
    Ok(match &config.signing {
        Some(secret) => webhook.with_secret(secret.reveal()),
        None => webhook,
    })
}

/// All fields of an alert.
fn fields(alert: &DueAlert) -> Result<Map<String, Value>, SendError> {
    let parsed: Result<Map<String, Value>, _> = serde_json::from_str(&alert.row.body);
    let mut fields = parsed.map_err(|error| SendError::Gone {
        reason: format!("the store holds no sound alert: {error}"),
    })?;
    fields.insert(SUPPRESSED_SINCE.to_owned(), alert.suppressed.into());
    Ok(fields)
}

/// An alert as a line that is harmless in a terminal.
fn line(fields: &Map<String, Value>) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    json::write(&mut line, fields)?;
    Ok(line)
}

/// Files and pipes may block, which tasks must not.
async fn blocking(
    write: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) -> Result<(), SendError> {
    match tokio::task::spawn_blocking(write).await {
        Ok(written) => Ok(written?),
        Err(error) => Err(SendError::Trouble { reason: error.to_string(), wait_s: None }),
    }
}
