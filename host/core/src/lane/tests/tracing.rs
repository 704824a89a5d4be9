//! A lane that is traced says the same, and tells all of it.

use super::invariance::{by_lines, by_windows, reports_with};
use super::*;
use std::collections::BTreeMap;

/// A window in which lines and counts are odd.
const ODD: u64 = 250;

/// Reports, what was weighed and the verdict, of a lane with a window of source 0 traced or not.
fn traced(window: Option<u64>) -> (Vec<Report>, Vec<Weighed>, Vec<Verdict>) {
    let mut lane = lane_of(vec![by_lines(), by_windows()]);
    lane.trace(window.map(|window| (0, BEGIN_MS + window * MINUTE)));
    let (mut reports, mut weighed, mut verdicts) = (vec![], vec![], vec![]);
    let mut take = |outputs: Outputs| {
        reports.extend(outputs.reports);
        weighed.extend(outputs.weighed);
        verdicts.extend(outputs.verdict);
    };
    for window in 0..=ODD + 3 {
        let lines = invariance::traffic(window);
        lines.chunks(7).for_each(|cut| take(push(&mut lane, cut)));
        let until_ms = BEGIN_MS + (window + 1) * MINUTE;
        take(lane.step(Input::Close { sources: vec![0, 1], until_ms }));
    }
    (reports, weighed, verdicts)
}

#[test]
fn tracing_changes_nothing() {
    let (expected, weighed, verdicts) = traced(None);
    assert!(weighed.is_empty() && verdicts.is_empty(), "nobody asked");
    for window in [ODD, ODD + 1, 9_999] {
        let (reports, weighed, verdicts) = traced(Some(window));
        assert_eq!(reports, expected);
        assert_eq!(verdicts.len(), usize::from(window < 9_999));
        assert_eq!(weighed.is_empty(), window == 9_999);
    }
    let all = reports_with(&[0, 1], 7, |lane| lane.trace(Some((0, BEGIN_MS + ODD * MINUTE))));
    assert_eq!(all, invariance::reports(&[0, 1], 7), "at any moment");
}

#[test]
fn what_is_weighed_is_what_is_reported() {
    let (reports, weighed, verdicts) = traced(Some(ODD));
    let start_ms = BEGIN_MS + ODD * MINUTE;
    let report = reports.iter().find(|own| (own.source, own.start_ms) == (0, start_ms));
    let report = report.expect("the window is odd");
    let verdict = &verdicts[0];
    assert_eq!((verdict.start_ms, verdict.end_ms), (report.start_ms, report.end_ms));
    assert_eq!((verdict.state_bits, verdict.news_bits), (report.state_bits, report.news_bits));
    let standard = Settings::default().standard();
    assert_eq!(
        (verdict.alive_bits, verdict.alarm_bits),
        (standard.alive_bits(), standard.alarm_bits)
    );
    let fused = |voice: &Voice| voice.state_bits + voice.offset - verdict.trials_bits;
    assert_eq!(verdict.voices.iter().map(fused).fold(0.0, f32::max), report.state_bits);

    let mut strongest: BTreeMap<(&str, u32), f32> = BTreeMap::new();
    for one in &weighed {
        let bits = strongest.entry((&one.detector, one.channel)).or_default();
        *bits = bits.max(if one.bits > 0.0 { one.bits + one.prior_bits } else { 0.0 });
        let basis = match one.basis {
            Basis::Kind(basis) => basis.bits,
            Basis::Size { own, pooled, judge } => match judge {
                Judge::Own => own.bits,
                Judge::Pooled => pooled.bits,
                Judge::Stricter => own.bits.min(pooled.bits),
                Judge::Nobody => 0.0,
            },
        };
        assert_eq!(one.bits, if one.quiet { 0.0 } else { basis }, "{one:?}");
    }
    assert!(weighed.iter().any(|one| one.position.is_some()), "lines are weighed");
    assert!(weighed.iter().any(|one| one.template.is_none()), "the window is weighed");
    for taken in &verdict.candidates {
        assert_eq!(strongest[&(taken.detector.as_str(), taken.channel)], taken.weighed_bits);
    }
    for finding in &report.findings {
        let found = verdict.candidates.iter().filter(|taken| taken.bits == finding.bits);
        assert!(found.count() > 0, "{finding:?}");
    }
}
