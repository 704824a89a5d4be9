//! A disk without room.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::SEED;
use super::daemon::Daemon;
use super::place::{Place, daemon, finish};
use super::shop::Shop;
use crate::program;

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

/// A small disk in a place, and a configuration whose database lies on it.
fn small_disk(place: &Place) -> Option<(SmallDisk, String)> {
    let Some(disk) = SmallDisk::mount(&place.folder.path().join("disk")) else {
        program::skip("the test of a full disk", "the right to mount a small file system");
        return None;
    };
    let full = place.config("full", "");
    let text = fs::read_to_string(&full).expect("a configuration is read");
    fs::write(&full, text.replace("path: full.db", "path: disk/full.db"))
        .expect("a configuration is written");
    Some((disk, full))
}

/// A disk without room stops commits, not detection; once there is room, everything is there.
#[test]
fn a_full_disk_loses_nothing() {
    let place = Place::new();
    let Some((disk, full)) = small_disk(&place) else { return };
    let mut shop = Shop::new(place.logs(), SEED);
    shop.write(10_000);
    let mut running = Daemon::start(daemon(&full, &[]));
    running.wait_for("committed");
    disk.fill();
    shop.write(usize::MAX / 2);
    running.wait_for("nothing can be committed");
    disk.free();
    running.wait_for("committed");
    running.kill();
    place.check(&full, "", "after a full disk");
}

const WAITS: &str = "nothing is read before there is room for the store";

fn check_waits(running: &mut Daemon) {
    running.wait_for(WAITS);
    let health = running.json("/health");
    assert_eq!(health["status"], "failing", "{health}");
    let store = &health["parts"]["store"];
    let detail = store["details"][0].as_str().unwrap_or_default();
    assert!(detail.starts_with("nothing is read yet: no room left for"), "{store}");
    assert!(detail.ends_with("free some space on its disk"), "{store}");
    assert!(store["figures"]["waits_for_room"].as_u64() > Some(0), "{store}");
}

/// Where there is no room from the beginning, the daemon says so, hears ctrl-c, and begins once there is some.
#[test]
fn a_disk_that_is_full_at_the_start_is_waited_for() {
    let place = Place::new();
    let Some((disk, full)) = small_disk(&place) else { return };
    let mut shop = Shop::new(place.logs(), SEED);
    shop.write(10_000);
    disk.fill();
    for signal in [Signal::INT, Signal::TERM] {
        let mut running = Daemon::start(daemon(&full, &[]));
        check_waits(&mut running);
        running.signal(signal);
        running.wait_for("read again by the next run");
        assert!(running.wait().success(), "it ends as it should");
    }
    let mut running = Daemon::start(daemon(&full, &[]));
    check_waits(&mut running);
    disk.free();
    running.wait_for("committed");
    assert_eq!(running.json("/health")["parts"]["store"]["status"], "ok");
    assert!(running.end().success(), "it ends as it should");

    disk.fill();
    let mut running = Daemon::start(daemon(&full, &[]));
    check_waits(&mut running);
    shop.write(usize::MAX / 2);
    disk.free();
    running.wait_for("committed");
    running.kill();
    place.check(&full, "", "after two starts on a full disk");
}

/// What could not be kept is no success.
#[test]
fn a_run_whose_end_finds_no_room_says_so() {
    let place = Place::new();
    let Some((disk, full)) = small_disk(&place) else { return };
    let mut shop = Shop::new(place.logs(), SEED);
    shop.write(10_000);
    finish(&full);
    shop.write(usize::MAX / 2);
    // A daemon that was killed leaves its files open to be used again.
    let mut running = Daemon::start(daemon(&full, &[]));
    running.wait_for("committed");
    running.kill();
    disk.fill();
    let mut running = Daemon::start(daemon(&full, &["--once"]));
    running.wait_for("what was read since the last commit is read again by the next run");
    running.wait_for("what was read is not kept: no room left for");
    assert_eq!(running.wait().code(), Some(74));
    disk.free();
    place.check(&full, "", "after a last commit without room");
}
