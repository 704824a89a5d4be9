//! The search for what kills a plugin: a batch is halved until single rows are left, and all others are scored.

use std::collections::BTreeMap;
use std::ops::Range;

use bellwether_core::plugin::{Descriptor, Explanation, Given, PluginCall};

use super::Lane;
use super::recover::Failure;
use crate::fault::Fault;
use crate::instance::Instance;

/// What a plugin is asked.
pub(super) struct Ask<R> {
    pub(super) call: fn(&mut Instance, &Given, &Descriptor) -> Result<R, Fault>,
    pub(super) during: PluginCall,
    /// What may have to be explained of an answer, the strongest first.
    pub(super) tokens: fn(&R) -> Vec<u32>,
}

/// An answer to some of the rows of a call.
pub(super) struct Piece<R> {
    pub(super) rows: Range<usize>,
    pub(super) reply: R,
    /// By token. A plugin can explain only the call just made, so of several pieces it is asked at once.
    pub(super) explanations: BTreeMap<u32, Explanation>,
}

impl<R> Piece<R> {
    pub(super) fn new(rows: Range<usize>, reply: R) -> Self {
        Piece { rows, reply, explanations: BTreeMap::new() }
    }
}

/// How far a search has come.
struct Search<R> {
    pieces: Vec<Piece<R>>,
    poison: usize,
    /// How often what used up its fuel or time may still be halved, since each time costs as much again.
    halvings: u32,
    given_up: bool,
}

impl Lane {
    /// Takes a call apart that has failed twice.
    pub(super) fn search<R>(
        &mut self,
        given: &Given,
        fault: &Fault,
        ask: &Ask<R>,
    ) -> Vec<Piece<R>> {
        let rows = given.rows();
        let halvings = rows.max(1).ilog2() + 1;
        let mut search = Search { pieces: Vec::new(), poison: 0, halvings, given_up: false };
        if rows > 1 && matches!(given, Given::Lines(_)) {
            self.health.lock().bisections += 1;
        }
        self.halve(given, 0, fault, ask, &mut search);
        let (now_ms, limits) = (self.now_ms, self.code.limits());
        if search.poison > 0 {
            self.circuit.poison(search.poison, rows, now_ms, limits);
        } else {
            self.circuit.fault(now_ms, limits);
        }
        if search.given_up {
            self.circuit.give_up(now_ms, limits);
        }
        search.pieces
    }

    /// Takes a part of it that is known to fail apart; `first` is the place of its first row.
    fn halve<R>(
        &mut self,
        given: &Given,
        first: usize,
        fault: &Fault,
        ask: &Ask<R>,
        search: &mut Search<R>,
    ) {
        let rows = given.rows();
        let is_window = matches!(given, Given::Window(_));
        if rows <= 1 || is_window {
            if search.poison == self.limits().poison_max {
                search.given_up = true;
                return;
            }
            search.poison += 1;
            let row = (!is_window).then_some(first as u32);
            let source = given.sources().next().unwrap_or_default();
            let during = if is_window { PluginCall::CloseWindow } else { ask.during };
            return self.set_aside(source, row, during, fault);
        }
        if fault.is_kill() {
            if search.halvings == 0 {
                search.given_up = true;
                return;
            }
            search.halvings -= 1;
        }
        for part in [0..rows / 2, rows / 2..rows] {
            if search.given_up {
                return;
            }
            let piece = given.part(part.clone());
            let rows = first + part.start..first + part.end;
            match self.attempt(&piece, ask) {
                Ok(reply) => {
                    let explanations = self.explanations((ask.tokens)(&reply));
                    search.pieces.push(Piece { rows, reply, explanations });
                }
                Err(Failure::Call(fault)) => {
                    self.count(&fault);
                    self.halve(&piece, rows.start, &fault, ask, search);
                }
                Err(Failure::Before(fault)) => {
                    self.fail(&fault);
                    search.given_up = true;
                }
            }
        }
    }

    /// What the plugin says to some of the scores of the call just made.
    fn explanations(&mut self, tokens: Vec<u32>) -> BTreeMap<u32, Explanation> {
        let mut explanations = BTreeMap::new();
        for token in tokens.into_iter().take(self.limits().explanations_at_once_max) {
            let explained = self.aside(|instance| instance.explain(token));
            if let Some(explanation) = explained.flatten() {
                explanations.insert(token, explanation);
            }
        }
        explanations
    }
}
