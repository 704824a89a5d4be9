//! Builds the guests whose calls are measured, and whose book is checked.

fn main() -> Result<(), guest_build::Error> {
    guest_build::build(&["guest-probe", "guest-ledger"])?;
    Ok(())
}
