//! Entity tags: by them a client says which version of something it has, or means.

use axum::http::header::IF_MATCH;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::problem::Problem;

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
    Some(tags(headers, header)?.any(|one| one == "*" || one == tag))
}

/// The revision that `If-Match` means, where `now` is that of now: this one, if it is among several; `None` if any will do.
pub(super) fn revision(headers: &HeaderMap, now: u64) -> Result<Option<u64>, Problem> {
    let Some(tags) = tags(headers, &IF_MATCH) else { return Ok(None) };
    let tags: Vec<&str> = tags.collect();
    if tags.contains(&"*") {
        return Ok(None);
    }
    let number = |tag: &&str| tag.trim_matches('"').parse().ok();
    let revisions: Vec<u64> = tags.iter().filter_map(number).collect();
    let meant = revisions.iter().find(|revision| **revision == now).or(revisions.first());
    let unclear = || Problem::Unclear("`If-Match` names no revision, such as \"7\"".into());
    meant.copied().map(Some).ok_or_else(unclear)
}

/// The tags in a header, weak ones like others; `None` if there is no such header.
fn tags<'a>(
    headers: &'a HeaderMap,
    header: &HeaderName,
) -> Option<impl Iterator<Item = &'a str> + use<'a>> {
    let mut given = headers.get_all(header).iter().peekable();
    given.peek()?;
    let tags = given.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    Some(tags.map(str::trim).map(|one| one.strip_prefix("W/").unwrap_or(one)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_match(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

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
            assert_eq!(names(&if_match(values), &IF_MATCH, "ab"), *expected, "{values:?}");
        }
        assert_eq!(header("ab"), "\"sha256:ab\"");
    }

    #[test]
    fn revisions_are_found_in_lists() {
        let cases: &[(&[&str], Option<Option<u64>>)] = &[
            (&[], Some(None)),
            (&["*"], Some(None)),
            (&["\"7\""], Some(Some(7))),
            (&["W/\"7\""], Some(Some(7))),
            (&["7"], Some(Some(7))),
            (&["\"6\""], Some(Some(6))),
            (&["\"6\", \"7\""], Some(Some(7))),
            (&["\"6\"", "W/\"7\""], Some(Some(7))),
            (&["\"x\""], None),
            (&[""], None),
        ];
        for (values, expected) in cases {
            assert_eq!(revision(&if_match(values), 7).ok(), *expected, "{values:?}");
        }
    }
}
