//! A daemon that is killed anywhere goes on as if nothing had been: what it has kept in the end is the same to the byte
//! as what an undisturbed one keeps.

mod shop;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::chance::Chance;
use crate::outcome::run;
use crate::program;
use shop::Shop;

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
    fn config(&self, database: &str, more: &str) -> String {
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
}

fn daemon(config: &str, more: &[&str]) -> Command {
    let mut command = program::bellwether();
    command.args(["run", "-c", config]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.env("RUST_LOG", "bellwether=trace");
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

/// Compares what a troubled run has kept in the end with what an undisturbed one keeps of the same files.
fn check(place: &Place, troubled: &str, context: &str) {
    finish(troubled);
    let undisturbed = place.config("undisturbed", "");
    finish(&undisturbed);
    let (troubled, expected) = (export(troubled), export(&undisturbed));
    let anomalies = String::from_utf8_lossy(&expected).matches("{\"anomaly\":{").count();
    assert!(anomalies > 5 && expected.len() > 100_000, "{anomalies} in {}", expected.len());
    assert!(troubled == expected, "{context}:\n{}", first_difference(&troubled, &expected));
}

/// Kills the daemon again and again while the logs are written; each run is started by `start`.
fn kill_again_and_again(place: &Place, seed: u64, kills: u64, mut start: impl FnMut() -> Command) {
    let mut shop = Shop::new(place.logs(), seed);
    let part = shop.lines.len() / (kills as usize + 1) + 1;
    let mut chance = Chance::new(seed);
    for _ in 0..kills {
        let mut child = start().spawn().expect("a built program starts");
        std::thread::scope(|scope| {
            scope.spawn(|| shop.write(part));
            kill_after(&mut child, &mut chance);
        });
    }
    shop.write(usize::MAX / 2);
}

/// More sources than there are places in the queue of a worker.
#[test]
fn many_sources_come_back() {
    let place = Place::new();
    for number in 0..200 {
        let line = format!("2026-03-02T00:00:00Z INFO source {number} says hello\n");
        fs::write(place.logs().join(format!("{number}.log")), line).expect("a log is written");
    }
    let config = place.config("many", "");
    finish(&config);
    let first = export(&config);
    finish(&config);
    assert!(export(&config) == first, "{}", first_difference(&export(&config), &first));
    assert_eq!(String::from_utf8_lossy(&first).matches("{\"source\":{").count(), 200);
}

#[test]
fn killed_anywhere_it_keeps_the_same() {
    let (kills, seed) = (asked(KILLS_VARIABLE, KILLS), asked(SEED_VARIABLE, SEED));
    let place = Place::new();
    let killed = place.config("killed", "");
    kill_again_and_again(&place, seed, kills, || daemon(&killed, &[]));
    check(&place, &killed, &format!("after {kills} kills with seed {seed}"));
}

/// The wall clock jumps an hour to and fro while the daemon runs, and between its runs.
#[test]
fn clocks_that_jump_do_not_show() {
    let Some(library) = faketime() else {
        program::skip("the test of jumping clocks", "libfaketime (Debian package `faketime`)");
        return;
    };
    let place = Place::new();
    let jumping = place.config("jumping", "");
    let clock = place.folder.path().join("clock");
    let mut jumps = 0;
    kill_again_and_again(&place, SEED, 4, || {
        jumps += 1;
        fs::write(&clock, if jumps % 2 == 0 { "+3600" } else { "-3600" }).expect("a clock is set");
        let mut command = daemon(&jumping, &[]);
        command.env("LD_PRELOAD", &library).env("FAKETIME_TIMESTAMP_FILE", &clock);
        command.env("FAKETIME_NO_CACHE", "1").env("DONT_FAKE_MONOTONIC", "1");
        command
    });
    check(&place, &jumping, "after jumps of the clock");
}

fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let libraries = folders.map(|folder| folder.join("faketime/libfaketime.so.1"));
    libraries.into_iter().find(|library| library.is_file())
}

/// A disk without room stops commits, not detection; once there is room, everything is there.
#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let Some(disk) = SmallDisk::mount(&place.folder.path().join("disk")) else {
        program::skip("the test of a full disk", "the right to mount a small file system");
        return;
    };
    let full = place.config("full", "");
    let text = fs::read_to_string(&full).expect("a configuration is read");
    fs::write(&full, text.replace("path: full.db", "path: disk/full.db"))
        .expect("a configuration is written");
    let mut shop = Shop::new(place.logs(), SEED);
    shop.write(10_000);
    let mut child = daemon(&full, &[]).spawn().expect("a built program starts");
    let mut log = BufReader::new(child.stderr.take().expect("its log is piped")).lines();
    wait_for(&mut log, "committed");
    disk.fill();
    shop.write(usize::MAX / 2);
    wait_for(&mut log, "nothing can be committed");
    disk.free();
    wait_for(&mut log, "committed");
    child.kill().expect("a running daemon can be killed");
    child.wait().expect("it is gone");
    check(&place, &full, "after a full disk");
}

fn wait_for(log: &mut impl Iterator<Item = std::io::Result<String>>, words: &str) {
    let found = log.any(|line| line.expect("the log is text").contains(words));
    assert!(found, "the log ended without `{words}`");
}

/// A file system of a few megabytes.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path) -> Option<SmallDisk> {
        fs::create_dir(folder).expect("a folder to mount at");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder).stderr(Stdio::null());
        let mounted = mount.status().is_ok_and(|status| status.success());
        mounted.then(|| SmallDisk(folder.to_owned()))
    }

    /// Leaves no room at all.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).expect("a file is created");
        let block = [0; 4096];
        while file.write_all(&block).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("the filler is removed");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the small disk stays mounted");
    }
}
