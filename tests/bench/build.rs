//! Builds the guest whose calls are measured.

fn main() -> Result<(), guest_build::Error> {
    guest_build::build(&["guest-probe"])?;
    Ok(())
}
