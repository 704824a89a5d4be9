//! Dates and times of day of the proleptic Gregorian calendar, in UTC.

/// Milliseconds of a minute.
pub(crate) const MINUTE_MS: i64 = 60_000;
/// Milliseconds of an hour.
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// A moment taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    millisecond: u32,
}

impl Moment {
    /// Takes a time in milliseconds since 1970 apart.
    pub(crate) fn new(time_ms: i64) -> Self {
        let in_day = time_ms.rem_euclid(DAY_MS) as u32;
        let (year, month, day) = date(time_ms.div_euclid(DAY_MS));
        Self {
            year,
            month,
            day,
            hour: in_day / 3_600_000,
            minute: in_day / 60_000 % 60,
            second: in_day / 1_000 % 60,
            millisecond: in_day % 1_000,
        }
    }

    /// Writes `2026-03-02T10:11:12.345` with the given separators.
    pub(crate) fn write_iso(self, between: u8, point: u8, out: &mut Vec<u8>) {
        two(self.year / 100, out);
        two(self.year % 100, out);
        out.push(b'-');
        two(self.month, out);
        out.push(b'-');
        two(self.day, out);
        out.push(between);
        self.write_clock(out);
        out.extend_from_slice(&[point, b'0' + (self.millisecond / 100) as u8]);
        two(self.millisecond % 100, out);
    }

    /// Writes `Mar  2 10:11:12`.
    pub(crate) fn write_rfc3164(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.month_name());
        out.push(b' ');
        let tens = if self.day < 10 { b' ' } else { b'0' + (self.day / 10) as u8 };
        out.extend_from_slice(&[tens, b'0' + (self.day % 10) as u8, b' ']);
        self.write_clock(out);
    }

    /// Writes `02/Mar/2026:10:11:12 +0000`.
    pub(crate) fn write_combined(self, out: &mut Vec<u8>) {
        two(self.day, out);
        out.push(b'/');
        out.extend_from_slice(self.month_name());
        out.push(b'/');
        two(self.year / 100, out);
        two(self.year % 100, out);
        out.push(b':');
        self.write_clock(out);
        out.extend_from_slice(b" +0000");
    }

    fn write_clock(self, out: &mut Vec<u8>) {
        two(self.hour, out);
        out.push(b':');
        two(self.minute, out);
        out.push(b':');
        two(self.second, out);
    }

    fn month_name(self) -> &'static [u8] {
        MONTHS[self.month as usize - 1]
    }
}

fn two(value: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]);
}

/// Year, month and day of a day since 1970, counted in eras of 400 years that begin in March.
fn date(day: i64) -> (u32, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as u32, month as u32, day_of_month as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_people_do() {
        let check = |time_ms, iso: &str, rfc3164: &str, combined: &str| {
            let moment = Moment::new(time_ms);
            let mut out = Vec::new();
            moment.write_iso(b'T', b'.', &mut out);
            out.push(b'|');
            moment.write_rfc3164(&mut out);
            out.push(b'|');
            moment.write_combined(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), [iso, rfc3164, combined].join("|"));
        };
        check(0, "1970-01-01T00:00:00.000", "Jan  1 00:00:00", "01/Jan/1970:00:00:00 +0000");
        check(
            1_772_446_272_345,
            "2026-03-02T10:11:12.345",
            "Mar  2 10:11:12",
            "02/Mar/2026:10:11:12 +0000",
        );
        check(
            1_709_251_199_999,
            "2024-02-29T23:59:59.999",
            "Feb 29 23:59:59",
            "29/Feb/2024:23:59:59 +0000",
        );
        check(
            4_107_542_399_001,
            "2100-02-28T23:59:59.001",
            "Feb 28 23:59:59",
            "28/Feb/2100:23:59:59 +0000",
        );
    }
}
