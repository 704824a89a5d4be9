//! Whether a tenant that works under one configuration works the same under another.

use super::{Config, InputConfig, SourceConfig};

impl Config {
    /// Whether the other one says the same of everything that a tenant goes by beside its lanes. What lanes are made of
    /// (settings, plugins and patterns) is not compared, since it can be another where the configuration is not: files
    /// change.
    pub(crate) fn is_alike_for(&self, other: &Config, tenant: &str) -> bool {
        let Config {
            // Lanes are made of these.
            patterns: _,
            alerts_per_day: _,
            lanes: _,
            windows: _,
            intake: _,
            templates: _,
            detectors: _,
            filters: _,
            anomalies: _,
            // Every input says whose it is.
            tenant: _,
            // What they are for is nobody's in particular.
            workers: _,
            api: _,
            plugins,
            sources,
            inputs,
            follow,
            store,
            recording,
            memory,
            alerts,
        } = self;
        let own_inputs = |inputs: &[InputConfig]| -> Vec<InputConfig> {
            inputs.iter().filter(|input| input.tenant == tenant).cloned().collect()
        };
        let own_sources = |sources: &[SourceConfig]| -> Vec<SourceConfig> {
            sources.iter().filter(|entry| entry.is_for(tenant)).cloned().collect()
        };
        let theirs = (&other.follow, &other.store, &other.recording, &other.memory, &other.alerts);
        own_inputs(inputs) == own_inputs(&other.inputs)
            && own_sources(sources) == own_sources(&other.sources)
            && plugins.runs_like(&other.plugins)
            && (follow, store, recording, memory, alerts) == theirs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const BOTH: &str = "inputs: [{ files: [a], tenant: a }, { files: [b], tenant: b }]\n";

    #[test]
    fn a_setting_is_of_those_whom_it_concerns() {
        let folder = tempfile::tempdir().unwrap();
        let config = |text: &str| {
            let path = folder.path().join("bellwether.yaml");
            fs::write(&path, text).unwrap();
            Config::load(&path).unwrap()
        };
        let with = |more: &str| config(&format!("{BOTH}{more}"));
        let before = with("");
        for (after, alike) in [
            (with(""), [true, true]),
            (config(&BOTH.replace("tenant: b", "tenant: b, older: false")), [true, false]),
            (config(&BOTH.replace("[a], ", "[a, c], ")), [false, true]),
            (with("sources: [{ match: x, tenant: b, muted: true }]\n"), [true, false]),
            (with("sources: [{ match: x, muted: true }]\n"), [false, false]),
            (with("alerts: { cooldown_s: 7 }\n"), [false, false]),
            (with("follow: { poll_ms: 70 }\n"), [false, false]),
            (with("store: { commit_every_s: 7 }\n"), [false, false]),
            (with("recording: { minutes: 70 }\n"), [false, false]),
            (with("memory: { bytes_max: 2147483648 }\n"), [false, false]),
            (with("plugins: { fuel_per_row: 7000 }\n"), [false, false]),
            // Of nobody in particular.
            (with("plugins: { guard_s: 7, registry_dir: elsewhere }\n"), [true, true]),
            (with("api: { listen: \"127.0.0.1:7\" }\nworkers: 7\ntenant: c\n"), [true, true]),
            // Lanes are made of these.
            (with("builtin_patterns: false\nlanes: 7\n"), [true, true]),
        ] {
            assert_eq!(["a", "b"].map(|own| before.is_alike_for(&after, own)), alike, "{after:?}");
        }
    }
}
