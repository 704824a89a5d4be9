//! The slow path: a skeleton that is not known finds its template, or makes one.
//!
//! Templates of one shape are a group, and only they are compared. What differs from all of them is a template of its
//! own until a [vote](super::vote) makes it one with others. Merges go from younger to older ids and are told of, so that
//! whoever counts by id can follow; an id never comes to mean another message.

use super::bridge::Marks;
use super::normal::{self, Sentence};
use super::place::{Place, render};
use super::reduce::reduced;
use super::template::{Template, Templates};
use super::token::{Kind, Token};
use super::vote::{Voter, vote};
use super::words::{WordId, Words};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use xxhash_rust::xxh3::xxh3_64;

/// Templates of one shape; more are free text.
const SHAPE_TEMPLATES_MAX: usize = 96;
/// Places of all templates of a source together.
const PLACES_MAX: usize = 1 << 18;
/// New templates that a source may make at once; then one for so many lines.
const CREDIT_MAX: u64 = 4096;
const CREDIT_LINES: u64 = 16;
/// The shape of lines that nobody has time to look at.
const NO_SHAPE: u64 = 0;

/// An id that was given up, and the older one that stands for it from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merge {
    /// The id that no line will have any more.
    pub old: u32,
    /// The one that its lines have from now on.
    pub new: u32,
}

/// A template that became part of another, or more general itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Join {
    pub(crate) old: u32,
    pub(crate) new: u32,
    /// What it looked like before.
    pub(crate) places: Box<[Place]>,
}

/// The templates of a source, and the words that they are made of.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Groups {
    pub(crate) words: Words,
    pub(super) templates: Templates,
    #[serde(skip)]
    templates_max: usize,
    /// Ids that were given up, each with the one that stands for it from now on.
    #[serde(skip)]
    pub(super) merges: Vec<Merge>,
    /// Templates that became part of others.
    #[serde(skip)]
    joins: Vec<Join>,
    /// Lines so far.
    lines: u64,
    /// Credit that was used.
    spent: u64,
    evicted: u64,
}

impl Groups {
    pub(crate) fn new(templates_max: usize) -> Self {
        Groups { templates_max, ..Groups::default() }
    }

    /// Goes on under this limit, which is not part of what is saved.
    pub(crate) fn limit(&mut self, templates_max: usize) {
        self.templates_max = templates_max;
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Template> {
        self.templates.get(id)
    }

    /// Number of templates, also of those that share an id.
    pub(crate) fn len(&self) -> usize {
        self.templates.len()
    }

    /// Templates that had to make room.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Counts lines of a template; `None` where it is no more.
    #[inline]
    pub(crate) fn touch(&mut self, id: u32, lines: u64) -> Option<&Template> {
        let template = self.templates.get_mut(id)?;
        self.lines += lines;
        template.lines += lines;
        Some(template)
    }

    /// Lines of all templates that show this id.
    pub(crate) fn lines(&self, shown: u32) -> u64 {
        let Some(template) = self.get(shown) else { return 0 };
        if !template.is_shared {
            return template.lines;
        }
        let all = self.templates.iter().filter(|(_, other)| other.shown == shown);
        all.map(|(_, template)| template.lines).sum()
    }

    /// Ids that are shown, in the order of their creation.
    pub(crate) fn shown(&self) -> Vec<u32> {
        let all = self.templates.iter().filter(|(id, template)| *id == template.shown);
        let mut ids: Vec<u32> = all.map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// Lets go of templates that had a single line, for want of memory; how many.
    pub(crate) fn evict_rare(&mut self) -> u64 {
        let before = self.evicted;
        let shared: HashSet<u32> =
            self.templates.iter().filter(|(_, one)| one.is_shared).map(|(id, _)| id).collect();
        self.evict(|_, template| template.lines <= 1 && !shared.contains(&template.shown));
        self.evicted - before
    }

    /// Ids given up since this was last asked, each with its successor, in the order of their merging.
    pub(crate) fn take_merges(&mut self) -> Vec<Merge> {
        std::mem::take(&mut self.merges)
    }

    /// Templates that became part of others since this was last asked, whatever ids they showed.
    pub(crate) fn take_joins(&mut self) -> Vec<Join> {
        std::mem::take(&mut self.joins)
    }

    /// The text of a template.
    pub(crate) fn text(&self, id: u32) -> Vec<u8> {
        let Some(own) = self.get(id) else { return Vec::new() };
        // Of several that show the id, the shortest has the fewest words for values.
        let others = self.templates.iter().filter(|(_, other)| own.is_shared && other.shown == id);
        let shortest = others.map(|(id, other)| (other.places.len(), id)).min();
        let shortest = shortest.and_then(|(_, id)| self.get(id)).unwrap_or(own);
        render(&shortest.places, &self.words)
    }

    /// A line in normal form.
    pub(crate) fn sentence(&self, tokens: &mut Vec<Token>, line: &[u8]) -> Sentence {
        normal::normalize(tokens, line);
        Sentence::new(tokens, line, &self.words)
    }

    /// The template that a line is of already, also where a value is missing between two blanks.
    pub(crate) fn find(
        &mut self,
        sentence: &Sentence,
        tokens: &[Token],
        line: &[u8],
    ) -> Option<u32> {
        let id = self.fitting(sentence).or_else(|| self.fitting_gaps(tokens, line))?;
        self.meet(id, sentence);
        Some(id)
    }

    /// Makes a template, which may at once become one with others; `None` where there were too many of late.
    pub(crate) fn insert(
        &mut self,
        sentence: &mut Sentence,
        tokens: &[Token],
        line: &[u8],
    ) -> Option<u32> {
        if !self.has_credit() {
            return None;
        }
        // Where others have a word between the blanks, one is missing here.
        let with_gaps = self.with_gaps(tokens, line);
        let is_known = |other: &Sentence| self.templates.of_shape(other.shape).next().is_some();
        if let Some(other) = with_gaps.filter(is_known) {
            *sentence = other;
        }
        self.spent = self.spent.max(self.lines / CREDIT_LINES) + 1;
        sentence.keep_words(line, &mut self.words);
        let id = self.create(&sentence.places, sentence.shape);
        Some(self.settle(id))
    }

    /// The template that fits and says most of the line, the oldest of equals.
    fn fitting(&self, sentence: &Sentence) -> Option<u32> {
        let fits = |template: &Template| {
            let places = template.places.iter().zip(&sentence.places);
            template.places.len() == sentence.places.len() && { places }.all(|(a, b)| a.fits(b))
        };
        let all = self.templates.of_shape(sentence.shape).filter(|(_, template)| fits(template));
        let all = all.map(|(id, template)| (template.constants(), id));
        all.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, id)| id)
    }

    /// The template that fits with an empty value where two blanks are.
    fn fitting_gaps(&self, tokens: &[Token], line: &[u8]) -> Option<u32> {
        self.fitting(&self.with_gaps(tokens, line)?)
    }

    /// The line with empty values where two blanks are.
    fn with_gaps(&self, tokens: &[Token], line: &[u8]) -> Option<Sentence> {
        let mut tokens = tokens.to_vec();
        let has_gaps = normal::fill_gaps(&mut tokens);
        has_gaps.then(|| Sentence::new(&tokens, line, &self.words))
    }

    /// Takes note of a line that fits.
    fn meet(&mut self, id: u32, sentence: &Sentence) {
        let Some(template) = self.templates.get_mut(id) else { return };
        template.last_use = self.lines;
        if template.places.len() == sentence.places.len() {
            for (place, own) in template.places.iter_mut().zip(&sentence.places) {
                place.widen(own);
            }
        }
    }

    /// Whether another template may be made so soon.
    pub(crate) fn has_credit(&self) -> bool {
        self.spent < self.lines / CREDIT_LINES + CREDIT_MAX
    }

    /// One template for all of a shape, or for everything where the shape is not known.
    pub(crate) fn catch_all(&mut self, sentence: &Sentence) -> u32 {
        let is_known = self.templates.of_shape(sentence.shape).next().is_some();
        let everything = self.templates.of_shape(NO_SHAPE).next().map(|(id, _)| id);
        if let (false, Some(id)) = (is_known, everything) {
            return id;
        }
        let learnt =
            |place: &Place| if place.kind.is_structure() { *place } else { place.learnt() };
        if is_known {
            let places: Vec<Place> = sentence.places.iter().map(learnt).collect();
            return self.create(&places, sentence.shape);
        }
        self.create(&[Place::new(Kind::Learnt, false)], NO_SHAPE)
    }

    fn create(&mut self, places: &[Place], shape: u64) -> u32 {
        if self.len() >= self.templates_max || self.templates.places() + places.len() > PLACES_MAX {
            self.make_room();
        }
        let text = render(places, &self.words);
        self.templates.add(Template {
            places: places.into(),
            lines: 0,
            reduced: reduced(places, &self.words).unwrap_or(0),
            marks: Marks::of(places, &self.words),
            shape,
            shown: 0,
            is_shared: false,
            message: (xxh3_64(&text) & 0x7fff_ffff) as u32,
            last_use: self.lines,
        })
    }

    /// Lets a new template find its family, and its likes of other shapes; what it became.
    fn settle(&mut self, mut id: u32) -> u32 {
        while let Some(merged) = self.vote(id) {
            id = merged;
        }
        self.share(id);
        id = self.bridge(id);
        let shape = self.get(id).map_or(NO_SHAPE, |template| template.shape);
        if self.templates.of_shape(shape).count() > SHAPE_TEMPLATES_MAX {
            id = self.fold(shape, id);
        }
        id
    }

    fn vote(&mut self, id: u32) -> Option<u32> {
        let new = voter((id, self.get(id)?));
        let group: Vec<Voter<'_>> =
            self.templates.of_shape(self.get(id)?.shape).map(voter).collect();
        let family = vote(new, &group, &self.words)?;
        let mut places = self.get(id)?.places.to_vec();
        for place in family.differing {
            places[place] = places[place].learnt();
        }
        let mut all = family.others;
        all.push(id);
        Some(self.merge(&all, places))
    }

    /// Makes templates of one shape one, under the oldest id.
    pub(super) fn merge(&mut self, ids: &[u32], places: Vec<Place>) -> u32 {
        let oldest = ids.iter().copied().min().unwrap_or(0);
        let shown: Vec<u32> =
            ids.iter().filter_map(|id| self.get(*id)).map(|one| one.shown).collect();
        let mut lines = 0;
        for id in ids.iter().filter(|id| **id != oldest) {
            let Some(template) = self.templates.remove(*id) else { continue };
            lines += template.lines;
            self.joins.push(Join { old: *id, new: oldest, places: template.places });
        }
        let reduced = reduced(&places, &self.words).unwrap_or(0);
        let marks = Marks::of(&places, &self.words);
        let now = self.lines;
        if let Some(template) = self.templates.get_mut(oldest) {
            let before = std::mem::replace(&mut template.places, places.into());
            self.joins.push(Join { old: oldest, new: oldest, places: before });
            template.lines += lines;
            (template.reduced, template.marks) = (reduced, marks);
            template.last_use = now;
        }
        self.show(&shown);
        oldest
    }

    /// A shape with too many templates is free text: those with fewest lines become one, which keeps what they share.
    fn fold(&mut self, shape: u64, id: u32) -> u32 {
        let mut group: Vec<(u64, u32)> =
            self.templates.of_shape(shape).map(|(id, template)| (template.lines, id)).collect();
        group.sort_unstable();
        group.truncate(group.len().div_ceil(2));
        let rare: Vec<u32> = group.into_iter().map(|(_, id)| id).collect();
        let Some(first) = rare.first().and_then(|first| self.get(*first)) else { return id };
        let mut places = first.places.to_vec();
        for other in rare.iter().filter_map(|id| self.get(*id)) {
            for (place, own) in places.iter_mut().zip(&other.places) {
                if !place.is_same(own) {
                    *place = place.learnt();
                }
            }
        }
        let merged = self.merge(&rare, places);
        if rare.contains(&id) { merged } else { id }
    }

    /// Lets an eighth go: those with fewest lines, and of these the longest unseen. What shows the id of another goes by
    /// itself, and with that one.
    fn make_room(&mut self) {
        let mut uses: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for (id, template) in self.templates.iter() {
            for id in BTreeSet::from([id, template.shown]) {
                let (lines, last_use) = uses.entry(id).or_default();
                *lines += template.lines;
                *last_use = template.last_use.max(*last_use);
            }
        }
        let mut order: Vec<(u32, u64, u32)> = uses
            .into_iter()
            .map(|(id, (lines, last_use))| ((lines + 1).ilog2(), last_use, id))
            .collect();
        order.sort_unstable();
        order.truncate((order.len() / 8).max(1));
        let gone: HashSet<u32> = order.into_iter().map(|(_, _, id)| id).collect();
        self.evict(|id, template| gone.contains(&id) || gone.contains(&template.shown));
    }

    fn evict(&mut self, is_gone: impl Fn(u32, &Template) -> bool) {
        let gone = self.templates.iter().filter(|(id, template)| is_gone(*id, template));
        let mut gone: Vec<u32> = gone.map(|(id, _)| id).collect();
        gone.sort_unstable();
        self.evicted += gone.len() as u64;
        self.words.release();
        gone.into_iter().for_each(|id| drop(self.templates.remove(id)));
    }

    /// Lets go of words that nothing speaks of any more; `others` hands on words that are spoken of elsewhere.
    pub(crate) fn sweep_words(&mut self, others: impl FnOnce(&mut dyn FnMut(&mut WordId))) {
        let Groups { words, templates, .. } = self;
        let mut all: Vec<(u32, &mut Template)> = templates.iter_mut().collect();
        all.sort_unstable_by_key(|(id, _)| *id);
        words.sweep(|each| {
            for place in all.into_iter().flat_map(|(_, template)| &mut template.places) {
                place.rename_word(each);
            }
            others(each);
        });
    }
}

fn voter<'a>((id, template): (u32, &'a Template)) -> Voter<'a> {
    Voter { id, lines: template.lines, places: &template.places }
}
