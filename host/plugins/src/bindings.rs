//! The contract as Rust types, generated from `wit/`.
//!
//! One world that has both: a plugin exports either `detection` or `filtering`, and the two share all their types. What
//! goes in is borrowed, what comes out is owned.

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package bellwether:host;
            world plugin {
                include bellwether:plugin/detector@0.1.0;
                include bellwether:plugin/filter@0.1.0;
            }
        ",
        world: "bellwether:host/plugin",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

pub(crate) use generated::bellwether::plugin::log::Level;
pub(crate) use generated::bellwether::plugin::types;
pub(crate) use generated::exports::bellwether::plugin::{detection, filtering, lifecycle};
