//! Write a bellwether detector or filter as plain Rust.
//!
//! Implement [`Detector`] or [`Filter`] for a type of your own, test it natively with [`testing`], and turn it into a
//! plugin with one line in the crate's `lib.rs`: [`export_detector!`] or [`export_filter!`].
//!
//! The SDK splits batches into the rows of each source, keeps one state per source, saves and loads it, and carries
//! what you noted about a score from the call to the question that may follow.

mod detector;
mod filter;
pub mod kernel;
mod plugin;
mod rows;
mod said;
pub mod testing;

pub use bellwether_world_detector::bellwether::plugin::log::Level;
pub use bellwether_world_detector::bellwether::plugin::types::{
    Descriptor, Explanation, LineColumn, Pattern, PatternKind, Scale, SeriesColumn, Span,
};
pub use detector::{Detector, DetectorPlugin, Scorer};
pub use filter::{Filter, FilterPlugin, Tagger};
pub use plugin::{descriptor, evidence};
pub use rows::{BLOCK, Bits, Lines, Window};
#[doc(hidden)]
pub use said::tell_panics;
pub use said::{count, log};

/// Bindings of the two worlds; plugins need them only through the export macros.
#[doc(hidden)]
pub mod world {
    pub use bellwether_world_detector as detector;
    pub use bellwether_world_filter as filter;
}

/// Makes a type that implements [`Detector`] the plugin of this crate.
#[macro_export]
macro_rules! export_detector {
    ($detector:ty) => {
        // Natively there is nobody to export it to; whoever includes the crate's source can make one.
        #[cfg(not(target_arch = "wasm32"))]
        pub(crate) type Native = $crate::DetectorPlugin<$detector>;
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> Native = Native::default;

        #[cfg(target_arch = "wasm32")]
        #[expect(unsafe_code, reason = "generated: exports functions under the contract's names")]
        mod exported {
            use super::*;
            use $crate::world::detector as world;
            use world::exports::bellwether::plugin::{detection, lifecycle};

            struct Plugin;
            std::thread_local! {
                static PLUGIN: std::cell::RefCell<$crate::DetectorPlugin<$detector>> =
                    std::cell::RefCell::default();
            }
            $crate::lifecycle_of!(Plugin, PLUGIN);
            impl detection::Guest for Plugin {
                fn observe(b: detection::Batch) -> detection::Scores {
                    PLUGIN.with_borrow_mut(|plugin| plugin.observe(&b))
                }
                fn close_window(w: detection::Window) -> detection::Scores {
                    PLUGIN.with_borrow_mut(|plugin| plugin.close_window(&w))
                }
                fn explain(token: u32) -> Option<detection::Explanation> {
                    PLUGIN.with_borrow_mut(|plugin| plugin.explain(token))
                }
            }
            world::export!(Plugin with_types_in world);
        }
    };
}

/// Makes a type that implements [`Filter`] the plugin of this crate.
#[macro_export]
macro_rules! export_filter {
    ($filter:ty) => {
        // Natively there is nobody to export it to; whoever includes the crate's source can make one.
        #[cfg(not(target_arch = "wasm32"))]
        pub(crate) type Native = $crate::FilterPlugin<$filter>;
        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() -> Native = Native::default;

        #[cfg(target_arch = "wasm32")]
        #[expect(unsafe_code, reason = "generated: exports functions under the contract's names")]
        mod exported {
            use super::*;
            use $crate::world::filter as world;
            use world::exports::bellwether::plugin::{filtering, lifecycle};

            struct Plugin;
            std::thread_local! {
                static PLUGIN: std::cell::RefCell<$crate::FilterPlugin<$filter>> =
                    std::cell::RefCell::default();
            }
            $crate::lifecycle_of!(Plugin, PLUGIN);
            impl filtering::Guest for Plugin {
                fn evaluate(b: filtering::Batch) -> filtering::Verdicts {
                    PLUGIN.with_borrow_mut(|plugin| plugin.evaluate(&b))
                }
            }
            world::export!(Plugin with_types_in world);
        }
    };
}

/// The exports that both worlds share.
#[doc(hidden)]
#[macro_export]
macro_rules! lifecycle_of {
    ($plugin:ident, $state:ident) => {
        impl lifecycle::Guest for $plugin {
            fn describe() -> lifecycle::Descriptor {
                $crate::tell_panics();
                $state.with_borrow(|plugin| plugin.describe())
            }
            fn configure(json: String) -> Result<(), String> {
                $state.with_borrow_mut(|plugin| plugin.configure(&json))
            }
            fn save(source: u32) -> Result<lifecycle::SavedState, String> {
                $state.with_borrow(|plugin| plugin.save(source))
            }
            fn load(source: u32, state: lifecycle::SavedState) -> Result<(), lifecycle::LoadError> {
                $state.with_borrow_mut(|plugin| plugin.load(source, &state))
            }
            fn forget(source: u32) {
                $state.with_borrow_mut(|plugin| plugin.forget(source));
            }
        }
    };
}
