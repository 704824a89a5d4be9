//! What people and programs get to see.

pub(crate) mod json;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod terminal;
