//! Counts of templates as a few bytes: most templates of a source are silent in most panes.
//!
//! The first byte is the number of the format, 1. Then, for each template with lines, in rising order of their ids, two
//! numbers in LEB128 (seven bits a byte, lowest first, the high bit says that more follow): the id less the one before,
//! for the first the id itself; and the lines. Nothing follows the last pair. A typical pane of 20 templates has 45 bytes.

use std::collections::BTreeMap;

use crate::error::Fault;

const FORMAT: u8 = 1;

/// Lines by template.
pub(crate) type Counts = BTreeMap<u32, u64>;

/// Packs counts; templates without lines leave no trace.
pub(crate) fn encode(counts: &Counts) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    let mut before = 0;
    for (&template, &count) in counts.iter().filter(|(_, count)| **count > 0) {
        push(&mut bytes, u64::from(template - before));
        push(&mut bytes, count);
        before = template;
    }
    bytes
}

/// Adds the counts of a blob to others.
pub(crate) fn decode_into(bytes: &[u8], counts: &mut Counts) -> Result<(), Fault> {
    let mut pairs = Pairs::of(bytes)?;
    while let Some((template, count)) = pairs.next()? {
        let sum = counts.entry(template).or_default();
        *sum = sum.saturating_add(count);
    }
    Ok(())
}

/// The lines of one template in a blob.
pub(crate) fn count_of(bytes: &[u8], wanted: u32) -> Result<u64, Fault> {
    let mut pairs = Pairs::of(bytes)?;
    while let Some((template, count)) = pairs.next()? {
        if template >= wanted {
            return Ok(if template == wanted { count } else { 0 });
        }
    }
    Ok(0)
}

/// Walks a blob, and trusts nothing in it.
struct Pairs<'a> {
    rest: &'a [u8],
    before: Option<u32>,
}

impl<'a> Pairs<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Fault> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => Ok(Pairs { rest, before: None }),
            _ => Err(unreadable()),
        }
    }

    fn next(&mut self) -> Result<Option<(u32, u64)>, Fault> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (step, count) = (self.number()?, self.number()?);
        let template = u64::from(self.before.unwrap_or(0)).checked_add(step);
        let template = template.and_then(|id| u32::try_from(id).ok()).ok_or_else(unreadable)?;
        if count == 0 || (step == 0 && self.before.is_some()) {
            return Err(unreadable());
        }
        self.before = Some(template);
        Ok(Some((template, count)))
    }

    fn number(&mut self) -> Result<u64, Fault> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or_else(unreadable)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            if bits.leading_zeros() < shift {
                return Err(unreadable());
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(unreadable())
    }
}

fn push(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn unreadable() -> Fault {
    Fault::Unreadable("counts are malformed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: &Counts) -> Vec<u8> {
        let bytes = encode(counts);
        let mut decoded = Counts::new();
        decode_into(&bytes, &mut decoded).unwrap();
        let with_lines: Counts = counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(id, count)| (*id, *count))
            .collect();
        assert_eq!(decoded, with_lines);
        for template in counts.keys().flat_map(|id| [*id, id.wrapping_add(1)]) {
            let expected = counts.get(&template).copied().unwrap_or(0);
            assert_eq!(count_of(&bytes, template).unwrap(), expected, "template {template}");
        }
        bytes
    }

    #[test]
    fn the_format_is_as_documented() {
        let cases: [(Counts, &[u8]); 4] = [
            ([].into(), &[1]),
            ([(0, 1)].into(), &[1, 0, 1]),
            ([(3, 1), (4, 127), (300, 128)].into(), &[1, 3, 1, 1, 127, 0xa8, 2, 0x80, 1]),
            ([(1, 0), (2, 5)].into(), &[1, 2, 5]),
        ];
        for (counts, expected) in cases {
            assert_eq!(check(&counts), expected);
        }
    }

    #[test]
    fn any_counts_come_back() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 11
        };
        for round in 0..500_u32 {
            let entries = random() % 60;
            let narrow = round % 2 == 0;
            let counts: Counts = (0..entries)
                .map(|_| {
                    let (id, count) = (random() as u32, random() << (random() % 12));
                    if narrow { (id % 100, count % 200) } else { (id, count) }
                })
                .collect();
            check(&counts);
        }
        check(&[(0, u64::MAX), (u32::MAX, u64::MAX)].into());
    }

    #[test]
    fn foreign_bytes_are_refused() {
        let cases: &[(&str, &[u8])] = &[
            ("empty", &[]),
            ("another format", &[2, 1, 1]),
            ("an id without lines", &[1, 5]),
            ("no lines", &[1, 5, 0]),
            ("an id twice", &[1, 5, 1, 0, 1]),
            ("cut in a number", &[1, 5, 0x80]),
            ("an id beyond 32 bits", &[1, 0xff, 0xff, 0xff, 0xff, 0x1f, 1]),
            ("a number beyond 64 bits", &[1, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]),
            ("a number without end", &[1, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ];
        for (name, bytes) in cases {
            assert!(decode_into(bytes, &mut Counts::new()).is_err(), "{name}");
        }
    }
}
