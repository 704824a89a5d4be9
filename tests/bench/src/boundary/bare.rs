//! A call through wasmtime alone: metered alike, but with no fuel or deadline of its own, no clock and no books.

use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, Instance, Lift, Linker, TypedFunc,
};
use wasmtime::error::Context;
use wasmtime::{Config, Engine, Result, Store};

/// As the contract has it.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct Explanation {
    #[expect(dead_code, reason = "a field of the contract, which is read and not looked at")]
    summary: String,
    #[expect(dead_code, reason = "as above")]
    evidence: Vec<(String, String)>,
}

/// A detector in a store of its own.
pub(super) struct Bare {
    store: Store<()>,
    explain: TypedFunc<(u32,), (Option<Explanation>,)>,
}

impl Bare {
    /// Starts and configures it.
    pub(super) fn start(component: &[u8], config: &str) -> Result<Self> {
        let mut settings = Config::new();
        settings.concurrency_support(false).consume_fuel(true).epoch_interruption(true);
        let engine = Engine::new(&settings)?;
        let component = Component::new(&engine, component)?;
        let mut store = Store::new(&engine, ());
        store.set_fuel(u64::MAX)?;
        store.set_epoch_deadline(u64::MAX / 2);
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        let instance = linker.instantiate(&mut store, &component)?;
        let configure = export(&mut store, &instance, "lifecycle", "configure")?;
        let configure =
            instance.get_typed_func::<(&str,), (Result<(), String>,)>(&mut store, configure)?;
        configure.call(&mut store, (config,))?.0.map_err(wasmtime::Error::msg)?;
        let explain = export(&mut store, &instance, "detection", "explain")?;
        let explain = instance.get_typed_func(&mut store, explain)?;
        Ok(Bare { store, explain })
    }

    /// Asks it.
    pub(super) fn explain(&mut self, token: u32) -> Result<Option<Explanation>> {
        Ok(self.explain.call(&mut self.store, (token,))?.0)
    }
}

fn export(
    store: &mut Store<()>,
    instance: &Instance,
    interface: &str,
    function: &str,
) -> Result<ComponentExportIndex> {
    let name = format!("bellwether:plugin/{interface}@0.1.0");
    let interface = instance.get_export_index(&mut *store, None, &name);
    let interface = interface.with_context(|| format!("the component has no `{name}`"))?;
    let function_index = instance.get_export_index(store, Some(&interface), function);
    function_index.with_context(|| format!("`{name}` has no `{function}`"))
}
