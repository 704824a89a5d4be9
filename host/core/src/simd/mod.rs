//! Loops over many bytes at once, for what the machine at hand can do.
//!
//! Every loop has a plain form that says the same; which one runs is found out at the start, and a test can ask for
//! each. This is the only place of the crate with unsafe code.

pub(crate) mod classes;
pub(crate) mod compress;
pub(crate) mod grams;
pub(crate) mod shorts;

/// What the machine can do, from the plain to the wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing beyond the language.
    Scalar,
    /// Registers of 32 bytes (AVX2).
    Wide,
    /// Registers of 64 bytes with shuffles of bytes (AVX-512 VBMI and VBMI2).
    Widest,
}

impl Default for Level {
    /// The best of this machine.
    fn default() -> Self {
        Level::detect()
    }
}

impl Level {
    /// The best of this machine.
    pub fn detect() -> Level {
        *Level::available().last().unwrap_or(&Level::Scalar)
    }

    /// All that this machine can do, from the plain to the wide.
    pub fn available() -> Vec<Level> {
        #[cfg_attr(
            not(target_arch = "x86_64"),
            expect(unused_mut, reason = "others have one level")
        )]
        let mut levels = vec![Level::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            // Each level can do what those before it can.
            let wide = is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("avx2");
            if wide {
                levels.push(Level::Wide);
            }
            let widest = wide
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi")
                && is_x86_feature_detected!("avx512vbmi2");
            if widest {
                levels.push(Level::Widest);
            }
        }
        levels
    }
}
