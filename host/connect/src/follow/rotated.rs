//! Names that log rotation gives: which file a name was rotated from, and which of two is older.

/// Endings of compressed files.
const PACKED: [&str; 2] = [".gz", ".zst"];
/// Least digits of a date, so that `worker-1.log` is no generation of `worker.log`.
const DATE_DIGITS_MIN: usize = 8;
/// From here on a number is a year.
const YEAR_MIN: u64 = 1970;

/// What a name says about the age of a generation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Age {
    /// How often it was rotated: `app.log.2` is older than `app.log.1`.
    Turns(u64),
    /// When: year, month, day and so on, or seconds since 1970.
    Date(Vec<u64>),
}

/// The name without the ending of compressed files.
pub(super) fn unpacked(name: &str) -> &str {
    PACKED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// All names from which a file of this name may have been rotated: `app.log` for `app.log.1`, `app.log.2.gz`,
/// `app.log-20261121` and `app-2026-11-21.log.zst`.
pub(super) fn origins(name: &str) -> Vec<(String, Age)> {
    let name = unpacked(name);
    let mut found = Vec::new();
    for (at, separator) in name.match_indices(['.', '-']) {
        let (stem, rest) = (&name[..at], &name[at + 1..]);
        if stem.is_empty() {
            continue;
        }
        if let Some(age) = age(rest, separator == ".") {
            found.push((stem.to_owned(), age));
        }
        if let Some((stamp, ending)) = rest.rsplit_once('.')
            && !ending.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(age) = age(stamp, false)
        {
            found.push((format!("{stem}.{ending}"), age));
        }
    }
    found
}

/// Reads a number of turns, where allowed, or a date in any of the usual spellings.
fn age(text: &str, turns: bool) -> Option<Age> {
    let is_date = |byte: u8| byte.is_ascii_digit() || b"-_.:T".contains(&byte);
    let bytes = text.as_bytes();
    let edges = [bytes.first()?, bytes.last()?];
    if !edges.iter().all(|byte| byte.is_ascii_digit()) || !bytes.iter().all(|&byte| is_date(byte)) {
        return None;
    }
    let groups =
        text.split(|letter: char| !letter.is_ascii_digit()).filter(|part| !part.is_empty());
    let groups: Vec<u64> = groups.map(str::parse).collect::<Result<_, _>>().ok()?;
    match groups[..] {
        [number] if turns && number < YEAR_MIN => Some(Age::Turns(number)),
        _ => {
            let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
            (digits >= DATE_DIGITS_MIN).then_some(Age::Date(groups))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_names_are_recognised() {
        let date = |groups: &[u64]| Some(Age::Date(groups.to_vec()));
        let cases = [
            ("app.log.1", "app.log", Some(Age::Turns(1))),
            ("app.log.12.gz", "app.log", Some(Age::Turns(12))),
            ("app.log.3.zst", "app.log", Some(Age::Turns(3))),
            ("app.log-20261121", "app.log", date(&[20261121])),
            ("app.log-20261121.gz", "app.log", date(&[20261121])),
            ("app.log-20261121-1795253400", "app.log", date(&[20261121, 1795253400])),
            ("app.log.2026-11-21_10-30", "app.log", date(&[2026, 11, 21, 10, 30])),
            ("app-2026-11-21.log", "app.log", date(&[2026, 11, 21])),
            ("app-2026-11-21-2.log.gz", "app.log", date(&[2026, 11, 21, 2])),
            ("app-2026-11-21T10-30-00.000.log", "app.log", date(&[2026, 11, 21, 10, 30, 0, 0])),
            ("0.log.20261121-101010", "0.log", date(&[20261121, 101010])),
            ("catalina.2026-11-21.log", "catalina.log", date(&[2026, 11, 21])),
            ("messages.1", "messages", Some(Age::Turns(1))),
            ("app.log", "app", None),
            ("app.log.gz", "app.log", None),
            ("app.log.", "app.log", None),
            ("app.log.old", "app.log", None),
            ("worker-1.log", "worker.log", None),
            ("worker.1.log", "worker.log", None),
            ("job-1234567.log", "job.log", None),
            ("app.log.99999999999999999999999", "app.log", None),
            (".1", "", None),
        ];
        for (name, origin, expected) in cases {
            let found = origins(name).into_iter().find(|(stem, _)| stem == origin);
            assert_eq!(found.map(|(_, age)| age), expected, "{name} of {origin}");
        }
    }
}
