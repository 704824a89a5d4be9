//! After a fault: a new instance where the old one was, and what it failed at once more.
//!
//! States are loaded when their source has work, so that one bad line in a lane of a thousand sources costs the state of
//! one. What the old instance had done since the last save is done again; as it does not show how rows are cut, a fault
//! that does not come again leaves no trace.

use std::collections::BTreeSet;

use bellwether_core::plugin::{Given, PluginCall};

use super::bisect::{Ask, Piece};
use super::{Lane, configured};
use crate::fault::Fault;
use crate::instance::Instance;

/// An instance, and what it has been given.
pub(super) struct Live {
    pub(super) instance: Instance,
    /// Sources that had work in it, or whose state it was given.
    pub(super) loaded: BTreeSet<u32>,
    /// Linear memory it began with, and what states took when they were loaded.
    pub(super) restored_bytes: usize,
    /// When it was first seen at rest, in event time.
    pub(super) since_ms: Option<u64>,
}

impl Live {
    /// Boxed, since it changes hands in every call.
    pub(super) fn new(instance: Instance) -> Box<Self> {
        let restored_bytes = instance.memory_bytes();
        Box::new(Live { instance, loaded: BTreeSet::new(), restored_bytes, since_ms: None })
    }
}

/// At what a plugin failed.
pub(super) enum Failure {
    /// At starting, or at getting to where it was: before the call.
    Before(Fault),
    /// At the call itself.
    Call(Fault),
}

impl Lane {
    /// Makes a call once, and notes it if it goes well.
    pub(super) fn attempt<R>(&mut self, given: &Given, ask: &Ask<R>) -> Result<R, Failure> {
        let sources: Vec<u32> = given.sources().collect();
        let mut live = self.ready(&sources).map_err(Failure::Before)?;
        live.instance.halve_fuel(self.share.halvings());
        let reply = (ask.call)(&mut live.instance, given, &self.descriptor);
        let reply = reply.map_err(Failure::Call)?;
        self.live = Some(live);
        self.journal.note(given.clone());
        Ok(reply)
    }

    /// Makes a call again that has just failed; what fails again is taken apart.
    pub(super) fn again<R>(
        &mut self,
        given: &Given,
        failure: Failure,
        ask: &Ask<R>,
    ) -> Vec<Piece<R>> {
        match self.once_more(given, failure, ask) {
            Ok(reply) => {
                // It was no row's fault, so it counts as the plugin's.
                self.circuit.fault(self.now_ms, self.code.limits());
                vec![Piece::new(0..given.rows(), reply)]
            }
            Err(Failure::Before(fault)) => {
                self.fail(&fault);
                Vec::new()
            }
            Err(Failure::Call(fault)) => {
                self.count(&fault);
                let pieces = self.search(given, &fault, ask);
                if fault.is_kill() {
                    self.share.kill(self.now_ms, self.code.limits());
                }
                pieces
            }
        }
    }

    fn once_more<R>(
        &mut self,
        given: &Given,
        failure: Failure,
        ask: &Ask<R>,
    ) -> Result<R, Failure> {
        match failure {
            Failure::Call(fault) => self.count(&fault),
            before => return Err(before),
        }
        // What was done is done again and saved, so that the call meets an instance with nothing else in it; should it
        // fail again, it is quick to begin again from there.
        self.try_save_all().map_err(Failure::Before)?;
        self.live = None;
        self.health.lock().reruns += 1;
        self.attempt(given, ask)
    }

    /// An instance that stands where the plugin stood and has the states of these sources.
    pub(super) fn ready(&mut self, sources: &[u32]) -> Result<Box<Live>, Fault> {
        let mut failures = 0;
        loop {
            match self.bring(sources) {
                Ok(live) => return Ok(live),
                Err(Failure::Before(fault)) => return Err(fault),
                Err(Failure::Call(fault)) => {
                    self.count(&fault);
                    failures += 1;
                    // Each thing that kills is tried twice.
                    if failures > 2 * self.limits().poison_max {
                        return Err(fault);
                    }
                }
            }
        }
    }

    fn bring(&mut self, sources: &[u32]) -> Result<Box<Live>, Failure> {
        let mut live = match self.live.take() {
            Some(live) => live,
            None => self.catch_up()?,
        };
        self.load_missing(&mut live, sources)?;
        Ok(live)
    }

    /// A new instance that has done what the old one had done.
    fn catch_up(&mut self) -> Result<Box<Live>, Failure> {
        let started = configured(&self.code, &self.config, &self.health);
        let mut live = Live::new(started.map_err(Failure::Before)?.0);
        self.load_missing(&mut live, &self.journal.touched())?;
        live.instance.mute(true);
        for given in self.journal.work() {
            if let Err(fault) = live.instance.repeat(&given, &self.descriptor) {
                self.stumble();
                return Err(Failure::Call(fault));
            }
        }
        live.instance.mute(false);
        self.stumbled = false;
        Ok(live)
    }

    /// What went well before did not go well again; the second time it is given up.
    fn stumble(&mut self) {
        self.stumbled = !self.stumbled;
        if self.stumbled {
            return;
        }
        let sources = self.journal.touched().len();
        self.journal.clear();
        let lost = Fault::lost(sources);
        self.health.lock().fault(&self.descriptor.name, &lost);
    }

    /// Loads the states of sources that have not been in the instance yet. One that it refuses is dropped, and one that
    /// kills it twice.
    fn load_missing(&mut self, live: &mut Live, sources: &[u32]) -> Result<(), Failure> {
        for &source in sources {
            if !live.loaded.insert(source) {
                continue;
            }
            let Some(state) = self.states.saved(source) else { continue };
            let before = live.instance.memory_bytes();
            match live.instance.load(source, state) {
                Ok(Ok(())) => {
                    live.restored_bytes += live.instance.memory_bytes() - before;
                    self.suspect = self.suspect.filter(|suspect| *suspect != source);
                }
                Ok(Err(words)) => {
                    let fault = Fault::state(source, &words);
                    self.health.lock().fault(&self.descriptor.name, &fault);
                    self.states.forget(source);
                    self.set_aside(source, None, PluginCall::Load, &fault);
                }
                Err(fault) => {
                    if self.suspect.replace(source) == Some(source) {
                        self.suspect = None;
                        self.states.forget(source);
                        self.set_aside(source, None, PluginCall::Load, &fault);
                    }
                    return Err(Failure::Call(fault));
                }
            }
        }
        Ok(())
    }
}
