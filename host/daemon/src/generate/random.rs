//! Numbers that depend on the seed alone and are the same on every machine.
//!
//! The logarithm and the exponential are our own, since those of the system's mathematics library
//! may differ in the last bit and would then move a line by a millisecond.

/// A stream of pseudo-random numbers (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// Starts the stream that belongs to a key; see [`mix`] for making keys.
    pub(crate) fn new(key: u64) -> Self {
        Self { state: key }
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        scramble(self.state)
    }

    /// A number from 0 up to, not including, 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        fraction_of(self.bits())
    }

    /// A whole number below `bound`; 0 if the bound is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// A number between two others.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.fraction()
    }

    /// A time in milliseconds between two others.
    pub(crate) fn time_between(&mut self, low_ms: i64, high_ms: i64) -> i64 {
        low_ms + self.below((high_ms - low_ms).max(0) as usize) as i64
    }

    /// Whether an event of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// Nearly a normal deviate: mean 0, variance 1, never beyond 3.5.
    pub(crate) fn gaussian(&mut self) -> f64 {
        let bits = self.bits();
        let sum: u64 = (0..4).map(|part| (bits >> (part * 16)) & 0xFFFF).sum();
        (sum as f64 / 65_536.0 - 2.0) * 1.732_050_807_568_877_2
    }

    /// The waiting time to the next of events that come at random, at a mean distance of 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -natural_logarithm(1.0 - self.fraction())
    }

    /// How many events of a mean number happen.
    pub(crate) fn poisson(&mut self, mean: f64) -> usize {
        let mut time = self.exponential();
        let mut count = 0;
        while time < mean {
            count += 1;
            time += self.exponential();
        }
        count
    }

    /// A value that varies by a factor around its median, as durations and sizes do.
    pub(crate) fn around(&mut self, median: f64, spread: f64) -> f64 {
        median * exponential(spread * self.gaussian())
    }

    /// An index below `count`; low ones are drawn far more often (Zipf's law).
    pub(crate) fn zipf(&mut self, count: usize) -> usize {
        let rank = exponential(self.fraction() * natural_logarithm(count as f64 + 1.0));
        (rank as usize).saturating_sub(1).min(count.saturating_sub(1))
    }

    /// Puts a list into random order.
    pub(crate) fn shuffle(&mut self, list: &mut [usize]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end + 1));
        }
    }
}

/// Joins two keys into a new one.
pub(crate) fn mix(key: u64, other: u64) -> u64 {
    scramble(key ^ scramble(other.wrapping_add(0x9E37_79B9_7F4A_7C15)))
}

/// A number from 0 up to, not including, 1 made of the upper bits of a key.
pub(crate) fn fraction_of(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn scramble(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

const LN_2: f64 = std::f64::consts::LN_2;

/// The logarithm of a positive normal number.
fn natural_logarithm(value: f64) -> f64 {
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7FF) as i64 - 1023;
    let mantissa = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let mut sum = 0.0;
    for odd in (0..14).rev() {
        sum = sum * square + 1.0 / f64::from(2 * odd + 1);
    }
    exponent as f64 * LN_2 + 2.0 * ratio * sum
}

/// The exponential of a number of moderate size.
fn exponential(value: f64) -> f64 {
    let doublings = (value / LN_2) as i64;
    let rest = value - doublings as f64 * LN_2;
    let mut sum = 1.0;
    for factor in (1..15).rev() {
        sum = 1.0 + rest / f64::from(factor) * sum;
    }
    sum * f64::from_bits(((doublings + 1023).clamp(1, 2046) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_functions_agree_with_the_known_ones() {
        for step in 1..2_000 {
            let value = f64::from(step) * 0.013;
            assert!((natural_logarithm(value) - value.ln()).abs() < 1e-9, "ln {value}");
            let power = value - 13.0;
            assert!((exponential(power) / power.exp() - 1.0).abs() < 1e-9, "exp {power}");
        }
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut random = Random::new(7);
        let count = 200_000;
        let draws: Vec<f64> = (0..count).map(|_| random.gaussian()).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(count);
        let variance = draws.iter().map(|draw| draw * draw).sum::<f64>() / f64::from(count);
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
        let total: usize = (0..20_000).map(|_| random.poisson(2.5)).sum();
        assert!((48_500..51_500).contains(&total), "{total}");
        let first = (0..20_000).filter(|_| random.zipf(100) == 0).count();
        assert!((2_500..3_500).contains(&first), "{first}");
    }

    #[test]
    fn draws_are_those_of_every_other_machine() {
        let mut random = Random::new(42);
        let mut digest = 0;
        for _ in 0..1_000 {
            digest = mix(digest, random.around(40.0, 0.6).to_bits());
            digest = mix(digest, random.exponential().to_bits());
            digest = mix(digest, random.zipf(900) as u64);
        }
        assert_eq!(digest, 12_095_836_002_334_066_981);
    }
}
