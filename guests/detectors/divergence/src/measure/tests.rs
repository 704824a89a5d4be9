//! Tests of the measures, against figures that others computed.

use super::*;

/// Pairs of counts, current first.
fn pairs(counts: &[(u64, u64)]) -> Vec<Pair> {
    counts
        .iter()
        .map(|(current, baseline)| Pair { current: *current, baseline: *baseline })
        .collect()
}

fn check(context: &str, value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{context}: {value}, not {expected}");
}

/// How much a share has changed, as services that only compare shares tell it.
fn relative_change(pair: Pair, lines: Pair) -> f64 {
    let (now, before) = (share(pair.current, lines.current), share(pair.baseline, lines.baseline));
    (now - before) / (before + KULLBACK_LEIBLER_SMOOTHING)
}

/// Jensen and Shannon with one line added to every count.
fn jensen_shannon_of_one_more(pair: Pair, lines: Pair, templates: u64) -> f64 {
    let share = |count: u64, of: u64| (count as f64 + 1.0) / (of + templates) as f64;
    of_shares(share(pair.current, lines.current), share(pair.baseline, lines.baseline))
}

/// Counts; for each template what it adds to Kullback and Leibler, its relative change, and what it adds to Jensen and
/// Shannon with one line added to every count.
type Golden<'a> = (&'a [(u64, u64)], &'a [f64], &'a [f64], &'a [f64]);

#[test]
fn measures_agree_with_golden_figures() {
    let cases: [Golden<'_>; 4] = [
        (
            &[(10, 10), (5, 5), (3, 0)],
            &[-0.101_290, -0.050_645, 3.990_357],
            &[-0.166_667, -0.166_667, 1.666_667e9],
            &[0.002_425, 0.001_322, 0.028_216],
        ),
        (&[(5, 10), (20, 2)], &[-0.285_423, 1.254_893], &[-0.76, 3.8], &[0.120_434, 0.122_621]),
        (&[(10, 10), (0, 90)], &[10f64.ln(), 0.0], &[9.0, -1.0], &[0.263_575, 0.282_395]),
        (&[(1, 1_000_000), (0, 1)], &[1e-6, 0.0], &[1e-6, -0.9999], &[0.024_208, 0.166_649]),
    ];
    for (counts, kullback, changes, jensen) in cases {
        let pairs = pairs(counts);
        let lines = total(&pairs);
        for (index, pair) in pairs.iter().enumerate() {
            let context = format!("{counts:?}, template {index}");
            let value = kullback_leibler(*pair, lines, pairs.len());
            check(&format!("{context}, Kullback-Leibler"), value, kullback[index], 1e-6);
            let value = relative_change(*pair, lines);
            let tolerance = 1e-6 * changes[index].abs().max(1.0);
            check(&format!("{context}, change"), value, changes[index], tolerance);
            let value = jensen_shannon_of_one_more(*pair, lines, pairs.len() as u64);
            check(&format!("{context}, Jensen-Shannon"), value, jensen[index], 1e-6);
        }
    }
}

#[test]
fn jensen_shannon_lies_between_the_same_and_nothing_in_common() {
    let cases: [(&[(u64, u64)], f64); 4] = [
        (&[(7, 7)], 0.0),
        (&[(10, 100), (20, 200)], 0.0),
        (&[(10, 0), (0, 3)], 1.0),
        (&[(1, 1), (1, 0)], 0.311_278),
    ];
    for (counts, expected) in cases {
        let pairs = pairs(counts);
        let lines = total(&pairs);
        let sum = pairs.iter().map(|pair| jensen_shannon(*pair, lines)).sum();
        check(&format!("{counts:?}"), sum, expected, 1e-6);
    }
}

#[test]
fn an_empty_span_cannot_be_compared() {
    for counts in [&[][..], &[(0, 0)], &[(5, 0)], &[(0, 5), (0, 7)]] {
        assert_eq!(compare(&pairs(counts)), None, "{counts:?}");
    }
}

/// Counts, the ratio, and degrees of freedom.
type Ratio<'a> = (&'a [(u64, u64)], f64, f64);

#[test]
fn the_ratio_of_likelihoods_grows_with_the_lines() {
    // Expected values: `scipy.stats.chi2_contingency` with `lambda_="log-likelihood"`, without correction.
    let cases: [Ratio<'_>; 3] = [
        (&[(10, 20), (20, 10)], 6.795_961, 1.0),
        (&[(100, 200), (200, 100)], 67.959_612, 1.0),
        (&[(30, 31), (40, 38), (50, 52)], 0.102_751, 2.0),
    ];
    for (counts, g, freedom) in cases {
        let compared = compare(&pairs(counts)).expect("both have lines");
        check(&format!("{counts:?}"), compared.g, g, 1e-5);
        check("its deviation", compared.z, normal_deviation(g, freedom as usize), 1e-4);
    }
    // Expected values: `scipy.stats.norm.isf(scipy.stats.chi2.sf(x, freedom))`.
    let cases = [(10, 18.307, 1.645), (10, 29.588, 3.09), (100, 149.449, 3.09), (1, 10.828, 3.09)];
    for (freedom, chi_square, z) in cases {
        let tolerance = if freedom == 1 { 0.35 } else { 0.03 };
        check(
            &format!("{chi_square} of {freedom}"),
            normal_deviation(chi_square, freedom),
            z,
            tolerance,
        );
    }
    assert_eq!(normal_deviation(5.0, 0), 0.0, "one template has the same share always");
}

/// Counts that a source with these shares writes, drawn from a repeatable sequence.
fn drawn(shares: &[f64], lines: usize, seed: u64) -> Vec<u64> {
    let mut counts = vec![0; shares.len()];
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..lines {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut left = (state >> 11) as f64 / (1u64 << 53) as f64;
        let place = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        counts[place.unwrap_or(shares.len() - 1)] += 1;
    }
    counts
}

#[test]
fn chance_is_no_divergence() {
    let shares = [0.4, 0.2, 0.15, 0.1, 0.05, 0.04, 0.03, 0.03];
    let (mut above, mut sum, mut sum_plain, rounds) = (0, 0.0, 0.0, 400);
    for round in 0..rounds {
        let (current, baseline) =
            (drawn(&shares, 60, 2 * round + 1), drawn(&shares, 600, 2 * round + 2));
        let counts: Vec<(u64, u64)> = current.into_iter().zip(baseline).collect();
        let pairs = pairs(&counts);
        let lines = total(&pairs);
        let compared = compare(&pairs).expect("both have lines");
        above += u32::from(compared.z > 2.326);
        let plain: f64 = pairs.iter().map(|pair| jensen_shannon(*pair, lines)).sum();
        sum_plain += plain;
        sum += plain - by_chance(lines, shares.len() - 1);
    }
    assert!(above <= 12, "{above} of {rounds} beyond 1 in 100");
    let (mean, plain) = (sum / rounds as f64, sum_plain / rounds as f64);
    assert!(plain > 0.02, "so few lines seem to diverge: {plain}");
    assert!(mean.abs() < 0.005, "what chance gives is taken off: {mean} is left");
}
