//! The template miner: a message in, template ids and what was new about it out.
//!
//! Every source has a miner of its own. It knows each message at two grains: the *template* is the message alone, one
//! channel per message for counts; the *fine template* is the message together with the words in front of it (host,
//! component), for rarity. Lines whose skeleton was seen before are answered by one look-up; only unheard-of ones are
//! compared, and only those can be novel.

mod columns;
mod fine;
mod heads;
mod novelty;
mod odd;
mod tally;
mod vocabulary;

use crate::batch::Batch;
use crate::miner::{Cache, Groups, Kind, Lexer, Merge, Place, Sentence, Token, fold};
use crate::record::QUERY;
pub use columns::MinedColumns;
use fine::{BodyShare, FineTemplates};
use heads::Heads;
use novelty::{Known, Unheard};
pub use novelty::{Novelty, NoveltyKind};
use odd::OddTokens;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use tally::{Mined, Slot, Tally};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bounds of a miner.
#[derive(Debug, Clone, Copy, Default)]
pub struct MinerLimits {
    /// Templates per source, and as many fine templates.
    pub templates_max: usize,
    /// Length of the windows in which age is counted, in milliseconds.
    pub window_ms: u64,
}

/// A template as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateInfo {
    /// Id within the source.
    pub id: u32,
    /// Name across sources.
    pub message: u32,
    /// Lines so far.
    pub lines: u64,
    /// Text, variables as `<*>`.
    pub text: String,
}

/// The miner of one source.
#[derive(Debug, Serialize, Deserialize)]
pub struct Templates {
    #[serde(skip)]
    limits: MinerLimits,
    /// Folded into all hashes of skeletons. Whoever has not seen the first record cannot make two that collide.
    seed: Option<u64>,
    groups: Groups,
    fine: FineTemplates,
    known: Known,
    odd: OddTokens,
    cache: Cache,
    lines: u64,
    first_window: Option<u32>,
    #[serde(skip)]
    lexer: Lexer,
    #[serde(skip)]
    heads: Heads,
    #[serde(skip)]
    tally: Tally,
}

impl Templates {
    /// An empty miner.
    pub fn new(limits: MinerLimits) -> Self {
        Templates {
            limits,
            seed: None,
            groups: Groups::new(limits.templates_max),
            fine: FineTemplates::default(),
            known: Known::default(),
            odd: OddTokens::default(),
            cache: Cache::default(),
            lines: 0,
            first_window: None,
            lexer: Lexer::default(),
            heads: Heads::default(),
            tally: Tally::default(),
        }
    }

    /// Goes on under these limits, which are not part of a saved miner.
    pub fn limit(&mut self, limits: MinerLimits) {
        self.limits = limits;
        self.groups.limit(limits.templates_max);
    }

    /// Mines rows of one source and appends a value per row to every column.
    ///
    /// Ids are told as they are when a row is mined, so that no row depends on those behind it. Returns the ids that
    /// were given up, in the order of their merging, each with the row from which on no other has it.
    pub fn assign(
        &mut self,
        batch: &Batch,
        rows: Range<usize>,
        columns: &mut MinedColumns,
    ) -> Vec<(usize, Merge)> {
        let mut merges = Vec::new();
        columns.reserve(rows.len());
        let (mut time_ms, mut window) = (i64::MIN, 0);
        for row in rows {
            if batch.time_ms(row) != time_ms {
                time_ms = batch.time_ms(row);
                window = (time_ms.max(0) as u64 / self.limits.window_ms) as u32;
            }
            if self.seed.is_none() {
                self.seed = Some(xxh3_64_with_seed(batch.text(row), time_ms as u64));
            }
            let query = batch.attribute(row, QUERY).unwrap_or_default();
            let (mined, novelty) = self.mine([batch.head(row), batch.body(row), query], window);
            columns.push(mined, novelty.as_ref());
            merges.extend(self.groups.take_merges().into_iter().map(|merge| (row, merge)));
        }
        self.settle();
        merges
    }

    /// The query tells no messages apart; secrets are looked for in it.
    fn mine(&mut self, [head, body, query]: [&[u8]; 3], window: u32) -> (Mined, Option<Novelty>) {
        self.lines += 1;
        let first = *self.first_window.get_or_insert(window);
        let seed = self.seed.unwrap_or_default();
        let head_key = self.heads.key(head, seed, &mut self.lexer);
        let is_asked = self.tally.is_worth_asking();
        let outline = if is_asked { self.lexer.outline(body, seed) } else { None };
        let outline = outline.map(|outline| fold(head_key, outline));
        let (mined, novelty) = match outline.and_then(|outline| self.count(outline)) {
            Some(mined) => (mined, None),
            None => {
                let key = fold(head_key, self.lexer.skeleton(body, seed));
                self.recall((key, outline), head, body)
            }
        };
        if !self.lexer.has_long_words() && query.is_empty() {
            return (mined, novelty);
        }
        let age = (window, window.saturating_sub(first));
        let words = self.lexer.long_words(body).chain(odd::values(query));
        let odd = self.odd.meet(words, (mined.fine, mined.lines), age);
        let known_bits = novelty.as_ref().map_or(0.0, |novelty| novelty.bits);
        match odd.filter(|odd| odd.bits > known_bits) {
            Some(odd) => {
                let words = odd.words.into();
                (mined, Some(Novelty { kind: NoveltyKind::Odd, bits: odd.bits, words }))
            }
            None => (mined, novelty),
        }
    }

    /// Counts a line whose outline is known.
    #[inline(always)]
    fn count(&mut self, outline: u64) -> Option<Mined> {
        let slot = self.tally.get(outline)?;
        if slot.is_established() {
            slot.lines += 1;
            return Some(slot.mined);
        }
        let (template, fine) = (slot.template, slot.mined.fine);
        let mined = self.touch(template, fine)?;
        self.tally.get(outline)?.mined = mined;
        Some(mined)
    }

    /// What is known of a skeleton that is not tallied; learns it where it is unknown.
    #[inline(never)]
    fn recall(
        &mut self,
        (key, outline): (u64, Option<u64>),
        head: &[u8],
        body: &[u8],
    ) -> (Mined, Option<Novelty>) {
        let young = self.cache.get_young(key);
        if let Some((template, fine)) = young
            && let Some(mined) = self.touch(template, fine)
        {
            let before = outline.and_then(|outline| self.tally.put(outline, template, mined));
            if let Some(slot) = before {
                settle(slot, &mut self.groups, &mut self.fine);
            }
            return (mined, None);
        }
        // What follows reads the counts, and may change what is behind the ids.
        self.settle();
        let old = if young.is_none() { self.cache.get_old(key) } else { None };
        if let Some(mined) = old.and_then(|(template, fine)| self.touch(template, fine)) {
            return (mined, None);
        }
        let (template, fine, novelty) = self.learn(key, head, body);
        let known = self.touch(template, fine);
        (known.unwrap_or(Mined { template, fine, ..Mined::default() }), Some(novelty))
    }

    /// Counts a line; `None` where its template or fine template is no more.
    fn touch(&mut self, template: u32, fine: u32) -> Option<Mined> {
        let lines = self.fine.lines_mut(fine)?;
        let template = self.groups.touch(template, 1)?;
        *lines += 1;
        Some(Mined { template: template.shown, fine, message: template.message, lines: *lines })
    }

    /// Takes over all that was tallied.
    fn settle(&mut self) {
        let Templates { tally, groups, fine, .. } = self;
        tally.drain(|slot| settle(slot, groups, fine));
    }

    /// The slow path: a skeleton that no line had before, or none that is still remembered.
    fn learn(&mut self, key: u64, head: &[u8], body: &[u8]) -> (u32, u32, Novelty) {
        let Templates { groups, lexer, known, .. } = self;
        let in_front = groups.sentence(lexer.head_tokens(head), head);
        let mut head = in_front.words(head, &groups.words);
        let tokens = lexer.tokens(body);
        let mut sentence = groups.sentence(tokens, body);
        let words = sentence.words(body, &groups.words);
        let lines = self.lines;
        let (template, novelty) = match groups.find(&sentence, tokens, body) {
            Some(template) => {
                let unheard = Unheard { sentence: &sentence, body: &words, head: &head, lines };
                let novelty = known.judge(template, unheard, groups);
                known.learn((template, None), unheard, groups);
                (template, novelty)
            }
            None if !groups.has_credit() => {
                // Nor has anybody the time to compare what stands in front.
                head.clear();
                (groups.catch_all(&sentence), Novelty::default())
            }
            None => {
                let unheard = Unheard { sentence: &sentence, body: &words, head: &head, lines };
                let (novelty, kin) = known.judge_new(unheard, body, groups);
                let tokens = tokens.clone();
                match self.insert(&mut sentence, &tokens, body) {
                    Some(template) => {
                        let Templates { groups, known, .. } = self;
                        let words = sentence.words(body, &groups.words);
                        let unheard =
                            Unheard { sentence: &sentence, body: &words, head: &head, lines };
                        known.learn((template, kin), unheard, groups);
                        (template, novelty)
                    }
                    None => (self.groups.catch_all(&sentence), Novelty::default()),
                }
            }
        };
        let base = self.known.close_home(template, &self.groups);
        let share = body_share(self.groups.get(base).map_or(&[], |template| &template.places));
        let fine = self.fine.id((base, share), &head, self.limits.templates_max);
        self.cache.insert(key, (template, fine));
        if self.groups.words.wants_sweep() {
            self.sweep_words();
        }
        (template, fine, novelty)
    }

    /// Makes a template of a line, and follows what became of others thereby.
    fn insert(&mut self, sentence: &mut Sentence, tokens: &[Token], body: &[u8]) -> Option<u32> {
        let Templates { groups, known, fine, .. } = self;
        let template = groups.insert(sentence, tokens, body)?;
        for join in groups.take_joins() {
            known.join(&join, groups);
            fine.join(&join);
        }
        Some(template)
    }

    /// Lets go of words that nothing speaks of any more.
    fn sweep_words(&mut self) {
        let Templates { groups, known, fine, .. } = self;
        known.retain(groups);
        fine.retain(|template| groups.get(template).is_some());
        groups.sweep_words(|each| known.each_word(each));
    }

    /// The text of a template; empty where it was evicted.
    pub fn text(&self, template: u32) -> Vec<u8> {
        self.groups.text(template)
    }

    /// Lines of a template so far.
    pub fn lines(&self, template: u32) -> u64 {
        self.groups.lines(template)
    }

    /// The name of a template across sources.
    pub fn message(&self, template: u32) -> u32 {
        self.groups.get(template).map_or(0, |template| template.message)
    }

    /// All templates in the order of their creation.
    pub fn list(&self) -> Vec<TemplateInfo> {
        let info = |id: u32| TemplateInfo {
            id,
            message: self.message(id),
            lines: self.lines(id),
            text: String::from_utf8_lossy(&self.text(id)).into_owned(),
        };
        self.groups.shown().into_iter().map(info).collect()
    }

    /// Lets go of templates that had a single line, for want of memory; how many.
    pub fn evict_rare(&mut self) -> u64 {
        let evicted = self.groups.evict_rare();
        let Templates { groups, known, fine, .. } = self;
        known.retain(groups);
        evicted + fine.retain(|template| groups.get(template).is_some())
    }

    /// Number of templates.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether nothing was mined.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Templates that had to make room.
    pub fn evicted(&self) -> u64 {
        self.groups.evicted()
    }
}

/// Takes over what was tallied of a message.
fn settle(
    Slot { template, mined, lines, .. }: Slot,
    groups: &mut Groups,
    fine: &mut FineTemplates,
) {
    groups.touch(template, lines);
    if let Some(all) = fine.lines_mut(mined.fine) {
        *all += lines;
    }
}

/// How far a message agrees with its own template: a learnt value by half.
fn body_share(places: &[Place]) -> BodyShare {
    let open = places.iter().filter(|place| !place.kind.is_structure());
    let halves = open.map(|place| if place.kind == Kind::Learnt { 1 } else { 2 });
    let (words, halves) = halves.fold((0, 0), |(words, sum), halves| (words + 1, sum + halves));
    BodyShare { halves, words }
}

#[cfg(test)]
mod tests;
