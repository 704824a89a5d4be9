//! The logs of a shop while they are written and rotated.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::chance::Chance;
use crate::outcome::run;

/// Three logs of a shop, interleaved by time, each rotated now and then; some rotated files are compressed.
pub(super) struct Shop {
    logs: PathBuf,
    pub(super) lines: Vec<String>,
    next: usize,
    chance: Chance,
    files: Vec<(String, File, usize)>,
}

impl Shop {
    pub(super) fn new(logs: PathBuf, seed: u64) -> Self {
        let plan = ["--seed", "7", "--hours", "5", "--services", "3", "--incidents", "4"];
        let stream = run(&[&["generate"], &plan[..]].concat()).expect_code(0);
        let lines = stream.text().split_inclusive('\n').map(String::from).collect();
        Shop { logs, lines, next: 0, chance: Chance::new(seed), files: Vec::new() }
    }

    /// Writes so many lines more, or what is left.
    pub(super) fn write(&mut self, count: usize) {
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
