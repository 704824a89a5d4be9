//! Plugins that were pushed: their components on disk, and the keys whose signatures count.
//!
//! Components lie in a folder, named after their digest, and are held against it whenever they are read. What they are,
//! and who pushed them, is in the store.

mod admit;
mod folder;
mod key;

pub use admit::{Refusal, Registry};
pub use folder::{Folder, RegistryError, digest_of};
pub use key::{KeyError, PrivateKey, PublicKey, Signature};
