//! Lines that are meant to be hard: every byte of them looks like the beginning of something.

use super::chance::Chance;
use super::corpus::Corpus;
use super::sample::{sample, syntax};
use anyhow::Result;

/// Bytes of each corpus.
const BYTES: usize = 4 << 20;
/// Of a long line.
const LONG_BYTES: usize = 1 << 20;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Each sort in a corpus of its own.
pub(super) fn corpora(sources: &[String]) -> Result<Vec<Corpus>> {
    let mut chance = Chance::new(5);
    let beginnings = beginnings(sources, &mut chance)?;
    let mut made = Vec::new();
    let mut add = |name: &str, line: &mut dyn FnMut(&mut Chance) -> Vec<u8>| {
        let (mut lines, mut total) = (Vec::new(), 0);
        while total < BYTES {
            let line = line(&mut chance);
            total += line.len() + 1;
            lines.push(line);
        }
        made.push(Corpus::new(name, &lines));
    };
    let begun = |chance: &mut Chance, bytes: usize| {
        let mut line = Vec::new();
        while line.len() < bytes {
            line.extend_from_slice(&beginnings[chance.up_to(beginnings.len()) - 1]);
            line.push(b' ');
        }
        line
    };
    add("hexadecimal", &mut |chance| {
        (0..8).map(|_| hexadecimal(chance)).collect::<Vec<_>>().concat()
    });
    add("JSON", &mut json);
    add("beginnings", &mut |chance| begun(chance, 160));
    add("10 bytes", &mut |chance| format!("{:010}", chance.up_to(9_999_999_999)).into_bytes());
    add("1 MB", &mut |chance| begun(chance, LONG_BYTES));
    add("no line end", &mut |chance| begun(chance, BYTES));
    add("not UTF-8", &mut |chance| noise(chance));
    add("base64", &mut |chance| text_of(chance, 400, BASE64));
    Ok(made)
}

/// What expressions begin with, as far as half of what they look for.
fn beginnings(sources: &[String], chance: &mut Chance) -> Result<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for source in sources {
        let mut text = Vec::new();
        sample(&syntax(source)?, chance, &mut text);
        text.truncate(text.len().div_ceil(2));
        all.push(text);
    }
    Ok(all)
}

fn hexadecimal(chance: &mut Chance) -> Vec<u8> {
    let [first, second] = [chance.next(), chance.next()];
    let [time, version] = [first & 0xffff, first >> 16 & 0xfff];
    format!("{:08x}-{time:04x}-4{version:03x}-{:04x}-{second:012x}", first >> 32, second >> 48)
        .into_bytes()
}

fn json(chance: &mut Chance) -> Vec<u8> {
    let field =
        |chance: &mut Chance| format!("\"k{}\":\"{}\"", chance.up_to(50), chance.up_to(9999));
    let fields: Vec<String> = (0..12).map(|_| field(chance)).collect();
    format!("{{{}}}", fields.join(",")).into_bytes()
}

/// Any bytes but line ends.
fn noise(chance: &mut Chance) -> Vec<u8> {
    let mut bytes = chance.bytes(160);
    bytes.retain(|byte| *byte != b'\n');
    bytes
}

fn text_of(chance: &mut Chance, count: usize, alphabet: &[u8]) -> Vec<u8> {
    (0..count).map(|_| alphabet[chance.up_to(alphabet.len()) - 1]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_no_ends_in_them() {
        let corpora = corpora(&["(?i)failed to open".to_owned()]).expect("it can be read");
        assert_eq!(corpora.len(), 8);
        for corpus in corpora {
            for block in &corpus.blocks {
                let ends = block.text.iter().filter(|byte| **byte == b'\n').count();
                assert_eq!(ends, block.ends.len(), "{}", corpus.name);
            }
        }
    }
}
