//! Hashes of the skeletons of heads: few different heads stand in front of many lines.

use crate::miner::Lexer;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Heads that are remembered.
const SLOTS: usize = 64;

/// Heads by their hashes, each in the one place where it may be, with the hash of its skeleton.
#[derive(Debug, Default)]
pub(super) struct Heads(Box<[(u64, u64)]>);

impl Heads {
    /// The hash of a head's skeleton.
    #[inline]
    pub(super) fn key(&mut self, head: &[u8], seed: u64, lexer: &mut Lexer) -> u64 {
        if head.is_empty() {
            return seed;
        }
        let hash = xxh3_64_with_seed(head, seed);
        match self.0.get(hash as usize % SLOTS) {
            Some((own, key)) if *own == hash => *key,
            _ => self.learn(hash, lexer.head_skeleton(head, seed)),
        }
    }

    #[cold]
    fn learn(&mut self, hash: u64, key: u64) -> u64 {
        if self.0.is_empty() {
            self.0 = vec![(0, 0); SLOTS].into();
        }
        self.0[hash as usize % SLOTS] = (hash, key);
        key
    }
}
