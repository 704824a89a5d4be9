//! One running copy of a plugin: typed calls, each with its own fuel, deadline and reply size.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::Store;
use wasmtime::component::Instance as Linked;

use bellwether_core::plugin::{
    ClosedWindow, Descriptor, Explanation, Given, Lines, Scores, Verdicts,
};

use crate::admission::Kind;
use crate::bindings::{Level, detection, filtering, lifecycle, types};
use crate::compiled::Code;
use crate::fault::Fault;
use crate::health::HealthHandle;
use crate::limiter::Limiter;
use crate::limits::Budget;
use crate::link::Inside;
use crate::{describe, lower, reply};

/// A plugin in a store of its own. After a fault it is of no further use.
pub(crate) struct Instance {
    code: Arc<Code>,
    store: Store<Inside>,
    exports: Exports,
    health: HealthHandle,
    /// What the plugin calls itself and its metrics, once it has been asked.
    name: String,
    metrics: Vec<String>,
    fuel_halvings: u32,
    muted: bool,
}

struct Exports {
    lifecycle: lifecycle::Guest,
    work: Work,
}

/// What the plugin is for.
enum Work {
    Detector(detection::Guest),
    Filter(filtering::Guest),
}

/// State of one source as the plugin saved it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SavedState {
    pub(crate) version: u32,
    pub(crate) bytes: Vec<u8>,
}

impl Instance {
    /// Starts a plugin; it is neither described nor configured yet.
    pub(crate) fn start(code: &Arc<Code>, health: &HealthHandle) -> Result<Self, Fault> {
        let limits = code.limits();
        let inside = Inside::new(Limiter::new(limits, code.kind()), limits);
        let mut store = Store::new(code.engine(), inside);
        store.limiter(|inside| &mut inside.limiter);
        let budget = limits.lifecycle_budget();
        let started = arm(&mut store, budget).and_then(|()| {
            let _running = code.ticker().enter();
            let linked = code.linked().instantiate(&mut store)?;
            Exports::of(code, &mut store, &linked)
        });
        health.lock().start(used(&store, budget));
        let refused = store.data_mut().limiter.take_refused();
        let exports = started.map_err(|error| Fault::of_call(&error, refused))?;
        let (code, health) = (Arc::clone(code), health.clone());
        Ok(Instance {
            code,
            store,
            exports,
            health,
            name: String::new(),
            metrics: Vec::new(),
            fuel_halvings: 0,
            muted: false,
        })
    }

    /// Asks what the plugin is and wants.
    pub(crate) fn describe(&mut self) -> Result<Descriptor, Fault> {
        let descriptor = self.call(
            self.code.limits().lifecycle_budget(),
            |exports, store| exports.lifecycle.call_describe(store),
            |raw, code| describe::descriptor(raw, code.kind(), code.limits()),
        )?;
        self.name.clone_from(&descriptor.name);
        self.metrics.clone_from(&descriptor.metrics);
        self.store.data_mut().said.sums.resize(self.metrics.len(), 0.0);
        Ok(descriptor)
    }

    /// Configures the plugin.
    pub(crate) fn configure(&mut self, json: &str) -> Result<(), Fault> {
        self.call(
            self.code.limits().lifecycle_budget(),
            |exports, store| exports.lifecycle.call_configure(store, json),
            |answer, _| answer.map_err(|words| Fault::configure(&words)),
        )
    }

    /// Takes the state of a source out. The inner error leaves the instance usable.
    pub(crate) fn save(&mut self, source: u32) -> Result<Result<SavedState, String>, Fault> {
        let answer = self.call(
            self.code.limits().save_budget(),
            |exports, store| exports.lifecycle.call_save(store, source),
            |answer, _| Ok(answer),
        );
        let state = match answer {
            Err(Fault::BadReply(words)) => return Err(Fault::state(source, &words)),
            answer => answer?,
        };
        Ok(state.map(|state| SavedState { version: state.version, bytes: state.bytes }))
    }

    /// Gives the state of a source back. The inner error leaves the instance usable, without that state.
    pub(crate) fn load(
        &mut self,
        source: u32,
        state: &SavedState,
    ) -> Result<Result<(), String>, Fault> {
        let state = types::SavedStateParam { version: state.version, bytes: &state.bytes };
        let answer = self.call(
            self.code.limits().lifecycle_budget(),
            |exports, store| exports.lifecycle.call_load(store, source, state),
            |answer, _| Ok(answer),
        )?;
        Ok(answer.map_err(|error| match error {
            types::LoadError::UnsupportedVersion => "its version is not supported".into(),
            types::LoadError::Corrupt(words) => words,
        }))
    }

    /// Makes the plugin forget a source.
    pub(crate) fn forget(&mut self, source: u32) -> Result<(), Fault> {
        self.call(
            self.code.limits().small_budget(),
            |exports, store| exports.lifecycle.call_forget(store, source),
            |answer, _| Ok(answer),
        )
    }

    /// Scores a batch.
    pub(crate) fn observe(
        &mut self,
        lines: &Lines<'_>,
        descriptor: &Descriptor,
    ) -> Result<Scores, Fault> {
        let rows = lines.rows();
        let (runs, columns) = (lower::runs(lines.runs), lower::columns(lines.columns));
        let batch = batch(lines, &runs, &columns);
        self.call(
            self.code.limits().batch_budget(Kind::Detector, rows).halved(self.fuel_halvings),
            |exports, store| exports.detection()?.call_observe(store, batch),
            |raw, code| reply::batch_scores(raw, rows, descriptor, code.limits()),
        )
    }

    /// Scores a window.
    pub(crate) fn close_window(
        &mut self,
        window: &ClosedWindow<'_>,
        descriptor: &Descriptor,
    ) -> Result<Scores, Fault> {
        let series = lower::columns(window.columns);
        let raw_window = types::Window {
            source: window.source,
            start: window.start_ms,
            end: window.end_ms,
            lines: window.lines,
            series: &series,
            vector: window.vector,
        };
        self.call(
            self.code.limits().window_budget(window.rows).halved(self.fuel_halvings),
            |exports, store| exports.detection()?.call_close_window(store, raw_window),
            |raw, code| reply::scores(raw, window.rows, descriptor, code.limits()),
        )
    }

    /// Asks for an explanation.
    pub(crate) fn explain(&mut self, token: u32) -> Result<Option<Explanation>, Fault> {
        self.call(
            self.code.limits().small_budget(),
            |exports, store| exports.detection()?.call_explain(store, token),
            |raw, code| raw.map(|raw| reply::explanation(raw, code.limits())).transpose(),
        )
    }

    /// Asks for verdicts over a batch.
    pub(crate) fn evaluate(
        &mut self,
        lines: &Lines<'_>,
        descriptor: &Descriptor,
    ) -> Result<Verdicts, Fault> {
        let rows = lines.rows();
        let (runs, columns) = (lower::runs(lines.runs), lower::columns(lines.columns));
        let batch = batch(lines, &runs, &columns);
        self.call(
            self.code.limits().batch_budget(Kind::Filter, rows).halved(self.fuel_halvings),
            |exports, store| exports.filtering()?.call_evaluate(store, batch),
            |raw, _| reply::verdicts(raw, rows, descriptor),
        )
    }

    /// Does once more what has been done and said before.
    pub(crate) fn repeat(&mut self, given: &Given, descriptor: &Descriptor) -> Result<(), Fault> {
        match (given, self.code.kind()) {
            (Given::Lines(lines), Kind::Detector) => {
                self.observe(&lines.view(), descriptor).map(drop)
            }
            (Given::Lines(lines), Kind::Filter) => {
                self.evaluate(&lines.view(), descriptor).map(drop)
            }
            (Given::Window(window), _) => self.close_window(&window.view(), descriptor).map(drop),
        }
    }

    /// What the plugin says from now on was said before (true), or counts.
    pub(crate) fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Gives less fuel for work from now on.
    pub(crate) fn halve_fuel(&mut self, halvings: u32) {
        self.fuel_halvings = halvings;
    }

    /// Linear memory the plugin has.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.store.data().limiter.memory_bytes()
    }

    /// Makes a call and checks the answer; what the plugin said meanwhile counts only if both went well.
    fn call<A, R>(
        &mut self,
        budget: Budget,
        function: impl FnOnce(&Exports, &mut Store<Inside>) -> wasmtime::Result<A>,
        check: impl FnOnce(A, &Code) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        self.store.data_mut().said.clear();
        let began = Instant::now();
        let answer = arm(&mut self.store, budget).and_then(|()| {
            let _running = self.code.ticker().enter();
            function(&self.exports, &mut self.store)
        });
        let refused = self.store.data_mut().limiter.take_refused();
        let fault = |error| Fault::of_call(&error, refused).with_words(self.last_words());
        let result = answer.map_err(fault).and_then(|answer| check(answer, &self.code));
        let mut health = self.health.lock();
        health.cost(used(&self.store, budget), self.memory_bytes(), began.elapsed());
        if !self.muted {
            health.hear(&self.name, &self.metrics, &self.store.data().said, result.is_ok());
        }
        result
    }
}

impl Instance {
    /// The error that the plugin logged last in the call just made: the SDK sends the words of a panic that way.
    fn last_words(&self) -> Option<&str> {
        let (level, line) = self.store.data().said.lines.last()?;
        matches!(level, Level::Error).then_some(line)
    }
}

impl Exports {
    fn of(code: &Code, store: &mut Store<Inside>, linked: &Linked) -> wasmtime::Result<Self> {
        let linked_code = code.linked();
        let lifecycle = lifecycle::GuestIndices::new(linked_code)?.load(&mut *store, linked)?;
        let work = match code.kind() {
            Kind::Detector => {
                Work::Detector(detection::GuestIndices::new(linked_code)?.load(store, linked)?)
            }
            Kind::Filter => {
                Work::Filter(filtering::GuestIndices::new(linked_code)?.load(store, linked)?)
            }
        };
        Ok(Exports { lifecycle, work })
    }

    fn detection(&self) -> wasmtime::Result<&detection::Guest> {
        match &self.work {
            Work::Detector(guest) => Ok(guest),
            Work::Filter(_) => Err(wasmtime::Error::msg("it is a filter, not a detector")),
        }
    }

    fn filtering(&self) -> wasmtime::Result<&filtering::Guest> {
        match &self.work {
            Work::Filter(guest) => Ok(guest),
            Work::Detector(_) => Err(wasmtime::Error::msg("it is a detector, not a filter")),
        }
    }
}

fn arm(store: &mut Store<Inside>, budget: Budget) -> wasmtime::Result<()> {
    store.set_epoch_deadline(budget.ticks);
    store.set_hostcall_fuel(budget.reply_bytes);
    store.set_fuel(budget.fuel)
}

fn used(store: &Store<Inside>, budget: Budget) -> u64 {
    budget.fuel.saturating_sub(store.get_fuel().unwrap_or_default())
}

fn batch<'a>(
    lines: &Lines<'_>,
    runs: &'a [types::Run],
    columns: &'a [types::Column<'a>],
) -> types::Batch<'a> {
    types::Batch { seq: lines.seq, watermark: lines.watermark_ms, runs, columns }
}
