//! Builds the guests whose calls are measured, and whose book is checked.

fn main() -> Result<(), guest_build::Error> {
    guest_build::build(&[
        "guest-probe",
        "guest-sluice",
        "guest-ledger",
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
