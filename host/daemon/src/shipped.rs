//! The plugins that ship, built by the build script and embedded.

/// Name in the configuration, and component.
const PLUGINS: [(&str, &[u8]); 7] = [
    ("rate", include_bytes!(concat!(env!("OUT_DIR"), "/detector-rate.wasm"))),
    ("novelty", include_bytes!(concat!(env!("OUT_DIR"), "/detector-novelty.wasm"))),
    ("invariants", include_bytes!(concat!(env!("OUT_DIR"), "/detector-invariants.wasm"))),
    ("divergence", include_bytes!(concat!(env!("OUT_DIR"), "/detector-divergence.wasm"))),
    ("entropy", include_bytes!(concat!(env!("OUT_DIR"), "/detector-entropy.wasm"))),
    ("dmd", include_bytes!(concat!(env!("OUT_DIR"), "/detector-dmd.wasm"))),
    ("drop-noise", include_bytes!(concat!(env!("OUT_DIR"), "/filter-drop-noise.wasm"))),
];

/// The component of that name.
pub(crate) fn component(name: &str) -> Option<&'static [u8]> {
    PLUGINS.iter().find(|(known, _)| *known == name).map(|(_, component)| *component)
}

/// The names of all, for messages.
pub(crate) fn names() -> String {
    PLUGINS.map(|(name, _)| name).join(", ")
}
