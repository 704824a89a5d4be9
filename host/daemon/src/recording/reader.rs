//! Reads a tenant's recording, whether somebody is writing it or not.

use super::block::{Blocks, RecordingError};
use super::entry::{Entry, Head};
use super::shelf;
use bellwether_core::lane::Snapshot;
use std::collections::BTreeMap;
use std::path::Path;

/// The segments that are there at one moment. Those that give way meanwhile can be read on.
#[derive(Debug)]
pub struct Recording {
    segments: Vec<Segment>,
}

/// One segment.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its head.
    pub head: Head,
    /// Behind the head.
    blocks: Blocks,
}

impl Recording {
    /// Opens the recording of a tenant. A folder that is not there has no segments.
    pub fn open(folder: &Path) -> Result<Self, RecordingError> {
        let unreadable = |source| RecordingError::Unreadable { path: folder.into(), source };
        let mut segments = Vec::new();
        for (_, path) in shelf::list(folder).map_err(unreadable)? {
            match Segment::open(&path) {
                Ok(segment) => segments.extend(segment),
                // It gave way a moment ago.
                Err(_) if !path.exists() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Recording { segments })
    }

    /// Of segments that are open already.
    pub(super) fn of(segments: Vec<Segment>) -> Self {
        Recording { segments }
    }

    /// The segments, the oldest first.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The place of the segment that was written at a moment of the clock, or of the first one after it.
    pub fn place_at(&self, moment_ms: u64) -> usize {
        let later = self.segments.partition_point(|segment| segment.head.begun_ms <= moment_ms);
        later.saturating_sub(1)
    }

    /// All entries from the beginning of a segment on, each with the number of the segment that has it.
    pub fn entries_from(
        &self,
        place: usize,
    ) -> impl Iterator<Item = Result<(u64, Entry), RecordingError>> + '_ {
        let segments = self.segments.get(place..).unwrap_or_default().iter();
        segments.flat_map(|segment| {
            segment.entries().map(|entry| entry.map(|entry| (segment.head.number, entry)))
        })
    }

    /// The sources as they were before the first that a segment says of them, by key. Sources that are absent were not
    /// spoken of, or unknown before it.
    pub fn snapshots(&self, place: usize) -> Result<BTreeMap<String, Snapshot>, RecordingError> {
        let Some(wanted) = self.segments.get(place) else { return Ok(BTreeMap::new()) };
        let mut snapshots = BTreeMap::new();
        // The last ones may have come when the next segment had begun.
        for entry in self.entries_from(place) {
            match entry? {
                (number, _) if number > wanted.head.number + 1 => break,
                (_, Entry::Snapshot { segment, key, snapshot, .. })
                    if segment == wanted.head.number =>
                {
                    // A source that slept meanwhile has a second one.
                    snapshots.entry(key).or_insert(snapshot);
                }
                _ => {}
            }
        }
        Ok(snapshots.into_iter().filter_map(|(key, own)| Some((key, own?))).collect())
    }

    /// The entries of one source from the beginning of a segment on, those for all sources included.
    pub fn entries_of<'a>(
        &'a self,
        key: &'a str,
        place: usize,
    ) -> impl Iterator<Item = Result<(u64, Entry), RecordingError>> + 'a {
        let mut track = Track::new(key);
        let mut current = None;
        self.entries_from(place).filter_map(move |entry| match entry {
            Err(error) => Some(Err(error)),
            Ok((number, entry)) => {
                if current.replace(number) != Some(number) {
                    track.begin_segment();
                }
                track.narrow(&entry).map(|entry| Ok((number, entry)))
            }
        })
    }
}

impl Segment {
    /// `None` where not even the head was written.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, RecordingError> {
        let mut blocks = Blocks::open(path)?;
        let Some((offset, bytes)) = blocks.next()? else { return Ok(None) };
        let head = postcard::from_bytes(&bytes).map_err(|_| blocks.damaged(offset))?;
        Ok(Some(Segment { head, blocks }))
    }

    /// Its entries, from the first on.
    pub fn entries(&self) -> Entries {
        Entries::of(self.blocks.clone())
    }
}

/// Entries, one after the other. After an error there are no more.
#[derive(Debug)]
pub struct Entries {
    blocks: Option<Blocks>,
    block: Vec<u8>,
    offset: u64,
    next: usize,
}

impl Entries {
    pub(super) fn of(blocks: Blocks) -> Self {
        Entries { blocks: Some(blocks), block: Vec::new(), offset: 0, next: 0 }
    }

    fn read(&mut self) -> Result<Option<Entry>, RecordingError> {
        let Some(blocks) = &mut self.blocks else { return Ok(None) };
        if self.next == self.block.len() {
            let Some((offset, block)) = blocks.next()? else { return Ok(None) };
            (self.offset, self.block, self.next) = (offset, block, 0);
        }
        let rest = &self.block[self.next..];
        let (entry, left) =
            postcard::take_from_bytes(rest).map_err(|_| blocks.damaged(self.offset))?;
        self.next = self.block.len() - left.len();
        Ok(Some(entry))
    }
}

impl Iterator for Entries {
    type Item = Result<Entry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.read().transpose();
        if !matches!(entry, Some(Ok(_))) {
            self.blocks = None;
        }
        entry
    }
}

/// Follows one source through the entries: its number says so only after it was named.
#[derive(Debug)]
pub(super) struct Track<'a> {
    key: &'a str,
    number: Option<u32>,
}

impl<'a> Track<'a> {
    pub(super) fn new(key: &'a str) -> Self {
        Track { key, number: None }
    }

    /// Numbers are named anew.
    pub(super) fn begin_segment(&mut self) {
        self.number = None;
    }

    /// What an entry says of the source, if anything.
    pub(super) fn narrow(&mut self, entry: &Entry) -> Option<Entry> {
        match entry {
            Entry::Source { number, lane, key, born } => {
                if key == self.key {
                    self.number = Some(*number);
                    let (number, lane, key, born) = (*number, *lane, key.clone(), *born);
                    return Some(Entry::Source { number, lane, key, born });
                }
                // The number was given to another one.
                self.number = self.number.filter(|own| own != number);
                None
            }
            Entry::Snapshot { segment, number, key, snapshot } if key == self.key => {
                let (segment, number, snapshot) = (*segment, *number, snapshot.clone());
                Some(Entry::Snapshot { segment, number, key: key.clone(), snapshot })
            }
            Entry::Snapshot { .. } => None,
            Entry::Records { lane, batch } => {
                let batch = batch.of_source(self.number?)?;
                Some(Entry::Records { lane: *lane, batch })
            }
            Entry::Close { lane, sources, until_ms } => {
                let number = self.number.filter(|own| sources.contains(own))?;
                Some(Entry::Close { lane: *lane, sources: vec![number], until_ms: *until_ms })
            }
            Entry::Tick(watermark_ms) => Some(Entry::Tick(*watermark_ms)),
            Entry::Relieve(relief) => Some(Entry::Relieve(*relief)),
        }
    }
}
