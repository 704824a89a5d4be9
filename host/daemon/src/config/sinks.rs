//! Sinks: whom to tell, and of what.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bellwether_connect::sink::{check_header, check_url};
use bellwether_core::correlate::{Alarm, Event};
use bellwether_core::glob;

use super::mistake::nearest;
use super::secret::{self, Secret};
use super::table::Table;
use crate::alert::{FIELDS, Template, TemplateError};

/// What a webhook alone can have.
const WEBHOOK_KEYS: [&str; 6] = ["url", "url_file", "secret_file", "secret_env", "headers", "body"];

/// Somebody who is told; each setting is described in `read_sinks`.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkConfig {
    /// Its name, which no other sink has.
    pub name: String,
    /// Where alerts go.
    pub target: SinkTarget,
    /// The least that an anomaly must matter.
    pub severity: Alarm,
    /// Whose anomalies; `None` for everybody's.
    pub tenant: Option<String>,
    /// Of which sources; none for all of them.
    pub sources: Vec<String>,
}

/// Where alerts go.
#[derive(Debug, Clone, PartialEq)]
pub enum SinkTarget {
    /// An address to which they are posted.
    Webhook(WebhookConfig),
    /// Standard output.
    Stdout,
    /// A file to which they are appended.
    File(PathBuf),
}

/// An address to which alerts are posted, with what is sent along.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookConfig {
    /// The address.
    pub url: Secret,
    /// Headers by name.
    pub headers: Vec<(String, Secret)>,
    /// What requests are signed with.
    pub signing: Option<Secret>,
    /// The body, if it is not the usual one.
    pub body: Option<Template>,
}

impl SinkConfig {
    /// Whether an event is one that the sink is told of.
    pub fn wants(&self, event: &Event) -> bool {
        let fits = |pattern: &String| glob::fits(pattern, &event.source);
        event.severity >= self.severity
            && self.tenant.as_ref().is_none_or(|tenant| *tenant == event.tenant)
            && (self.sources.is_empty() || self.sources.iter().any(fits))
    }
}

/// Reads the list of sinks.
pub(super) fn read_sinks(table: &mut Table<'_>, folder: &Path) -> Vec<SinkConfig> {
    let doc = "Whom to tell. Each entry has `type` and may have the others; those from `url` to `body` are for webhooks, `path` is for files.";
    let mut names = BTreeSet::new();
    table.sections("sinks", "[]", doc, |entry| {
        let kind = entry.choice(
            "type",
            &["webhook", "stdout", "file"],
            "What it is: a webhook to which JSON is posted, standard output, or a file, with a line of JSON for each alert.",
        );
        let name = entry.name("name", kind, "Name, which no other sink has; if left out, the type.");
        let severity = read_severity(entry, "severity", "Least severity of what it is told.");
        let tenant =
            entry.optional_name("tenant", "default", "Tenant whose anomalies it is told of.");
        let sources = entry.texts(
            "sources",
            "['file:web-*']",
            "Sources of whose anomalies it is told; `*` stands for any letters. If left out, all.",
        );
        let webhook = read_webhook(entry, folder, kind == "webhook");
        let path = entry.optional_text("path", "alerts.jsonl", "File to which lines are appended.");
        let target = match kind {
            "stdout" => Some(SinkTarget::Stdout),
            "file" => path.map(|path| SinkTarget::File(folder.join(path))),
            _ => webhook.map(SinkTarget::Webhook),
        };
        check_keys(entry, kind);
        if !names.insert(name.clone()) {
            let message = format!("another sink is called `{name}`; write another `name`");
            entry.complain(&["name", "type"], &message);
        }
        let sources = sources.into_iter().map(|(_, text)| text).collect();
        Some(SinkConfig { name, target: target?, severity, tenant, sources })
    })
}

/// How much something must matter.
pub(super) fn read_severity(entry: &mut Table<'_>, key: &'static str, doc: &str) -> Alarm {
    match entry.choice(key, &["notice", "warning", "critical"], doc) {
        "critical" => Alarm::Critical,
        "warning" => Alarm::Warning,
        _ => Alarm::Notice,
    }
}

/// Settings must not be given in vain.
fn check_keys(entry: &mut Table<'_>, kind: &str) {
    for key in WEBHOOK_KEYS.into_iter().filter(|_| kind != "webhook") {
        if entry.has(key) {
            entry.complain(&[key], &format!("only for webhooks, and this is a {kind}; remove it"));
        }
    }
    if kind != "file" && entry.has("path") {
        entry.complain(&["path"], &format!("only for files, and this is a {kind}; remove it"));
    }
    if kind == "file" && !entry.has("path") {
        entry.require("path", "alerts.jsonl");
    }
}

fn read_webhook(entry: &mut Table<'_>, folder: &Path, is_wanted: bool) -> Option<WebhookConfig> {
    let url = entry.optional_text(
        "url",
        "https://example.org/hook",
        "Address; ${NAME} is replaced from the environment.",
    );
    let url = url.and_then(|text| accept(entry, "url", secret::expand(&text)));
    let url_file = entry.optional_text("url_file", "hook.url", "File with it, if it is secret.");
    let url_file =
        url_file.and_then(|text| accept(entry, "url_file", secret::from_file(&folder.join(text))));
    exclude(entry, "url", "url_file");
    let signing = read_signing(entry, folder);
    let headers = read_headers(entry);
    let body = read_body(entry);
    if !is_wanted {
        return None;
    }
    if entry.is_sound() && !entry.has("url") && !entry.has("url_file") {
        entry.require("url", "https://example.org/hook");
    }
    let url = url.or(url_file)?;
    if let Err(error) = check_url(url.reveal()) {
        entry.complain(&["url", "url_file"], &error.to_string());
    }
    Some(WebhookConfig { url, headers, signing, body })
}

fn read_signing(entry: &mut Table<'_>, folder: &Path) -> Option<Secret> {
    let file = entry.optional_text(
        "secret_file",
        "hook.secret",
        "File with a secret that signs requests (HMAC-SHA-256 in X-Bellwether-Signature).",
    );
    let file =
        file.and_then(|text| accept(entry, "secret_file", secret::from_file(&folder.join(text))));
    let variable = entry.optional_text(
        "secret_env",
        "HOOK_SECRET",
        "Name of an environment variable with that secret.",
    );
    let variable =
        variable.and_then(|name| accept(entry, "secret_env", secret::from_environment(&name)));
    exclude(entry, "secret_file", "secret_env");
    file.or(variable)
}

/// Notes why there is no secret.
fn accept(
    entry: &mut Table<'_>,
    key: &'static str,
    found: Result<Secret, String>,
) -> Option<Secret> {
    found.map_err(|message| entry.complain(&[key], &message)).ok()
}

/// Of two settings for one thing only one may be given.
fn exclude(entry: &mut Table<'_>, one: &'static str, other: &'static str) {
    if entry.has(one) && entry.has(other) {
        let message = format!("expected `{one}` or `{other}`, found both; remove one");
        entry.complain(&[other], &message);
    }
}

fn read_headers(entry: &mut Table<'_>) -> Vec<(String, Secret)> {
    let settings = entry.free(
        "headers",
        "Headers to send along, such as a token; ${NAME} is replaced from the environment.",
    );
    let mut headers = Vec::new();
    for (name, value) in settings.as_object().into_iter().flatten() {
        let Some(text) = value.as_str() else {
            let message = format!("expected a text for `{name}`; put it in quotes");
            entry.complain(&["headers"], &message);
            continue;
        };
        let checked = secret::expand(text).and_then(|value| {
            let checked = check_header(name, value.reveal());
            checked.map(|()| value).map_err(|error| error.to_string())
        });
        if let Some(value) = accept(entry, "headers", checked) {
            headers.push((name.clone(), value));
        }
    }
    headers
}

fn read_body(entry: &mut Table<'_>) -> Option<Template> {
    let shape = entry.optional_shape(
        "body",
        "{text: \"{{severity}} in {{source}}: {{sentence}}\"}",
        "JSON to post instead of the whole alert; {{…}} in its texts stands for a field of the alert.",
    )?;
    match Template::new(shape) {
        Ok(template) => Some(template),
        Err(TemplateError::Unclosed) => {
            entry.complain(&["body"], "`{{` without `}}`; write e.g. {{sentence}}");
            None
        }
        Err(TemplateError::Unknown(field)) => {
            let mend = match nearest(&field, FIELDS) {
                Some(field) => format!("did you mean `{field}`?"),
                None => format!("allowed are {}", FIELDS.join(", ")),
            };
            entry.complain(&["body"], &format!("unknown field `{field}`; {mend}"));
            None
        }
    }
}
