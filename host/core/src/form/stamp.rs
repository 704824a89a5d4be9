//! Time stamps as logs write them, to milliseconds since 1970 in UTC.
//!
//! An impossible date is no stamp, and neither is a time before 1970. A stamp without a zone is UTC. A leap second
//! counts as the second before it.

use super::Reference;
use super::cursor::Cursor;

const DAY_MS: i64 = 86_400_000;
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// 2000-01-01 and 2100-01-01: a bare number outside is not taken for a time.
const EPOCH_PLAUSIBLE_MS: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;

/// A day of the calendar, as written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Date {
    pub(super) year: u32,
    pub(super) month: u32,
    pub(super) day: u32,
}

impl Date {
    /// Midnight UTC of an existing day from 1970 to 9999.
    fn midnight_ms(self) -> Option<i64> {
        let Date { year, month, day } = self;
        if !(1970..=9999).contains(&year) || day < 1 || day > days_in_month(year, month)? {
            return None;
        }
        // Years that begin in March have their leap day at the end, so days before a month follow one formula.
        let shifted = i64::from(if month > 2 { year } else { year - 1 });
        let month_from_march = i64::from((month + 9) % 12);
        let leap_days = shifted / 4 - shifted / 100 + shifted / 400;
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
        let days = shifted * 365 + leap_days + day_of_year - DAYS_TO_1970;
        Some(days * DAY_MS)
    }
}

/// Days from March 1 of the year 0 to 1970.
const DAYS_TO_1970: i64 = 719_468;

fn days_in_month(year: u32, month: u32) -> Option<u32> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => Some(if leap { 29 } else { 28 }),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

/// Puts a date, milliseconds of its day and a zone together.
pub(super) fn to_utc_ms(date: Date, day_ms: i64, offset_minutes: i64) -> Option<i64> {
    let time_ms = date.midnight_ms()? + day_ms - offset_minutes * 60_000;
    (time_ms >= 0).then_some(time_ms)
}

/// Gives a stamp without a year the latest year that puts it at most one day after the reference.
pub(super) fn yearless_to_utc_ms(
    month: u32,
    day: u32,
    day_ms: i64,
    clock: &Reference,
) -> Option<i64> {
    let latest_ms = clock.time_ms.saturating_add(DAY_MS);
    let estimate = (1970 + latest_ms / 31_556_952_000).clamp(1970, 9998) as u32;
    // The estimate may be a year off; February 29 may need up to eight years more.
    (estimate.saturating_sub(9)..=estimate + 1)
        .rev()
        .filter_map(|year| to_utc_ms(Date { year, month, day }, day_ms, 0))
        .find(|time_ms| *time_ms <= latest_ms)
}

/// A stamp that begins with the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IsoStamp {
    pub(super) time_ms: i64,
    /// Whether it is written exactly as RFC 3339 wants it, with `T` and zone.
    pub(super) strict: bool,
}

/// Reads `2005-06-03T15:42:50.675+02:00` and its relatives: `/` for `-`, a blank for `T`, `,` for `.`, no zone.
pub(super) fn iso(cursor: &mut Cursor<'_>) -> Option<IsoStamp> {
    let year = cursor.digits(4)?;
    let separator = cursor.peek().filter(|byte| matches!(byte, b'-' | b'/'))?;
    cursor.eat(separator)?;
    let month = cursor.digits(2)?;
    cursor.eat(separator)?;
    let day = cursor.digits(2)?;
    let joined = matches!(cursor.peek()?, b'T' | b't');
    let blank = cursor.peek()? == b' ';
    if !joined && !blank {
        return None;
    }
    cursor.step();
    let day_ms = time_of_day(cursor)?;
    let zone = zone(cursor)?;
    if cursor.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let time_ms = to_utc_ms(Date { year, month, day }, day_ms, zone.unwrap_or(0))?;
    Some(IsoStamp { time_ms, strict: joined && separator == b'-' && zone.is_some() })
}

/// Reads `15:42:50`, with a fraction of one to nine digits if there is one, as milliseconds of the day.
pub(super) fn time_of_day(cursor: &mut Cursor<'_>) -> Option<i64> {
    let hour = cursor.digits(2)?;
    cursor.eat(b':')?;
    let minute = cursor.digits(2)?;
    cursor.eat(b':')?;
    let second = cursor.digits(2)?;
    let seconds_ms = day_ms(hour, minute, second)?;
    let rest = cursor.rest();
    if matches!(rest, [b'.' | b',', digit, ..] if digit.is_ascii_digit()) {
        cursor.step();
        return Some(seconds_ms + fraction_ms(cursor.digit_run()?)?);
    }
    Some(seconds_ms)
}

/// Milliseconds of the day, for a time that exists.
pub(super) fn day_ms(hour: u32, minute: u32, second: u32) -> Option<i64> {
    let exists = hour < 24 && minute < 60 && second <= 60;
    let seconds = hour * 3600 + minute * 60 + second.min(59);
    exists.then_some(i64::from(seconds) * 1000)
}

/// The first three of one to nine digits behind a point.
pub(super) fn fraction_ms(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let digit = |place: usize| i64::from(digits.get(place).map_or(0, |digit| digit - b'0'));
    Some(digit(0) * 100 + digit(1) * 10 + digit(2))
}

/// Reads the zone in minutes, if there is one; the outer `None` is a zone that does not exist.
fn zone(cursor: &mut Cursor<'_>) -> Option<Option<i64>> {
    let mut ahead = *cursor;
    let spaced = ahead.eat(b' ').is_some();
    let minutes = match ahead.rest() {
        [b'Z' | b'z', ..] if !spaced => {
            ahead.step();
            0
        }
        [b'U', b'T', b'C', rest @ ..] | [b'G', b'M', b'T', rest @ ..] => {
            ahead = Cursor::new(rest);
            0
        }
        [b'+' | b'-', digit, ..] if digit.is_ascii_digit() => match offset(&mut ahead) {
            Some(minutes) if !spaced || cursor.rest().len() - ahead.rest().len() > 4 => minutes,
            None if !spaced => return None,
            // Behind a blank it may be a number of the message.
            _ => return Some(None),
        },
        _ => return Some(None),
    };
    if spaced && ahead.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
        return Some(None);
    }
    *cursor = ahead;
    Some(Some(minutes))
}

/// Reads `+02:00`, `+0200` or, with no blank before it, `+02`.
pub(super) fn offset(cursor: &mut Cursor<'_>) -> Option<i64> {
    let sign = match cursor.peek()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    cursor.step();
    let hours = cursor.digits(2)?;
    let colon = cursor.eat(b':').is_some();
    let minutes = if colon || cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        cursor.digits(2)?
    } else {
        0
    };
    (hours < 24 && minutes < 60).then_some(sign * i64::from(hours * 60 + minutes))
}

/// Reads an English month of three letters as 1 to 12.
pub(super) fn month_name(cursor: &mut Cursor<'_>) -> Option<u32> {
    let (name, rest) = cursor.rest().split_first_chunk::<3>()?;
    let month = MONTHS.iter().position(|month| *month == name)?;
    *cursor = Cursor::new(rest);
    Some(month as u32 + 1)
}

/// A number that counts time since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch {
    pub(super) time_ms: i64,
    /// Whether the number counts microseconds or less.
    pub(super) fine: bool,
}

/// Reads seconds, with or without fraction, milliseconds, microseconds or nanoseconds, told apart by their size.
pub(super) fn epoch(cursor: &mut Cursor<'_>) -> Option<Epoch> {
    let digits = cursor.digit_run()?;
    if digits.len() > 19 {
        return None;
    }
    let number = digits.iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let (time_ms, fine) = match digits.len() {
        9 | 10 => (number * 1000, false),
        12 | 13 => (number, false),
        15 | 16 => (number / 1000, true),
        18 | 19 => (number / 1_000_000, true),
        _ => return None,
    };
    let mut time_ms = time_ms as i64;
    if cursor.eat(b'.').is_some() {
        let fraction = fraction_ms(cursor.digit_run()?)?;
        if digits.len() <= 10 {
            time_ms += fraction;
        }
    }
    EPOCH_PLAUSIBLE_MS.contains(&time_ms).then_some(Epoch { time_ms, fine })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_agrees_with_a_calendar() {
        let mut day = jiff::civil::date(1970, 1, 1);
        let mut midnight_ms = 0;
        while day < jiff::civil::date(2420, 1, 1) {
            let date =
                Date { year: day.year() as u32, month: day.month() as u32, day: day.day() as u32 };
            assert_eq!(date.midnight_ms(), Some(midnight_ms), "{day}");
            day = day.tomorrow().unwrap();
            midnight_ms += DAY_MS;
        }
    }

    #[test]
    fn stamps_that_begin_with_the_year() {
        // What is written, what it means or nothing, what is left.
        let cases = [
            ("2005-06-03T15:42:50Z", "2005-06-03T15:42:50Z", ""),
            ("2005-06-03t15:42:50z x", "2005-06-03T15:42:50Z", " x"),
            ("2005-06-03 15:42:50 x", "2005-06-03T15:42:50Z", " x"),
            ("2005/06/03 15:42:50|x", "2005-06-03T15:42:50Z", "|x"),
            ("2005-06-03 15:42:50,675 x", "2005-06-03T15:42:50.675Z", " x"),
            ("2005-06-03 15:42:50,x", "2005-06-03T15:42:50Z", ",x"),
            ("2005-06-03 15:42:50.", "2005-06-03T15:42:50Z", "."),
            ("2005-06-03T15:42:50.6+02:00", "2005-06-03T13:42:50.6Z", ""),
            ("2005-06-03T15:42:50.67-0730", "2005-06-03T23:12:50.67Z", ""),
            ("2005-06-03T15:42:50.6759+02", "2005-06-03T13:42:50.675Z", ""),
            ("2005-06-03T15:42:50.123456789Z", "2005-06-03T15:42:50.123Z", ""),
            ("2005-06-03T15:42:50.1234567890Z", "", ""),
            ("2005-06-03 15:42:50 +0200 x", "2005-06-03T13:42:50Z", " x"),
            ("2005-06-03 15:42:50 -12 x", "2005-06-03T15:42:50Z", " -12 x"),
            ("2005-06-03 15:42:50 -9900 x", "2005-06-03T15:42:50Z", " -9900 x"),
            ("2005-06-03 15:42:50 -0.5 x", "2005-06-03T15:42:50Z", " -0.5 x"),
            ("2005-06-03 15:42:50 UTC x", "2005-06-03T15:42:50Z", " x"),
            ("2005-06-03 15:42:50 GMTX", "2005-06-03T15:42:50Z", " GMTX"),
            ("2005-06-03 15:42:50 - x", "2005-06-03T15:42:50Z", " - x"),
            ("2005-06-03T15:42:50+24:00", "", ""),
            ("2005-06-03T15:42:50+02:60", "", ""),
            ("2005-06-03T15:42:50+2", "", ""),
            ("2005-06-03T15:42:50x", "", ""),
            ("2005-06-03T15:42:505", "", ""),
            ("2005-06-03_15:42:50", "", ""),
            ("2005-06/03 15:42:50", "", ""),
            ("2005.06.03 15:42:50", "", ""),
            ("2005-06-03 15:42", "", ""),
            ("2005-06-03 24:00:00", "", ""),
            ("2005-06-03 23:60:00", "", ""),
            ("2005-06-03 23:59:61", "", ""),
            ("2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.5Z", ""),
            ("2005-02-30 15:42:50", "", ""),
            ("2005-02-29 15:42:50", "", ""),
            ("2004-02-29 15:42:50", "2004-02-29T15:42:50Z", ""),
            ("2100-02-29 15:42:50", "", ""),
            ("2005-00-03 15:42:50", "", ""),
            ("2005-13-03 15:42:50", "", ""),
            ("2005-04-31 15:42:50", "", ""),
            ("2005-04-00 15:42:50", "", ""),
            ("1969-12-31 23:59:59", "", ""),
            ("1970-01-01 00:00:00", "1970-01-01T00:00:00Z", ""),
            ("1970-01-01T00:00:00+01:00", "", ""),
            ("1969-12-31T23:59:59-01:00", "", ""),
            ("9999-12-31 23:59:59.999", "9999-12-31T23:59:59.999Z", ""),
            ("-2005-06-03 15:42:50", "", ""),
            ("205-06-03 15:42:50", "", ""),
        ];
        for (text, expected, left) in cases {
            let mut cursor = Cursor::new(text.as_bytes());
            let found = iso(&mut cursor).map(|stamp| stamp.time_ms);
            // The calendar's timestamps end one day before the year 10000.
            let expected = (!expected.is_empty()).then(|| {
                let civil: jiff::civil::DateTime = expected.trim_end_matches('Z').parse().unwrap();
                let days = (civil.date() - jiff::civil::date(1970, 1, 1)).get_days();
                let time = civil.time() - jiff::civil::time(0, 0, 0, 0);
                i64::from(days) * DAY_MS + time.total(jiff::Unit::Millisecond).unwrap() as i64
            });
            assert_eq!(found, expected, "{text}");
            if found.is_some() {
                assert_eq!(cursor.rest(), left.as_bytes(), "{text}");
            }
        }
    }

    #[test]
    fn a_stamp_without_year_lies_at_most_a_day_after_the_reference() {
        // Reference, month and day at noon, the year it gets or 0.
        let cases = [
            ("2024-06-15T12:00:00Z", 6, 15, 2024),
            ("2024-06-15T12:00:00Z", 6, 16, 2024),
            ("2024-06-15T11:59:59Z", 6, 16, 2023),
            ("2024-06-15T12:00:00Z", 12, 31, 2023),
            ("2024-12-31T12:00:00Z", 1, 1, 2025),
            ("2024-12-31T11:59:59Z", 1, 1, 2024),
            ("2025-01-01T00:00:00Z", 12, 31, 2024),
            ("2023-03-01T00:00:00Z", 2, 29, 2020),
            ("2103-12-31T23:00:00Z", 2, 29, 2096),
            ("2024-06-15T12:00:00Z", 2, 30, 0),
            ("1970-01-01T00:00:00Z", 1, 1, 1970),
            ("1970-01-01T00:00:00Z", 6, 1, 0),
            ("9999-12-30T22:00:00Z", 12, 31, 9999),
        ];
        for (reference, month, day, year) in cases {
            let time_ms = reference.parse::<jiff::Timestamp>().unwrap().as_millisecond();
            let found = yearless_to_utc_ms(month, day, DAY_MS / 2, &Reference { time_ms });
            let expected = to_utc_ms(Date { year, month, day }, DAY_MS / 2, 0);
            assert_eq!(found, expected, "{reference} {month} {day}");
        }
        for time_ms in [i64::MIN, -1, i64::MAX] {
            let found = yearless_to_utc_ms(2, 29, 0, &Reference { time_ms });
            assert_eq!(found.is_some(), time_ms > 0);
        }
    }

    #[test]
    fn numbers_that_count_time() {
        let cases = [
            ("946684800", Some(946_684_800_000)),
            ("946684799", None),
            ("1117838570", Some(1_117_838_570_000)),
            ("1117838570.5", Some(1_117_838_570_500)),
            ("1117838570.123456789", Some(1_117_838_570_123)),
            ("1117838570.", None),
            ("1117838570123", Some(1_117_838_570_123)),
            ("1117838570123456", Some(1_117_838_570_123)),
            ("1117838570123456789", Some(1_117_838_570_123)),
            ("4102444799", Some(4_102_444_799_000)),
            ("4102444800", None),
            ("9999999999999999999", None),
            ("99999999999999999999", None),
            ("0", None),
            ("-1117838570", None),
            ("12345678", None),
        ];
        for (text, expected) in cases {
            let found = epoch(&mut Cursor::new(text.as_bytes()));
            assert_eq!(found.map(|epoch| epoch.time_ms), expected, "{text}");
        }
    }
}
