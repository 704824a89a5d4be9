//! Cuts what belongs to an anomaly out of the segments.
//!
//! Segments are gone through from the newest to the oldest, for several anomalies at once: the first one that has the source
//! as it was before the window is where its case begins.

use super::block::{beginning, pack};
use super::case::{CaseError, CaseHead, Subject};
use super::entry::{Entry, Head};
use super::reader::{Recording, Segment, Track};
use bellwether_core::lane::Snapshot;

/// Bytes from which a block is closed.
const BLOCK_BYTES: usize = 256 << 10;

/// Cuts out the case of each subject, as the text of a file of at most so many bytes.
pub(super) fn cut(
    recording: &Recording,
    subjects: &[Subject],
    bytes_max: usize,
) -> Result<Vec<Result<Vec<u8>, CaseError>>, CaseError> {
    let mut searches: Vec<Search<'_>> =
        subjects.iter().map(|subject| Search::new(subject, bytes_max)).collect();
    let mut segments = recording.segments().iter().rev().peekable();
    while let Some(segment) = segments.next() {
        if searches.iter().all(|search| search.result.is_some()) {
            break;
        }
        let before = segments.peek().map(|before| &before.head);
        look(segment, before, &mut searches)?;
    }
    let found = searches.into_iter().map(|search| search.result.unwrap_or(Err(CaseError::Absent)));
    Ok(found.collect())
}

/// Goes through one segment.
fn look(
    segment: &Segment,
    before: Option<&Head>,
    searches: &mut [Search<'_>],
) -> Result<(), CaseError> {
    let mut open: Vec<&mut Search<'_>> =
        searches.iter_mut().filter(|search| search.result.is_none()).collect();
    open.iter_mut().for_each(|search| search.begin_segment());
    for entry in segment.entries() {
        let entry = entry?;
        for search in &mut open {
            search.take(segment.head.number, &entry)?;
        }
    }
    for search in open {
        search.end_segment(&segment.head, before)?;
    }
    Ok(())
}

/// The case of one subject, as far as it was found.
struct Search<'a> {
    subject: &'a Subject,
    bytes_max: usize,
    track: Track<'a>,
    /// Of the segment that is gone through.
    part: Part,
    /// What is behind it, the newest first.
    later: Vec<Vec<u8>>,
    /// Whether that has the closing of the window.
    is_closed: bool,
    /// Snapshots that came when the next segment had begun, with the segments that they are of.
    strays: Vec<(u64, Option<Snapshot>)>,
    result: Option<Result<Vec<u8>, CaseError>>,
}

/// What a segment says of a source.
#[derive(Default)]
struct Part {
    /// Number and lane of the source, if the segment names it.
    named: Option<(u32, u32)>,
    /// How often it does, before the closing.
    namings: usize,
    born: bool,
    /// One for each naming, in that order; the last may come with the next segment.
    snapshots: Vec<Option<Snapshot>>,
    has_closing: bool,
    block: Vec<u8>,
    text: Vec<u8>,
}

impl<'a> Search<'a> {
    fn new(subject: &'a Subject, bytes_max: usize) -> Self {
        Search {
            subject,
            bytes_max,
            track: Track::new(&subject.source),
            part: Part::default(),
            later: Vec::new(),
            is_closed: false,
            strays: Vec::new(),
            result: None,
        }
    }

    fn begin_segment(&mut self) {
        self.track.begin_segment();
        self.part = Part::default();
    }

    fn take(&mut self, segment: u64, entry: &Entry) -> Result<(), CaseError> {
        if let Entry::Snapshot { .. } = entry {
            // It comes later than the first that is said of the source, perhaps behind the closing.
            self.take_snapshot(segment, entry);
            return Ok(());
        }
        if self.part.has_closing {
            return Ok(());
        }
        let Some(entry) = self.track.narrow(entry) else { return Ok(()) };
        match &entry {
            Entry::Source { number, lane, born, .. } => {
                // It may have slept, or been forgotten: then it goes on from another state, and what was said before does
                // not lead there.
                let Part { namings, snapshots, .. } = std::mem::take(&mut self.part);
                self.part = Part { namings: namings + 1, snapshots, ..Part::default() };
                (self.part.named, self.part.born) = (Some((*number, *lane)), *born);
                return Ok(());
            }
            Entry::Close { until_ms, .. } => {
                self.part.has_closing = *until_ms >= self.subject.end_ms;
            }
            _ => {}
        }
        // One block more than there is room for is enough to see that there is none.
        if self.part.text.len() <= self.bytes_max { self.part.say(&entry) } else { Ok(()) }
    }

    fn take_snapshot(&mut self, current: u64, entry: &Entry) {
        let Entry::Snapshot { segment, key, snapshot, .. } = entry else { return };
        if *key != self.subject.source {
            return;
        }
        if *segment != current {
            self.strays.push((*segment, snapshot.clone()));
        } else {
            self.part.snapshots.push(snapshot.clone());
        }
    }

    /// Decides whether the case begins here.
    fn end_segment(&mut self, head: &Head, before: Option<&Head>) -> Result<(), CaseError> {
        let mut part = std::mem::take(&mut self.part);
        part.end_block()?;
        let strays = self.strays.iter().filter(|(segment, _)| *segment == head.number);
        let strays = strays.map(|(_, snapshot)| snapshot.clone());
        let own = part.snapshots.into_iter().chain(strays).nth(part.namings.saturating_sub(1));
        let snapshot = if part.born { Some(None) } else { own };
        let start_ms = self.subject.start_ms;
        let known = snapshot.as_ref().and_then(Option::as_ref);
        if known.is_some_and(|known| known.open_from_ms > start_ms) {
            // The window was closed before; what comes here is about later ones.
            self.is_closed = false;
        } else if part.has_closing {
            self.is_closed = true;
            self.later.clear();
        }
        if !self.is_closed {
            self.later.clear();
            return Ok(());
        }
        self.later.push(part.text);
        let whole = snapshot.is_some() && known.is_none_or(|own| own.newest_ms < start_ms as i64);
        let goes_back = part.namings < 2
            && head.continues
            && before.is_some_and(|own| own.makeup == head.makeup);
        self.result = match (part.named, snapshot) {
            _ if self.later.iter().map(Vec::len).sum::<usize>() > self.bytes_max => {
                Some(Err(CaseError::TooLarge))
            }
            (Some(named), Some(snapshot)) if whole || !goes_back => {
                Some(Ok(self.text(head, named, whole, snapshot)?))
            }
            _ if goes_back => None,
            _ => Some(Err(CaseError::Absent)),
        };
        Ok(())
    }

    fn text(
        &self,
        segment: &Head,
        (number, lane): (u32, u32),
        whole: bool,
        snapshot: Option<Snapshot>,
    ) -> Result<Vec<u8>, CaseError> {
        let (subject, segment) = (self.subject.clone(), segment.clone());
        let segment_number = segment.number;
        let head = CaseHead { subject, segment, number, lane, whole };
        let mut text = beginning();
        text.extend(pack(&words(&head), 0)?);
        if snapshot.is_some() {
            let key = self.subject.source.clone();
            let entry = Entry::Snapshot { segment: segment_number, number, key, snapshot };
            text.extend(pack(&words(&entry.said()), 0)?);
        }
        text.extend(self.later.iter().rev().flatten());
        Ok(text)
    }
}

impl Part {
    fn say(&mut self, entry: &Entry) -> Result<(), CaseError> {
        self.block.extend(words(&entry.said()));
        if self.block.len() >= BLOCK_BYTES { self.end_block() } else { Ok(()) }
    }

    fn end_block(&mut self) -> Result<(), CaseError> {
        let block = std::mem::take(&mut self.block);
        if !block.is_empty() {
            self.text.extend(pack(&block, 0)?);
        }
        Ok(())
    }
}

fn words(said: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_allocvec(said).expect("plain data, and memory is all that writing needs")
}
