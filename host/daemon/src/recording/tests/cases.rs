//! Where a case begins, and what is in it.

use super::super::case::keep;
use super::*;
use bellwether_core::lane::{Relief, Snapshot};

const MINUTE: u64 = 60_000;
/// The window in question is the tenth.
const WINDOW: u64 = 10;

/// What happens in a segment.
enum Step {
    /// The source is handed out: minutes of its newest record, and of the first window that was not closed.
    Is(u64, u64),
    /// It was never met before.
    Born,
    /// A record at that minute.
    Line(u64),
    /// Windows up to that minute close.
    Close(u64),
    /// What comes from here on is in the next segment.
    Next,
    /// The same, behind a restart that could not go on.
    Gap,
    /// The same, with other plugins.
    Change,
    /// The source falls asleep; the next line wakes it.
    Sleep,
    /// All lanes let go of something.
    Relieve,
}

use Step::{Born, Change, Close, Gap, Is, Line, Next, Relieve, Sleep};

struct Tape {
    folder: TempDir,
    /// Absent only while one gives way to the next.
    recorder: Option<Recorder>,
    segment: u64,
    makeup: Makeup,
}

impl Tape {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut recorder = open(folder.path(), None);
        let segment = recorder.begin(makeup(), 0);
        Tape { folder, recorder: Some(recorder), segment, makeup: makeup() }
    }

    fn step(&mut self, step: &Step) {
        if let Gap = step {
            // What was said is written before somebody else looks at the folder.
            drop(self.recorder.take());
            self.recorder = Some(open(self.folder.path(), Some(b"an unknown commit")));
            self.segment = self.recorder().begin(makeup(), 0);
            return;
        }
        let (segment, makeup) = (self.segment, self.makeup.clone());
        let recorder = self.recorder();
        if !matches!(step, Sleep | Relieve | Is(..)) && recorder.is_new(1) {
            recorder.name(1, 0, "file:a", matches!(step, Born));
            recorder.name(2, 0, "file:b", false);
        }
        match step {
            Is(newest, open_from) => {
                let (newest_ms, open_from_ms) = ((newest * MINUTE) as i64, open_from * MINUTE);
                let snapshot = Snapshot { newest_ms, open_from_ms, ..snapshot(0) };
                recorder.snapshot(segment, 1, "file:a", Some(&snapshot));
            }
            Line(minute) => recorder.records(0, &batch(&[1, 2], (minute * MINUTE) as i64)),
            Close(minute) => recorder.close(0, &[1, 2], minute * MINUTE),
            Next => self.segment = recorder.begin(makeup, 0),
            Change => {
                self.makeup.patterns += 1;
                let makeup = self.makeup.clone();
                self.segment = self.recorder().begin(makeup, 0);
            }
            Sleep => recorder.forget(1),
            Relieve => recorder.relieve(Relief::Examples),
            Born | Gap => {}
        }
    }

    fn recorder(&mut self) -> &mut Recorder {
        self.recorder.as_mut().expect("there is one")
    }

    /// The folder, with everything written.
    fn finish(self) -> TempDir {
        drop(self.recorder);
        self.folder
    }
}

/// Where a case begins, whether that is before the window, and its entries in short.
fn found(steps: &[Step]) -> Option<(u64, bool, String)> {
    let mut tape = Tape::new();
    steps.iter().for_each(|step| tape.step(step));
    let folder = tape.finish();
    let subject = Subject::of("0a1b", "file:a", (WINDOW + 1) * MINUTE, MINUTE);
    let case = match Case::find(folder.path(), &subject) {
        Err(CaseError::Absent) => return None,
        case => case.expect("nothing else can be wrong"),
    };
    let short = |entry: Entry| match entry {
        Entry::Snapshot { snapshot, .. } => {
            snapshot.map(|own| format!("={}", own.newest_ms as u64 / MINUTE))
        }
        Entry::Records { batch, .. } => Some(format!("{}", batch.time_ms(0) as u64 / MINUTE)),
        Entry::Close { until_ms, .. } => Some(format!("|{}", until_ms / MINUTE)),
        Entry::Relieve(_) => Some("~".into()),
        _ => None,
    };
    let entries = case.entries().filter_map(|entry| short(entry.expect("it is whole")));
    let entries: Vec<String> = entries.collect();
    Some((case.head.segment.number, case.head.whole, entries.join(" ")))
}

/// Its name, what happens, and the case that is found.
type Tried<'a> = (&'a str, &'a [Step], Option<(u64, bool, &'a str)>);

fn check(cases: &[Tried<'_>]) {
    for (name, steps, expected) in cases {
        let expected = expected.map(|(place, whole, text)| (place, whole, text.to_owned()));
        assert_eq!(found(steps), expected, "{name}");
    }
}

#[test]
fn a_case_begins_before_its_window_and_ends_with_it() {
    let cases: &[Tried<'_>] = &[
        (
            "born",
            &[Born, Line(9), Close(10), Line(10), Close(11), Line(11)],
            Some((0, true, "9 |10 10 |11")),
        ),
        ("known", &[Line(9), Is(8, 9), Line(10), Close(11)], Some((0, true, "=8 9 10 |11"))),
        (
            "the newest state before it",
            &[
                Line(8),
                Is(7, 8),
                Next,
                Line(9),
                Is(8, 9),
                Line(10),
                Close(11),
                Next,
                Line(12),
                Is(11, 11),
                Close(13),
            ],
            Some((1, true, "=8 9 10 |11")),
        ),
        (
            "a segment began within the window",
            &[Line(9), Is(8, 9), Line(10), Next, Line(10), Is(10, 10), Close(11)],
            Some((0, true, "=8 9 10 10 |11")),
        ),
        (
            "two of them did",
            &[Line(9), Is(8, 9), Line(10), Next, Line(10), Is(10, 10), Next, Close(11), Is(10, 10)],
            Some((0, true, "=8 9 10 10 |11")),
        ),
        ("no state is known from before it", &[Line(10), Next, Close(11), Is(10, 10)], None),
        (
            "nothing was said in the window, which closed before a segment began",
            &[Line(8), Is(7, 8), Close(11), Next, Close(12), Is(8, 11), Line(13), Close(14)],
            Some((0, true, "=7 8 |11")),
        ),
        (
            "nothing was said in the window, which closed after it began",
            &[Line(8), Is(7, 8), Close(10), Next, Close(12), Is(8, 10), Line(13), Close(14)],
            Some((1, true, "=8 |12")),
        ),
        (
            "a gap within the window",
            &[Line(10), Is(9, 10), Gap, Line(10), Is(10, 10), Close(11)],
            Some((1, false, "=10 10 |11")),
        ),
        (
            "a gap after the window",
            &[Line(10), Is(9, 10), Close(11), Gap, Line(12), Is(11, 12), Close(13)],
            Some((0, true, "=9 10 |11")),
        ),
        (
            "plugins changed within the window",
            &[Line(10), Is(9, 10), Change, Line(10), Is(10, 10), Close(11)],
            Some((1, false, "=10 10 |11")),
        ),
        ("it is still open", &[Line(9), Is(8, 9), Line(10), Close(10)], None),
        ("it is too long ago", &[Line(12), Is(11, 12), Close(13)], None),
        ("nothing is there", &[], None),
    ];
    check(cases);
}

/// What was said before it slept does not lead to what it was when it woke.
#[test]
fn a_case_begins_behind_the_last_sleep() {
    let cases: &[Tried<'_>] = &[
        (
            "what gave way while it slept",
            &[Line(6), Is(5, 6), Close(7), Sleep, Relieve, Line(10), Is(6, 7), Close(11)],
            Some((0, true, "=6 10 |11")),
        ),
        (
            "it slept, and its first state comes when it is awake again",
            &[Line(6), Close(7), Sleep, Relieve, Line(10), Is(5, 6), Is(6, 7), Close(11)],
            Some((0, true, "=6 10 |11")),
        ),
        (
            "it slept, and none of its states came",
            &[Line(6), Close(7), Sleep, Line(10), Next, Line(10), Is(10, 10), Close(11)],
            None,
        ),
        (
            "it slept afterwards",
            &[Line(9), Is(8, 9), Relieve, Line(10), Close(11), Sleep, Line(13), Is(10, 11)],
            Some((0, true, "=8 9 ~ 10 |11")),
        ),
    ];
    check(cases);
}

/// Snapshots that come late are found by the segment that they are of.
#[test]
fn a_state_that_comes_late_counts() {
    let mut tape = Tape::new();
    for step in [Line(9), Is(8, 9), Next, Line(10)] {
        tape.step(&step);
    }
    let first = tape.segment;
    tape.step(&Next);
    tape.segment = first;
    tape.step(&Is(9, 10));
    tape.step(&Close(11));
    let folder = tape.finish();
    let subject = Subject::of("0a1b", "file:a", 11 * MINUTE, MINUTE);
    let case = Case::find(folder.path(), &subject).expect("it is there");
    assert_eq!((case.head.segment.number, case.head.whole), (first, true));
}

#[test]
fn cases_are_kept_when_the_recording_is_gone() {
    let mut tape = Tape::new();
    for step in [Line(9), Is(8, 9), Line(10), Close(11)] {
        tape.step(&step);
    }
    let subject = |id: &str| Subject::of(id, "file:a", 11 * MINUTE, MINUTE);
    tape.recorder().keep(subject("00aa"));
    tape.recorder().keep(Subject::of("00bb", "file:unknown", 11 * MINUTE, MINUTE));
    let folder = tape.finish();
    let folder = folder.path();
    let find = |id: &str| Case::find(folder, &subject(id)).ok().map(|case| case.entries().count());
    let entries = find("00cc").expect("it can be cut out");
    for (_, path) in shelf::list(folder).expect("a folder") {
        fs::remove_file(path).expect("a segment is removed");
    }
    assert_eq!(find("00aa"), Some(entries));
    assert_eq!(find("00bb"), None);
    assert_eq!(find("../00000000.segment"), None, "an id is no path");
}

#[test]
fn the_oldest_cases_give_way() {
    let mut tape = Tape::new();
    for step in [Line(9), Is(8, 9), Line(10), Close(11)] {
        tape.step(&step);
    }
    let folder = tape.finish();
    let recording = Recording::open(folder.path()).expect("a recording");
    let keep_one = |id: &str, limits| {
        let subject = Subject::of(id, "file:a", 11 * MINUTE, MINUTE);
        let missed = keep(folder.path(), &recording, &[subject], limits).expect("written");
        assert!(missed.is_empty(), "{missed:?}");
        fs::read_dir(folder.path().join("cases")).expect("cases").count()
    };
    let limits = CaseLimits { bytes_max: 1 << 20, days: 30 };
    assert_eq!(keep_one("01", limits), 1);
    let own = fs::metadata(folder.path().join("cases/01")).expect("it is kept").len();
    for (id, expected) in [("02", 2), ("03", 3), ("04", 3), ("05", 3)] {
        let limits = CaseLimits { bytes_max: 3 * own, ..limits };
        assert_eq!(keep_one(id, limits), expected, "{id}");
    }
    assert_eq!(keep_one("06", CaseLimits { days: 0, ..limits }), 0, "all are of the past");
}

#[test]
fn one_that_cannot_be_written_costs_no_other() {
    let mut tape = Tape::new();
    for step in [Line(9), Is(8, 9), Line(10), Close(11)] {
        tape.step(&step);
    }
    let folder = tape.finish();
    let recording = Recording::open(folder.path()).expect("a recording");
    // A folder that has something in it stands in its place.
    fs::create_dir_all(folder.path().join("cases/01/in the way")).expect("created");
    let subjects = ["01", "02"].map(|id| Subject::of(id, "file:a", 11 * MINUTE, MINUTE));
    let missed = keep(folder.path(), &recording, &subjects, LIMITS.cases).expect("it goes on");
    let missed: Vec<&str> = missed.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(missed, ["01"]);
    assert!(folder.path().join("cases/02").is_file());
}
