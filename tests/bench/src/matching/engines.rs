//! What finds expressions in lines: the matcher, and what a program in Rust would do without it.

use super::corpus::Block;
use super::literals::Literals;
use super::vectorscan::{Unit, Vectorscan};
use anyhow::{Result, anyhow};
use bellwether_core::matcher::{Efforts, Frequencies, Hits, Matcher, Scratch};
use bellwether_core::pattern::{Pattern, PatternError, PatternSpec};
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// The large cache of states.
const CACHE_BYTES: usize = 256 << 20;
/// As large as a set may get.
const COMPILED_BYTES: usize = 1 << 30;

/// Finds all expressions in all lines of a block.
pub(super) trait Engine {
    /// Adds a pair of expression and row for each hit.
    fn scan(&mut self, block: &Block, found: &mut Vec<(u32, u32)>) -> Result<()>;

    /// Bytes of what was compiled, where the engine can tell.
    fn bytes(&self) -> Option<usize> {
        None
    }
}

/// An engine of any sort.
pub(super) type Boxed = Box<dyn Engine>;

/// An engine, and how it is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// `None` where this machine has no such engine.
    pub(super) make: fn(&[String]) -> Result<Option<Boxed>>,
    /// Most expressions that it takes in bearable time.
    pub(super) sources_max: usize,
}

/// All that ours is held against.
pub(super) const PEERS: [Peer; 8] = [
    Peer { name: LOOP, make: |sources| some(Loop::new(sources)), sources_max: 30_000 },
    Peer { name: "RegexSet", make: |sources| some(Set::new(sources, None)), sources_max: 400 },
    Peer {
        name: "RegexSet 256M",
        make: |sources| some(Set::new(sources, Some(CACHE_BYTES))),
        sources_max: 3000,
    },
    Peer { name: "AC + verify", make: |sources| some(Literals::new(sources)), sources_max: 30_000 },
    Peer {
        name: "regex-filtered",
        make: |sources| some(Filtered::new(sources)),
        sources_max: 30_000,
    },
    Peer {
        name: "VS by line",
        make: |sources| boxed(Vectorscan::new(sources, Unit::Line)),
        sources_max: 30_000,
    },
    Peer {
        name: "VS by block",
        make: |sources| boxed(Vectorscan::new(sources, Unit::Block)),
        sources_max: 30_000,
    },
    Peer { name: SPLIT, make: |_| Ok(Some(Box::new(Split))), sources_max: usize::MAX },
];
/// Those that are held against hostile lines.
pub(super) const HARDENED: [&str; 5] = [LOOP, "AC + verify", "VS by line", "VS by block", SPLIT];
/// The fastest, and the one that is believed.
pub(super) const STRONGEST: [&str; 3] = [LOOP, "VS by line", "VS by block"];
/// The engine that is believed.
pub(super) const LOOP: &str = "regex loop";
/// The engine that finds nothing: it only looks for the ends of lines.
pub(crate) const SPLIT: &str = "memchr split";

fn some<E: Engine + 'static>(made: Result<E>) -> Result<Option<Boxed>> {
    boxed(made.map(Some))
}

fn boxed<E: Engine + 'static>(made: Result<Option<E>>) -> Result<Option<Boxed>> {
    Ok(made?.map(|engine| Box::new(engine) as Boxed))
}

/// Compiles an expression as the matcher reads it.
pub(super) fn compile(source: &str) -> Result<Regex> {
    Ok(RegexBuilder::new(source).unicode(false).multi_line(true).build()?)
}

/// A pattern of a library that was proven before.
fn shipped(source: &str) -> Result<Pattern, Vec<PatternError>> {
    Pattern::shipped(&PatternSpec {
        name: "raced".into(),
        category: "raced".into(),
        expression: source.into(),
        kind: "regex".into(),
        severity: "info".into(),
        unproven: true,
        matches: vec!["-".into()],
        ..PatternSpec::default()
    })
}

/// The matcher.
pub(super) struct Ours {
    matcher: Matcher,
    scratch: Scratch,
    hits: Hits,
}

impl Ours {
    /// With the counts that ship, as a program begins with its library: what confirms is compiled when it is needed.
    pub(super) fn new(sources: &[String]) -> Result<Self> {
        let patterns: Result<Vec<Pattern>, _> = sources.iter().map(|own| shipped(own)).collect();
        let patterns = patterns.map_err(|errors| anyhow!("a pattern is refused: {errors:?}"))?;
        Ok(Ours::of(Matcher::new(&patterns, &[])?))
    }

    fn of(matcher: Matcher) -> Self {
        Ours { matcher, scratch: Scratch::default(), hits: Hits::default() }
    }

    /// Refined by some traffic.
    pub(super) fn warmed(&mut self, blocks: &[Block]) -> Self {
        let mut frequencies = Frequencies::default();
        Efforts::default().take(self.scratch.efforts());
        for block in blocks {
            frequencies.observe(&block.text);
            self.matcher.scan(&block.batch, &mut self.scratch, &mut self.hits);
        }
        Ours::of(self.matcher.refined(&frequencies, self.scratch.efforts()))
    }
}

impl Engine for Ours {
    fn scan(&mut self, block: &Block, found: &mut Vec<(u32, u32)>) -> Result<()> {
        self.matcher.scan(&block.batch, &mut self.scratch, &mut self.hits);
        found.extend_from_slice(self.hits.pairs());
        Ok(())
    }

    fn bytes(&self) -> Option<usize> {
        Some(self.matcher.bytes())
    }
}

/// Each expression on each line.
struct Loop(Vec<Regex>);

impl Loop {
    fn new(sources: &[String]) -> Result<Self> {
        let regexes: Result<_> = sources.iter().map(|source| compile(source)).collect();
        Ok(Loop(regexes?))
    }
}

impl Engine for Loop {
    fn scan(&mut self, block: &Block, found: &mut Vec<(u32, u32)>) -> Result<()> {
        for row in 0..block.ends.len() {
            let line = block.line(row);
            let hits = self.0.iter().enumerate().filter(|(_, regex)| regex.is_match(line));
            found.extend(hits.map(|(id, _)| (id as u32, row as u32)));
        }
        Ok(())
    }
}

/// All expressions as one automaton that is built as it runs.
struct Set(RegexSet);

impl Set {
    fn new(sources: &[String], cache_bytes: Option<usize>) -> Result<Self> {
        let mut builder = RegexSetBuilder::new(sources);
        builder.unicode(false).multi_line(true).size_limit(COMPILED_BYTES);
        if let Some(bytes) = cache_bytes {
            builder.dfa_size_limit(bytes);
        }
        Ok(Set(builder.build()?))
    }
}

impl Engine for Set {
    fn scan(&mut self, block: &Block, found: &mut Vec<(u32, u32)>) -> Result<()> {
        for row in 0..block.ends.len() {
            let hits = self.0.matches(block.line(row));
            found.extend(hits.iter().map(|id| (id as u32, row as u32)));
        }
        Ok(())
    }
}

/// The crate that took this from RE2: an automaton over needed words says which expressions to run.
struct Filtered(regex_filtered::Regexes);

impl Filtered {
    fn new(sources: &[String]) -> Result<Self> {
        let mut options = regex_filtered::Options::new();
        options.multi_line(true);
        let mut builder = regex_filtered::Builder::new();
        for source in sources {
            builder = builder.push_opt(source, &options)?;
        }
        Ok(Filtered(builder.build()?))
    }
}

impl Engine for Filtered {
    fn scan(&mut self, block: &Block, found: &mut Vec<(u32, u32)>) -> Result<()> {
        for row in 0..block.ends.len() {
            // It takes text only, and is given nothing else.
            let line = std::str::from_utf8(block.line(row))?;
            found.extend(self.0.matching(line).map(|(id, _)| (id as u32, row as u32)));
        }
        Ok(())
    }
}

/// What is done at least to know where lines are.
struct Split;

impl Engine for Split {
    fn scan(&mut self, block: &Block, _found: &mut Vec<(u32, u32)>) -> Result<()> {
        std::hint::black_box(memchr::memchr_iter(b'\n', &block.text).map(|at| at ^ 1).max());
        Ok(())
    }
}
