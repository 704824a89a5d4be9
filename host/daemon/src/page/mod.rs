//! The page that shows what was found: some files, embedded in the program, which ask the API for everything else.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::routing::get;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, media type and content of each file.
pub(crate) const FILES: [(&str, &str, &str); 11] = [
    ("/", "text/html; charset=utf-8", include_str!("index.html")),
    ("/assets/icon.svg", "image/svg+xml", include_str!("icon.svg")),
    ("/assets/style.css", "text/css; charset=utf-8", include_str!("style.css")),
    ("/assets/anomaly.js", JAVASCRIPT, include_str!("anomaly.js")),
    ("/assets/ask.js", JAVASCRIPT, include_str!("ask.js")),
    ("/assets/chart.js", JAVASCRIPT, include_str!("chart.js")),
    ("/assets/draw.js", JAVASCRIPT, include_str!("draw.js")),
    ("/assets/list.js", JAVASCRIPT, include_str!("list.js")),
    ("/assets/page.js", JAVASCRIPT, include_str!("page.js")),
    ("/assets/seen.js", JAVASCRIPT, include_str!("seen.js")),
    ("/assets/sources.js", JAVASCRIPT, include_str!("sources.js")),
];

/// Asked for again each time, so that page and program always fit.
const FRESH: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-cache"));

/// The routes of the page's files.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.into_iter().fold(Router::new(), |router, (path, media_type, content)| {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static(media_type)), FRESH];
        router.route(path, get(move || async move { (headers, content) }))
    })
}
