//! A component as machine code, ready to be started any number of times.

use std::sync::Arc;
use std::time::Instant;

use bellwether_core::plugin::{Descriptor, WindowSpan};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};

use crate::admission::{Admission, AdmitError, Kind, examine};
use crate::cache::Proven;
use crate::compiler::{Compiler, Made, compile_in_child};
use crate::digest::{hex, sha256};
use crate::fault::Fault;
use crate::health::HealthHandle;
use crate::inspect::{Granted, Inspection};
use crate::instance::Instance;
use crate::lane::{LaneDetector, LaneFilter};
use crate::limits::Limits;
use crate::link::Inside;
use crate::runtime::Shared;
use crate::ticker::Ticker;

/// Why a plugin cannot be opened in a lane.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is of the other kind.
    #[error("plugin `{name}` is a {}; name it under {}", kind_word(*.kind), kind_section(*.kind))]
    WrongKind {
        /// Its name.
        name: String,
        /// What it is.
        kind: Kind,
    },
    /// It fails at once.
    #[error("plugin `{name}` could not be opened")]
    Fault {
        /// Its name.
        name: String,
        /// How.
        #[source]
        fault: Fault,
    },
}

/// A plugin that has been admitted. Cheap to clone.
#[derive(Clone)]
pub struct CompiledPlugin {
    admitted: Arc<Admitted>,
}

/// A component that was let in, once for all who work with it.
pub(crate) struct Admitted {
    code: Arc<Code>,
    descriptor: Descriptor,
    inspection: Inspection,
}

/// What an instance is started from.
pub(crate) struct Code {
    linked: InstancePre<Inside>,
    kind: Kind,
    shared: Arc<Shared>,
}

impl CompiledPlugin {
    /// Examines a component, compiles it unless that has been done before, and asks it what it is. What somebody works
    /// with already is only handed out once more.
    pub(crate) fn admit(
        bytes: &[u8],
        shared: &Arc<Shared>,
        compiler: &Compiler,
    ) -> Result<Self, AdmitError> {
        let digest = sha256(bytes);
        if let Some(admitted) = shared.admitted(&digest) {
            return Ok(CompiledPlugin { admitted });
        }
        let admission = examine(bytes, shared.limits())?;
        let began = Instant::now();
        let (component, cache_hit) = compile(bytes, &digest, shared, compiler)?;
        let compile_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        check_resources(&component, shared.limits())?;
        let linked =
            shared.linker().instantiate_pre(&component).map_err(|error| refused(&error))?;
        let code = Arc::new(Code { linked, kind: admission.kind, shared: Arc::clone(shared) });
        let mut instance =
            Instance::start(&code, &HealthHandle::default()).map_err(AdmitError::Start)?;
        let descriptor = instance.describe().map_err(AdmitError::Start)?;
        let Admission { kind, imports, exports } = admission;
        let inspection = Inspection {
            digest: hex(&digest),
            bytes: bytes.len(),
            imports,
            exports,
            memory_bytes: instance.memory_bytes(),
            compile_ms,
            cache_hit,
            limits: Granted::of(kind, shared.limits()),
            ..Inspection::of(kind, &descriptor)
        };
        let admitted = Arc::new(Admitted { code, descriptor, inspection });
        shared.keep(digest, &admitted);
        Ok(CompiledPlugin { admitted })
    }

    /// What it does.
    pub fn kind(&self) -> Kind {
        self.admitted.code.kind
    }

    /// The SHA-256 of the component, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.admitted.inspection.digest
    }

    /// What it says it is before it is configured.
    pub fn descriptor(&self) -> &Descriptor {
        &self.admitted.descriptor
    }

    /// Everything a person may want to know about it.
    pub fn inspection(&self) -> &Inspection {
        &self.admitted.inspection
    }

    /// Opens it as the detector of a lane, configured; the span replaces that of its descriptor.
    pub fn detector(
        &self,
        config_json: &str,
        span: Option<WindowSpan>,
    ) -> Result<LaneDetector, OpenError> {
        self.expect_kind(Kind::Detector)?;
        LaneDetector::open(&self.admitted.code, config_json, span)
            .map_err(|fault| self.failed(fault))
    }

    /// Opens it as a filter of a lane, configured.
    pub fn filter(&self, config_json: &str) -> Result<LaneFilter, OpenError> {
        self.expect_kind(Kind::Filter)?;
        LaneFilter::open(&self.admitted.code, config_json).map_err(|fault| self.failed(fault))
    }

    fn expect_kind(&self, kind: Kind) -> Result<(), OpenError> {
        if self.kind() == kind {
            return Ok(());
        }
        Err(OpenError::WrongKind { name: self.descriptor().name.clone(), kind: self.kind() })
    }

    fn failed(&self, fault: Fault) -> OpenError {
        OpenError::Fault { name: self.descriptor().name.clone(), fault }
    }
}

impl Code {
    /// The engine it was compiled for.
    pub(crate) fn engine(&self) -> &Engine {
        self.linked.engine()
    }

    /// The component with its imports filled in.
    pub(crate) fn linked(&self) -> &InstancePre<Inside> {
        &self.linked
    }

    /// What it does.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// What it may use.
    pub(crate) fn limits(&self) -> &Limits {
        self.shared.limits()
    }

    /// The clock behind its deadlines.
    pub(crate) fn ticker(&self) -> &Ticker {
        self.shared.ticker()
    }
}

/// Machine code for a component, and whether it came from the cache.
fn compile(
    bytes: &[u8],
    digest: &[u8; 32],
    shared: &Shared,
    compiler: &Compiler,
) -> Result<(Component, bool), AdmitError> {
    let cache = shared.cache();
    if let Some(cache) = cache
        && let Some(code) = cache.load(digest)
    {
        match load(shared.engine(), Vouched::Cached(&code)) {
            Ok(component) => return Ok((component, true)),
            Err(error) => {
                tracing::warn!(%error, "compiled plugin does not fit this machine");
                cache.reject(digest);
            }
        }
    }
    let engine = shared.engine();
    let refused = |error| refused(&error);
    let component = match compiler {
        Compiler::InProcess => {
            let component = Component::from_binary(engine, bytes).map_err(refused)?;
            if let Some(cache) = cache {
                cache.store(digest, &component.serialize().map_err(refused)?);
            }
            component
        }
        Compiler::Child(program) => {
            let made = compile_in_child(program, bytes, shared.limits())?;
            let component = load(engine, Vouched::Made(&made)).map_err(refused)?;
            if let Some(cache) = cache {
                cache.store(digest, made.bytes());
            }
            component
        }
    };
    Ok((component, false))
}

/// Machine code that may be run.
#[derive(Clone, Copy)]
enum Vouched<'a> {
    Cached(&'a Proven),
    Made(&'a Made),
}

#[expect(
    unsafe_code,
    reason = "wasmtime cannot check machine code; the MAC of the cache vouches for it, or our own child"
)]
fn load(engine: &Engine, code: Vouched<'_>) -> wasmtime::Result<Component> {
    let bytes = match code {
        Vouched::Cached(code) => code.bytes(),
        Vouched::Made(code) => code.bytes(),
    };
    // SAFETY: a `Proven` holds bytes that came from `Component::serialize` or from a `Made`, unchanged since, and for this
    // compiler with these settings: its MAC says so, made with a key that only this user can read. A `Made` holds what
    // `Engine::precompile_component` of a child has written, which is this same program, into a pipe that nobody else
    // has; `deserialize` itself checks that compiler and settings are those of this engine.
    unsafe { Component::deserialize(engine, bytes) }
}

/// The limiter would refuse the same when an instance starts; here the component's author is told.
fn check_resources(component: &Component, limits: &Limits) -> Result<(), AdmitError> {
    let Some(needed) = component.resources_required() else {
        return Err(AdmitError::Compile { cause: "it wants core modules from outside".into() });
    };
    let counts = [
        ("memories", needed.num_memories, limits.memories_max),
        ("tables", needed.num_tables, limits.tables_max),
    ];
    for (what, count, count_max) in counts {
        if count > count_max {
            let cause = format!("it needs {count} {what}, of {count_max} allowed");
            return Err(AdmitError::Compile { cause });
        }
    }
    Ok(())
}

fn refused(error: &wasmtime::Error) -> AdmitError {
    AdmitError::Compile { cause: crate::text::clean(&format!("{error:#}"), 1000) }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Detector => "detector",
        Kind::Filter => "filter",
    }
}

fn kind_section(kind: Kind) -> &'static str {
    match kind {
        Kind::Detector => "`detectors`",
        Kind::Filter => "`filters`",
    }
}
