//! The order: what to do wrong, and when.
//!
//! It must work before `configure`, so it is text in the module that a test overwrites: `<export> <deed>`, then any of
//! `source=<number>`, `batch=<number>`, `template=<number>` (a row of it) and `calls=<number>` (batches that this instance
//! has been given, so that a new one may not do it again); further such clauses after a `;`; padded with blanks.

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
    template: Option<u32>,
    calls: Option<u64>,
}

impl Place {
    /// In an export.
    pub(crate) fn named(export: &'static str) -> Self {
        Place { export, source: None, batch: None, template: None, calls: None }
    }

    /// With a source.
    pub(crate) fn source(self, source: u32) -> Self {
        Place { source: Some(source), ..self }
    }

    /// With a row of a template.
    pub(crate) fn template(self, template: u32) -> Self {
        Place { template: Some(template), ..self }
    }

    /// In an instance that has been given so many batches.
    pub(crate) fn calls(self, calls: u64) -> Self {
        Place { calls: Some(calls), ..self }
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
    if clause.contains("template=") != place.template.is_some() {
        return None;
    }
    let here = words.all(|word| match word.split_once('=') {
        Some(("template", number)) => number.parse().ok() == place.template,
        Some(("calls", number)) => number.parse().ok() == place.calls,
        Some(("source", number)) => number.parse().ok() == place.source,
        Some(("batch", number)) => number.parse().ok() == place.batch,
        _ => false,
    });
    here.then_some(deed)
}
