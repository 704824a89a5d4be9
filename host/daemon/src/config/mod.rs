//! The configuration: read whole, checked whole, and reported whole before anything starts.
//!
//! Each section is a struct with a `read` function that names every setting once, with default, range and description.
//! From these come the values, the messages and the printed defaults, so that a setting is added in one place.

mod alerts;
mod alike;
mod environment;
mod files;
mod guard;
mod kinds;
mod mistake;
mod outline;
mod patterns;
mod plugins;
mod recording;
mod registry;
mod secret;
mod sections;
mod sinks;
mod sources;
mod table;
mod tree;
mod watch;

use std::path::Path;

use bellwether_core::pattern::Pattern;

pub use alerts::AlertConfig;
pub(crate) use files::read as read_file;
pub use guard::GuardConfig;
pub use mistake::Mistakes;
pub(crate) use patterns::{load_patterns, shipped_patterns};
pub(crate) use plugins::default_offset;
pub use plugins::{DetectorConfig, FilterConfig, OnFailure, Origin, PluginConfig};
pub use recording::RecordingConfig;
pub use registry::{RegistryConfig, TrustedKey};
pub use secret::Secret;
pub use sections::{AnomalyConfig, IntakeConfig, TemplateConfig, WindowConfig};
pub use sinks::{SinkConfig, SinkTarget, WebhookConfig};
pub use sources::{SourceConfig, may_be_told};
pub use watch::{ApiConfig, FollowConfig, InputConfig, MemoryConfig, StoreConfig};

use mistake::Mistake;
use outline::Outline;
use patterns::Library;
use table::{Notes, Table, read_document};
use tree::{Node, Place, Value};

/// What stands above the printed defaults.
const HEADER: &str = "\
# All settings of bellwether with their defaults. A file needs only those that differ.
# Paths are relative to the folder of the file.

";

/// All settings, checked; each is described in `Config::read`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name of the tenant that records without another belong to.
    pub tenant: String,
    /// The patterns that ship and those of the user, proven.
    pub patterns: Vec<Pattern>,
    /// Alerts a day that the user is willing to look at.
    pub alerts_per_day: f64,
    /// Shards of the sources.
    pub lanes: usize,
    /// Worker threads, which all tenants share; 0 means one per processor.
    pub workers: usize,
    /// Spans in which lines are counted.
    pub windows: WindowConfig,
    /// Limits of what comes in.
    pub intake: IntakeConfig,
    /// Limits of template mining.
    pub templates: TemplateConfig,
    /// Detectors, in order.
    pub detectors: Vec<DetectorConfig>,
    /// Filters, in order.
    pub filters: Vec<FilterConfig>,
    /// Limits of plugins, and where pushed ones lie.
    pub plugins: PluginConfig,
    /// What becomes of findings.
    pub anomalies: AnomalyConfig,
    /// Sources that are treated otherwise than all others.
    pub sources: Vec<SourceConfig>,
    /// Files that the daemon follows.
    pub inputs: Vec<InputConfig>,
    /// How it follows them.
    pub follow: FollowConfig,
    /// What it keeps.
    pub store: StoreConfig,
    /// What it records.
    pub recording: RecordingConfig,
    /// What memory it may use.
    pub memory: MemoryConfig,
    /// Where its API listens.
    pub api: ApiConfig,
    /// What people are told.
    pub alerts: AlertConfig,
}

impl Config {
    /// Reads a file, what the environment says otherwise, and the pattern files they name; on failure says all that is
    /// wrong with them.
    pub fn load(path: &Path) -> Result<Config, Mistakes> {
        let mut document = open(path)?;
        Mistakes::none_or(environment::apply(&mut document, texts_of_environment()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Config::from_document(&document, path.display().to_string(), folder)
    }

    fn from_document(document: &Node, file: String, folder: &Path) -> Result<Config, Mistakes> {
        let mut notes = Notes { file, ..Notes::default() };
        let mut library = Library::default();
        let mut config =
            read_document(document, &mut notes, |table| Config::read(table, folder, &mut library));
        let mut mistakes = notes.mistakes;
        mistakes.sort_by_key(|mistake| mistake.place);
        mistakes.append(&mut library.mistakes);
        Mistakes::none_or(mistakes)?;
        config.patterns = library.finish()?;
        Ok(config)
    }

    fn read(table: &mut Table<'_>, folder: &Path, library: &mut Library) -> Config {
        let tenant = table.name(
            "tenant",
            "default",
            "Name of the tenant that records without another belong to: 1 to 63 lower-case letters, digits or `-`.",
        );
        Config {
            patterns: read_patterns(table, folder, library),
            alerts_per_day: table.number(
                "alerts_per_day",
                2.0,
                0.01..=1000.0,
                "Alerts a day that you are willing to look at from each source in which nothing is wrong; sets the threshold.",
            ),
            lanes: table.integer(
                "lanes",
                16,
                1..=1024,
                "Shards of the sources, each on one worker; results do not depend on the number of workers.",
            ),
            workers: table.integer(
                "workers",
                0,
                0..=256,
                "Worker threads, which all tenants share; 0 means one per processor.",
            ),
            windows: table.section(
                "windows",
                "Spans of event time in which lines are counted.",
                WindowConfig::read,
            ),
            intake: table.section("intake", "Limits of what comes in.", IntakeConfig::read),
            templates: table.section(
                "templates",
                "Limits of mining the constant shapes of messages.",
                TemplateConfig::read,
            ),
            detectors: plugins::read_detectors(table, folder),
            filters: plugins::read_filters(table, folder),
            plugins: table.section("plugins", "Limits of plugins, and where pushed ones lie.", |section| {
                PluginConfig::read(section, folder)
            }),
            anomalies: table.section(
                "anomalies",
                "What becomes of findings.",
                AnomalyConfig::read,
            ),
            sources: sources::read_sources(table),
            inputs: watch::read_inputs(table, folder, &tenant),
            tenant,
            follow: table.section("follow", "How files are followed.", FollowConfig::read),
            store: table.section("store", "What the daemon keeps.", |section| {
                StoreConfig::read(section, folder)
            }),
            recording: recording::read_recording(table, folder),
            memory: table.section(
                "memory",
                "What memory the daemon may use.",
                MemoryConfig::read,
            ),
            api: table.section("api", "Where the daemon can be asked.", |section| {
                ApiConfig::read(section, folder)
            }),
            alerts: table.section("alerts", "What people are told.", |section| {
                AlertConfig::read(section, folder)
            }),
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        let empty = Node { place: Place::default(), value: Value::Null };
        Config::from_document(&empty, "defaults".to_owned(), Path::new(""))
            .expect("the defaults and the patterns that ship are tested")
    }
}

/// Checks a configuration or a pattern file, which is known by patterns being tables in it.
pub fn check(path: &Path) -> Result<(), Mistakes> {
    let document = open(path)?;
    if !holds_patterns(&document) {
        return Config::load(path).map(|_| ());
    }
    let mut library = Library::default();
    library.add_document(path.display().to_string(), &document);
    library.finish().map(|_| ())
}

/// A configuration file with all defaults and their descriptions.
pub fn render_defaults() -> String {
    let mut notes = Notes { outline: Some(Outline::default()), ..Notes::default() };
    let empty = Node { place: Place::default(), value: Value::Null };
    let mut library = Library::default();
    read_document(&empty, &mut notes, |table| Config::read(table, Path::new(""), &mut library));
    let settings = notes.outline.map(Outline::into_text).unwrap_or_default();
    format!("{HEADER}{settings}")
}

/// Variables that are text; others cannot be meant.
fn texts_of_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
}

fn open(path: &Path) -> Result<Node, Mistakes> {
    let mistake = match files::read(path) {
        Err(message) => Mistake::of_file(path, message),
        Ok(text) => match Node::parse(&text) {
            Ok(document) => return Ok(document),
            Err(error) => Mistake::of_syntax(path.display().to_string(), &error),
        },
    };
    Err(Mistakes::one(mistake))
}

fn holds_patterns(document: &Node) -> bool {
    let Value::Table(entries) = &document.value else {
        return false;
    };
    entries.iter().filter(|(key, _)| key.text == "patterns").any(|(_, node)| match &node.value {
        Value::List(items) => items.iter().any(|item| matches!(item.value, Value::Table(_))),
        _ => false,
    })
}

/// Puts the patterns into the library and leaves the field empty, since mistakes of other files come last.
fn read_patterns(table: &mut Table<'_>, folder: &Path, library: &mut Library) -> Vec<Pattern> {
    let builtin = table.flag("builtin_patterns", true, "Whether the patterns that ship are used.");
    if builtin {
        library.add_builtin();
    }
    let texts = table.texts(
        "patterns",
        "[patterns/*.yaml]",
        "Files of your own patterns; `*` in the last part of a path stands for any letters.",
    );
    for (index, text) in texts {
        let added = files::expand(folder, &text)
            .and_then(|paths| paths.iter().try_for_each(|path| library.add_file(path)));
        if let Err(message) = added {
            table.complain_at("patterns", Some(index), &message);
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests;
