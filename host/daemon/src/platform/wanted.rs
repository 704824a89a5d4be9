//! What tenants want, as the store has it.

use super::Fits;
use crate::loadout::Fit;
use bellwether_store::{Reader, StoreError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A fit and how often it was changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kept {
    /// What is wanted.
    pub fit: Fit,
    /// Rises with every change.
    pub revision: u64,
    /// Why it cannot be had, so that the configuration file counts.
    pub not_in_force: Option<String>,
}

impl Kept {
    /// What is wanted and in force.
    pub(crate) fn new(fit: Fit, revision: u64) -> Self {
        Kept { fit, revision, not_in_force: None }
    }
}

/// Reads what all tenants want; nothing where there is no store yet.
pub(crate) fn read(store: &Path) -> Result<Fits, StoreError> {
    if !store.exists() {
        return Ok(Fits::new());
    }
    let mut fits = Fits::new();
    for row in Reader::open(store)?.plugin_fits()? {
        match serde_json::from_str(&row.fit) {
            Ok(fit) => {
                let kept = Kept::new(fit, row.revision);
                fits.entry(row.tenant).or_default().insert(row.plugin, kept);
            }
            Err(error) => tracing::error!(
                tenant = row.tenant, plugin = row.plugin, %error,
                "what was wanted cannot be read; the configuration file counts"
            ),
        }
    }
    Ok(fits)
}

/// Fits alone that are in force, by plugin.
pub(super) fn plain(fits: &BTreeMap<String, Kept>) -> BTreeMap<String, Fit> {
    let in_force = fits.iter().filter(|(_, kept)| kept.not_in_force.is_none());
    in_force.map(|(plugin, kept)| (plugin.clone(), kept.fit.clone())).collect()
}
