//! The wasmtime engine: sandboxed, metered and the same on every machine.

use std::num::NonZeroUsize;

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

use crate::admission::FEATURES;
use crate::limits::Limits;

/// An engine, and whether instances come from a pool.
pub(crate) struct Allocated {
    pub(crate) engine: Engine,
    pub(crate) pooling: bool,
}

/// Makes the engine. Where the address space is too small for the pool, instances are allocated one by one.
pub(crate) fn new(limits: &Limits) -> wasmtime::Result<Allocated> {
    let mut config = config(limits);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    match Engine::new(&config) {
        Ok(engine) => Ok(Allocated { engine, pooling: true }),
        Err(error) => {
            tracing::warn!(%error, "no pool for plugin instances, allocating on demand");
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
            Ok(Allocated { engine: Engine::new(&config)?, pooling: false })
        }
    }
}

/// An engine that only compiles, for the same machine code. It sets no address space aside.
pub(crate) fn without_pool(limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = config(limits);
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config)
}

fn config(limits: &Limits) -> Config {
    let mut config = Config::new();
    config
        .wasm_features(FEATURES.complement(), false)
        .wasm_features(FEATURES, true)
        .concurrency_support(false)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(limits.stack_bytes_max)
        .wasm_backtrace_max_frames(NonZeroUsize::new(limits.backtrace_frames_max))
        // The default asks an environment variable, and a plugin's failure must read the same everywhere.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let instances = limits.instances_max;
    let memory_bytes = limits.detector_memory_bytes_max.max(limits.filter_memory_bytes_max);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(limits.core_instances_max))
        .total_memories(instances.saturating_mul(limits.memories_max))
        .total_tables(instances.saturating_mul(limits.tables_max))
        .max_core_instances_per_component(limits.core_instances_max)
        .max_memories_per_component(limits.memories_max)
        .max_memories_per_module(limits.memories_max)
        .max_tables_per_component(limits.tables_max)
        .max_tables_per_module(limits.tables_max)
        .table_elements(limits.table_elements_max)
        .max_memory_size(memory_bytes);
    pool
}
