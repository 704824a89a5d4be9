//! The order: what to do wrong, and when.
//!
//! It must work before `configure`, so it is text in the module that a test overwrites: `<export> <deed>`, then any of
//! `source=<number>` and `batch=<number>`; further such clauses after a `;`; padded with blanks.

/// Found and replaced by tests; at most 50 bytes of order follow the mark.
static ORDER: [u8; 64] = *b"HOSTILE-ORDER:                                                  ";

/// Bytes of `HOSTILE-ORDER:`.
const MARK_BYTES: usize = 14;

/// An order as it stands in the module.
pub(crate) struct Order {
    text: &'static str,
}

/// Where the guest is: in an export, with a source, in a batch.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    export: &'static str,
    source: Option<u32>,
    batch: Option<u64>,
}

impl Place {
    /// In an export.
    pub(crate) fn named(export: &'static str) -> Self {
        Place { export, source: None, batch: None }
    }

    /// With a source.
    pub(crate) fn source(self, source: u32) -> Self {
        Place { source: Some(source), ..self }
    }

    /// In a batch.
    pub(crate) fn batch(self, batch: u64) -> Self {
        Place { batch: Some(batch), ..self }
    }
}

impl Order {
    /// Reads the order. The compiler must not know the text, which a test changes after it is done.
    pub(crate) fn read() -> Self {
        let bytes = &std::hint::black_box(&ORDER)[MARK_BYTES..];
        Order { text: std::str::from_utf8(bytes).unwrap_or_default() }
    }

    /// What to do at that place.
    pub(crate) fn deed(&self, place: Place) -> Option<&'static str> {
        self.text.split(';').find_map(|clause| deed(clause, place))
    }
}

fn deed(clause: &str, place: Place) -> Option<&str> {
    let mut words = clause.split_ascii_whitespace();
    if words.next()? != place.export {
        return None;
    }
    let deed = words.next()?;
    let here = words.all(|word| match word.split_once('=') {
        Some(("source", number)) => number.parse().ok() == place.source,
        Some(("batch", number)) => number.parse().ok() == place.batch,
        _ => false,
    });
    here.then_some(deed)
}
