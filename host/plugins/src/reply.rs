//! Replies of plugins, checked: whatever leaves this module is as the pipeline expects it.

use bellwether_core::calibrate::WHOLE;
use bellwether_core::column::Bitmap;
use bellwether_core::plugin::{Descriptor, Explanation, Mark, Reason, Rows, Scores, Verdicts};

use crate::bindings::types;
use crate::fault::Fault;
use crate::limits::Limits;

/// Checks the scores of a call over so many rows.
pub(crate) fn scores(
    raw: types::Scores,
    rows: usize,
    descriptor: &Descriptor,
    limits: &Limits,
) -> Result<Scores, Fault> {
    let mut scores = Scores {
        rows: raw.rows,
        channels: raw.channels,
        marks: raw.marks.into_iter().map(mark).collect(),
        quiet: selection(raw.quiet, rows, "quiet rows")?,
        whole: raw.whole,
        reasons: raw.reasons.into_iter().map(reason).collect(),
    };
    check_lengths(&scores, rows, limits).map_err(|what| Fault::bad_reply(&what))?;
    check_reasons(&scores, rows, descriptor).map_err(|what| Fault::bad_reply(&what))?;
    check_scores(scores.rows.iter_mut())?;
    check_scores(scores.marks.iter_mut().map(|mark| &mut mark.score))?;
    check_scores(std::iter::once(&mut scores.whole))?;
    Ok(scores)
}

/// Checks the scores of a batch, which say nothing about a window.
pub(crate) fn batch_scores(
    raw: types::Scores,
    rows: usize,
    descriptor: &Descriptor,
    limits: &Limits,
) -> Result<Scores, Fault> {
    let scores = scores(raw, rows, descriptor, limits)?;
    let about_window = scores.reasons.iter().any(|reason| reason.row.is_none());
    if about_window || !(scores.whole.is_nan() || scores.whole == 0.0) {
        return Err(Fault::bad_reply("it scored a window as a whole when it was given a batch"));
    }
    Ok(scores)
}

/// Checks the verdicts over so many rows.
pub(crate) fn verdicts(
    raw: types::Verdicts,
    rows: usize,
    descriptor: &Descriptor,
) -> Result<Verdicts, Fault> {
    let tags = descriptor.tags.len();
    if raw.tags.len() > tags {
        return Err(Fault::bad_reply(&format!(
            "it gave {} tags, of {tags} it has",
            raw.tags.len()
        )));
    }
    let mut verdicts =
        Verdicts { drop: selection(raw.drop, rows, "dropped rows")?, ..Verdicts::default() };
    for tagged in raw.tags {
        if tagged.tag as usize >= tags {
            return Err(Fault::bad_reply(&format!("it gave tag {} of {tags}", tagged.tag)));
        }
        verdicts.tags.push((tagged.tag, selection(tagged.rows, rows, "tagged rows")?));
    }
    Ok(verdicts)
}

/// Checks an explanation.
pub(crate) fn explanation(raw: types::Explanation, limits: &Limits) -> Result<Explanation, Fault> {
    let facts = raw.evidence.iter().flat_map(|(name, value)| [name.len(), value.len()]);
    let checks = [
        ("bytes in the summary", raw.summary.len(), limits.summary_bytes_max),
        ("facts", raw.evidence.len(), limits.evidence_max),
        ("bytes in a fact", facts.max().unwrap_or_default(), limits.evidence_bytes_max),
    ];
    for (what, count, count_max) in checks {
        if count > count_max {
            let words = format!("its explanation has {count} {what}, of {count_max} allowed");
            return Err(Fault::bad_reply(&words));
        }
    }
    Ok(Explanation { summary: raw.summary, evidence: raw.evidence })
}

fn check_lengths(scores: &Scores, rows: usize, limits: &Limits) -> Result<(), String> {
    let lists = [("scores", scores.rows.len()), ("channels", scores.channels.len())];
    for (what, count) in lists {
        if count != 0 && count != rows {
            return Err(format!("it gave {count} {what} for {rows} rows"));
        }
    }
    let channels = scores.channels.iter().copied();
    let channels = channels.chain(scores.marks.iter().map(|mark| mark.channel));
    if let Some(channel) = channels.max().filter(|channel| *channel >= WHOLE) {
        return Err(format!("it gave channel {channel}, of {WHOLE} allowed"));
    }
    let marks_max = rows.saturating_mul(limits.marks_per_row_max);
    if scores.marks.len() > marks_max {
        return Err(format!("it gave {} marks, of {marks_max} allowed", scores.marks.len()));
    }
    Ok(())
}

/// Checks what reasons and marks point to, and that no value has two reasons.
fn check_reasons(scores: &Scores, rows: usize, descriptor: &Descriptor) -> Result<(), String> {
    let codes = scores.reasons.iter().map(|reason| reason.code);
    let codes = codes.chain(scores.marks.iter().map(|mark| mark.code));
    if let Some(code) = codes.max()
        && code as usize >= descriptor.reasons.len()
    {
        return Err(format!("it gave reason {code} of {}", descriptor.reasons.len()));
    }
    if let Some(mark) = scores.marks.iter().find(|mark| mark.row as usize >= rows) {
        return Err(format!("it marked row {} of {rows}", mark.row));
    }
    if scores.reasons.is_empty() {
        return Ok(());
    }
    // The last bit stands for the window as a whole.
    let scored = scores.rows.len();
    let mut given = Bitmap::new(scored + 1);
    for reason in &scores.reasons {
        let row = reason.row.map_or(scored, |row| row as usize);
        if reason.row.is_some() && row >= scored {
            return Err(format!("it gave a reason for row {row} of {scored} scored"));
        }
        if given.contains(row) {
            return Err("it gave two reasons for one score".into());
        }
        given.insert(row);
    }
    Ok(())
}

/// Refuses infinity, and makes every NaN the same, since machines differ in the bits they leave in one. It goes through
/// all of them whatever it finds, so that the processor takes several at a time.
fn check_scores<'a>(scores: impl Iterator<Item = &'a mut f32>) -> Result<(), Fault> {
    let mut any_infinite = false;
    for score in scores {
        any_infinite |= score.is_infinite();
        *score = if score.is_nan() { f32::NAN } else { *score };
    }
    if any_infinite {
        return Err(Fault::bad_reply("it gave an infinite score"));
    }
    Ok(())
}

fn selection(raw: types::Rows, rows: usize, what: &str) -> Result<Rows, Fault> {
    match raw {
        types::Rows::None => Ok(Rows::None),
        types::Rows::All => Ok(Rows::All),
        types::Rows::Bits(bytes) => {
            let count = bytes.len();
            Bitmap::from_bytes(bytes, rows).map(Rows::Some).ok_or_else(|| {
                let words = format!("its {what} are {count} bytes for {rows} rows, or name others");
                Fault::bad_reply(&words)
            })
        }
    }
}

fn mark(mark: types::Mark) -> Mark {
    let types::Mark { row, channel, score, code, token } = mark;
    Mark { row, channel, score, code, token }
}

fn reason(reason: types::Reason) -> Reason {
    let types::Reason { row, code, token } = reason;
    Reason { row, code, token }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> Descriptor {
        Descriptor {
            name: "tester".into(),
            version: "1".into(),
            state_version: 0,
            reads_state_from: 0,
            lines: Vec::new(),
            series: Vec::new(),
            vector: false,
            window: None,
            scale: bellwether_core::plugin::Scale::Size,
            patterns: Vec::new(),
            reasons: Vec::new(),
            tags: vec!["noise".into(), "login".into()],
            metrics: Vec::new(),
            config_schema: "{}".into(),
        }
    }

    #[test]
    fn verdicts_are_checked() {
        let check = |drop: types::Rows, tags: Vec<(u32, types::Rows)>, words: &str| {
            let tags = tags.into_iter().map(|(tag, rows)| types::Tagged { tag, rows });
            let raw = types::Verdicts { drop, tags: tags.collect() };
            let said = match verdicts(raw, 9, &descriptor()) {
                Ok(verdicts) => format!("{verdicts:?}"),
                Err(fault) => fault.to_string(),
            };
            assert!(said.contains(words), "`{words}` is not in: {said}");
        };
        let none = || types::Rows::None;
        let bits = |bytes: &[u8]| types::Rows::Bits(bytes.to_vec());
        check(types::Rows::All, vec![(1, bits(&[0, 1]))], "drop: All, tags: [(1, Some(");
        check(bits(&[0]), vec![], "dropped rows are 1 bytes for 9 rows");
        check(bits(&[0, 2]), vec![], "dropped rows are 2 bytes for 9 rows, or name others");
        check(none(), vec![(0, bits(&[0; 3]))], "tagged rows are 3 bytes");
        check(none(), vec![(2, none())], "tag 2 of 2");
        check(none(), vec![(0, none()), (1, none()), (1, none())], "3 tags, of 2");
    }
}
