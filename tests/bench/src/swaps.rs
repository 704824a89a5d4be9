//! Plugins change while a pipeline works at full speed: is every row seen once and in order, and for how long does a lane
//! stand still?

use crate::load::{BALLAST_BYTES, Load, loadouts};
use anyhow::{Error, Result, ensure};

/// The component that the build script made.
const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest-ledger.wasm"));
/// Asks this program for so many swaps.
pub(crate) const ARGUMENT: &str = "--swaps";

/// Swaps so many times and tells how that went.
pub(crate) fn measure(swaps: usize) -> Result<()> {
    ensure!(swaps > 1, "a swap is timed when the next one begins; ask for at least 2");
    let loadouts = loadouts(COMPONENT).map_err(Error::from_boxed)?;
    let run = |loadouts: Option<_>, first| {
        let mut load = Load::start(first)?;
        let ran = load.run(swaps, loadouts)?;
        Ok((ran, load.end()?))
    };
    let (_, (_, still_per_s)) = run(None, &loadouts[0]).map_err(Error::from_boxed)?;
    let (ran, (rows, lines_per_s)) =
        run(Some(&loadouts), &loadouts[0]).map_err(Error::from_boxed)?;
    let mut held = ran.held;
    held.sort_unstable();
    let at = |share: f64| held[((held.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("swaps                {}, of plugins with {BALLAST_BYTES} bytes of state", held.len());
    println!("rows                 {rows}, each seen once and in order");
    println!("lines/s              {lines_per_s:.0}; {:.0} without swaps", still_per_s);
    println!(
        "a lane stood still   {:.3} ms in the median, {:.3} p99, {:.3} at most",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}
