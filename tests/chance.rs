//! Numbers that look random and are the same in every run.

/// A source of numbers (Vigna's splitmix64).
pub(crate) struct Chance(u64);

impl Chance {
    /// Begins a sequence; each seed has its own.
    pub(crate) fn new(seed: u64) -> Self {
        Chance(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 1 to `most`.
    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize + 1
    }

    /// So many bytes of noise.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

#[test]
fn chance_repeats_itself_and_reaches_its_bounds() {
    let draw = |seed| {
        let mut chance = Chance::new(seed);
        (0..200).map(|_| chance.up_to(5)).collect::<Vec<_>>()
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let mut seen = draw(3);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}
