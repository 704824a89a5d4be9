//! The pure heart of bellwether: bytes become records, records become columns, columns become anomalies.
//!
//! Nothing here does I/O, reads a clock or waits. The same inputs give the same outputs, whatever the number of
//! workers and however the input was cut.
//!
//! In the order in which a line travels: [`frame`], [`assemble`] and [`form`] make records of bytes, [`intake`] gives
//! them to [`batch`]es, a [`lane`] matches, mines, counts and asks [`plugin`]s, [`calibrate`] turns their scores into
//! bits, and [`correlate`] makes anomalies of what is odd.

pub mod assemble;
pub mod batch;
pub mod calibrate;
#[cfg(test)]
mod chance;
pub mod column;
pub mod correlate;
pub mod embedding;
pub mod entropy;
pub mod envelope;
pub mod form;
pub mod frame;
pub mod glob;
pub mod intake;
pub mod lane;
pub mod matcher;
pub mod miner;
pub mod pattern;
pub mod plugin;
pub mod record;
pub mod report;
pub mod settings;
mod simd;
pub mod state;
pub mod template;
pub mod window;
