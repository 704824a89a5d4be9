//! What stands between a component and the registry: signature, admission, and a version that can be told from others.

use std::path::Path;

use bellwether_plugins::{AdmitError, Inspection, Limits, Runtime, RuntimeError};
use bellwether_store::PluginVersion;

use super::folder::{Folder, digest_of};
use super::key::{KeyError, Signature};
use crate::config::{Config, TrustedKey};
use crate::loadout;

/// Instances that are alive while a component is asked what it is.
const INSTANCES_MAX: u32 = 2;

/// Why a component is refused.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What came with it is no signature.
    #[error("the signature cannot be read")]
    Signature(#[source] KeyError),
    /// The signature is not that of anybody who counts.
    #[error(
        "none of the keys under `plugins.keys` made this signature for this component ({}); sign this very file with one of them",
        known(.keys)
    )]
    Unknown {
        /// Names of the keys that count.
        keys: Vec<String>,
    },
    /// There is no signature.
    #[error(
        "the component is not signed, and `plugins.require_signature` is set; sign it with `bellwether plugin sign`"
    )]
    Unsigned,
    /// The component is not let in.
    #[error("the component is not admitted")]
    Admit(#[from] AdmitError),
    /// Versions are to be told apart, and ordered by people.
    #[error(
        "`{version}` is no version; let the plugin describe itself with one such as 1.2.3 or 1.2.3-rc.1"
    )]
    Version {
        /// What it calls its version.
        version: String,
    },
}

/// Takes components in, and hands them out.
pub struct Registry {
    /// Where they lie.
    pub folder: Folder,
    /// Keys whose signatures count.
    pub keys: Vec<TrustedKey>,
    /// Whether only signed components are taken.
    pub require_signature: bool,
    /// Compiles components and asks them what they are.
    pub runtime: Runtime,
}

impl Registry {
    /// The registry of a configuration.
    pub fn open(config: &Config) -> Result<Self, RuntimeError> {
        let runtime = loadout::runtime_of(config, INSTANCES_MAX)?;
        let registry = &config.plugins.registry;
        Ok(Registry {
            folder: config.registry(),
            keys: registry.keys.clone(),
            require_signature: registry.require_signature,
            runtime,
        })
    }

    /// A registry without keys that compiles in this process and keeps no machine code, to try things on.
    pub fn on_trial(folder: &Path, limits: &Limits) -> Result<Self, RuntimeError> {
        let limits = Limits { instances_max: INSTANCES_MAX, ..limits.clone() };
        Ok(Registry {
            folder: Folder::new(folder, 64 << 20),
            keys: Vec::new(),
            require_signature: false,
            runtime: Runtime::new(limits, None)?,
        })
    }

    /// Examines a component that somebody pushes: what would be kept of it, or why not.
    pub fn examine(
        &self,
        component: &[u8],
        signature: Option<&str>,
        by: &str,
        at_ms: u64,
    ) -> Result<PluginVersion, Refusal> {
        // Whoever is not entitled to push need not be compiled.
        let signed_by = self.signer(component, signature)?;
        let plugin = self.runtime.admit(component)?;
        let inspection = plugin.inspection();
        let Inspection { name, version, bytes, .. } = inspection;
        if !is_version(version) {
            return Err(Refusal::Version { version: version.escape_debug().to_string() });
        }
        let kind = serde_json::to_value(inspection.kind).unwrap_or_default();
        Ok(PluginVersion {
            name: name.clone(),
            version: version.clone(),
            digest: digest_of(component),
            kind: kind.as_str().unwrap_or_default().to_owned(),
            bytes: *bytes as u64,
            signed_by,
            pushed_ms: at_ms,
            pushed_by: by.to_owned(),
            inspection: serde_json::to_string(inspection).unwrap_or_default(),
        })
    }

    /// The name of the key that made the signature; none where there is none and none is needed.
    fn signer(&self, component: &[u8], signature: Option<&str>) -> Result<Option<String>, Refusal> {
        let Some(signature) = signature else {
            return if self.require_signature { Err(Refusal::Unsigned) } else { Ok(None) };
        };
        let signature = Signature::parse(signature).map_err(Refusal::Signature)?;
        let signer = self.keys.iter().find(|one| one.key.verifies(component, &signature));
        match signer {
            Some(key) => Ok(Some(key.name.clone())),
            None => {
                let keys = self.keys.iter().map(|one| one.name.clone()).collect();
                Err(Refusal::Unknown { keys })
            }
        }
    }
}

fn known(keys: &[String]) -> String {
    if keys.is_empty() { "there is none".to_owned() } else { keys.join(", ") }
}

/// Whether a version is written as semantic versioning wants it: three numbers, and perhaps what kind of a release it is.
fn is_version(version: &str) -> bool {
    let (numbers, rest) = match version.find(['-', '+']) {
        Some(at) => version.split_at(at),
        None => (version, ""),
    };
    let is_number = |part: &str| {
        part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || (!part.is_empty() && !part.starts_with('0')))
    };
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let (release, build) = match rest.split_at_checked(1) {
        Some(("+", build)) => ("x", build),
        Some((_, words)) => words.split_once('+').unwrap_or((words, "x")),
        None => ("x", "x"),
    };
    numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && release.split('.').chain(build.split('.')).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::chain;
    use crate::registry::PrivateKey;

    #[test]
    fn versions_are_semantic() {
        let right = "0.1.0 1.2.3 10.20.30 1.2.3-rc.1 1.2.3-rc-1 1.2.3+build.7 1.2.3-rc.1+build.7";
        for version in right.split(' ') {
            assert!(is_version(version), "{version}");
        }
        let wrong = "1 1.2 1.2.3.4 v1.2.3 1.2.x 01.2.3 1..3 1.2.3- 1.2.3+ 1.2.3-a..b 1.2.3-ä 1.2.3/.. 1.2.3+a+b";
        for version in wrong.split(' ').chain(["", " ", "1.2.3 ", "1.2.3-\n"]) {
            assert!(!is_version(version), "{version:?}");
        }
    }

    #[test]
    fn signatures_count_if_their_key_does() {
        let folder = tempfile::tempdir().unwrap();
        let mut registry = Registry::on_trial(folder.path(), &Limits::default()).unwrap();
        let (ours, theirs) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
        let component = crate::shipped::component("drop-noise").unwrap();
        let signed = |key: &PrivateKey, bytes: &[u8]| Some(key.sign(bytes).to_base64());
        let check = |registry: &Registry, signature: Option<String>, expected: &str| {
            let found = registry.examine(component, signature.as_deref(), "ann", 7);
            let found = match found {
                Ok(version) => format!("{:?}", version.signed_by),
                Err(refusal) => chain(&refusal),
            };
            assert!(found.contains(expected), "`{expected}` is not in: {found}");
        };
        check(&registry, None, "None");
        check(&registry, signed(&ours, component), "(there is none)");
        registry.keys = vec![TrustedKey { name: "release".into(), key: ours.public() }];
        for require_signature in [false, true] {
            registry.require_signature = require_signature;
            check(&registry, signed(&ours, component), "Some(\"release\")");
            check(&registry, signed(&theirs, component), "none of the keys under `plugins.keys`");
            check(&registry, signed(&ours, b"another"), "(release)");
            check(&registry, Some("x".into()), "not an Ed25519 signature");
            check(&registry, None, if require_signature { "is not signed" } else { "None" });
        }
    }
}
