//! What a component must be before wasmtime sees it.
//!
//! The whole file is validated first, and its imports are held against the short list of what a plugin may reach:
//! nothing of WASI is on it, so there is no clock, no file, no socket to be had.

use serde::Serialize;
use wasmparser::{
    BinaryReaderError, ComponentExternalKind, ComponentTypeRef, Parser, Payload, Validator,
    WasmFeatures,
};

use crate::fault::Fault;
use crate::limits::Limits;

/// Instructions that plugins may use: those that mean the same on every machine, in one thread, without a garbage
/// collector.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::LIME1)
    .union(WasmFeatures::COMPONENT_MODEL)
    .difference(WasmFeatures::GC_TYPES);

const IMPORTS: [&str; 3] = ["types", "log", "metrics"];

/// What a plugin does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Scores.
    Detector,
    /// Verdicts.
    Filter,
}

/// Why a component is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// The file is too large.
    #[error(
        "the component has {bytes} bytes, of {bytes_max} allowed; build it with `opt-level = \"s\"` and stripped of \
         debug information, or raise `component_bytes_max`"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The file is something else.
    #[error("this is not WebAssembly; give the `.wasm` file of a component")]
    NotWebAssembly,
    /// The file is a core module.
    #[error("this is a core module, not a component; wrap it with `wasm-tools component new`")]
    CoreModule,
    /// The file is damaged, or uses instructions that plugins may not use.
    #[error(
        "the component is not valid WebAssembly for plugins; build it again for `wasm32-unknown-unknown`"
    )]
    Invalid(#[source] BinaryReaderError),
    /// The component wants something that plugins do not get.
    #[error(
        "the component imports `{import}`, which plugins do not get; build it for `wasm32-unknown-unknown`, and use \
         only `log` and `metrics` of `bellwether:plugin@0.1`"
    )]
    ForeignImport {
        /// What it wants.
        import: String,
    },
    /// The component is no plugin.
    #[error(
        "the component does not export `{export}`; build it against world `detector` or `filter` of `bellwether:plugin@0.1`"
    )]
    MissingExport {
        /// What it lacks.
        export: &'static str,
    },
    /// The component is two plugins.
    #[error("the component exports both `detection` and `filtering`; make it two components")]
    TwoKinds,
    /// wasmtime cannot make machine code of it or link it.
    #[error(
        "the component cannot be used: {cause}; build it against `bellwether:plugin@0.1`, within the limits of plugins"
    )]
    Compile {
        /// What wasmtime says.
        cause: String,
    },
    /// Compiling it takes more than it may.
    #[error(
        "compiling the component takes more {what} than the {limit} it may; make it smaller, or raise `{setting}`"
    )]
    TooDear {
        /// Of what.
        what: &'static str,
        /// How much it may take.
        limit: String,
        /// The setting of that limit.
        setting: &'static str,
    },
    /// There is nobody to compile it.
    #[error(
        "the compiler of plugins cannot work: {cause}; see that the program and its machine are in order"
    )]
    NoCompiler {
        /// What the system or the compiler says.
        cause: String,
    },
    /// The component fails as soon as it is started.
    #[error("the plugin failed when it was started and asked what it is")]
    Start(#[source] Fault),
}

/// What is known about a component without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) kind: Kind,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

/// Examines a file from outside.
pub(crate) fn examine(bytes: &[u8], limits: &Limits) -> Result<Admission, AdmitError> {
    let bytes_max = limits.component_bytes_max;
    if bytes.len() > bytes_max {
        return Err(AdmitError::TooLarge { bytes: bytes.len(), bytes_max });
    }
    if Parser::is_core_wasm(bytes) {
        return Err(AdmitError::CoreModule);
    }
    if !Parser::is_component(bytes) {
        return Err(AdmitError::NotWebAssembly);
    }
    Validator::new_with_features(FEATURES).validate_all(bytes).map_err(AdmitError::Invalid)?;
    let (imports, exports) = interfaces(bytes).map_err(AdmitError::Invalid)?;
    if let Some(import) = imports.iter().find(|import| !is_ours(import, &IMPORTS)) {
        return Err(AdmitError::ForeignImport { import: import.escape_debug().to_string() });
    }
    let kind = kind(&exports)?;
    Ok(Admission { kind, imports, exports })
}

/// Names of what the outermost component imports and exports; anything but an interface gets a name that is not ours.
fn interfaces(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), BinaryReaderError> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import?;
                    let interface = matches!(import.ty, ComponentTypeRef::Instance(_));
                    imports.push(named(import.name.name, interface));
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export?;
                    let interface = export.kind == ComponentExternalKind::Instance;
                    exports.push(named(export.name.name, interface));
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

fn named(name: &str, interface: bool) -> String {
    if interface { name.to_owned() } else { format!("{name} (not an interface)") }
}

/// Whether a name is one of our interfaces in a version of the contract that this host speaks.
fn is_ours(name: &str, interfaces: &[&str]) -> bool {
    let Some((interface, version)) =
        name.strip_prefix("bellwether:plugin/").and_then(|name| name.split_once('@'))
    else {
        return false;
    };
    let patch = version.strip_prefix("0.1.").unwrap_or_default();
    interfaces.contains(&interface)
        && !patch.is_empty()
        && patch.bytes().all(|byte| byte.is_ascii_digit())
}

fn kind(exports: &[String]) -> Result<Kind, AdmitError> {
    let has = |interface| exports.iter().any(|name| is_ours(name, &[interface]));
    if !has("lifecycle") {
        return Err(AdmitError::MissingExport { export: "bellwether:plugin/lifecycle@0.1" });
    }
    match (has("detection"), has("filtering")) {
        (true, false) => Ok(Kind::Detector),
        (false, true) => Ok(Kind::Filter),
        (true, true) => Err(AdmitError::TwoKinds),
        (false, false) => {
            Err(AdmitError::MissingExport { export: "bellwether:plugin/detection@0.1" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_interfaces_are_ours() {
        let cases = [
            ("bellwether:plugin/log@0.1.0", true),
            ("bellwether:plugin/types@0.1.17", true),
            ("bellwether:plugin/log@0.2.0", false),
            ("bellwether:plugin/log@0.1.0-rc1", false),
            ("bellwether:plugin/log@0.1.", false),
            ("bellwether:plugin/log", false),
            ("bellwether:plugin/files@0.1.0", false),
            ("bellwether:plugins/log@0.1.0", false),
            ("wasi:clocks/monotonic-clock@0.2.0", false),
            ("bellwether:plugin/log@0.1.0 (not an interface)", false),
        ];
        for (name, expected) in cases {
            assert_eq!(is_ours(name, &IMPORTS), expected, "{name}");
        }
    }

    #[test]
    fn exports_decide_the_kind() {
        let check = |exports: &[&str], expected: &str| {
            let exports: Vec<_> =
                exports.iter().map(|name| format!("bellwether:plugin/{name}@0.1.0")).collect();
            let found = match kind(&exports) {
                Ok(kind) => format!("{kind:?}"),
                Err(error) => error.to_string(),
            };
            assert!(found.contains(expected), "{exports:?}: {found}");
        };
        check(&["lifecycle", "detection"], "Detector");
        check(&["lifecycle", "filtering"], "Filter");
        check(&["lifecycle", "filtering", "detection"], "make it two components");
        check(&["detection"], "`bellwether:plugin/lifecycle@0.1`");
        check(&["lifecycle"], "`bellwether:plugin/detection@0.1`");
    }
}
