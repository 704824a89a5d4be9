//! How commands ask a bellwether that runs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::Failure;
use crate::config::ApiConfig;

/// How long it may take to reach it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to answer, whatever it has to compile first.
const TIMEOUT: Duration = Duration::from_secs(700);

/// A bellwether that should be running.
pub(super) struct Running {
    address: SocketAddr,
    token: Option<String>,
    client: Client,
    runtime: Runtime,
}

/// What it says.
pub(super) struct Answer {
    /// The status; at most 399.
    pub(super) status: StatusCode,
    /// The entity tag, if it sent one.
    pub(super) tag: Option<String>,
    /// The body; null if there is none in JSON.
    pub(super) body: Value,
}

/// Why it did not do what it was asked for.
pub(super) enum Trouble {
    /// There is nobody, as far as can be told.
    Silent(Failure),
    /// It says why not.
    Refused(Failure),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Silent(failure) | Trouble::Refused(failure) => failure,
        }
    }
}

impl Running {
    /// The one that runs with this configuration.
    pub(super) fn of(api: &ApiConfig) -> Result<Self, Failure> {
        let client = Client::builder().no_proxy().connect_timeout(CONNECT_TIMEOUT).timeout(TIMEOUT);
        Ok(Running {
            address: reachable(api.listen),
            token: api.token_file.as_deref().map(read_token).transpose()?,
            client: client.build().map_err(Failure::our_fault)?,
            runtime: Builder::new_current_thread().enable_all().build()?,
        })
    }

    /// Asks it for a path below `/api/v1`, given in parts, with a query.
    pub(super) fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, Trouble> {
        let url = self.url(path, query).map_err(|error| Trouble::Refused(Failure::usage(error)))?;
        let mut request = complete(self.client.request(method, url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = self.runtime.block_on(async {
            let answer = request.send().await?;
            let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok());
            let (status, tag) = (answer.status(), tag.map(str::to_owned));
            Ok((status, tag, answer.bytes().await?))
        });
        let (status, tag, body) =
            answer.map_err(|error: reqwest::Error| self.silent(&anyhow::Error::from(error)))?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_client_error() || status.is_server_error() {
            return Err(Trouble::Refused(self.refused(status, &body)));
        }
        Ok(Answer { status, tag, body })
    }

    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Url> {
        let base = format!("http://{}/api/v1", self.address);
        let mut url = Url::parse_with_params(&base, query)?;
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.extend(path);
        }
        Ok(url)
    }

    fn silent(&self, error: &anyhow::Error) -> Trouble {
        let address = self.address;
        Trouble::Silent(Failure::unavailable(format!(
            "no bellwether answers at {address} ({error:#}); start `bellwether run`, or name the configuration with which it runs"
        )))
    }

    fn refused(&self, status: StatusCode, body: &Value) -> Failure {
        let said = body["detail"].as_str().map_or_else(|| status.to_string(), str::to_owned);
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::MISDIRECTED_REQUEST => Failure::unavailable(
                format!("bellwether at {} does not let us in: {said}", self.address),
            ),
            status if status.is_client_error() => Failure::data(vec![said]),
            _ => {
                Failure::unavailable(format!("bellwether at {} cannot do it: {said}", self.address))
            }
        }
    }
}

/// The token in a file.
pub(super) fn read_token(path: &Path) -> Result<String, Failure> {
    let token = std::fs::read_to_string(path).map_err(|error| {
        Failure::no_input(vec![format!(
            "cannot read `{}`: {error}; name a readable token_file",
            path.display()
        )])
    })?;
    Ok(token.trim().to_owned())
}

/// Whoever listens everywhere can be reached here.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
