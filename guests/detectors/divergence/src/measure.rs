//! How far two sets of counts are apart, and how much of that chance explains.
//!
//! Counts of two spans are given side by side, one pair for each template that either has. With `p` and `q` the shares
//! of a template and `m` their mean:
//!
//! - Kullback and Leibler (1951): `sum p ln(p / q)`, in nats. It needs smoothing where `q` is 0, and explodes there.
//! - Jensen and Shannon (Lin 1991): `sum p log2(p / m) / 2 + q log2(q / m) / 2`, in bits, from 0 (the same) to 1
//!   (nothing in common), without smoothing.
//! - The log-likelihood ratio `G = 2 sum O ln(O / E)` of both spans against their common shares (Wilks 1938): with equal
//!   shares it has a chi-square distribution, whatever the shares are.

/// Added to every count before shares are taken for the divergence of Kullback and Leibler.
const KULLBACK_LEIBLER_SMOOTHING: f64 = 1e-10;

/// Lines of a template in both spans.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) current: u64,
    pub(crate) baseline: u64,
}

/// Two spans side by side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comparison {
    /// Lines of each span.
    pub(crate) lines: Pair,
    /// In nats.
    pub(crate) kullback_leibler: f64,
    /// In bits, less what chance alone is expected to give.
    pub(crate) jensen_shannon: f64,
    /// The log-likelihood ratio.
    pub(crate) g: f64,
    /// The normal deviation that is as improbable.
    pub(crate) z: f64,
}

/// Compares two spans; `None` where one has no line.
pub(crate) fn compare(pairs: &[Pair]) -> Option<Comparison> {
    let lines = total(pairs);
    if lines.current == 0 || lines.baseline == 0 {
        return None;
    }
    let present = pairs.iter().filter(|pair| pair.current + pair.baseline > 0).count();
    let freedom = present.saturating_sub(1);
    let g = log_likelihood_ratio(pairs, lines);
    let plain: f64 = pairs.iter().map(|pair| jensen_shannon(*pair, lines)).sum();
    Some(Comparison {
        lines,
        kullback_leibler: pairs
            .iter()
            .map(|pair| kullback_leibler(*pair, lines, pairs.len()))
            .sum(),
        jensen_shannon: (plain - by_chance(lines, freedom)).max(0.0),
        g,
        z: normal_deviation(g, freedom),
    })
}

/// Lines of all templates.
pub(crate) fn total(pairs: &[Pair]) -> Pair {
    Pair {
        current: pairs.iter().map(|pair| pair.current).sum(),
        baseline: pairs.iter().map(|pair| pair.baseline).sum(),
    }
}

/// What a template adds to the divergence of Kullback and Leibler; below 0 where its share fell.
fn kullback_leibler(pair: Pair, lines: Pair, templates: usize) -> f64 {
    let smooth = |count: u64, of: u64| {
        (count as f64 + KULLBACK_LEIBLER_SMOOTHING)
            / (of as f64 + KULLBACK_LEIBLER_SMOOTHING * templates as f64)
    };
    let (p, q) = (smooth(pair.current, lines.current), smooth(pair.baseline, lines.baseline));
    p * (p / q).ln()
}

/// What a template adds to the divergence of Jensen and Shannon.
pub(crate) fn jensen_shannon(pair: Pair, lines: Pair) -> f64 {
    of_shares(share(pair.current, lines.current), share(pair.baseline, lines.baseline))
}

fn of_shares(p: f64, q: f64) -> f64 {
    let mean = (p + q) / 2.0;
    let half = |share: f64| if share > 0.0 { share * (share / mean).log2() / 2.0 } else { 0.0 };
    half(p) + half(q)
}

/// Share of some lines among all.
pub(crate) fn share(count: u64, of: u64) -> f64 {
    count as f64 / of.max(1) as f64
}

fn log_likelihood_ratio(pairs: &[Pair], lines: Pair) -> f64 {
    let all = (lines.current + lines.baseline) as f64;
    let part = |count: u64, of: u64, both: u64| {
        let expected = both as f64 * of as f64 / all;
        if count > 0 { count as f64 * (count as f64 / expected).ln() } else { 0.0 }
    };
    let of_pair = |pair: &Pair| {
        let both = pair.current + pair.baseline;
        part(pair.current, lines.current, both) + part(pair.baseline, lines.baseline, both)
    };
    (2.0 * pairs.iter().map(of_pair).sum::<f64>()).max(0.0)
}

/// The divergence of Jensen and Shannon, in bits, that two samples of equal shares have in the mean: to second order it
/// is a chi-square over eight times the harmonic sum of their sizes (Menéndez and others 1997).
fn by_chance(lines: Pair, freedom: usize) -> f64 {
    let harmonic = 1.0 / lines.current as f64 + 1.0 / lines.baseline as f64;
    freedom as f64 * harmonic / 8.0 / std::f64::consts::LN_2
}

/// A chi-square as a normal deviation (Wilson and Hilferty 1931).
fn normal_deviation(chi_square: f64, freedom: usize) -> f64 {
    if freedom == 0 {
        return 0.0;
    }
    let spread = 2.0 / (9.0 * freedom as f64);
    ((chi_square / freedom as f64).cbrt() - (1.0 - spread)) / spread.sqrt()
}

#[cfg(test)]
mod tests;
