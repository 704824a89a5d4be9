//! Real files, driven step by step.

mod chaos;
mod limits;
mod restart;
mod rotation;

use super::*;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::time::UNIX_EPOCH;
use tempfile::TempDir;

/// A folder of logs with a clock of its own, so that what was written when does not depend on the machine.
struct Stage {
    folder: TempDir,
    now_s: u64,
}

impl Stage {
    fn new() -> Self {
        Stage { folder: TempDir::new().expect("a temporary folder"), now_s: 1_790_000_000 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn glob(&self, glob: &str) -> String {
        self.path(glob).to_str().expect("text").to_owned()
    }

    fn options(&self, glob: &str) -> FollowOptions {
        FollowOptions { include: vec![self.glob(glob)], ..FollowOptions::default() }
    }

    fn follow(&self, glob: &str) -> Follower {
        Follower::new(self.options(glob), &[]).expect("followed")
    }

    fn stamp(&mut self, name: &str) {
        self.now_s += 1;
        let time = UNIX_EPOCH + Duration::from_millis(self.now_s * 1000 + 500);
        let file = OpenOptions::new().append(true).open(self.path(name)).expect("opened");
        file.set_modified(time).expect("stamped");
    }

    fn append(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(self.path(name)).expect("opened");
        file.write_all(bytes.as_ref()).expect("written");
        self.stamp(name);
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("renamed");
    }

    fn delete(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("deleted");
    }

    fn copy(&mut self, from: &str, to: &str) {
        fs::copy(self.path(from), self.path(to)).expect("copied");
        self.stamp(to);
    }

    fn truncate(&mut self, name: &str) {
        OpenOptions::new()
            .write(true)
            .open(self.path(name))
            .expect("opened")
            .set_len(0)
            .expect("cut");
        self.stamp(name);
    }

    /// Compresses as gzip and logrotate do: the time of writing stays, at least its second.
    fn compress(&mut self, name: &str, ending: &str) {
        let modified = fs::metadata(self.path(name)).expect("there").modified().expect("known");
        let seconds = modified.duration_since(UNIX_EPOCH).expect("later").as_secs();
        let content = fs::read(self.path(name)).expect("read");
        let packed = match ending {
            "zst" => zstd::encode_all(&content[..], 1).expect("compressed"),
            _ => gzip(&content),
        };
        let mut file = File::create(self.path(&format!("{name}.{ending}"))).expect("created");
        file.write_all(&packed).expect("written");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).expect("stamped");
        self.delete(name);
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("compressed");
    encoder.finish().expect("compressed")
}

/// What a follower handed out, by the name of the path.
#[derive(Default)]
struct Received {
    streams: BTreeMap<String, Vec<u8>>,
    events: Vec<StreamEvent>,
    ended: Vec<String>,
}

impl Received {
    /// Polls and reads until nothing more can come.
    fn settle(&mut self, follower: &mut Follower) {
        for _ in 0..6 {
            self.round(follower);
        }
    }

    /// Polls once and reads all there is then.
    fn round(&mut self, follower: &mut Follower) {
        self.events.extend(follower.poll_now());
        let mut buffer = [0; 100];
        for id in follower.ready().collect::<Vec<_>>() {
            let name = name_of(follower, id);
            loop {
                match follower.read(id, &mut buffer) {
                    Chunk::Bytes(count) => {
                        let bytes = self.streams.entry(name.clone()).or_default();
                        bytes.extend_from_slice(&buffer[..count]);
                    }
                    Chunk::CaughtUp => break,
                    Chunk::Ended => {
                        self.ended.push(name);
                        break;
                    }
                }
            }
        }
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.streams.get(name).map_or(&[], |bytes| bytes)).into_owned()
    }
}

fn name_of(follower: &Follower, id: StreamId) -> String {
    let name = follower.path(id).expect("followed").file_name().expect("a name");
    name.to_str().expect("text").to_owned()
}

/// What a follower hands out that begins now, with all there is.
fn afterwards(stage: &Stage, glob: &str) -> Received {
    let mut received = Received::default();
    received.settle(&mut stage.follow(glob));
    received
}

fn lost_nothing(follower: &Follower) -> bool {
    let counters = follower.counters();
    counters.lost_bytes == 0 && counters.lost_generations == 0 && counters.unreadable == 0
}

#[test]
fn a_follower_can_move_to_its_thread() {
    fn check<T: Send>(_: &T) {}
    check(&Stage::new().follow("*.log"));
}
