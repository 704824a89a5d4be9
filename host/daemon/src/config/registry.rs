//! Where pushed plugins lie, and whose signatures count.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Config;
use super::files;
use super::table::Table;
use crate::registry::{Folder, PublicKey};

/// A key whose signatures count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// Its name, which is shown beside what it signed.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// The registry of plugins; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryConfig {
    /// Folder for pushed components.
    pub dir: Option<PathBuf>,
    /// Most bytes of them.
    pub bytes_max: u64,
    /// Keys whose signatures count.
    pub keys: Vec<TrustedKey>,
    /// Whether only signed components are taken.
    pub require_signature: bool,
}

impl RegistryConfig {
    pub(super) fn read(table: &mut Table<'_>, folder: &Path) -> RegistryConfig {
        let dir = table.optional_text(
            "registry_dir",
            "/var/lib/bellwether/plugins",
            "Folder for pushed plugins; beside the database and named after it, with `.plugins` behind the name.",
        );
        let bytes_max = table.integer(
            "registry_bytes_max",
            1 << 30,
            1 << 20..=1 << 50,
            "Most bytes of all pushed plugins together; further ones are refused.",
        );
        let keys = read_keys(table, folder);
        let require_signature = table.flag(
            "require_signature",
            false,
            "Whether only plugins are taken that one of `keys` has signed.",
        );
        if require_signature && keys.is_empty() && table.is_sound() {
            let message = "nobody could sign a plugin; name a key under `keys`";
            table.complain(&["require_signature"], message);
        }
        RegistryConfig {
            dir: dir.map(|text| folder.join(text)),
            bytes_max,
            keys,
            require_signature,
        }
    }
}

fn read_keys(table: &mut Table<'_>, folder: &Path) -> Vec<TrustedKey> {
    let doc =
        "Public keys (Ed25519) of those who may sign plugins. Each entry has `name` and `path`.";
    let mut names = BTreeSet::new();
    table.sections("keys", "[]", doc, |entry| {
        let name = entry.optional_name("name", "release", "Name of the key.");
        let path = entry.optional_text("path", "release.pub", "File of the public key, in PEM.");
        entry.require("name", "release");
        entry.require("path", "release.pub");
        let (name, path) = (name?, folder.join(path?));
        if !names.insert(name.clone()) {
            entry.complain(&["name"], &format!("there is a key `{name}` already; rename one"));
        }
        let key = files::read(&path).and_then(|text| {
            PublicKey::parse(&text).map_err(|error| format!("`{}`: {error}", path.display()))
        });
        match key {
            Ok(key) => Some(TrustedKey { name, key }),
            Err(message) => {
                entry.complain(&["path"], &message);
                None
            }
        }
    })
}

impl Config {
    /// The folder of pushed plugins. The usual one has the name of the store: whoever stores there must be alone.
    pub fn registry(&self) -> Folder {
        let registry = &self.plugins.registry;
        let usual = || files::beside(&self.store.path, "plugins");
        Folder::new(&registry.dir.clone().unwrap_or_else(usual), registry.bytes_max)
    }
}
