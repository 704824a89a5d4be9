//! Access logs of Apache and nginx, in the common and the combined format.

use super::cursor::{Cursor, push_word};
use super::stamp::{self, Date};
use crate::record::{QUERY, Record, severity};

/// Reads `client ident user [10/Oct/2000:13:55:36 -0700] "GET /path HTTP/1.0" 200 2326 "referer" "agent"`.
pub(super) fn parse(line: &[u8], record: &mut Record) -> Option<()> {
    let mut cursor = Cursor::new(line);
    let client = cursor.word()?;
    cursor.eat(b' ')?;
    let _ident = cursor.word()?;
    cursor.eat(b' ')?;
    let _user = cursor.until(b'[')?.strip_suffix(b" ").filter(|user| !user.is_empty())?;
    record.time_ms = Some(bracketed_time(&mut cursor)?);
    cursor.eat(b' ')?;
    let request = cursor.quoted()?;
    cursor.eat(b' ')?;
    let status = cursor.word().filter(|status| status.len() == 3)?;
    // A word instead of the number, so that an answer that fails is another message than one that does not.
    let (severity, outcome) = match Cursor::new(status).digits(3)? {
        500.. => (severity::ERROR, "server-error"),
        400.. => (severity::WARN, "client-error"),
        300.. => (severity::INFO, "redirect"),
        _ => (severity::INFO, "ok"),
    };
    record.severity = severity;
    cursor.eat(b' ')?;
    let bytes = cursor.word().filter(|bytes| is_count(bytes))?;
    let mut quoted = || {
        cursor.eat(b' ')?;
        cursor.quoted()
    };
    let referer = quoted();
    let agent = referer.and_then(|_| quoted());
    let Request { method, path, query } = split_request(request);
    push_word(&mut record.body, method.unwrap_or(request));
    push_route(&mut record.body, path.unwrap_or_default());
    push_word(&mut record.body, outcome.as_bytes());
    let attributes: [(&[u8], Option<&[u8]>); 8] = [
        (b"client", Some(client)),
        (b"method", method),
        (b"path", path),
        (QUERY, query),
        (b"status", Some(status)),
        (b"bytes", Some(bytes)),
        (b"agent", agent),
        (b"referer", referer),
    ];
    for (name, value) in attributes {
        if let Some(value) = value.filter(|value| *value != b"-") {
            record.attributes.push(name, value);
        }
    }
    Some(())
}

/// Appends the path with its variable segments marked, so that `/cart/17/items` is the same route for every cart.
fn push_route(body: &mut Vec<u8>, path: &[u8]) {
    let mut segments = path.split(|byte| *byte == b'/');
    push_word(body, segments.next().unwrap_or_default());
    if path.starts_with(b"/") {
        body.push(b' ');
    }
    for segment in segments {
        body.push(b'/');
        let variable = segment.iter().any(u8::is_ascii_digit);
        body.extend_from_slice(if variable { b"*" } else { segment });
    }
}

/// Reads `10/Oct/2000:13:55:36 -0700]`.
fn bracketed_time(cursor: &mut Cursor<'_>) -> Option<i64> {
    let day = cursor.digits(2)?;
    cursor.eat(b'/')?;
    let month = stamp::month_name(cursor)?;
    cursor.eat(b'/')?;
    let year = cursor.digits(4)?;
    cursor.eat(b':')?;
    let day_ms = stamp::time_of_day(cursor)?;
    cursor.eat(b' ')?;
    let offset_minutes = stamp::offset(cursor)?;
    cursor.eat(b']')?;
    stamp::to_utc_ms(Date { year, month, day }, day_ms, offset_minutes)
}

fn is_count(word: &[u8]) -> bool {
    word == b"-" || word.iter().all(u8::is_ascii_digit)
}

/// Parts of a request line; all `None` where the client did not speak HTTP.
#[derive(Default)]
struct Request<'a> {
    method: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    query: Option<&'a [u8]>,
}

fn split_request(request: &[u8]) -> Request<'_> {
    let mut cursor = Cursor::new(request);
    let method = cursor.word().filter(|method| method.iter().all(u8::is_ascii_uppercase));
    cursor.skip_blanks();
    let target = cursor.word();
    let (Some(_), Some(target)) = (method, target) else { return Request::default() };
    let mut parts = target.splitn(2, |byte| *byte == b'?');
    Request { method, path: parts.next(), query: parts.next() }
}

#[cfg(test)]
mod tests {
    use crate::form::Form;
    use crate::form::tests::check;

    #[test]
    fn reads_lines() {
        check(
            Form::Combined,
            &[
                (
                    r#"10.0.0.1 - bob [10/Oct/2000:13:55:36 -0700] "GET /a/42?q=1&r HTTP/1.0" 200 2326 "http://x/" "Moz \"5\"""#,
                    r#"2000-10-10T20:55:36Z info |  | GET /a/* ok | client=10.0.0.1, method=GET, path=/a/42, query=q=1&r, status=200, bytes=2326, agent=Moz \\"5\\", referer=http://x/"#,
                ),
                (
                    r#"::1 - - [10/Oct/2000:13:55:36 +0000] "POST / HTTP/1.1" 404 -"#,
                    "2000-10-10T13:55:36Z warn |  | POST / client-error | client=::1, method=POST, path=/, status=404",
                ),
                (
                    r#"h - - [10/Oct/2000:13:55:36 +0000] "-" 503 0 "-" "-" extra"#,
                    "2000-10-10T13:55:36Z error |  | - server-error | client=h, status=503, bytes=0",
                ),
                (
                    r#"h - - [10/Oct/2000:13:55:36 +0000] "\x16\x03" 400 0"#,
                    r"2000-10-10T13:55:36Z warn |  | \\x16\\x03 client-error | client=h, status=400, bytes=0",
                ),
                (r#"h - - [31/Feb/2000:13:55:36 +0000] "GET /" 200 0"#, ""),
                (r#"h - - [10/Oct/2000:13:55:36] "GET /" 200 0"#, ""),
                (r#"h - - [10/Oct/2000:13:55:36 +0000] "GET /" 2000 0"#, ""),
                (r#"h - - [10/Oct/2000:13:55:36 +0000] "GET / 200 0"#, ""),
                (r#"h [10/Oct/2000:13:55:36 +0000] "GET /" 200 0"#, ""),
            ],
        );
    }
}
