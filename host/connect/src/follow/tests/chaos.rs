//! Random writing, rotating, compressing, reading and killing: whatever happens, the bytes of a stream are the same.

use super::*;

/// Histories that are tried.
const SEEDS: u64 = 250;
/// Things that happen in each.
const STEPS: usize = 150;

/// A generator of numbers that look random; SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// How names of rotated files are made.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Naming {
    Numbers,
    Dates,
    DatesWithin,
}

struct History {
    chance: Chance,
    stage: Stage,
    naming: Naming,
    /// Whether all generations begin with the same text.
    banner: Option<String>,
    /// What was written, by generation; the last one is at the path.
    generations: Vec<Vec<u8>>,
    /// Names of the rotated ones, oldest first, as long as `generations` but for the last.
    names: Vec<String>,
    lines: u64,
    follower: Option<Follower>,
    received: Vec<u8>,
    saved: Vec<SavedStream>,
    kills: u64,
    rotations: u64,
    truncations: u64,
}

const LIVE: &str = "app.log";

impl History {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let naming =
            [Naming::Numbers, Naming::Dates, Naming::DatesWithin][chance.below(3) as usize];
        let banner_bytes = [40, 300, 1500][chance.below(3) as usize];
        let banner = chance.one_in(3).then(|| "=".repeat(banner_bytes) + "\n");
        History {
            stage: Stage::new(),
            naming,
            banner,
            generations: vec![Vec::new()],
            names: Vec::new(),
            lines: 0,
            follower: None,
            received: Vec::new(),
            saved: Vec::new(),
            kills: 0,
            rotations: 0,
            truncations: 0,
            chance,
        }
    }

    fn expected(&self) -> Vec<u8> {
        let mut all: Vec<u8> = Vec::new();
        for generation in self.generations.iter().filter(|generation| !generation.is_empty()) {
            if all.last().is_some_and(|&byte| byte != b'\n') {
                all.push(b'\n');
            }
            all.extend_from_slice(generation);
        }
        all
    }

    fn content(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.chance.below(12) {
            self.lines += 1;
            // The number comes mixed first, so that lines differ from their first byte on.
            let number = Chance(self.lines).next();
            let filler = "x".repeat(self.chance.below(120) as usize);
            text += &format!("{number:016x} line {} {filler}\n", self.lines);
        }
        if self.chance.one_in(3) {
            text.truncate(text.len() - 1 - self.chance.below(15) as usize);
        }
        text
    }

    /// Writes to a generation, counted from the youngest.
    fn write(&mut self, back: usize) {
        let index = self.generations.len() - 1 - back;
        let mut text = self.content();
        if self.generations[index].is_empty() {
            text = self.banner.clone().unwrap_or_default() + &text;
        }
        let name = if back == 0 { LIVE.to_owned() } else { self.names[index].clone() };
        self.stage.append(&name, &text);
        self.generations[index].extend_from_slice(text.as_bytes());
    }

    /// Makes room for one more rotated file and says its name.
    fn shift(&mut self) -> String {
        if self.naming == Naming::Numbers {
            let count = self.names.len();
            for index in 0..count {
                let from = self.names[index].clone();
                let ending = from.strip_prefix("app.log.").expect("numbered");
                let ending = ending.trim_start_matches(|letter: char| letter.is_ascii_digit());
                let to = format!("app.log.{}{ending}", count - index + 1);
                self.stage.rename(&from, &to);
                self.names[index] = to;
            }
        }
        let number = self.names.len() + 1;
        match self.naming {
            Naming::Numbers => "app.log.1".into(),
            Naming::Dates => format!("app.log-202611{:02}-{number:03}", 1 + number / 10),
            Naming::DatesWithin => format!("app-2026-11-21T10-{number:03}.log"),
        }
    }

    fn rename(&mut self) {
        let name = self.shift();
        self.stage.rename(LIVE, &name);
        self.names.push(name);
        self.generations.push(Vec::new());
        self.perhaps_read();
        // The writer has not noticed yet.
        while self.chance.one_in(2) {
            self.write(1);
            self.perhaps_read();
        }
        if self.chance.one_in(2) {
            self.stage.append(LIVE, "");
        }
    }

    fn copy_and_truncate(&mut self) {
        let name = self.shift();
        self.stage.copy(LIVE, &name);
        if self.generations.last().is_some_and(|live| live.len() >= 1024) {
            self.perhaps_read();
        }
        self.stage.truncate(LIVE);
        self.names.push(name);
        self.generations.push(Vec::new());
        while self.chance.one_in(2) {
            self.write(0);
        }
    }

    fn compress(&mut self) {
        let plain = |name: &&mut String| !name.ends_with(".gz") && !name.ends_with(".zst");
        let mut names: Vec<&mut String> = self.names.iter_mut().filter(plain).collect();
        if names.is_empty() {
            return;
        }
        let name = names.swap_remove(self.chance.below(names.len() as u64) as usize);
        let ending = if self.chance.one_in(2) { "gz" } else { "zst" };
        self.stage.compress(name, ending);
        *name += &format!(".{ending}");
    }

    fn perhaps_read(&mut self) {
        if self.chance.one_in(2) {
            self.read();
        }
    }

    fn read(&mut self) {
        let Some(mut follower) = self.follower.take() else { return };
        follower.poll_now();
        let mut buffer = vec![0; 2 + self.chance.below(700) as usize];
        let chunks = self.chance.below(30);
        let ready = follower.ready().next();
        if let Some(id) = ready {
            for _ in 0..chunks {
                let Chunk::Bytes(count) = follower.read(id, &mut buffer) else { break };
                self.received.extend_from_slice(&buffer[..count]);
            }
        }
        if self.chance.one_in(3) {
            close(&mut follower);
        }
        self.follower = Some(follower);
    }

    fn save(&mut self) {
        let Some(follower) = &self.follower else { return };
        if let Some(id) = follower.streams().next() {
            let saved = follower.position(id).expect("followed");
            assert_eq!(saved.position, self.received.len() as u64);
            self.saved.push(saved);
        }
    }

    /// Counts what the follower did, which ends here.
    fn count(&mut self) {
        let Some(follower) = self.follower.take() else { return };
        assert!(lost_nothing(&follower), "{:?}", follower.counters());
        self.rotations += follower.counters().rotations;
        self.truncations += follower.counters().truncations;
    }

    /// Kills the process, and starts it again with what was saved some time ago.
    fn kill(&mut self) {
        self.kills += 1;
        self.count();
        let back = self.chance.below(4).min(self.saved.len() as u64) as usize;
        self.saved.truncate(self.saved.len() - back);
        self.start();
    }

    fn start(&mut self) {
        if self.saved.is_empty() {
            self.touch();
        }
        let saved = self.saved.last();
        self.received.truncate(saved.map_or(0, |saved| saved.position as usize));
        let options = self.stage.options("app*");
        let follower = Follower::new(options, saved.map_or(&[], std::slice::from_ref));
        let mut follower = follower.expect("followed");
        follower.poll_now();
        self.follower = Some(follower);
    }

    /// Sees to it that there is a file at the path: without, dated ones are not known to belong together.
    fn touch(&mut self) {
        if !self.stage.path(LIVE).exists() {
            self.stage.append(LIVE, "");
        }
    }

    fn step(&mut self) {
        let is_there = self.stage.path(LIVE).exists();
        match self.chance.below(20) {
            0..=5 => self.write(0),
            6 if is_there => self.rename(),
            7 if is_there => self.copy_and_truncate(),
            8..=9 => self.compress(),
            10..=15 => self.read(),
            16..=18 => self.save(),
            _ => self.kill(),
        }
    }
}

/// Closes what may be closed, as if other files needed to be open.
fn close(follower: &mut Follower) {
    for followed in follower.streams.values_mut() {
        if followed.stream.is_cheap_to_close() {
            follower.open_files -= followed.stream.open_files();
            followed.stream.close();
        }
    }
}

fn differ_at(left: &[u8], right: &[u8]) -> String {
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    let near = |bytes: &[u8]| {
        let near = &bytes[same.saturating_sub(40).min(bytes.len())..bytes.len().min(same + 60)];
        String::from_utf8_lossy(near).into_owned()
    };
    format!("at {same} of {} and {}:\n{:?}\n{:?}", left.len(), right.len(), near(left), near(right))
}

/// Plays a history to its end and compares all ways to read it.
fn play(seed: u64) -> History {
    let mut history = History::new(seed);
    history.start();
    for step in 0..STEPS {
        history.step();
        let (expected, received) = (history.expected(), &history.received);
        let context = || format!("seed {seed}, step {step}, {}", differ_at(received, &expected));
        assert!(expected.starts_with(received), "{}", context());
    }
    let mut rest = Received::default();
    rest.settle(history.follower.as_mut().expect("started"));
    history.received.extend_from_slice(rest.streams.get(LIVE).map_or(&[], |bytes| bytes));
    let (expected, received) = (history.expected(), &history.received);
    assert!(*received == expected, "seed {seed}, live {}", differ_at(received, &expected));
    history.count();
    history.touch();
    let after = afterwards(&history.stage, "app*");
    let after = after.streams.get(LIVE).map_or(&[][..], |bytes| bytes);
    assert!(after == expected, "seed {seed}, afterwards {}", differ_at(after, &expected));
    history
}

#[test]
fn no_history_shows_in_the_bytes() {
    let (mut kills, mut rotations, mut truncations) = (0, 0, 0);
    for seed in 0..SEEDS {
        let history = play(seed);
        kills += history.kills;
        rotations += history.rotations;
        truncations += history.truncations;
    }
    assert!(kills > SEEDS && rotations > SEEDS && truncations > SEEDS / 4);
}
