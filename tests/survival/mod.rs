//! A daemon that is killed anywhere goes on as if nothing had been: what it has kept in the end is the same to the byte
//! as what an undisturbed one keeps.

mod alerts;
mod daemon;
mod disk;
mod editions;
mod explained;
mod gone;
mod hook;
mod place;
mod reload;
mod repatterned;
mod shop;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command};

use crate::chance::Chance;
use crate::program;
use place::{Place, daemon, export, finish, first_difference};
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
    place.check(&killed, "", &format!("after {kills} kills with seed {seed}"));
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
    place.check(&jumping, "", "after jumps of the clock");
}

fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    let libraries = folders.map(|folder| folder.join("faketime/libfaketime.so.1"));
    libraries.into_iter().find(|library| library.is_file())
}
