//! What is known to have gone wrong, and from when on a run is judged by it.
//!
//! Two tables are understood, told apart by their head lines: incidents that somebody planted, and the phases of attacks
//! on one or more systems.

use super::sheet::{Mistakes, Row, Sheet};

/// Faults in one table.
const FAULTS_MAX: usize = 100_000;
/// Seconds from 1970 to the end of the year 9999: what is later was meant to be milliseconds.
const EPOCH_S_MAX: i64 = 253_402_300_799;
/// Share of the whole log that planted incidents leave untouched.
const UNTOUCHED_SHARE: f64 = 0.4;
/// Share of the time before the first phase of an attack that only teaches.
const BEFORE_ATTACK_SHARE: f64 = 0.6;

/// A piece of event time in milliseconds since 1970; the end does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start_ms: i64,
    pub(crate) end_ms: i64,
}

impl Span {
    /// Whether the two have a moment in common.
    pub(crate) fn overlaps(self, other: Span) -> bool {
        self.start_ms < other.end_ms && other.start_ms < self.end_ms
    }
}

/// Something that went wrong and is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    pub(crate) kind: String,
    /// How strong it is, from 1; not every truth knows.
    pub(crate) level: Option<u8>,
    pub(crate) span: Span,
    /// The end as the truth tells it, in seconds since 1970.
    pub(crate) end_s: i64,
    /// Lines that would not be there, or be otherwise, without it.
    pub(crate) lines_changed: Option<u64>,
    pub(crate) detail: String,
}

/// The time at the beginning that only teaches: alarms in it are neither right nor wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Training {
    /// A share of the time between the first line and the last.
    ShareOfLog(f64),
    /// A share of the time between the first line and the first fault.
    ShareBeforeFaults(f64),
    /// So long from the first line.
    Milliseconds(i64),
}

/// Everything a run is judged by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Truth {
    pub(crate) faults: Vec<Fault>,
    /// Where an alarm is not false.
    pub(crate) excused: Vec<Span>,
    pub(crate) training: Training,
}

/// Why a table is no truth.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum TruthError {
    /// The head line is of another kind of table.
    #[error(
        "line 1: expected the columns id,type,level,start_epoch,end_epoch,lines_changed,detail or \
         scenario,phase,start_epoch,end_epoch, found {0}; add a head line that names them"
    )]
    Head(String),
    /// Rows are wrong.
    #[error("{0}")]
    Rows(Mistakes),
    /// Which of several systems the log is of was not said, or said wrongly.
    #[error(
        "the table has the scenarios {known}; name the one of this log, as in --scenario {first}"
    )]
    Scenario {
        /// All of them.
        known: String,
        /// One of them.
        first: String,
    },
    /// There is nothing to be found.
    #[error("no fault in the table; a run can only be measured by faults that are known")]
    Empty,
    /// A limit.
    #[error("more than {FAULTS_MAX} faults; cut the table and the log into parts")]
    TooMany,
}

impl Truth {
    /// Reads a table; the scenario matters only where there are several.
    pub(crate) fn parse(bytes: &[u8], scenario: Option<&str>) -> Result<Self, TruthError> {
        let sheet = Sheet::parse(bytes).map_err(TruthError::Rows)?;
        if sheet.rows.len() > FAULTS_MAX {
            return Err(TruthError::TooMany);
        }
        let (faults, training) = if sheet.column("phase").is_some() {
            (phases(&sheet, scenario)?, Training::ShareBeforeFaults(BEFORE_ATTACK_SHARE))
        } else {
            (incidents(&sheet)?, Training::ShareOfLog(UNTOUCHED_SHARE))
        };
        if faults.is_empty() {
            return Err(TruthError::Empty);
        }
        let excused = faults.iter().map(|fault| fault.span).collect();
        Ok(Truth { faults, excused, training })
    }
}

impl Training {
    /// When it ends, in a log from the first to the last moment.
    pub(crate) fn end_ms(self, log: Span, faults: &[Fault]) -> i64 {
        let share = |share: f64, whole_ms: i64| (share * whole_ms.max(0) as f64) as i64;
        match self {
            Training::ShareOfLog(of) => log.start_ms + share(of, log.end_ms - log.start_ms),
            Training::ShareBeforeFaults(of) => {
                let first_ms = faults.iter().map(|fault| fault.span.start_ms).min();
                log.start_ms + share(of, first_ms.unwrap_or(log.start_ms) - log.start_ms)
            }
            Training::Milliseconds(span_ms) => log.start_ms.saturating_add(span_ms),
        }
    }

    /// The rule in words.
    pub(crate) fn rule(self) -> String {
        match self {
            Training::ShareOfLog(share) => format!("the first {:.0} % of the log", 100.0 * share),
            Training::ShareBeforeFaults(share) => {
                format!("{:.0} % of the time before the first fault", 100.0 * share)
            }
            Training::Milliseconds(span_ms) => {
                format!("the first {:.1} hours", span_ms as f64 / 3_600_000.0)
            }
        }
    }
}

/// The columns of a kind of table, by name, or what is there instead.
fn places<const COUNT: usize>(
    sheet: &Sheet,
    names: [&str; COUNT],
) -> Result<[usize; COUNT], TruthError> {
    let places = names.map(|name| sheet.column(name));
    if places.contains(&None) {
        let found = sheet.columns.join(",");
        return Err(TruthError::Head(if found.is_empty() { "nothing".into() } else { found }));
    }
    Ok(places.map(|place| place.expect("none is missing, as was just seen")))
}

fn incidents(sheet: &Sheet) -> Result<Vec<Fault>, TruthError> {
    let [id, kind, level, start, end, lines_changed] =
        places(sheet, ["id", "type", "level", "start_epoch", "end_epoch", "lines_changed"])?;
    let detail = sheet.column("detail");
    let (mut faults, mut mistakes) = (Vec::new(), Mistakes::default());
    for row in &sheet.rows {
        let mut reader = Fields { row, sheet, mistakes: &mut mistakes };
        let span = reader.span(start, end, 0);
        faults.push(Fault {
            id: reader.number(id, 0, u64::MAX),
            kind: reader.name(kind),
            level: Some(reader.number(level, 1, 9) as u8),
            span,
            end_s: span.end_ms / 1_000,
            lines_changed: Some(reader.number(lines_changed, 0, u64::MAX)),
            detail: detail.map(|detail| row.field(detail).to_owned()).unwrap_or_default(),
        });
    }
    mistakes.or(faults).map_err(TruthError::Rows)
}

fn phases(sheet: &Sheet, scenario: Option<&str>) -> Result<Vec<Fault>, TruthError> {
    let [phase, start, end] = places(sheet, ["phase", "start_epoch", "end_epoch"])?;
    let scenarios = sheet.column("scenario");
    let of = |row: &Row| scenarios.map_or(String::new(), |column| row.field(column).to_owned());
    let mut known: Vec<String> = sheet.rows.iter().map(of).collect();
    known.sort();
    known.dedup();
    let chosen = match scenario {
        Some(scenario) => known.iter().find(|name| *name == scenario),
        None => known.first().filter(|_| known.len() == 1),
    };
    let Some(chosen) = chosen else {
        let first = known.first().ok_or(TruthError::Empty)?.clone();
        return Err(TruthError::Scenario { known: known.join(", "), first });
    };
    let (mut faults, mut mistakes) = (Vec::new(), Mistakes::default());
    for row in sheet.rows.iter().filter(|row| of(row) == *chosen) {
        let mut reader = Fields { row, sheet, mistakes: &mut mistakes };
        // A phase ends with its last event, whose second belongs to it.
        let (kind, span) = (reader.name(phase), reader.span(start, end, 1_000));
        let (id, detail) = (faults.len() as u64, String::new());
        let end_s = reader.epoch_ms(end) / 1_000;
        faults.push(Fault { id, kind, level: None, span, end_s, lines_changed: None, detail });
    }
    mistakes.or(faults).map_err(TruthError::Rows)
}

/// Reads the fields of a row; mistakes are noted, so that all of them can be told at once.
struct Fields<'a> {
    row: &'a Row,
    sheet: &'a Sheet,
    mistakes: &'a mut Mistakes,
}

impl Fields<'_> {
    fn complain(&mut self, column: usize, problem: &str) {
        let (name, seen) = (&self.sheet.columns[column], self.row.field(column));
        self.mistakes.push(self.row.line, format!("{name}: {problem}, found `{seen}`"));
    }

    fn name(&mut self, column: usize) -> String {
        let name = self.row.field(column).trim();
        if name.is_empty() {
            self.complain(column, "expected a name such as rate_spike");
        }
        name.to_owned()
    }

    fn number(&mut self, column: usize, min: u64, max: u64) -> u64 {
        let number = self.row.field(column).trim().parse().ok();
        number.filter(|number| (min..=max).contains(number)).unwrap_or_else(|| {
            let most = if max == u64::MAX { "up".into() } else { format!("to {max}") };
            self.complain(column, &format!("expected a whole number from {min} {most}"));
            min
        })
    }

    fn epoch_ms(&mut self, column: usize) -> i64 {
        let seconds = self.row.field(column).trim().parse::<i64>().ok();
        let seconds = seconds.filter(|seconds| (0..=EPOCH_S_MAX).contains(seconds));
        seconds.unwrap_or_else(|| {
            self.complain(column, "expected whole seconds since 1970 such as 1226319390");
            0
        }) * 1_000
    }

    /// A fault that begins and ends in the same second lasts that second.
    fn span(&mut self, start: usize, end: usize, closing_ms: i64) -> Span {
        let known = self.mistakes.count();
        let (start_ms, end_ms) = (self.epoch_ms(start), self.epoch_ms(end));
        if self.mistakes.count() == known && end_ms < start_ms {
            self.complain(end, "ends before it begins; swap the two times");
        }
        Span { start_ms, end_ms: (end_ms + closing_ms).max(start_ms + 1_000) }
    }
}

#[cfg(test)]
mod tests;
