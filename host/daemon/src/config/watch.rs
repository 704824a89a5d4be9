//! What the daemon reads, keeps, serves and tells.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use glob::Pattern;

use super::table::Table;

/// Files that are followed; each setting is described in `read_inputs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputConfig {
    /// Which files.
    pub files: Vec<String>,
    /// Which of them not.
    pub exclude: Vec<String>,
    /// Whose they are.
    pub tenant: String,
    /// Key of the source, with places for parts of the path.
    pub source: String,
    /// Whether lines begin with the name of their source.
    pub prefixed: bool,
    /// Whether files that are there at the first start are read from their beginning.
    pub from_beginning: bool,
    /// Whether rotated files beside them are read, too.
    pub older: bool,
}

/// How files are followed; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowConfig {
    /// Pause between two looks at the folders.
    pub poll_ms: u64,
    /// Most files of an input.
    pub files_max: usize,
    /// Most open files of an input.
    pub open_files_max: usize,
    /// Silence after which event time no longer waits for a file.
    pub idle_after_s: u64,
    /// Event time after which what was learnt of a deleted file is forgotten.
    pub forget_after_h: u64,
}

/// What is kept, and for how long; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The file.
    pub path: PathBuf,
    /// Longest span between two commits.
    pub commit_every_s: u64,
    /// Most bytes of the file.
    pub size_bytes_max: u64,
    /// Days that counts are kept.
    pub counts_days: u32,
    /// Days that resolved anomalies are kept.
    pub anomalies_days: u32,
    /// Days that templates without lines are kept.
    pub templates_days: u32,
    /// Days that alerts are kept.
    pub alerts_days: u32,
    /// Days that the audit log is kept.
    pub audit_days: u32,
}

/// What memory the daemon may use; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryConfig {
    /// Most bytes of the process before something gives way.
    pub bytes_max: u64,
}

impl MemoryConfig {
    pub(super) fn read(table: &mut Table<'_>) -> MemoryConfig {
        MemoryConfig {
            bytes_max: table.integer(
                "bytes_max",
                1 << 30,
                64 << 20..=1 << 40,
                "Memory of the process in bytes beyond which idle sources sleep in the store, then examples, then templates of a single line are let go of.",
            ),
        }
    }
}

/// Where the API listens; each setting is described in `read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// File with the token that a request must carry.
    pub token_file: Option<PathBuf>,
    /// Sources with series of their own in the metrics.
    pub metrics_sources_max: usize,
}

impl FollowConfig {
    pub(super) fn read(table: &mut Table<'_>) -> FollowConfig {
        FollowConfig {
            poll_ms: table.integer(
                "poll_ms",
                250,
                10..=60_000,
                "Pause between two looks at the folders in milliseconds.",
            ),
            files_max: table.integer(
                "files_max",
                10_000,
                1..=1_000_000,
                "Most files of an input; further ones are not read, and counted.",
            ),
            open_files_max: table.integer(
                "open_files_max",
                512,
                8..=1_000_000,
                "Most files of an input that are open at a time.",
            ),
            idle_after_s: table.integer(
                "idle_after_s",
                5,
                1..=3600,
                "Seconds of silence after which event time no longer waits for a file.",
            ),
            forget_after_h: table.integer(
                "forget_after_h",
                24,
                1..=87_600,
                "Hours of event time after its last line when what was learnt of a file that is deleted, or not followed any more, is forgotten; should it come back, it is a new one.",
            ),
        }
    }
}

impl StoreConfig {
    pub(super) fn read(table: &mut Table<'_>, folder: &Path) -> StoreConfig {
        let path = table.text("path", "bellwether.db", "File of the database.");
        StoreConfig {
            path: folder.join(path),
            commit_every_s: table.integer(
                "commit_every_s",
                10,
                1..=3600,
                "Usual span between two commits in seconds; news is committed sooner, and much state less often.",
            ),
            size_bytes_max: table.integer(
                "size_bytes_max",
                10 << 30,
                16 << 20..=1 << 50,
                "Size of the file in bytes from which old counts, then old anomalies are deleted early.",
            ),
            counts_days: table.integer("counts_days", 90, 1..=3650, "Days that counts are kept."),
            anomalies_days: table.integer(
                "anomalies_days",
                365,
                1..=3650,
                "Days that resolved anomalies are kept.",
            ),
            templates_days: table.integer(
                "templates_days",
                90,
                1..=3650,
                "Days that templates without lines are kept.",
            ),
            alerts_days: table.integer(
                "alerts_days",
                7,
                1..=3650,
                "Days that alerts which were sent are kept.",
            ),
            audit_days: table.integer(
                "audit_days",
                365,
                1..=3650,
                "Days that it is kept who did what to plugins.",
            ),
        }
    }
}

impl ApiConfig {
    pub(super) fn read(table: &mut Table<'_>, folder: &Path) -> ApiConfig {
        let text = table.text(
            "listen",
            "127.0.0.1:8085",
            "Address and port of the API and the page; others than this machine only with a token.",
        );
        let listen = text.parse().unwrap_or_else(|_| {
            table.complain(
                &["listen"],
                &format!("expected address and port, found {text:?}; write e.g. 127.0.0.1:8085"),
            );
            SocketAddr::from(([127, 0, 0, 1], 8085))
        });
        let token_file = table.optional_text(
            "token_file",
            "token",
            "File with a token of at least 16 characters that every request must carry.",
        );
        if !listen.ip().is_loopback() && token_file.is_none() {
            let message = format!(
                "others than this machine could reach {listen}; name a `token_file`, or listen on 127.0.0.1"
            );
            table.complain(&["listen"], &message);
        }
        ApiConfig {
            listen,
            token_file: token_file.map(|text| folder.join(text)),
            metrics_sources_max: table.integer(
                "metrics_sources_max",
                50,
                0..=10_000,
                "Sources with series of their own in the metrics, those with most lines; the others are summed up.",
            ),
        }
    }
}

/// Reads the list of inputs.
pub(super) fn read_inputs(table: &mut Table<'_>, folder: &Path, tenant: &str) -> Vec<InputConfig> {
    let doc = "Files to be followed. Each entry has `files` and may have the others.";
    table.sections("inputs", "[]", doc, |entry| {
        let files: Vec<(usize, String)> = entry.texts(
            "files",
            "[/var/log/*.log]",
            "Files; `*` stands for any letters, `**` for any folders. Rotated ones are read along.",
        );
        if !entry.has("files") {
            entry.require("files", "[/var/log/*.log]");
        }
        let exclude = entry.texts("exclude", "['*debug*']", "Files that are left out.");
        if entry.has("files") && files.is_empty() {
            entry.complain(&["files"], "names no file; write e.g. [/var/log/*.log]");
        }
        check_globs(entry, "files", &files);
        check_globs(entry, "exclude", &exclude);
        // What stands for itself in a name stands for itself in a glob as well.
        let folder = PathBuf::from(Pattern::escape(&folder.display().to_string()));
        let under = |(_, text): (usize, String)| folder.join(text).display().to_string();
        Some(InputConfig {
            files: files.into_iter().map(under).collect(),
            exclude: exclude.into_iter().map(|(_, text)| text).collect(),
            tenant: entry
                .optional_name("tenant", "default", "Tenant whose files they are, if another.")
                .unwrap_or_else(|| tenant.to_owned()),
            source: entry.text(
                "source",
                "file:{name}",
                "Key of the source; {name}, {folder} and {path} stand for parts of the path, {namespace}, {pod} and {container} for those of a container's log.",
            ),
            prefixed: entry.flag(
                "prefixed",
                false,
                "Whether lines begin with `name | `, each name a source of its own.",
            ),
            from_beginning: entry.flag(
                "from_beginning",
                true,
                "Whether files that are there at the first start are read from their beginning.",
            ),
            older: entry.flag(
                "older",
                true,
                "Whether rotated files beside them are read first, compressed or not.",
            ),
        })
    })
}

fn check_globs(entry: &mut Table<'_>, key: &'static str, globs: &[(usize, String)]) {
    for (index, text) in globs {
        if let Err(error) = Pattern::new(text) {
            let message =
                format!("cannot understand `{text}`: {}; write e.g. /var/log/*.log", error.msg);
            entry.complain_at(key, Some(*index), &message);
        }
    }
}
