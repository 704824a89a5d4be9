//! The automata of all sides. Equal sides have one, and a new plan goes on with those of the plans before: making them
//! takes far longer than a scan.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use regex_syntax::hir::Hir;

use super::automaton::Automaton;

/// By what a side says, and whether it is read backwards; `None` of one that is too large.
type Known = HashMap<(String, bool), Option<Arc<Automaton>>, FixedState>;

/// Automata by their sides, shared by all plans over some patterns.
#[derive(Debug, Default)]
pub(super) struct Automata {
    known: Mutex<Known>,
}

impl Automata {
    /// That of a side, made if it is the first that asks. Two may make it at a time; then one is as good as the other.
    pub(super) fn of(&self, syntax: &Hir, backwards: bool) -> Option<Arc<Automaton>> {
        let key = (syntax.to_string(), backwards);
        if let Some(known) = self.known().get(&key) {
            return known.clone();
        }
        let made = Automaton::of(syntax, backwards).map(Arc::new);
        self.known().entry(key).or_insert(made).clone()
    }

    /// Lets go of those that no plan has.
    pub(super) fn tidy(&self) {
        let is_held = |own: &Option<Arc<Automaton>>| {
            own.as_ref().is_none_or(|automaton| Arc::strong_count(automaton) > 1)
        };
        self.known().retain(|_, own| is_held(own));
    }

    /// Bytes that they hold.
    pub(super) fn bytes(&self) -> usize {
        let known = self.known();
        let each = known.iter().map(|((said, _), own)| {
            said.len() + own.as_ref().map_or(0, |automaton| automaton.bytes())
        });
        each.sum()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Expression;
    use crate::plugin::PatternKind;

    #[test]
    fn equal_sides_have_one_automaton_for_as_long_as_it_is_held() {
        let automata = Automata::default();
        let of = |source: &str, backwards| {
            let expression = Expression::new(PatternKind::Regex, source).unwrap();
            automata.of(expression.syntax(), backwards)
        };
        let (one, same) = (of(r"fo+ \d", false).unwrap(), of(r"fo+ \d", false).unwrap());
        assert!(Arc::ptr_eq(&one, &same));
        let other = of(r"fo+ \d", true).unwrap();
        assert!(!Arc::ptr_eq(&one, &other), "the other way it is another one");
        assert!(of("[ab]*a(a|b){15}x", false).is_none(), "too large");
        let bytes = automata.bytes();
        drop(other);
        automata.tidy();
        assert!(automata.bytes() < bytes);
        assert!(Arc::ptr_eq(&one, &of(r"fo+ \d", false).unwrap()), "it is still held");
    }
}
