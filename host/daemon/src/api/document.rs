//! The OpenAPI document: what all routes have in common is added to what each says of itself.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, Response,
    ResponseBuilder,
};

use super::problem::{MEDIA_TYPE, ProblemBody};

/// What stands above the list of routes.
const DESCRIPTION: &str = "\
What bellwether knows, and what people tell it. Times are milliseconds since 1970: event time where logs are meant, the \
wall clock where people act. Errors are `application/problem+json` (RFC 9457). Fields are only ever added.";

/// The document without routes.
pub(super) fn outline() -> OpenApi {
    let info = InfoBuilder::new()
        .title("bellwether")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION));
    let components = ComponentsBuilder::new()
        .schema_from::<ProblemBody>()
        .security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    OpenApiBuilder::new().info(info).components(Some(components.build())).build()
}

/// The whole document in JSON.
pub(super) fn render(mut document: OpenApi) -> String {
    for (path, item) in &mut document.paths.paths {
        let operations =
            [("get", &mut item.get), ("post", &mut item.post), ("delete", &mut item.delete)];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(name(method, path));
                complete(operation, path, method != "get");
            }
        }
    }
    document.to_pretty_json().expect("the document is made of texts and numbers")
}

/// A name for programs that are made from the document, such as `post_anomalies_id_note`.
fn name(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// Adds the answers of [`guard`](super::guard) and of the extractors.
fn complete(operation: &mut Operation, path: &str, changes: bool) {
    let mut answers = vec![("421", "Meant for another host."), ("503", "Not at the moment.")];
    if path != "/health" {
        answers.push(("401", "The token is missing or wrong."));
        let token = SecurityRequirement::new("token", Vec::<String>::new());
        operation.security = Some(vec![SecurityRequirement::default(), token]);
    }
    if operation.parameters.is_some() || operation.request_body.is_some() {
        answers.push(("400", "The request cannot be understood."));
    }
    if changes {
        answers.push(("403", "A page of another host sent it."));
    }
    if operation.request_body.is_some() {
        answers.push(("413", "The body is longer than 64 KiB."));
        answers.push(("415", "The body is not sent as JSON."));
    }
    let responses = &mut operation.responses.responses;
    for (status, description) in answers {
        responses.entry(status.into()).or_insert_with(|| problem(description).into());
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content(MEDIA_TYPE, content).build()
}

/// This description of all routes, as OpenAPI.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "daemon", responses(
    (status = 200, description = "The document.", body = Object, content_type = "application/json"),
))]
pub(super) async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], super::openapi())
}
