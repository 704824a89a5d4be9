//! Builds the plugins that ship, as components to be embedded in the binary.

fn main() -> Result<(), guest_build::Error> {
    guest_build::build(&[
        "detector-rate",
        "detector-novelty",
        "detector-invariants",
        "detector-divergence",
        "detector-entropy",
        "detector-dmd",
        "filter-drop-noise",
    ])?;
    Ok(())
}
