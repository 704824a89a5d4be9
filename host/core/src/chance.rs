//! Chance for tests, by a seed: what it found once it finds again.

/// Numbers by a seed.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

/// Seeds to be tried: a few, or as many as somebody wants who has the time (`make fuzz`).
pub(crate) fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number is given"))
    };
    let first = number("BELLWETHER_FUZZ_SEED", 1);
    first..first + number("BELLWETHER_FUZZ_CASES", 40)
}
