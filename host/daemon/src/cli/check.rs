//! `bellwether check`: a configuration with everything it names.

use super::{Failure, stdout};
use crate::config::{self, Config};
use crate::loadout::{Loadout, settings};
use bellwether_core::lane::Wishes;
use std::io::Write;
use std::path::Path;

/// Checks a configuration with everything it names.
pub(super) fn config(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path).map_err(Failure::config)?;
    let settings = settings(&config, &config.tenant);
    let bits = settings.standard().alarm_bits;
    Loadout::new(&config, settings, Wishes::default())?;
    bellwether_store::check_place(&config.store.path)?;
    let mut out = stdout();
    writeln!(
        out,
        "{}: fine: {} patterns, {} detectors, {} filters; alarm from {bits:.1} bits",
        path.display(),
        config.patterns.len(),
        config.detectors.len(),
        config.filters.len(),
    )?;
    Ok(out.flush()?)
}

/// Prints all settings with their defaults.
pub(super) fn defaults() -> Result<(), Failure> {
    let mut out = stdout();
    out.write_all(config::render_defaults().as_bytes())?;
    Ok(out.flush()?)
}
