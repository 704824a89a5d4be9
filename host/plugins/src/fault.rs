//! How a plugin can fail, and how it is told.

use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::text::clean;

/// Bytes kept of what a plugin or wasmtime says about a failure, and of each line of a backtrace.
const WORDS_BYTES_MAX: usize = 500;

/// A failure of a plugin; only ever its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It crashed.
    #[error("the plugin trapped: {cause}{trace}")]
    Trap {
        /// The trap.
        cause: String,
        /// Where, with the names of functions.
        trace: Trace,
    },
    /// It did not come to an end with its fuel.
    #[error("the plugin ran out of fuel; make it do less per row, or raise the fuel limits{0}")]
    Fuel(Trace),
    /// It had fuel left when the wall clock ended the call.
    #[error(
        "the plugin was stopped by the clock; the machine is overloaded, or `deadline_ns_per_fuel` too low{0}"
    )]
    Deadline(Trace),
    /// It wanted more memory or tables than it may have.
    #[error(
        "the plugin wanted more memory or tables than it may have; make it keep less, or raise the limits{0}"
    )]
    Memory(Trace),
    /// It answered something that the contract does not allow.
    #[error("the plugin broke the contract: {0}")]
    BadReply(String),
    /// It refuses its configuration.
    #[error("the plugin refuses its configuration: {0}")]
    Configure(String),
    /// It cannot save or load the state of a source.
    #[error("the plugin failed to save or load state: {0}")]
    State(String),
    /// All instances that the host may have are in use.
    #[error("no instance is left for the plugin; raise `instances_max`")]
    NoSlot,
}

impl Fault {
    /// The name under which such faults are counted.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Trap { .. } => "trap",
            Fault::Fuel(_) => "fuel",
            Fault::Deadline(_) => "deadline",
            Fault::Memory(_) => "memory",
            Fault::BadReply(_) => "bad-reply",
            Fault::Configure(_) => "configure",
            Fault::State(_) => "state",
            Fault::NoSlot => "no-slot",
        }
    }

    /// What an error of a call means. `refused` says whether the plugin was denied memory during the call: a guest
    /// that cannot allocate has no better way to say so than a trap.
    pub(crate) fn of_call(error: &wasmtime::Error, refused: bool) -> Self {
        let trace = Trace::of(error);
        if error.is::<PoolConcurrencyLimitError>() {
            return Fault::NoSlot;
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Fault::Fuel(trace),
            Some(Trap::Interrupt) => Fault::Deadline(trace),
            _ if refused => Fault::Memory(trace),
            Some(trap) if is_broken_reply(*trap) => Fault::bad_reply(&trap.to_string()),
            Some(trap) => Fault::Trap { cause: trap.to_string(), trace },
            None => Fault::bad_reply(&error.root_cause().to_string()),
        }
    }

    /// Whether it was ended for using more fuel or time than it may.
    pub(crate) fn is_kill(&self) -> bool {
        matches!(self, Fault::Fuel(_) | Fault::Deadline(_))
    }

    /// What sources have done since they were saved could not be brought back.
    pub(crate) fn lost(sources: usize) -> Self {
        Fault::State(format!("what {sources} sources did since they were saved is lost"))
    }

    /// The same, with what the plugin said as it trapped.
    pub(crate) fn with_words(self, words: Option<&str>) -> Self {
        match (self, words) {
            (Fault::Trap { cause, trace }, Some(words)) => {
                Fault::Trap { cause: format!("{cause}; it said: {words}"), trace }
            }
            (fault, _) => fault,
        }
    }

    /// A broken contract, told in words that may come from the plugin.
    pub(crate) fn bad_reply(words: &str) -> Self {
        Fault::BadReply(clean(words, WORDS_BYTES_MAX))
    }

    /// A refused configuration, in the plugin's words.
    pub(crate) fn configure(words: &str) -> Self {
        Fault::Configure(clean(words, WORDS_BYTES_MAX))
    }

    /// Trouble with the state of a source, in words that may come from the plugin.
    pub(crate) fn state(source: u32, words: &str) -> Self {
        Fault::State(format!("source {source}: {}", clean(words, WORDS_BYTES_MAX)))
    }
}

/// Traps that wasmtime raises when it reads a malformed value.
fn is_broken_reply(trap: Trap) -> bool {
    matches!(
        trap,
        Trap::InvalidChar
            | Trap::StringOutOfBounds
            | Trap::ListOutOfBounds
            | Trap::InvalidDiscriminant
            | Trap::UnalignedPointer
    )
}

/// The functions a plugin was in, innermost first; empty when it was in none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    frames: Vec<String>,
}

impl Trace {
    /// The names, innermost first.
    pub fn frames(&self) -> &[String] {
        &self.frames
    }

    fn of(error: &wasmtime::Error) -> Self {
        let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
            return Trace::default();
        };
        // Only the text has demangled names. Its first line is a heading, and each other begins with a number.
        let text = backtrace.to_string();
        let name = |line: &str| {
            clean(line.split_once(':').map_or(line, |(_, name)| name).trim(), WORDS_BYTES_MAX)
        };
        Trace { frames: text.lines().skip(1).map(name).collect() }
    }
}

impl std::fmt::Display for Trace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for frame in &self.frames {
            write!(formatter, "\n  at {frame}")?;
        }
        Ok(())
    }
}
