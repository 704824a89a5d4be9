//! Bindings of the world `detector`, generated from `wit/`; the SDK puts its traits in front of them.
//!
//! One crate per world, because the generated export macros of two worlds would collide in one.

wit_bindgen::generate!({ path: "../../../../wit", world: "detector", pub_export_macro: true });
