//! Errors as RFC 9457 has them: one enum of reasons, one mapping to HTTP.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bellwether_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::watch::KeeperError;

/// The media type of all errors.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not answered as wished, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// The request says something that cannot be understood.
    Unclear(String),
    /// The token is missing or wrong.
    Unknown,
    /// A page of somebody else sent it.
    Foreign(String),
    /// What it names is not there.
    Missing(String),
    /// The route does not know the method.
    Method,
    /// Nothing would change, or a limit is reached.
    Conflict(String),
    /// Its body is too long.
    TooLong(String),
    /// Its body is something else than the route takes, by its own account.
    WrongMedia(String),
    /// Its body is what it should be, and is refused for what it says.
    Refused(String),
    /// It is not what the request expects it to be.
    Changed(String),
    /// The request does not say what it expects.
    Unconditional(String),
    /// It was meant for another host.
    Misdirected(String),
    /// A defect of ours.
    Defect,
    /// Not at the moment.
    Unavailable(String),
}

/// An error as every route tells it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// Always `about:blank`: the title says it all.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The phrase that belongs to the status.
    #[schema(example = "Not Found")]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// What is wrong and how to mend it.
    #[schema(example = "no anomaly `4f2a`; the list of anomalies has their ids")]
    detail: String,
    /// The path that was asked for.
    #[schema(example = "/api/v1/anomalies/4f2a")]
    instance: String,
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Problem::Unclear(_) => StatusCode::BAD_REQUEST,
            Problem::Unknown => StatusCode::UNAUTHORIZED,
            Problem::Foreign(_) => StatusCode::FORBIDDEN,
            Problem::Missing(_) => StatusCode::NOT_FOUND,
            Problem::Method => StatusCode::METHOD_NOT_ALLOWED,
            Problem::Conflict(_) => StatusCode::CONFLICT,
            Problem::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Problem::WrongMedia(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Problem::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Problem::Changed(_) => StatusCode::PRECONDITION_FAILED,
            Problem::Unconditional(_) => StatusCode::PRECONDITION_REQUIRED,
            Problem::Misdirected(_) => StatusCode::MISDIRECTED_REQUEST,
            Problem::Defect => StatusCode::INTERNAL_SERVER_ERROR,
            Problem::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What is wrong and how to mend it.
    pub(super) fn detail(&self) -> &str {
        match self {
            Problem::Unclear(detail)
            | Problem::Foreign(detail)
            | Problem::Missing(detail)
            | Problem::Conflict(detail)
            | Problem::TooLong(detail)
            | Problem::WrongMedia(detail)
            | Problem::Refused(detail)
            | Problem::Changed(detail)
            | Problem::Unconditional(detail)
            | Problem::Misdirected(detail)
            | Problem::Unavailable(detail) => detail,
            Problem::Unknown => {
                "the token is missing or wrong; send `Authorization: Bearer` with it"
            }
            Problem::Method => "the route has no such method; the header `Allow` lists its own",
            Problem::Defect => "bellwether failed to answer; its log says more",
        }
    }

    /// The whole response to a request for this path.
    pub(super) fn into_response_for(self, path: &str) -> Response {
        let status = self.status();
        let header = match &self {
            Problem::Unknown => Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Problem::Unavailable(_) => Some((RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => None,
        };
        let body = ProblemBody {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.detail().into(),
            instance: path.into(),
        };
        let mut response = (status, axum::Json(body)).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response.headers_mut().extend(header);
        response
    }
}

/// Only marks the response: who knows the path writes the body.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Completes a response that only carries the mark of a problem.
pub(super) fn complete(mut response: Response, path: &str) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let mut completed = problem.into_response_for(path);
    if let Some(methods) = response.headers_mut().remove(ALLOW) {
        completed.headers_mut().insert(ALLOW, methods);
    }
    completed
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::BadCursor { .. } => Problem::Unclear(error.to_string()),
            StoreError::TooMany { .. } | StoreError::Outrun { .. } => {
                Problem::Conflict(error.to_string())
            }
            StoreError::TooLarge { .. } => Problem::TooLong(error.to_string()),
            _ => {
                tracing::debug!(error = &error as &dyn std::error::Error, "store not available");
                Problem::Unavailable(error.to_string())
            }
        }
    }
}

impl From<KeeperError> for Problem {
    fn from(error: KeeperError) -> Self {
        match error {
            KeeperError::Store(error) => error.into(),
            KeeperError::Closed => Problem::Unavailable(error.to_string()),
        }
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Problem::Unclear(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Problem::Unclear(rejection.body_text())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        let detail = rejection.body_text();
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLong(detail),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::WrongMedia(detail),
            _ => Problem::Unclear(detail),
        }
    }
}
