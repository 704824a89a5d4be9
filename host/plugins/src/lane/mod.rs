//! One plugin in one lane: an instance that lives long, and what happens when it fails.
//!
//! A fault costs the instance, and nothing else if it does not come again: a new one gets the saved states, does what the
//! old one had done since ([`journal`]), and is asked again ([`recover`]). What kills it each time is searched for and set
//! aside ([`bisect`]), so that everything else is still scored, once and in order. Who fails too often is left out for a
//! while. Nothing of it is an error of the pipeline.

use std::sync::Arc;

use bellwether_core::plugin::{Descriptor, Given, PluginCall, PluginState, Poison, WindowSpan};

use crate::circuit::Circuit;
use crate::compiled::Code;
use crate::fault::Fault;
use crate::health::HealthHandle;
use crate::instance::Instance;
use crate::limits::Limits;
use crate::share::Share;
use bisect::{Ask, Piece};
use journal::Journal;
use recover::Live;
use states::States;

mod bisect;
mod detector;
mod filter;
mod journal;
mod merge;
mod recover;
mod save;
mod states;

pub use detector::LaneDetector;
pub use filter::LaneFilter;

/// Poison that waits to be taken; more is only counted.
const POISON_WAITING_MAX: usize = 256;

/// What detectors and filters have in common.
struct Lane {
    code: Arc<Code>,
    config: String,
    descriptor: Descriptor,
    live: Option<Box<Live>>,
    states: States,
    journal: Journal,
    circuit: Circuit,
    share: Share,
    poison: Vec<Poison>,
    /// The source whose state killed the last instance that was to load it.
    suspect: Option<u32>,
    /// Whether the last instance failed at what the one before it had done.
    stumbled: bool,
    now_ms: u64,
    health: HealthHandle,
}

impl Lane {
    /// Starts a plugin, configures it, and asks once more what it wants.
    fn open(code: &Arc<Code>, config: &str, span: Option<WindowSpan>) -> Result<Self, Fault> {
        let bytes_max = code.limits().config_bytes_max;
        if config.len() > bytes_max {
            let words = format!("it has {} bytes, of {bytes_max} allowed", config.len());
            return Err(Fault::configure(&words));
        }
        let health = HealthHandle::default();
        let (instance, mut descriptor) = configured(code, config, &health)?;
        descriptor.window = span.or(descriptor.window);
        Ok(Lane {
            code: Arc::clone(code),
            config: config.to_owned(),
            descriptor,
            live: Some(Live::new(instance)),
            states: States::default(),
            journal: Journal::default(),
            circuit: Circuit::default(),
            share: Share::default(),
            poison: Vec::new(),
            suspect: None,
            stumbled: false,
            now_ms: 0,
            health,
        })
    }

    /// Asks the plugin, or leaves it out. The pieces of the answer are in the order of the rows; where rows are missing,
    /// it failed.
    fn call<R>(&mut self, given: &Given, ask: &Ask<R>) -> Vec<Piece<R>> {
        self.pass(given.time_ms());
        let rows = given.rows();
        let pieces = if self.circuit.admits(self.now_ms) {
            // Not behind the call: a save that kills the instance would leave nobody who can explain what was said.
            if self.journal.is_full(self.code.limits().journal_bytes_max) {
                self.save_all();
            }
            match self.attempt(given, ask) {
                Ok(reply) => {
                    self.circuit.success(rows, self.code.limits());
                    vec![Piece::new(0..rows, reply)]
                }
                Err(failure) => self.again(given, failure, ask),
            }
        } else {
            Vec::new()
        };
        let scored: u64 = pieces.iter().map(|piece| piece.rows.len() as u64).sum();
        let mut health = self.health.lock();
        health.calls += u64::from(!pieces.is_empty());
        health.rows += scored;
        health.rows_unscored += rows as u64 - scored;
        drop(health);
        self.show();
        pieces
    }

    /// Makes a call that says nothing about rows; only an instance that is there is asked.
    fn aside<R>(&mut self, function: impl FnOnce(&mut Instance) -> Result<R, Fault>) -> Option<R> {
        let mut live = self.live.take()?;
        match function(&mut live.instance) {
            Ok(reply) => {
                self.live = Some(live);
                Some(reply)
            }
            Err(fault) => {
                self.fail(&fault);
                self.show();
                None
            }
        }
    }

    fn forget(&mut self, source: u32) {
        self.states.forget(source);
        self.journal.settle(source);
        if let Some(live) = &mut self.live {
            live.loaded.remove(&source);
        }
        self.aside(|instance| instance.forget(source));
        self.show();
    }

    /// Saves what is due, and changes an instance that is worn.
    fn rest(&mut self, watermark_ms: u64) {
        self.pass(watermark_ms);
        if self.states.due(self.now_ms, self.code.limits()) {
            self.save_all();
        }
        self.rejuvenate();
        self.show();
    }

    /// The state of a source as it is now, or as it was last saved where the plugin cannot say.
    fn save(&mut self, source: u32) -> Option<PluginState> {
        if self.journal.has_touched(source) {
            if let Err(fault) = self.save_one(source) {
                self.fail(&fault);
            }
            self.show();
        }
        self.states.get(source)
    }

    /// Goes on with a saved state; one that the plugin refuses is dropped and told.
    fn load(&mut self, source: u32, state: PluginState) {
        self.states.put(source, state);
        self.journal.settle(source);
        if let Some(live) = &mut self.live {
            live.loaded.remove(&source);
            match self.ready(&[source]) {
                Ok(live) => self.live = Some(live),
                Err(fault) => self.fail(&fault),
            }
        }
        self.show();
    }

    fn take_poison(&mut self) -> Vec<Poison> {
        std::mem::take(&mut self.poison)
    }

    /// Event time has come so far.
    fn pass(&mut self, now_ms: u64) {
        self.now_ms = self.now_ms.max(now_ms);
        self.share.pass(self.now_ms, self.code.limits());
    }

    /// Counts a fault that is not yet understood; the instance is gone.
    fn count(&mut self, fault: &Fault) {
        self.live = None;
        self.health.lock().fault(&self.descriptor.name, fault);
    }

    /// Counts a fault that nothing more is done about.
    fn fail(&mut self, fault: &Fault) {
        self.count(fault);
        self.circuit.fault(self.now_ms, self.code.limits());
    }

    /// Sets something aside that the plugin cannot bear.
    fn set_aside(&mut self, source: u32, row: Option<u32>, during: PluginCall, fault: &Fault) {
        self.health.lock().poisoned += 1;
        let cause = fault.to_string();
        let (plugin, during_name) = (&self.descriptor.name, during.as_str());
        tracing::warn!(
            plugin,
            source,
            during = during_name,
            cause,
            "set aside what kills a plugin"
        );
        if self.poison.len() < POISON_WAITING_MAX {
            self.poison.push(Poison { source, row, at_ms: self.now_ms, during, cause });
        }
    }

    /// Shows how it is doing.
    fn show(&self) {
        let mut health = self.health.lock();
        health.circuit = self.circuit.state();
        health.fuel_halvings = u64::from(self.share.halvings());
        let live = self.live.as_ref();
        health.memory_bytes = live.map_or(0, |live| live.instance.memory_bytes() as u64);
        self.states.show(&mut health);
    }

    fn limits(&self) -> &Limits {
        self.code.limits()
    }
}

/// A new instance, configured, and what it wants then.
fn configured(
    code: &Arc<Code>,
    config: &str,
    health: &HealthHandle,
) -> Result<(Instance, Descriptor), Fault> {
    let mut instance = Instance::start(code, health)?;
    // Asked before `configure` too, so that what is counted there has a name.
    instance.describe()?;
    instance.configure(config)?;
    let descriptor = instance.describe()?;
    Ok((instance, descriptor))
}
