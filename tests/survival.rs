//! A daemon that is killed anywhere goes on as if nothing had been: what it has kept in the end is the same to the byte
//! as what an undisturbed one keeps.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::outcome::run;
use crate::program;

/// Kills in a usual run of the tests; `BELLWETHER_KILLS` asks for more.
const KILLS: u64 = 8;
const KILLS_VARIABLE: &str = "BELLWETHER_KILLS";
/// Seed of the moments; `BELLWETHER_SEED` asks for others.
const SEED: u64 = 20_261_121;
const SEED_VARIABLE: &str = "BELLWETHER_SEED";

fn asked(variable: &str, usual: u64) -> u64 {
    let asked = std::env::var(variable).ok();
    asked.map_or(usual, |text| text.parse().expect("a number in the environment"))
}

/// A folder of logs that somebody writes, and the daemon's own.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("logs")).expect("a folder for logs");
        Place { folder }
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// A configuration with a database of that name. Nothing is idle, since only the clock would say so.
    fn config(&self, database: &str) -> String {
        let path = self.folder.path().join(format!("{database}.yaml"));
        let text = format!(
            "inputs: [{{ files: [logs/*.log] }}]\n\
             store: {{ path: {database}.db, commit_every_s: 1 }}\n\
             follow: {{ poll_ms: 10, idle_after_s: 3600 }}\n\
             api: {{ listen: \"127.0.0.1:0\" }}\n\
             alerts_per_day: 200\n"
        );
        fs::write(&path, text).expect("a configuration is written");
        path.display().to_string()
    }
}

fn daemon(config: &str, more: &[&str]) -> Command {
    let mut command = program::bellwether();
    command.args(["run", "-c", config]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Reads everything that is there and commits it.
fn finish(config: &str) {
    let output = daemon(config, &["--once"]).output().expect("a built program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the last run ended with {}: {said}", output.status);
}

fn export(config: &str) -> Vec<u8> {
    run(&["export", "-c", config]).expect_code(0).out
}

/// Three logs of a shop, interleaved by time, each rotated now and then; some rotated files are compressed.
struct Shop {
    logs: PathBuf,
    lines: Vec<String>,
    next: usize,
    chance: Chance,
    files: Vec<(String, File, usize)>,
}

impl Shop {
    fn new(logs: PathBuf, seed: u64) -> Self {
        let plan = ["--seed", "7", "--hours", "5", "--services", "3", "--incidents", "4"];
        let stream = run(&[&["generate"], &plan[..]].concat()).expect_code(0);
        let lines = stream.text().split_inclusive('\n').map(String::from).collect();
        Shop { logs, lines, next: 0, chance: Chance::new(seed), files: Vec::new() }
    }

    /// Writes so many lines more, or what is left.
    fn write(&mut self, count: usize) {
        let end = (self.next + count).min(self.lines.len());
        for line in &self.lines[self.next..end] {
            let (name, line) = line.split_once(" | ").unwrap_or(("shop", line));
            let name = name.trim_end();
            let place = self.files.iter().position(|(known, ..)| known == name);
            let place = place.unwrap_or_else(|| {
                self.files.push((name.into(), create(&self.logs, name), 0));
                self.files.len() - 1
            });
            let (_, file, lines) = &mut self.files[place];
            file.write_all(line.as_bytes()).expect("a line is written");
            *lines += 1;
            if *lines >= 2_000 && self.chance.up_to(2_000) == 1 {
                *lines = 0;
                rotate(&self.logs, name, self.chance.up_to(2) == 1);
                *file = create(&self.logs, name);
            }
        }
        self.next = end;
    }
}

fn create(logs: &Path, name: &str) -> File {
    let path = logs.join(format!("{name}.log"));
    OpenOptions::new().create(true).append(true).open(path).expect("a log is created")
}

/// `x.log` becomes `x.log.1`, what was there before moves one further.
fn rotate(logs: &Path, name: &str, compress: bool) {
    let numbered = |number: u32, ending: &str| logs.join(format!("{name}.log.{number}{ending}"));
    let last =
        (1..).find(|number| !numbered(*number, "").exists() && !numbered(*number, ".gz").exists());
    for number in (1..last.expect("a free number")).rev() {
        for ending in ["", ".gz"] {
            if numbered(number, ending).exists() {
                fs::rename(numbered(number, ending), numbered(number + 1, ending))
                    .expect("a log is renamed");
            }
        }
    }
    fs::rename(logs.join(format!("{name}.log")), numbered(1, "")).expect("a log is renamed");
    if compress && numbered(2, "").exists() {
        // The one before, since somebody may still be reading the newest.
        let text = fs::read(numbered(2, "")).expect("a rotated log is read");
        let packed = File::create(numbered(2, ".gz.new")).expect("a packed log is created");
        let mut encoder = GzEncoder::new(packed, Compression::fast());
        encoder.write_all(&text).and_then(|()| encoder.finish().map(drop)).expect("it is packed");
        fs::rename(numbered(2, ".gz.new"), numbered(2, ".gz")).expect("it is moved into place");
        fs::remove_file(numbered(2, "")).expect("the plain one is removed");
    }
}

/// Lets the daemon work until it has told of some reads and commits and a little longer, then kills it without warning.
fn kill_after(child: &mut Child, chance: &mut Chance) {
    let log = BufReader::new(child.stderr.take().expect("its log is piped"));
    for line in log.lines().take(chance.up_to(12)) {
        line.expect("the log is text");
    }
    for _ in 0..chance.up_to(2_000_000) {
        std::hint::spin_loop();
    }
    child.kill().expect("a running daemon can be killed");
    child.wait().expect("it is gone");
}

fn first_difference(left: &[u8], right: &[u8]) -> String {
    let (left, right) = (String::from_utf8_lossy(left), String::from_utf8_lossy(right));
    let pairs = left.lines().zip(right.lines());
    let differing = pairs.filter(|(a, b)| a != b).take(3);
    let short = |line: &str| line.chars().take(600).collect::<String>();
    differing.map(|(a, b)| format!("{}\n{}\n", short(a), short(b))).collect()
}

#[test]
fn killed_anywhere_it_keeps_the_same() {
    let (kills, seed) = (asked(KILLS_VARIABLE, KILLS), asked(SEED_VARIABLE, SEED));
    let place = Place::new();
    let mut shop = Shop::new(place.logs(), seed);
    let part = shop.lines.len() / (kills as usize + 1) + 1;
    let killed = place.config("killed");
    let mut chance = Chance::new(seed);
    for _ in 0..kills {
        let mut command = daemon(&killed, &[]);
        command.env("RUST_LOG", "bellwether=trace");
        let mut child = command.spawn().expect("a built program starts");
        std::thread::scope(|scope| {
            scope.spawn(|| shop.write(part));
            kill_after(&mut child, &mut chance);
        });
    }
    shop.write(usize::MAX / 2);
    finish(&killed);
    let undisturbed = place.config("undisturbed");
    finish(&undisturbed);
    let (killed, expected) = (export(&killed), export(&undisturbed));
    let anomalies = String::from_utf8_lossy(&expected).matches("\"anomaly\"").count();
    assert!(anomalies > 5 && expected.len() > 100_000, "{anomalies} in {}", expected.len());
    assert!(
        killed == expected,
        "after {kills} kills with seed {seed}:\n{}",
        first_difference(&killed, &expected)
    );
}
