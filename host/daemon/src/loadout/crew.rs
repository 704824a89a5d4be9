//! Who works: what the configuration file names, and what was changed since.

use super::fit::{Component, Edition, Fit};
use super::member::{Member, Setting, Which, edition_of};
use super::{LoadoutError, Wanted, read_component};
use crate::config::{Config, OnFailure, Origin, default_offset};
use crate::shipped;
use bellwether_plugins::{CompiledPlugin, Kind, Runtime};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A plugin as the configuration file names it.
struct Named {
    name: String,
    place: String,
    plugin: CompiledPlugin,
    config: serde_json::Value,
    setting: Setting,
}

/// All members, in the order of the configuration file, then those that came since.
pub(super) fn members(
    runtime: &Runtime,
    config: &Config,
    wanted: &Wanted<'_>,
) -> Result<Vec<Member>, LoadoutError> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    let mut members = Vec::new();
    for named in named(runtime, config)? {
        let ordinal = met.entry(named.name.clone()).or_default();
        *ordinal += 1;
        let name = match *ordinal {
            1 => named.name.clone(),
            ordinal => format!("{}#{ordinal}", named.name),
        };
        let named = Named { name, ..named };
        let fit = wanted.fits.get(&named.name).cloned().unwrap_or_else(Fit::configured);
        members.extend(editions(runtime, &named.name, &fit, Some(&named), wanted)?);
        met.entry(named.name).or_insert(1);
    }
    for (name, fit) in wanted.fits.iter().filter(|(name, _)| !met.contains_key(*name)) {
        members.extend(editions(runtime, name, fit, None, wanted)?);
    }
    Ok(members)
}

fn named(runtime: &Runtime, config: &Config) -> Result<Vec<Named>, LoadoutError> {
    let mut all = Vec::new();
    for own in &config.filters {
        let plugin = admit(runtime, &own.origin, &own.place)?;
        let (name, setting) = (plugin.descriptor().name.clone(), Setting::of_filter(own));
        let (place, config) = (own.place.clone(), own.config.clone());
        all.push(Named { name, place, plugin, config, setting });
    }
    for own in &config.detectors {
        let plugin = admit(runtime, &own.origin, &own.place)?;
        let (name, setting) = (plugin.descriptor().name.clone(), Setting::of_detector(own));
        let (place, config) = (own.place.clone(), own.config.clone());
        all.push(Named { name, place, plugin, config, setting });
    }
    Ok(all)
}

/// The members behind a fit: one as a rule, two while one gives way to the other.
fn editions(
    runtime: &Runtime,
    name: &str,
    fit: &Fit,
    named: Option<&Named>,
    wanted: &Wanted<'_>,
) -> Result<Vec<Member>, LoadoutError> {
    let current = fit.current.iter().map(|edition| (Which::Current, edition));
    let both = current.chain(fit.next.iter().map(|edition| (Which::Next, edition)));
    let member = |(which, edition): (Which, &Edition)| {
        let plugin = match (&edition.component, named) {
            (Component::Configured, Some(named)) => named.plugin.clone(),
            // What the configuration file named once and does no more is off.
            (Component::Configured, None) => return Ok(None),
            (Component::Pushed { digest, .. }, _) => fetch(runtime, name, digest, wanted)?,
        };
        let base = named.map_or_else(|| serde_json::json!({}), |named| named.config.clone());
        let config = edition.config.clone().unwrap_or(base).to_string();
        let setting = setting(edition, named, &plugin);
        let place = named.map_or_else(|| format!("plugin `{name}`"), |named| named.place.clone());
        let (name, fit) = (name.to_string(), fit.clone());
        let edition = edition_of(&plugin, &config, &setting);
        let learnt = Mutex::default();
        Ok(Some(Member { name, edition, place, which, fit, plugin, config, setting, learnt }))
    };
    let members = both.map(member).filter_map(Result::transpose);
    let members = members.collect::<Result<Vec<_>, LoadoutError>>()?;
    match &members[..] {
        [current, next] if current.edition == next.edition => {
            Err(LoadoutError::Same { plugin: name.into() })
        }
        _ => Ok(members),
    }
}

fn setting(edition: &Edition, named: Option<&Named>, plugin: &CompiledPlugin) -> Setting {
    let usual = named.map(|named| named.setting.clone()).unwrap_or(match plugin.kind() {
        Kind::Detector => Setting::Detector { offset: default_offset(None), window_s: None },
        Kind::Filter => Setting::Filter { on_failure: OnFailure::Open },
    });
    match usual {
        Setting::Detector { offset, window_s } => {
            Setting::Detector { offset: edition.offset.unwrap_or(offset), window_s }
        }
        Setting::Filter { on_failure } => {
            Setting::Filter { on_failure: edition.on_failure.unwrap_or(on_failure) }
        }
    }
}

fn fetch(
    runtime: &Runtime,
    name: &str,
    digest: &str,
    wanted: &Wanted<'_>,
) -> Result<CompiledPlugin, LoadoutError> {
    let gone = |why: String| LoadoutError::Gone { plugin: name.into(), digest: digest.into(), why };
    let fetch = wanted.fetch.ok_or_else(|| gone("there is no registry".into()))?;
    let bytes = fetch(digest).map_err(gone)?;
    let place = format!("plugin `{name}`");
    runtime.admit(&bytes).map_err(|source| LoadoutError::Admit { place, source })
}

fn admit(runtime: &Runtime, origin: &Origin, place: &str) -> Result<CompiledPlugin, LoadoutError> {
    let refused = |source| LoadoutError::Admit { place: place.into(), source };
    match origin {
        Origin::File(path) => runtime.admit(&read_component(path, place)?).map_err(refused),
        Origin::Builtin(name) => {
            let unknown = || LoadoutError::UnknownName { place: place.into(), name: name.clone() };
            let component = shipped::component(name).ok_or_else(unknown)?;
            runtime.admit_shipped(component).map_err(refused)
        }
    }
}
