//! What goes in.

use crate::batch::Batch;
use crate::intake::Routed;

/// What a lane is told.
#[derive(Debug)]
pub enum Input {
    /// Records of its sources.
    Records(Batch),
    /// Event time of some of them is complete up to there: their windows close.
    Close {
        /// Numbers of the sources.
        sources: Vec<u32>,
        /// Milliseconds since 1970.
        until_ms: u64,
    },
    /// Event time of the tenant has come so far: a good moment for plugins to save their state or to be tried again.
    Tick(u64),
    /// Nothing more comes: what waits in windows that did not close is judged as far as it goes.
    End,
}

impl From<Routed> for Input {
    /// What was routed, as the lane that it is for is told.
    fn from(routed: Routed) -> Self {
        match routed {
            Routed::Records { batch, .. } => Input::Records(batch),
            Routed::Close { sources, until_ms, .. } => Input::Close { sources, until_ms },
            Routed::Tick(watermark_ms) => Input::Tick(watermark_ms),
        }
    }
}
