//! The runtime: one engine for all plugins of a process.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::admission::AdmitError;
use crate::cache::{Cache, CacheCounts, CacheError};
use crate::compiled::{Admitted, CompiledPlugin};
use crate::compiler::Compiler;
use crate::digest::sha256_of;
use crate::engine;
use crate::limits::Limits;
use crate::link::{Inside, linker};
use crate::ticker::Ticker;

/// Why the runtime cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// wasmtime refuses the settings.
    #[error("the limits of plugins cannot be kept on this machine: {cause}; lower them")]
    Engine {
        /// What wasmtime says.
        cause: String,
    },
    /// The thread behind deadlines cannot be started.
    #[error(
        "failed to start the thread that ends calls which take too long; raise the limit of threads"
    )]
    Ticker(#[source] std::io::Error),
    /// The folder of compiled plugins cannot be used.
    #[error("compiled plugins cannot be kept")]
    Cache(#[from] CacheError),
}

/// Compiles plugins and runs them. Cheap to clone; one per process will do.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

/// What all plugins of a runtime share.
pub(crate) struct Shared {
    engine: Engine,
    pooling: bool,
    linker: Linker<Inside>,
    limits: Limits,
    cache: Option<Cache>,
    ticker: Ticker,
    compiler: Compiler,
    // A std mutex: locked to look one up, or to add one.
    admitted: Mutex<ByDigest>,
}

/// Components that somebody works with: a thousand tenants with the same plugin have its machine code once.
type ByDigest = BTreeMap<[u8; 32], Weak<Admitted>>;

impl Runtime {
    /// Starts a runtime that compiles in this process; compiled plugins are kept in the folder, if one is given.
    pub fn new(limits: Limits, cache_dir: Option<&Path>) -> Result<Self, RuntimeError> {
        Runtime::with_compiler(limits, cache_dir, Compiler::InProcess)
    }

    /// The same with a choice of who compiles what comes from outside.
    pub fn with_compiler(
        limits: Limits,
        cache_dir: Option<&Path>,
        compiler: Compiler,
    ) -> Result<Self, RuntimeError> {
        let refused = |error: wasmtime::Error| RuntimeError::Engine { cause: format!("{error:#}") };
        let engine::Allocated { engine, pooling } = engine::new(&limits).map_err(refused)?;
        let linker = linker(&engine).map_err(refused)?;
        // The hash covers wasmtime's version, our settings, the target and the features of the processor.
        let environment = sha256_of(&engine.precompile_compatibility_hash());
        let open = |folder| Cache::open(folder, environment, limits.cache_bytes_max);
        let cache = cache_dir.map(open).transpose()?;
        let ticker = Ticker::start(engine.clone(), limits.tick_ms).map_err(RuntimeError::Ticker)?;
        let admitted = Mutex::default();
        let shared = Shared { engine, pooling, linker, limits, cache, ticker, compiler, admitted };
        Ok(Runtime { shared: Arc::new(shared) })
    }

    /// Lets a component in: examines it, compiles it and asks it what it is.
    pub fn admit(&self, component: &[u8]) -> Result<CompiledPlugin, AdmitError> {
        CompiledPlugin::admit(component, &self.shared, &self.shared.compiler)
    }

    /// The same for a component that is part of this program, and is compiled in this process.
    pub fn admit_shipped(&self, component: &[u8]) -> Result<CompiledPlugin, AdmitError> {
        CompiledPlugin::admit(component, &self.shared, &Compiler::InProcess)
    }

    /// What plugins may use.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Whether instances come from a pool, which is faster; not every machine has the address space.
    pub fn is_pooling(&self) -> bool {
        self.shared.pooling
    }

    /// What the cache was good for; all zero without one.
    pub fn cache_counts(&self) -> CacheCounts {
        self.shared.cache.as_ref().map(Cache::counts).unwrap_or_default()
    }
}

impl Shared {
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn linker(&self) -> &Linker<Inside> {
        &self.linker
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    pub(crate) fn ticker(&self) -> &Ticker {
        &self.ticker
    }

    /// The component of that digest, if somebody works with it.
    pub(crate) fn admitted(&self, digest: &[u8; 32]) -> Option<Arc<Admitted>> {
        self.by_digest().get(digest)?.upgrade()
    }

    /// From now on it can be had by its digest, as long as somebody works with it.
    pub(crate) fn keep(&self, digest: [u8; 32], admitted: &Arc<Admitted>) {
        let mut all = self.by_digest();
        all.retain(|_, known| known.strong_count() > 0);
        all.insert(digest, Arc::downgrade(admitted));
    }

    fn by_digest(&self) -> MutexGuard<'_, ByDigest> {
        // Entries are never left half-made, whatever panicked.
        self.admitted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
