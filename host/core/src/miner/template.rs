//! A template, and all templates of a source.

use super::bridge::Marks;
use super::place::Place;
use super::token::Kind;
use crate::state::sorted;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// What one message looks like.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) places: Box<[Place]>,
    pub(crate) lines: u64,
    /// Hash of the reduced form, 0 where that says too little.
    pub(super) reduced: u64,
    /// Which words it has, by which only a few templates are compared place by place.
    pub(super) marks: Marks,
    /// Hash of what is no word.
    pub(super) shape: u64,
    /// The id given out: its own, or that of an older template which it shares.
    pub(crate) shown: u32,
    /// Whether others share its id.
    pub(super) is_shared: bool,
    /// Name across sources: hash of the text at creation, below 2^31.
    pub(crate) message: u32,
    /// When the slow path last came by, in lines of the source.
    pub(super) last_use: u64,
}

impl Template {
    /// Places that were not learnt to vary.
    pub(super) fn constants(&self) -> usize {
        self.places.iter().filter(|place| place.kind != Kind::Learnt).count()
    }
}

/// All templates of a source. Ids count up and are never reused.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Templates {
    #[serde(with = "sorted")]
    by_id: HashMap<u32, Template, foldhash::fast::FixedState>,
    /// Shape and id of each, in this order: those of one shape are neighbours, the oldest first.
    shapes: Vec<(u64, u32)>,
    /// How many places each has, with its id.
    lengths: BTreeSet<(u32, u32)>,
    /// Places of all together.
    places: usize,
    last_id: u32,
}

impl Templates {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn places(&self) -> usize {
        self.places
    }

    pub(super) fn get(&self, id: u32) -> Option<&Template> {
        self.by_id.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Template> {
        self.by_id.get_mut(&id)
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Template)> {
        self.by_id.iter().map(|(id, template)| (*id, template))
    }

    /// In no order.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Template)> {
        self.by_id.iter_mut().map(|(id, template)| (*id, template))
    }

    /// Those of one shape, the oldest first.
    pub(super) fn of_shape(&self, shape: u64) -> impl Iterator<Item = (u32, &Template)> {
        let from = self.shapes.partition_point(|(other, _)| *other < shape);
        let own = self.shapes[from..].iter().take_while(move |(other, _)| *other == shape);
        own.filter_map(|(_, id)| self.by_id.get(id).map(|template| (*id, template)))
    }

    /// Those of so many places, the oldest first.
    pub(super) fn of_length(&self, places: usize) -> impl Iterator<Item = (u32, &Template)> {
        let own = self.lengths.range((places as u32, 0)..=(places as u32, u32::MAX));
        own.filter_map(|(_, id)| self.by_id.get(id).map(|template| (*id, template)))
    }

    /// Takes in a template that shows its own id, and returns that.
    pub(super) fn add(&mut self, template: Template) -> u32 {
        self.last_id += 1;
        let id = self.last_id;
        let at = self.shapes.partition_point(|other| *other < (template.shape, id));
        self.shapes.insert(at, (template.shape, id));
        self.places += template.places.len();
        self.lengths.insert((template.places.len() as u32, id));
        self.by_id.insert(id, Template { shown: id, ..template });
        id
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Template> {
        let template = self.by_id.remove(&id)?;
        self.places -= template.places.len();
        self.lengths.remove(&(template.places.len() as u32, id));
        if let Ok(at) = self.shapes.binary_search(&(template.shape, id)) {
            self.shapes.remove(at);
        }
        Some(template)
    }
}
