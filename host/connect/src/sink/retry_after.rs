//! `Retry-After`: a number of seconds or a date (RFC 9110).

use std::time::UNIX_EPOCH;

/// Nobody is left alone for longer than a day.
const WAIT_MAX_S: u64 = 86_400;

/// How long to wait, as the header says.
pub(super) fn wait_s(header: &str, now_ms: u64) -> Option<u64> {
    let header = header.trim();
    let wait_s = if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        header.parse().unwrap_or(u64::MAX)
    } else {
        let date = httpdate::parse_http_date(header).ok()?;
        let date_s = date.duration_since(UNIX_EPOCH).ok()?.as_secs();
        date_s.saturating_sub(now_ms / 1000)
    };
    Some(wait_s.min(WAIT_MAX_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now_ms = 784_111_777_000;
        let cases = [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:50:00 GMT", Some(23)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Sat, 06 Nov 2094 08:00:00 GMT", Some(86_400)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ];
        for (header, expected) in cases {
            assert_eq!(wait_s(header, now_ms), expected, "{header}");
        }
    }
}
