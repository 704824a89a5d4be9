//! Runs detectors and filters as sandboxed WebAssembly components: the only crate that knows wasmtime.
//!
//! [`Runtime::admit`] takes a component, [`CompiledPlugin::detector`] and [`CompiledPlugin::filter`] open it in a lane,
//! and what comes out implements the traits of `bellwether_core::plugin`. A plugin can only fail itself: every failure
//! is a counted [`Fault`], shown in its [`Health`].

mod admission;
mod bindings;
mod cache;
mod circuit;
mod compiled;
mod compiler;
mod describe;
mod digest;
mod engine;
mod fault;
mod health;
mod inspect;
mod instance;
mod lane;
mod limiter;
mod limits;
mod link;
mod lower;
mod reply;
mod runtime;
mod share;
mod text;
mod ticker;

pub use admission::{AdmitError, Kind};
pub use cache::{CacheCounts, CacheError};
pub use circuit::CircuitState;
pub use compiled::{CompiledPlugin, OpenError};
pub use compiler::{CHILD_REFUSED, CompileError, Compiler, compile_as_child};
pub use fault::{Fault, Trace};
pub use health::{Health, HealthHandle, LogLine};
pub use inspect::{Granted, Inspection};
pub use lane::{LaneDetector, LaneFilter};
pub use limits::Limits;
pub use runtime::{Runtime, RuntimeError};
