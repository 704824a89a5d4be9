//! Who may ask: checked before any route sees the request. Every response leaves with the same headers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq;

use super::desk::Desk;
use super::plugins::push;
use super::problem::{self, Problem};

/// How long a request may take, until its body is read and its answer is there.
const REQUEST_WAIT: Duration = Duration::from_secs(30);

/// How long it may take beyond that until a component is compiled, others before it included.
const PUSH_WAIT: Duration = Duration::from_secs(600);

/// Names under which a browser reaches its own machine. Any other one may have been pointed here by somebody who wants to
/// read with the eyes of the user.
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// What keeps a browser from doing more with an answer than it should.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(
            "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
             object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             require-trusted-types-for 'script'; trusted-types 'none'",
        ),
    ),
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Lets a request through, or says why not.
pub(super) async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = match admit(&desk, &request) {
        Ok(()) => match tokio::time::timeout(wait(&request), next.run(request)).await {
            Ok(response) => problem::complete(response, &path),
            Err(_) => Problem::Unavailable("no answer in time; ask for less, or later".into())
                .into_response_for(&path),
        },
        Err(problem) => problem.into_response_for(&path),
    };
    for (name, value) in &HEADERS {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}

fn wait(request: &Request) -> Duration {
    let path = request.uri().path();
    // Components are compiled, editions tried on many lines, and lanes change behind what waits for them.
    let long = ["/edition", "/preflight", "/rollback", "/disable"];
    let is_long = path == push::PATH || long.iter().any(|end| path.ends_with(end));
    if *request.method() == Method::POST && is_long {
        REQUEST_WAIT + PUSH_WAIT
    } else {
        REQUEST_WAIT
    }
}

fn admit(desk: &Desk, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = header(headers, &HOST);
    if desk.is_local && !is_local_host(host) {
        return Err(Problem::Misdirected(
            "the request is for another host; ask `localhost`, or let bellwether listen elsewhere, with a token"
                .into(),
        ));
    }
    if !is_open(request.uri().path()) && !is_authorized(desk, headers) {
        return Err(Problem::Unknown);
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if let Some(origin) = headers.get(ORIGIN)
        && changes
        && !is_same(origin, host)
    {
        return Err(Problem::Foreign(
            "a page of another host sent the request; a proxy in front must hand on the header `Host`".into(),
        ));
    }
    Ok(())
}

/// Whether the request carries the token, if there is one.
pub(super) fn is_authorized(desk: &Desk, headers: &HeaderMap) -> bool {
    let Some(token) = &desk.state.token else { return true };
    let Some((scheme, sent)) = header(headers, &AUTHORIZATION).split_once(' ') else {
        return false;
    };
    let is_token: bool = sent.trim().as_bytes().ct_eq(token.as_bytes()).into();
    is_token && scheme.eq_ignore_ascii_case("bearer")
}

/// Whether everybody may see it: the page itself, which must be there to ask for the token, and how things are.
fn is_open(path: &str) -> bool {
    path == "/" || path == "/health" || path.starts_with("/assets/")
}

fn is_local_host(host: &str) -> bool {
    let host = host.parse::<Authority>();
    host.is_ok_and(|host| LOCAL_HOSTS.iter().any(|local| host.host().eq_ignore_ascii_case(local)))
}

/// Whether an origin such as `http://localhost:8085` is the host that was asked.
fn is_same(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, own)| own.eq_ignore_ascii_case(host))
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
