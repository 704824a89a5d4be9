//! One plugin in one lane: an instance that lives long, and what happens when it fails.
//!
//! A fault costs the instance. The next call gets a new one, configured as before, with the state that each source had
//! at its last checkpoint. Who fails too often is left out for a while. Nothing of it is an error of the pipeline.

use std::sync::Arc;

use bellwether_core::plugin::{Descriptor, PluginState, WindowSpan};

use crate::circuit::Circuit;
use crate::compiled::Code;
use crate::fault::Fault;
use crate::health::HealthHandle;
use crate::instance::Instance;
use states::States;

mod detector;
mod filter;
mod states;

pub use detector::LaneDetector;
pub use filter::LaneFilter;

/// What detectors and filters have in common.
struct Lane {
    code: Arc<Code>,
    config: String,
    descriptor: Descriptor,
    instance: Option<Instance>,
    states: States,
    circuit: Circuit,
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
            instance: Some(instance),
            states: States::default(),
            circuit: Circuit::default(),
            now_ms: 0,
            health,
        })
    }

    /// Makes a call over so many rows, or leaves the plugin out.
    fn call<R>(
        &mut self,
        rows: usize,
        now_ms: u64,
        function: impl FnOnce(&mut Instance, &Descriptor) -> Result<R, Fault>,
    ) -> Option<R> {
        self.now_ms = self.now_ms.max(now_ms);
        if !self.circuit.admits(self.now_ms) {
            self.health.lock().rows_unscored += rows as u64;
            return None;
        }
        match self.revive().and_then(|instance| self.work(instance, function)) {
            Ok(reply) => {
                self.circuit.success();
                let mut health = self.health.lock();
                health.calls += 1;
                health.rows += rows as u64;
                health.circuit = self.circuit.state();
                Some(reply)
            }
            Err(fault) => {
                self.fail(&fault);
                self.health.lock().rows_unscored += rows as u64;
                None
            }
        }
    }

    /// Makes a call that says nothing about rows; only an instance that is there is asked.
    fn aside<R>(
        &mut self,
        function: impl FnOnce(&mut Instance, &Descriptor) -> Result<R, Fault>,
    ) -> Option<R> {
        let instance = self.instance.take()?;
        match self.work(instance, function) {
            Ok(reply) => Some(reply),
            Err(fault) => {
                self.fail(&fault);
                None
            }
        }
    }

    /// Calls an instance, and keeps it unless it fails.
    fn work<R>(
        &mut self,
        mut instance: Instance,
        function: impl FnOnce(&mut Instance, &Descriptor) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let reply = function(&mut instance, &self.descriptor)?;
        self.instance = Some(instance);
        Ok(reply)
    }

    /// The instance, or a new one in the state of the last checkpoint.
    fn revive(&mut self) -> Result<Instance, Fault> {
        if let Some(instance) = self.instance.take() {
            return Ok(instance);
        }
        let (mut instance, _) = configured(&self.code, &self.config, &self.health)?;
        let lost = self.states.load_into(&mut instance)?;
        self.tell(&lost);
        Ok(instance)
    }

    fn fail(&mut self, fault: &Fault) {
        self.instance = None;
        self.states.untouch();
        self.circuit.fault(self.now_ms, self.code.limits());
        let mut health = self.health.lock();
        health.fault(&self.descriptor.name, fault);
        health.circuit = self.circuit.state();
        health.memory_bytes = 0;
        self.states.show(&mut health);
    }

    fn forget(&mut self, source: u32) {
        self.states.forget(source);
        self.states.show(&mut self.health.lock());
        self.aside(|instance, _| instance.forget(source));
    }

    /// Takes a checkpoint when it is time.
    fn rest(&mut self, watermark_ms: u64) {
        self.now_ms = self.now_ms.max(watermark_ms);
        if !self.states.due(self.now_ms, self.code.limits()) {
            return;
        }
        let Some(instance) = self.instance.take() else {
            return;
        };
        let mut states = std::mem::take(&mut self.states);
        let code = Arc::clone(&self.code);
        let saved = self.work(instance, |instance, descriptor| {
            states.save_from(instance, descriptor.state_version, code.limits())
        });
        self.states = states;
        match saved {
            Ok(lost) => self.tell(&lost),
            Err(fault) => self.fail(&fault),
        }
    }

    /// The state of a source as it is now, or, while there is no instance, as it was last saved.
    fn save(&mut self, source: u32) -> Option<PluginState> {
        let mut states = std::mem::take(&mut self.states);
        let code = Arc::clone(&self.code);
        let saved = self.aside(|instance, descriptor| {
            states.save_one(source, instance, descriptor.state_version, code.limits())
        });
        self.states = states;
        if let Some(Err(lost)) = saved {
            self.tell(&[lost]);
        }
        self.states.get(source)
    }

    /// Goes on with a saved state; one that the plugin refuses is dropped and told.
    fn load(&mut self, source: u32, state: PluginState) {
        self.states.put(source, state);
        let mut states = std::mem::take(&mut self.states);
        let loaded = self.aside(|instance, _| states.load_one(source, instance));
        self.states = states;
        if let Some(Err(lost)) = loaded {
            self.tell(&[lost]);
        }
        self.states.show(&mut self.health.lock());
    }

    /// Counts faults that cost no instance, and shows what states are left.
    fn tell(&self, lost: &[Fault]) {
        let mut health = self.health.lock();
        for fault in lost {
            health.fault(&self.descriptor.name, fault);
        }
        self.states.show(&mut health);
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
