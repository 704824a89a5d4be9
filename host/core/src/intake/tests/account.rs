//! Nothing is lost silently: what was read is delivered, late or quarantined, whatever the lines are.

use super::*;

/// Numbers that look random and are the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A stream of one input: sources, stamps before and behind, traces, blank and broken lines.
fn stream(random: &mut Random) -> String {
    let mut text = String::new();
    let mut second = 0;
    for _ in 0..random.below(400) {
        second += random.below(12) as i64;
        let prefix =
            ["", "web | ", "db | ", "mq | ", "too | ", "many | "][random.below(6) as usize];
        let line = match random.below(20) {
            0 => stamped(second - random.below(200) as i64, "back"),
            1 => stamped(second + random.below(4) as i64 * 86_400, "ahead"),
            2 => "9999-12-31T23:59:59Z INFO never\n".into(),
            3 => "1969-12-31T23:59:59Z INFO before\n".into(),
            4 => "    at frame(Frame.java:7)\n".into(),
            5 => "\n".into(),
            6 => "no stamp at all\r\n".into(),
            7 => "{\"broken\": \n".into(),
            8 => "Traceback (most recent call last):\n  File \"a.py\", line 1\n".into(),
            9 => format!("{}\n", "long ".repeat(random.below(60) as usize)),
            _ => stamped(second, "usual"),
        };
        text += prefix;
        text += &line;
    }
    text
}

/// What was drawn, read in chunks of random size.
fn read(seed: u64) -> Bench {
    let mut random = Random(seed);
    let settings = Settings {
        sources_max: 5,
        batch_rows_max: 1 + random.below(50) as usize,
        line_bytes_max: 200,
        record_bytes_max: 300,
        record_lines_max: 4,
        ..Settings::default()
    };
    let mut bench = Bench::new(settings);
    let count = 1 + random.below(3) as usize;
    let texts: Vec<String> = (0..count).map(|_| stream(&mut random)).collect();
    let ids: Vec<InputId> =
        (0..count).map(|number| bench.open(&format!("file:{number}"), Routing::Prefixed)).collect();
    let mut rest: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    while let Some(input) = (0..count).rev().find(|input| !rest[*input].is_empty()) {
        let input = (input + random.below(count as u64) as usize) % count;
        let length = (1 + random.below(500) as usize).min(rest[input].len());
        let (chunk, later) = rest[input].split_at(length);
        bench.intake.push(ids[input], chunk, &mut bench.out);
        rest[input] = later;
    }
    ids.into_iter().for_each(|id| bench.finish(id));
    bench
}

#[test]
fn every_record_is_accounted_for() {
    let (mut late, mut quarantined, mut cut) = (0, 0, 0);
    for seed in 1..=300 {
        let bench = read(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
        bench.check_account(&format!("seed {seed}"));
        let counters = bench.intake.counters();
        late += counters.late;
        quarantined += counters.quarantined;
        cut += counters.cut;
    }
    assert!(late > 0 && quarantined > 0 && cut > 0, "{late} {quarantined} {cut}");
}

#[test]
fn sources_beyond_the_limit_are_quarantined() {
    for (sources_max, quarantined) in [(1, 4), (2, 2), (3, 0), (4, 0)] {
        let mut bench = Bench::new(Settings { sources_max, ..Settings::default() });
        let input = bench.open("file:all", Routing::Prefixed);
        for second in 0..2 {
            for name in ["a", "b", "c"] {
                bench.push(input, &format!("{name} | {}", stamped(second, name)));
            }
        }
        bench.finish(input);
        let counters = bench.intake.counters();
        assert_eq!((counters.records, counters.quarantined), (6, quarantined), "{sources_max}");
        assert_eq!(bench.intake.sources().len(), sources_max.min(3));
        bench.check_account("sources");
    }
}
