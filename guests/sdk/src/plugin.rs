//! What detectors and filters share: description, configuration, and the state of each source.

use bellwether_world_detector::bellwether::plugin::types::{
    Descriptor, LoadError, SavedState, Scale,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// A descriptor that wants nothing yet; fill in what the plugin needs with struct update syntax.
pub fn descriptor(name: &str, version: &str) -> Descriptor {
    Descriptor {
        name: name.into(),
        version: version.into(),
        state_version: 1,
        reads_state_from: 1,
        lines: Vec::new(),
        series: Vec::new(),
        vector: false,
        window: None,
        scale: Scale::Size,
        patterns: Vec::new(),
        reasons: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
        config_schema: r#"{"type":"object","additionalProperties":false}"#.into(),
    }
}

/// A named fact of an explanation.
#[expect(
    clippy::needless_pass_by_value,
    reason = "values, mostly numbers, read better without `&`"
)]
pub fn evidence(name: &str, value: impl ToString) -> (String, String) {
    (name.into(), value.to_string())
}

/// Reads a configuration; an empty one is the default.
pub(crate) fn parse<C: DeserializeOwned>(json: &str) -> Result<C, String> {
    let json = if json.trim().is_empty() { "{}" } else { json };
    serde_json::from_str(json).map_err(|error| error.to_string())
}

/// States by source.
pub(crate) struct States<S> {
    by_source: HashMap<u32, S>,
}

impl<S> Default for States<S> {
    fn default() -> Self {
        States { by_source: HashMap::new() }
    }
}

impl<S: Default + Serialize + DeserializeOwned> States<S> {
    pub(crate) fn of(&mut self, source: u32) -> &mut S {
        self.by_source.entry(source).or_default()
    }

    /// A source that was never seen saves the default, so that saving cannot fail on it.
    pub(crate) fn save(&self, source: u32, version: u32) -> Result<SavedState, String> {
        let bytes = match self.by_source.get(&source) {
            Some(state) => postcard::to_allocvec(state),
            None => postcard::to_allocvec(&S::default()),
        };
        bytes.map(|bytes| SavedState { version, bytes }).map_err(|error| error.to_string())
    }

    pub(crate) fn load(
        &mut self,
        source: u32,
        state: &SavedState,
        wanted: &Descriptor,
    ) -> Result<(), LoadError> {
        if !(wanted.reads_state_from..=wanted.state_version).contains(&state.version) {
            return Err(LoadError::UnsupportedVersion);
        }
        let state = postcard::from_bytes(&state.bytes)
            .map_err(|error| LoadError::Corrupt(error.to_string()))?;
        self.by_source.insert(source, state);
        Ok(())
    }

    pub(crate) fn forget(&mut self, source: u32) {
        self.by_source.remove(&source);
    }
}
