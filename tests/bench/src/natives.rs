//! The detectors and filters that ship, compiled natively from their own sources: the peers of their components.
//!
//! Not as dependencies: a crate that is a library as well is compiled for WebAssembly without optimising it as a whole.

#[path = "../../../guests/detectors/divergence/src/lib.rs"]
pub(crate) mod native_divergence;
#[path = "../../../guests/detectors/dmd/src/lib.rs"]
pub(crate) mod native_dmd;
#[path = "../../../guests/filters/drop-noise/src/lib.rs"]
pub(crate) mod native_drop_noise;
#[path = "../../../guests/detectors/entropy/src/lib.rs"]
pub(crate) mod native_entropy;
#[path = "../../../guests/detectors/invariants/src/lib.rs"]
pub(crate) mod native_invariants;
#[path = "../../../guests/detectors/novelty/src/lib.rs"]
pub(crate) mod native_novelty;
#[path = "../../../guests/detectors/rate/src/lib.rs"]
pub(crate) mod native_rate;
