//! Places with numbers, which are given again once they are free.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::{Index, IndexMut};

/// Things by the number of their place; the lowest free place is the next.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Slots<T> {
    places: Vec<Option<T>>,
    free: BTreeSet<usize>,
}

impl<T> Slots<T> {
    pub(super) fn new() -> Self {
        Slots { places: Vec::new(), free: BTreeSet::new() }
    }

    /// The place of whatever is put next.
    pub(super) fn next(&self) -> usize {
        self.free.first().copied().unwrap_or(self.places.len())
    }

    pub(super) fn put(&mut self, thing: T) {
        match self.free.pop_first() {
            Some(place) => self.places[place] = Some(thing),
            None => self.places.push(Some(thing)),
        }
    }

    pub(super) fn take(&mut self, place: usize) -> Option<T> {
        let thing = self.places.get_mut(place)?.take()?;
        self.free.insert(place);
        Some(thing)
    }

    /// Places that are not free.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let places = self.places.iter().enumerate();
        places.filter_map(|(place, thing)| Some((place, thing.as_ref()?)))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().flatten()
    }
}

impl<T> Index<usize> for Slots<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        self.places[place].as_ref().expect("whoever has a number lets go of it with the thing")
    }
}

impl<T> IndexMut<usize> for Slots<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        self.places[place].as_mut().expect("whoever has a number lets go of it with the thing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_place_is_given_again() {
        let mut slots = Slots::new();
        for name in ["a", "b", "c"] {
            slots.put(name);
        }
        assert_eq!((slots.take(2), slots.take(0), slots.take(0)), (Some("c"), Some("a"), None));
        assert_eq!((slots.len(), slots.next(), slots[1]), (1, 0, "b"));
        for name in ["d", "e", "f"] {
            slots.put(name);
        }
        let all: Vec<(usize, &&str)> = slots.iter().collect();
        assert_eq!(all, [(0, &"d"), (1, &"b"), (2, &"e"), (3, &"f")]);
    }
}
