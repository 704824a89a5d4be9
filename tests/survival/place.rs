//! A folder of logs that somebody writes, and what the program makes of it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::outcome::run;
use crate::program;

/// The folder, with the daemon's own files beside the logs.
pub(super) struct Place {
    pub(super) folder: TempDir,
}

impl Place {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("logs")).expect("a folder for logs");
        Place { folder }
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// A configuration with a database of that name. Nothing is idle, since only the clock would say so.
    pub(super) fn config(&self, database: &str, more: &str) -> String {
        let path = self.folder.path().join(format!("{database}.yaml"));
        let text = format!(
            "inputs: [{{ files: [logs/*.log] }}]\n\
             store: {{ path: {database}.db, commit_every_s: 1 }}\n\
             follow: {{ poll_ms: 10, idle_after_s: 3600 }}\n\
             api: {{ listen: \"127.0.0.1:0\" }}\n\
             alerts_per_day: 200\n{more}"
        );
        fs::write(&path, text).expect("a configuration is written");
        path.display().to_string()
    }

    /// Compares what a troubled run has kept in the end with what an undisturbed one keeps of the same files, with the
    /// same further settings.
    pub(super) fn check(&self, troubled: &str, more: &str, context: &str) {
        finish(troubled);
        let undisturbed = self.config("undisturbed", more);
        finish(&undisturbed);
        let (troubled, expected) = (export(troubled), export(&undisturbed));
        let anomalies = String::from_utf8_lossy(&expected).matches("{\"anomaly\":{").count();
        assert!(anomalies > 5 && expected.len() > 100_000, "{anomalies} in {}", expected.len());
        assert!(troubled == expected, "{context}:\n{}", first_difference(&troubled, &expected));
    }
}

/// The daemon, ready to start; its log tells of everything.
pub(super) fn daemon(config: &str, more: &[&str]) -> Command {
    let mut command = program::bellwether();
    command.args(["run", "-c", config]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.env("RUST_LOG", "bellwether=trace");
    command
}

/// Reads everything that is there and commits it.
pub(super) fn finish(config: &str) {
    let output = daemon(config, &["--once"]).output().expect("a built program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the last run ended with {}: {said}", output.status);
}

/// Everything that the store knows.
pub(super) fn export(config: &str) -> Vec<u8> {
    run(&["export", "-c", config]).expect_code(0).out
}

/// What an export has of one kind, such as `anomaly`.
pub(super) fn exported(config: &str, kind: &str) -> Vec<Value> {
    let lines = run(&["export", "-c", config]).expect_code(0).objects();
    lines.into_iter().filter_map(|mut line| Some(line.get_mut(kind)?.take())).collect()
}

pub(super) fn first_difference(left: &[u8], right: &[u8]) -> String {
    let (left, right) = (String::from_utf8_lossy(left), String::from_utf8_lossy(right));
    let pairs = left.lines().zip(right.lines());
    let differing = pairs.filter(|(a, b)| a != b).take(3);
    let short = |line: &str| line.chars().take(600).collect::<String>();
    differing.map(|(a, b)| format!("{}\n{}\n", short(a), short(b))).collect()
}
