//! What a plugin can call: a log and counters, both capped, and both kept only when the call succeeds.

use wasmtime::component::{Linker, WasmStr};
use wasmtime::{Engine, StoreContextMut, Trap};

use crate::bindings::Level;
use crate::limiter::Limiter;
use crate::limits::Limits;
use crate::text::clean;

/// What the host keeps beside an instance.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) limiter: Limiter,
    pub(crate) said: Said,
    log_lines_max: usize,
    log_line_bytes_max: usize,
    metric_calls_max: u32,
}

/// What a plugin told the host during a call.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) lines: Vec<(Level, String)>,
    pub(crate) lines_dropped: u64,
    /// Sums in the order of `Descriptor::metrics`.
    pub(crate) sums: Vec<f64>,
    pub(crate) metric_calls_dropped: u64,
    metric_calls: u32,
}

impl Inside {
    /// For an instance whose plugin counts no metrics yet.
    pub(crate) fn new(limiter: Limiter, limits: &Limits) -> Self {
        Inside {
            limiter,
            said: Said::default(),
            log_lines_max: limits.log_lines_max,
            log_line_bytes_max: limits.log_line_bytes_max,
            metric_calls_max: limits.metric_calls_max,
        }
    }
}

impl Said {
    /// Forgets what was said, for the next call.
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
        self.lines_dropped = 0;
        self.sums.fill(0.0);
        self.metric_calls = 0;
        self.metric_calls_dropped = 0;
    }
}

/// Links the interfaces that plugins may import.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Inside>> {
    let mut linker = Linker::new(engine);
    linker.instance("bellwether:plugin/types@0.1.0")?;
    linker.instance("bellwether:plugin/log@0.1.0")?.func_wrap("log", log)?;
    linker.instance("bellwether:plugin/metrics@0.1.0")?.func_wrap("add", add)?;
    Ok(linker)
}

/// Keeps a message. A byte costs a unit of fuel, or else long messages would be work that nobody pays for.
fn log(
    mut store: StoreContextMut<'_, Inside>,
    (level, message): (Level, WasmStr),
) -> wasmtime::Result<()> {
    let inside = store.data_mut();
    if inside.said.lines.len() >= inside.log_lines_max {
        inside.said.lines_dropped += 1;
        return Ok(());
    }
    let bytes_max = inside.log_line_bytes_max;
    let message = message.to_str(&store)?;
    let (bytes, line) = (message.len() as u64, clean(&message, bytes_max));
    let Some(fuel) = store.get_fuel()?.checked_sub(bytes) else {
        return Err(Trap::OutOfFuel.into());
    };
    store.set_fuel(fuel)?;
    store.data_mut().said.lines.push((level, line));
    Ok(())
}

fn add(mut store: StoreContextMut<'_, Inside>, (id, by): (u32, f64)) -> wasmtime::Result<()> {
    let Inside { said, metric_calls_max, .. } = store.data_mut();
    if said.metric_calls >= *metric_calls_max {
        said.metric_calls_dropped += 1;
        return Ok(());
    }
    said.metric_calls += 1;
    let metrics = said.sums.len();
    let Some(sum) = said.sums.get_mut(id as usize) else {
        return Err(wasmtime::Error::msg(format!("metric {id} of {metrics} was counted")));
    };
    if !by.is_finite() {
        return Err(wasmtime::Error::msg(format!("metric {id} was to grow by {by}")));
    }
    *sum += by;
    Ok(())
}
