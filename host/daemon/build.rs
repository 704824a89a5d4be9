//! Builds the plugins that ship, as components to be embedded in the binary, and packs what authors of others need.

#[path = "build/kit.rs"]
mod kit;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    guest_build::build(&[
        "detector-rate",
        "detector-novelty",
        "detector-invariants",
        "detector-divergence",
        "detector-entropy",
        "detector-dmd",
        "filter-drop-noise",
    ])?;
    kit::pack()?;
    Ok(())
}
