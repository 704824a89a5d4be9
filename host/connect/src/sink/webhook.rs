//! Webhooks: an alert is a POST request with a JSON body.
//!
//! Redirects are not followed, since they would carry signed alerts to wherever an answer says. Certificates are verified
//! against those that the system trusts.

use std::time::Duration;

use reqwest::header::{
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderName, InvalidHeaderValue,
    RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::SendError;
use super::retry_after::wait_s;
use super::signature::sign;

/// Bytes of an answer that are read, to say why an alert was refused.
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// Name and version of this program.
const USER_AGENT: &str = concat!("bellwether/", env!("CARGO_PKG_VERSION"));

/// Tells a receiver whether it has seen the alert before.
const KEY: &str = "idempotency-key";
const TIMESTAMP: &str = "x-bellwether-timestamp";
const SIGNATURE: &str = "x-bellwether-signature";

/// Headers that are ours to set, or the connection's.
const RESERVED: &[&str] = &[
    KEY,
    TIMESTAMP,
    SIGNATURE,
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
];

/// Why a webhook cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Not an address that alerts can be posted to.
    #[error("expected an address such as https://example.org/hook: {0}")]
    Url(String),
    /// A header's name.
    #[error("`{0}` is not a name that a header can have; write e.g. Authorization")]
    HeaderName(String, #[source] InvalidHeaderName),
    /// A header's value; it is not shown, since it may be a secret.
    #[error("the value of header `{0}` has characters that a header cannot have; remove them")]
    HeaderValue(String, #[source] InvalidHeaderValue),
    /// A header that is not the user's.
    #[error("header `{0}` is set by bellwether; remove it")]
    Reserved(String),
    /// No client, for want of certificates for instance.
    #[error("cannot prepare requests")]
    Client(#[source] reqwest::Error),
}

/// Says whether alerts can be posted to an address.
pub fn check_url(url: &str) -> Result<(), WebhookError> {
    parse_url(url).map(drop)
}

/// Says whether a header can be sent along.
pub fn check_header(name: &str, value: &str) -> Result<(), WebhookError> {
    parse_header(name, value).map(drop)
}

/// A receiver of alerts.
pub struct Webhook {
    client: Client,
    url: Url,
    headers: HeaderMap,
    timeout_s: u64,
    secret: Option<String>,
}

impl Webhook {
    /// Prepares requests to an address, each of which may take that long.
    pub fn new(url: &str, timeout_s: u64) -> Result<Webhook, WebhookError> {
        let timeout = Duration::from_secs(timeout_s);
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            .user_agent(USER_AGENT)
            .build()
            .map_err(WebhookError::Client)?;
        let headers = HeaderMap::new();
        Ok(Webhook { client, url: parse_url(url)?, headers, timeout_s, secret: None })
    }

    /// Sends a header along, such as a token.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Webhook, WebhookError> {
        let (name, value) = parse_header(name, value)?;
        self.headers.append(name, value);
        Ok(self)
    }

    /// Signs what is sent.
    pub fn with_secret(mut self, secret: &str) -> Webhook {
        self.secret = Some(secret.to_owned());
        self
    }

    /// Posts an alert. The same key always means the same alert, so that a receiver can tell repetitions.
    pub async fn post(&self, key: &str, body: String, now_ms: u64) -> Result<(), SendError> {
        let timestamp_s = now_ms / 1000;
        let mut request = self
            .client
            .post(self.url.clone())
            .headers(self.headers.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(KEY, key)
            .header(TIMESTAMP, timestamp_s);
        if let Some(secret) = &self.secret {
            request = request.header(SIGNATURE, sign(secret, timestamp_s, &body));
        }
        match request.body(body).send().await {
            Ok(answer) => judge(answer, now_ms).await,
            Err(error) => Err(self.unreachable(error)),
        }
    }

    /// An address may hold a secret, so errors do not show it.
    fn unreachable(&self, error: reqwest::Error) -> SendError {
        let reason = if error.is_timeout() {
            format!("no answer within {} s", self.timeout_s)
        } else {
            chain(&error.without_url())
        };
        SendError::Trouble { reason, wait_s: None }
    }
}

fn parse_url(text: &str) -> Result<Url, WebhookError> {
    let url = Url::parse(text).map_err(|error| WebhookError::Url(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(WebhookError::Url("it begins neither with https:// nor with http://".into()));
    }
    Ok(url)
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), WebhookError> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|error| WebhookError::HeaderName(name.to_owned(), error))?;
    if RESERVED.contains(&parsed.as_str()) {
        return Err(WebhookError::Reserved(name.to_owned()));
    }
    let mut value = HeaderValue::from_str(value)
        .map_err(|error| WebhookError::HeaderValue(name.to_owned(), error))?;
    value.set_sensitive(true);
    Ok((parsed, value))
}

/// What an answer means. Any 2xx is success: receivers that queue an alert say 202, those with nothing to say 204.
async fn judge(mut answer: Response, now_ms: u64) -> Result<(), SendError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let header = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait_s = header.and_then(|header| wait_s(header, now_ms));
    let said = read_beginning(&mut answer).await;
    let said = String::from_utf8_lossy(&said);
    let said = said.trim();
    let mut reason = format!("the answer was {status}");
    if status.is_redirection() {
        reason.push_str(", which is not followed; give the final address");
    } else if !said.is_empty() {
        reason = format!("{reason}: {said}");
    }
    Err(match status.as_u16() {
        410 => SendError::Gone { reason },
        // Too slow, too early, too often: what the client did was right, but not now.
        408 | 425 | 429 => SendError::Trouble { reason, wait_s },
        300..=499 => SendError::Refused { reason },
        _ => SendError::Trouble { reason, wait_s },
    })
}

/// An answer that breaks off still says something.
async fn read_beginning(answer: &mut Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES_MAX
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        let room = ANSWER_BYTES_MAX - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    bytes
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_headers_are_checked() {
        let urls = [
            ("https://example.org/hook?a=b", None),
            ("http://127.0.0.1:5678/webhook/x", None),
            ("ftp://example.org", Some("neither with https://")),
            ("example.org/hook", Some("such as https://example.org/hook")),
            ("https://", Some("empty host")),
        ];
        for (url, expected) in urls {
            let found = check_url(url).err().map(|error| error.to_string());
            let fits = found.as_deref().zip(expected).map(|(found, part)| found.contains(part));
            assert_eq!(found.is_some(), expected.is_some(), "{url}: {found:?}");
            assert_ne!(fits, Some(false), "{url}: {found:?}");
        }
        let headers = [
            ("Authorization", "Bearer x", None),
            ("X-Token", "ä", None),
            ("X Token", "x", Some("`X Token` is not a name")),
            ("X-Token", "a\nHost: b", Some("the value of header `X-Token` has")),
            ("Content-Type", "text/plain", Some("`Content-Type` is set by bellwether")),
            ("Idempotency-Key", "x", Some("`Idempotency-Key` is set by bellwether")),
        ];
        for (name, value, expected) in headers {
            let found = check_header(name, value).err().map(|error| error.to_string());
            let fits = found.as_deref().zip(expected).map(|(found, part)| found.contains(part));
            assert_eq!(found.is_some(), expected.is_some(), "{name}: {found:?}");
            assert_ne!(fits, Some(false), "{name}: {found:?}");
        }
    }
}
