//! Tests of calibration: the bits are what the formulas say, and faults do not spoil them.

use super::*;

/// Feeds a size per window and returns the bits of the last.
fn last_size_bits(sizes: impl IntoIterator<Item = f32>) -> f32 {
    let mut calibration = Calibration::new(Scale::Size);
    calibration.begin_window(0);
    let mut last = 0.0;
    for (window, size) in sizes.into_iter().enumerate() {
        last = calibration.weigh(window as u64, 1, size, false).bits;
    }
    last
}

/// A channel that peaks at 3 every 20 windows for that long.
fn bursty(windows: usize) -> impl Iterator<Item = f32> {
    (0..windows).map(|window| if window % 20 == 10 { 3.0 } else { 0.0 })
}

#[test]
fn sizes_are_judged_by_what_the_channel_did_before() {
    let cases: [(&str, Vec<f32>, std::ops::RangeInclusive<f32>); 6] = [
        ("young", vec![0.1, 0.2, 9.0], 0.0..=0.0),
        ("nothing", bursty(2000).chain([0.0]).collect(), 0.0..=0.0),
        ("its usual peak", bursty(2000).chain([3.0]).collect(), 0.0..=0.0),
        ("double its peaks", bursty(2000).chain([6.0]).collect(), 20.0..=26.0),
        ("a little above", bursty(2000).chain([3.1]).collect(), 7.0..=9.0),
        ("absurd", bursty(2000).chain([1e9]).collect(), 30.0..=31.1),
    ];
    for (name, sizes, expected) in cases {
        let bits = last_size_bits(sizes);
        assert!(expected.contains(&bits), "{name}: {bits}");
    }
}

/// Whose past a sparse channel is judged by.
#[derive(Debug, Clone, Copy)]
enum JudgedBy {
    All,
    LowerOfBoth,
    Own,
}

/// Bits of the last of some scores, each with its window, channel and size.
fn last_bits(scores: &[(u64, u32, f32)]) -> f32 {
    let mut calibration = Calibration::new(Scale::Size);
    calibration.begin_window(0);
    let bits = scores
        .iter()
        .map(|(window, channel, size)| calibration.weigh(*window, *channel, *size, false).bits);
    bits.last().expect("at least one score")
}

/// A channel that is seldom odd, and then so much, beside one that is odd every 20 windows.
fn sparse_beside_bursty(occurrences: usize, before: f32, now: f32) -> Vec<(u64, u32, f32)> {
    const BURSTY: u32 = 1;
    const SPARSE: u32 = 2;
    let busy = bursty(2000).enumerate().map(|(window, size)| (window as u64, BURSTY, size));
    let sparse = (0..occurrences).map(|time| (105 + 150 * time as u64, SPARSE, before));
    let mut scores: Vec<_> = busy.chain(sparse).collect();
    scores.sort_by_key(|(window, channel, _)| (*window, *channel));
    scores.push((2000, SPARSE, now));
    scores
}

#[test]
fn a_sparse_channel_is_judged_by_all_until_it_has_a_past() {
    // A peak is learnt when the next one begins: one occurrence more than there are peaks.
    for (occurrences, judged_by) in [
        (0, JudgedBy::All),
        (1, JudgedBy::All),
        (3, JudgedBy::All),
        (4, JudgedBy::LowerOfBoth),
        (10, JudgedBy::LowerOfBoth),
        (11, JudgedBy::Own),
        (12, JudgedBy::Own),
    ] {
        for (before, now, own_is_lower) in [(0.5, 3.1, false), (8.0, 8.0, true)] {
            let scores = sparse_beside_bursty(occurrences, before, now);
            let as_one: Vec<_> =
                scores.iter().map(|(window, _, size)| (*window, 1, *size)).collect();
            let alone: Vec<_> =
                scores.iter().copied().filter(|(_, channel, _)| *channel == 2).collect();
            let (all, own) = (last_bits(&as_one), last_bits(&alone));
            let name = format!("{now} after {occurrences} of {before}: all {all}, own {own}");
            let expected = match judged_by {
                JudgedBy::All => all,
                JudgedBy::LowerOfBoth => own.min(all),
                JudgedBy::Own => own,
            };
            if !matches!(judged_by, JudgedBy::All) {
                let apart = if own_is_lower { all - own } else { own - all };
                assert!(apart > 0.2, "the case tells them apart: {name}");
            }
            assert!(all > 0.5, "{name}");
            assert_eq!(last_bits(&scores), expected, "{name}");
        }
    }
}

#[test]
fn a_whole_source_is_judged_by_its_own_past_as_soon_as_it_has_one() {
    for (occurrences, before, now) in [(4, 0.5, 3.0), (4, 8.0, 8.0), (10, 0.5, 3.0)] {
        let mut scores = sparse_beside_bursty(occurrences, before, now);
        scores.iter_mut().filter(|score| score.1 == 2).for_each(|score| score.1 = WHOLE);
        let alone: Vec<_> = scores.iter().copied().filter(|score| score.1 == WHOLE).collect();
        let name = format!("{now} after {occurrences} of {before}");
        assert_eq!(last_bits(&scores), last_bits(&alone), "{name}");
    }
    let unheard: Vec<_> = bursty(2000)
        .enumerate()
        .map(|(window, size)| (window as u64, 1, size))
        .chain([(2000, WHOLE, 6.0)])
        .collect();
    assert!(last_bits(&unheard) > 15.0, "one without a past is held against the templates'");
}

#[test]
fn one_fault_does_not_hide_the_next() {
    let fault = || [9.0; 8].into_iter().chain([0.0; 40]);
    let first = last_size_bits(bursty(2000).chain([9.0]));
    let second = last_size_bits(bursty(2000).chain(fault()).chain([9.0]));
    assert!(first > 15.0 && second > 9.0, "{first} then {second}");
}

#[test]
fn a_new_regime_is_accepted() {
    let bits = last_size_bits(bursty(2000).chain([9.0; 200]));
    assert!(bits < 9.0, "{bits}");
}

#[test]
fn quiet_scores_teach_without_speaking() {
    let mut calibration = Calibration::new(Scale::Size);
    for (window, size) in bursty(2000).enumerate() {
        assert_eq!(calibration.weigh(window as u64, 1, size, true).bits, 0.0);
    }
    assert!(calibration.weigh(2000, 1, 3.0, false).bits < 8.0);
}

#[test]
fn kinds_are_judged_by_how_often_the_source_shows_them() {
    let mut calibration = Calibration::new(Scale::Bits);
    calibration.begin_window(0);
    let rare = calibration.weigh(1022, 1, 11.0, false).bits;
    assert!((rare - 11.0).abs() < 0.01, "first of its kind after 1,022 windows: {rare}");
    for window in (1100..3000).step_by(50) {
        calibration.weigh(window, 2, 8.0, false);
    }
    let common = calibration.weigh(3050, 2, 8.0, false).bits;
    assert!(common < 7.0, "every 50 windows: {common}");
    let record = calibration.weigh(3050, 1, 17.0, false).bits;
    assert!(record > 13.5, "stronger than ever: {record}");
}

#[test]
fn sizes_speak_once_and_kinds_add_up() {
    let mut sizes = Calibration::new(Scale::Size);
    assert_eq!(sizes.combine(5, &[9.0, 4.0]), (9.0, 9.0));
    assert_eq!(sizes.combine(6, &[8.0]), (8.0, 0.0), "below what was just said");
    assert_eq!(sizes.combine(7, &[12.0]), (12.0, 12.0), "a record");
    assert_eq!(sizes.combine(30, &[8.0]), (8.0, 8.0), "long after");
    let mut kinds = Calibration::new(Scale::Bits);
    assert_eq!(kinds.combine(5, &[5.0, 10.0, 8.0]), (10.5, 10.5));
    assert_eq!(kinds.combine(5, &[]), (0.0, 0.0));
}

#[test]
fn a_detector_counts_for_the_chances_it_has_to_be_wrong() {
    // Scale, channels that spoke up and down, offset, voices.
    let cases = [
        (Scale::Size, 0, 0, 0.0, 0.0),
        (Scale::Size, 1, 0, 0.0, 0.75),
        (Scale::Size, 1, 0, -3.0, 0.125),
        (Scale::Size, 2, 1, -3.0, 0.375),
        (Scale::Size, 100, 100, -3.0, 0.75),
        (Scale::Size, 1, 1, 3.0, 0.75),
        (Scale::Bits, 0, 0, 0.0, 2.0),
        (Scale::Bits, 9, 0, 0.0, 2.0),
        (Scale::Bits, 9, 0, -3.0, 0.25),
        (Scale::Bits, 9, 0, 2.0, 2.0),
    ];
    for (scale, more, less, offset, voices) in cases {
        let mut calibration = Calibration::new(scale);
        (0..more).for_each(|channel| _ = calibration.weigh(0, channel, 1.0, false));
        (0..less).for_each(|channel| _ = calibration.weigh(0, channel, -1.0, true));
        let counted = calibration.voices(6, offset);
        assert_eq!(counted, voices, "{scale:?}, {more} up, {less} down, {offset} bits");
    }
    for (kinds, voices) in [(1, 1.0), (2, 2.0), (6, 2.0)] {
        assert_eq!(Calibration::new(Scale::Bits).voices(kinds, 0.0), voices, "{kinds} kinds");
    }
}
