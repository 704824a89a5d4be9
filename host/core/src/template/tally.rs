//! Lines of busy messages, counted apart until somebody asks: most lines are of a few messages, and for them one look
//! here stands for a look into each table.

use super::odd::ESTABLISHED_LINES;

/// Pairs of outlines whose lines are counted apart.
const PAIRS: usize = 256;

/// Lines for which nobody is asked any more, after more of them were unknown than known for a while.
const REST_LINES: u32 = 4096;
/// How far unknown lines must outnumber known ones for that, at first and at most.
const LUCK_START: u32 = 64;
const LUCK_MAX: u32 = 512;

/// What is known of a line.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Mined {
    pub(super) template: u32,
    pub(super) fine: u32,
    pub(super) message: u32,
    /// Lines of the fine template so far; where it is established, any number that says so.
    pub(super) lines: u64,
}

/// A message with the lines that its template does not yet know of.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot {
    key: u64,
    /// The template that counts, whichever is shown; 0 where there is none.
    pub(super) template: u32,
    pub(super) mined: Mined,
    pub(super) lines: u64,
}

impl Slot {
    /// Whether its number of lines decides nothing any more, so that they need not be counted one by one.
    pub(super) fn is_established(&self) -> bool {
        self.mined.lines >= ESTABLISHED_LINES
    }
}

/// Messages by the hashes of their outlines, each in one of the two places where it may be.
#[derive(Debug)]
pub(super) struct Tally {
    /// In each pair the one used last is the first; empty before anything is put.
    pairs: Box<[[Slot; 2]]>,
    /// Pairs in which there is something.
    taken: Vec<u16>,
    luck: u32,
    rest: u32,
}

impl Default for Tally {
    fn default() -> Self {
        Tally { pairs: Box::default(), taken: Vec::new(), luck: LUCK_START, rest: 0 }
    }
}

impl Tally {
    /// Whether a line is likely to be known: where each has an outline of its own, making it is in vain.
    #[inline(always)]
    pub(super) fn is_worth_asking(&mut self) -> bool {
        let asks = self.rest == 0;
        self.rest = self.rest.saturating_sub(1);
        asks
    }

    /// The message of an outline, if it is known here.
    #[inline(always)]
    pub(super) fn get(&mut self, key: u64) -> Option<&mut Slot> {
        let pair = self.pairs.get_mut(key as usize % PAIRS)?;
        if pair[0].key != key {
            pair.swap(0, 1);
        }
        if pair[0].key != key || pair[0].template == 0 {
            self.luck -= 1;
            if self.luck == 0 {
                (self.luck, self.rest) = (LUCK_START, REST_LINES);
            }
            return None;
        }
        self.luck = (self.luck + 1).min(LUCK_MAX);
        Some(&mut pair[0])
    }

    /// Remembers a message whose last line is counted already. Returns what had to make room.
    pub(super) fn put(&mut self, key: u64, template: u32, mined: Mined) -> Option<Slot> {
        if self.pairs.is_empty() {
            self.pairs = vec![[Slot::default(); 2]; PAIRS].into();
        }
        let place = key as usize % PAIRS;
        let pair = &mut self.pairs[place];
        if pair.iter().all(|slot| slot.template == 0) {
            self.taken.push(place as u16);
        }
        pair.swap(0, 1);
        let before = std::mem::replace(&mut pair[0], Slot { key, template, mined, lines: 0 });
        (before.template > 0).then_some(before)
    }

    /// Hands on everything that was counted; it is empty then.
    pub(super) fn drain(&mut self, mut each: impl FnMut(Slot)) {
        for place in self.taken.drain(..) {
            let pair = std::mem::take(&mut self.pairs[usize::from(place)]);
            pair.into_iter().filter(|slot| slot.template > 0).for_each(&mut each);
        }
    }
}
