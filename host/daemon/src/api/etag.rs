//! Entity tags: by them a client says which version of something it has, or means.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The tag of what has this digest.
pub(super) fn tag(digest: &str) -> String {
    format!("\"sha256:{digest}\"")
}

/// The same as a header.
pub(super) fn header(digest: &str) -> HeaderValue {
    HeaderValue::try_from(tag(digest)).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Whether one of the tags in a header, or `*`, means what has this digest; `None` if there is no such header.
pub(super) fn names(headers: &HeaderMap, header: &HeaderName, digest: &str) -> Option<bool> {
    let tag = tag(digest);
    let mut given = headers.get_all(header).iter().peekable();
    given.peek()?;
    let mut tags = given.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    Some(tags.any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    }))
}

#[cfg(test)]
mod tests {
    use axum::http::header::IF_MATCH;

    use super::*;

    #[test]
    fn tags_are_found_in_lists() {
        let cases: &[(&[&str], Option<bool>)] = &[
            (&[], None),
            (&[""], Some(false)),
            (&["\"sha256:ab\""], Some(true)),
            (&["W/\"sha256:ab\""], Some(true)),
            (&["\"sha256:a\""], Some(false)),
            (&["sha256:ab"], Some(false)),
            (&["*"], Some(true)),
            (&["\"x\", \"sha256:ab\" ,\"y\""], Some(true)),
            (&["\"x\"", "\"sha256:ab\""], Some(true)),
        ];
        for (values, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in *values {
                headers.append(IF_MATCH, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(names(&headers, &IF_MATCH, "ab"), *expected, "{values:?}");
        }
        assert_eq!(header("ab"), "\"sha256:ab\"");
    }
}
