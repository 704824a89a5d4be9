//! Plugins that come, change and go while a lane works.

use super::invariance::{by_lines, by_windows, reports_with};
use super::*;
use crate::report::Recurrence;
use std::collections::BTreeMap;

fn fit(lane: &mut Lane, detectors: Vec<DetectorSlot>) {
    lane.fit(patterns(), vec![], detectors).expect("these plugins fit");
}

fn kept(name: &str, edition: &str, role: Role) -> DetectorSlot {
    let seat = Seat { role, ..Seat::live(name, edition) };
    DetectorSlot { seat, detector: Seated::Kept, offset: 0.0 }
}

fn shadow(fake: Fake, name: &str, edition: &str) -> DetectorSlot {
    fake.in_seat(Seat { role: Role::Shadow, ..Seat::live(name, edition) })
}

/// Whatever changes that means the same leaves the same reports.
#[test]
fn changes_do_not_show() {
    let expected = reports_with(&[0, 1], 7, |_| {});
    let mut edition = 1;
    let swapped = reports_with(&[0, 1], 7, |lane| {
        edition += 1;
        fit(lane, in_seats(vec![by_lines(), by_windows()], &edition.to_string()));
    });
    assert_eq!(swapped, expected, "new editions go on with what old ones have taught");
    let kept_on = reports_with(&[0, 1], 7, |lane| {
        fit(lane, vec![kept("fake", "1", Role::Live), kept("fake#2", "1", Role::Live)]);
    });
    assert_eq!(kept_on, expected, "who stays is not touched");
    let mut step = 0;
    let alternating = reports_with(&[0, 1], 7, |lane| {
        let (live, other) = if step % 2 == 0 { ("1", "2") } else { ("2", "1") };
        let mut slots = vec![kept("fake", "1", Role::Live), kept("fake#2", live, Role::Live)];
        slots.push(match step {
            0 => shadow(by_windows(), "fake#2", other),
            _ => kept("fake#2", other, Role::Shadow),
        });
        step += 1;
        fit(lane, slots);
    });
    assert_eq!(alternating, expected, "two equal editions that change places");
}

/// Reports and trials of a lane in which a source says one odd thing when it is old, beside a shadow.
fn tried(shadow_of_it: Fake) -> (Vec<Report>, Vec<Trial>) {
    const OLD: u64 = 2000;
    let mut lane = lane_of(vec![by_lines()]);
    fit(&mut lane, vec![kept("fake", "1", Role::Live), shadow(shadow_of_it, "fake", "2")]);
    age(&mut lane, 0, OLD);
    push(&mut lane, &[said(0, OLD * MINUTE, "odd line")]);
    let until_ms = BEGIN_MS + (OLD + 1) * MINUTE;
    let outputs = lane.step(Input::Close { sources: vec![0], until_ms });
    (outputs.reports, outputs.trials)
}

#[test]
fn shadows_are_compared_and_change_nothing() {
    let (alone, report) = {
        let (reports, trials) = tried(Fake::observing(|_| silence()));
        let [Trial { seat, outcome, .. }] = &trials[..] else { panic!("one trial: {trials:?}") };
        assert_eq!((seat.name.as_str(), seat.edition.as_str()), ("fake", "2"));
        let Outcome::Window { live, shadow } = outcome else { panic!("of a window: {outcome:?}") };
        let [report] = &reports[..] else { panic!("the odd line is reported: {reports:?}") };
        // What recurs is no matter of who is on trial.
        let report = Report { recurrence: Recurrence::default(), ..report.clone() };
        assert_eq!((live, shadow), (&Some(report.clone()), &None), "the shadow is silent");
        (reports, report)
    };
    let (reports, trials) = tried(by_lines());
    assert_eq!(reports, alone);
    let Outcome::Window { live, shadow } = &trials[0].outcome else { panic!("of a window") };
    assert_eq!((live.as_ref(), shadow.as_ref()), (Some(&report), Some(&report)), "both agree");
    let (reports, trials) = tried(Fake::observing(|lines| {
        let Column::Text(texts) = &*lines.columns[0] else { panic!("texts were wanted") };
        let odd = (0..lines.rows()).filter(|row| texts.row(*row).starts_with(b"odd"));
        let mark = |row| Mark { row: row as u32, channel: 7, score: 30.0, code: 1, token: 9 };
        Some(Scores { marks: odd.map(mark).collect(), ..silence()? })
    }));
    assert_eq!(reports, alone, "a loud shadow takes nothing from the live one");
    let Outcome::Window { shadow, .. } = &trials[0].outcome else { panic!("of a window") };
    assert_eq!(shadow.as_ref().map(|report| report.findings[0].reason.as_str()), Some("one"));
}

/// A plugin whose state is how many rows of a source it was shown.
struct Counter {
    inner: Fake,
    seen: BTreeMap<u32, u8>,
}

impl Counter {
    fn new(state_version: u32, reads_state_from: u32) -> Box<Self> {
        let descriptor = Descriptor {
            state_version,
            reads_state_from,
            ..descriptor(&[LineColumn::Template], &[])
        };
        Box::new(Counter { inner: Fake::new(descriptor), seen: Default::default() })
    }
}

impl Plugin for Counter {
    fn descriptor(&self) -> &Descriptor {
        self.inner.descriptor()
    }

    fn forget(&mut self, source: u32) {
        self.seen.remove(&source);
    }

    fn rest(&mut self, _watermark_ms: u64) {}

    fn save(&mut self, source: u32) -> Option<PluginState> {
        let seen = self.seen.get(&source)?;
        Some(PluginState { version: self.descriptor().state_version, bytes: vec![*seen] })
    }

    fn load(&mut self, source: u32, state: PluginState) {
        self.seen.insert(source, state.bytes[0]);
    }
}

impl Detector for Counter {
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores> {
        for run in lines.runs {
            *self.seen.entry(run.source).or_default() += run.rows as u8;
        }
        silence()
    }

    fn close_window(&mut self, _window: &ClosedWindow<'_>) -> Option<Scores> {
        silence()
    }

    fn explain(&mut self, _token: u32) -> Option<Explanation> {
        None
    }
}

/// What each seat remembers of source 0, by the key under which that is saved.
fn remembered(lane: &mut Lane) -> Vec<(String, u8)> {
    let saved = lane.save().remove(0);
    let unpacked = |bytes: &[u8]| crate::state::unpack(bytes).unwrap()[0];
    saved.plugins.iter().map(|(key, state)| (key.clone(), unpacked(&state.bytes))).collect()
}

#[test]
fn state_is_handed_over_where_it_can_be_read() {
    let counter = |edition: &str, role, (version, from)| DetectorSlot {
        seat: Seat { role, ..Seat::live("fake", edition) },
        detector: Seated::Fresh(Counter::new(version, from)),
        offset: 0.0,
    };
    let line = [said(0, 0, "line")];
    let mut lane = lane_of(vec![]);
    fit(&mut lane, vec![counter("1", Role::Live, (1, 1))]);
    push(&mut lane, &line);
    fit(&mut lane, vec![kept("fake", "1", Role::Live), counter("2", Role::Shadow, (2, 1))]);
    push(&mut lane, &line);
    let both = [("fake".to_string(), 2), ("fake~2".to_string(), 2)];
    assert_eq!(remembered(&mut lane), both, "the shadow began with the state of the live one");
    fit(&mut lane, vec![kept("fake", "1", Role::Shadow), kept("fake", "2", Role::Live)]);
    push(&mut lane, &line);
    let both = [("fake~1".to_string(), 3), ("fake".to_string(), 3)];
    assert_eq!(remembered(&mut lane), both, "they have changed places");
    fit(&mut lane, vec![counter("3", Role::Live, (3, 3))]);
    push(&mut lane, &line);
    assert_eq!(remembered(&mut lane), [("fake".to_string(), 1)], "one that reads nothing older");
}

/// A plugin that is new to a lane judges at once if it has met the sources elsewhere.
#[test]
fn what_was_learnt_elsewhere_counts_here() {
    const OLD: u64 = 2000;
    let seat = Seat::live("fake", "1");
    let learn = || {
        let mut lane = lane_of(vec![by_lines()]);
        age(&mut lane, 0, OLD);
        lane.learnt(&seat)
    };
    let reports = |learnt: &BTreeMap<u32, Learnt>| {
        let mut lane = lane_of(vec![]);
        age(&mut lane, 0, OLD);
        fit(&mut lane, in_seats(vec![by_lines()], "1"));
        lane.teach(&seat, learnt);
        push(&mut lane, &[said(0, OLD * MINUTE, "odd line")]);
        let until_ms = BEGIN_MS + (OLD + 1) * MINUTE;
        lane.step(Input::Close { sources: vec![0], until_ms }).reports.len()
    };
    assert_eq!(reports(&BTreeMap::new()), 0, "it is to learn first");
    let learnt = learn();
    assert_eq!(reports(&learnt), 1);
    let counter = |lane: &mut Lane| {
        let (seat, detector) = (seat.clone(), Seated::Fresh(Counter::new(1, 1) as _));
        fit(lane, vec![DetectorSlot { seat, detector, offset: 0.0 }]);
    };
    let (mut lane, mut other) = (lane_of(vec![]), lane_of(vec![]));
    counter(&mut lane);
    push(&mut lane, &[said(0, 0, "line"), said(1, 0, "line")]);
    push(&mut other, &[said(0, 0, "line")]);
    counter(&mut other);
    other.teach(&seat, &lane.learnt(&seat));
    assert_eq!(remembered(&mut other), [("fake".to_string(), 1)], "and nothing of source 1");
}

#[test]
fn saved_states_find_their_seats_again() {
    let keys = ["rate", "rate~2", "other"].map(String::from);
    let seat = |name: &str, edition: &str, role| Seat { role, ..Seat::live(name, edition) };
    for (seat, place) in [
        (seat("rate", "1", Role::Live), Some(0)),
        (seat("rate", "2", Role::Shadow), Some(1)),
        (seat("rate", "2", Role::Live), Some(1)),
        (seat("rate", "3", Role::Shadow), Some(0)),
        (seat("novel", "1", Role::Live), None),
    ] {
        assert_eq!(seat.place(&keys), place, "{seat:?}");
    }
}

#[test]
fn a_fit_that_is_refused_changes_nothing() {
    let mut lane = lane_of(vec![by_lines()]);
    let wants_nobody = Fake::new(descriptor(&[LineColumn::Pattern("nobody".into())], &[]));
    let refused = lane.fit(patterns(), vec![], in_seats(vec![by_lines(), wants_nobody], "2"));
    assert!(matches!(refused, Err(LaneError::UnknownPattern { .. })), "{refused:?}");
    let missing = lane.fit(patterns(), vec![], vec![kept("other", "1", Role::Live)]);
    assert_eq!(missing, Err(LaneError::NotSeated { plugin: "other".into() }));
    let twice = Err(LaneError::SeatedTwice { plugin: "fake".into() });
    let both = vec![kept("fake", "1", Role::Live), kept("fake", "1", Role::Shadow)];
    assert_eq!(lane.fit(patterns(), vec![], both), twice);
    let both = vec![shadow(by_lines(), "fake", "2"), shadow(by_lines(), "fake", "2")];
    assert_eq!(lane.fit(patterns(), vec![], both), twice, "nor can new ones");
    assert!(lane.has(&Seat::live("fake", "1")));
    assert!(!lane.has(&Seat::live("fake", "2")));
}

#[test]
fn shadows_of_filters_drop_nothing() {
    let drops = |edition: &str, role, set: &[usize]| FilterSlot {
        seat: Seat { role, ..Seat::live("sieve", edition) },
        filter: Seated::Fresh(Box::new(Sieve::new(Some(Verdicts {
            drop: rows(4, set),
            ..Verdicts::default()
        })))),
        fail_open: true,
    };
    let mut lane = lane_of(vec![]);
    let filters = vec![drops("1", Role::Live, &[0, 1]), drops("2", Role::Shadow, &[1, 2, 3])];
    lane.fit(patterns(), filters, vec![]).unwrap();
    let lines: Vec<Said> = (0..4).map(|number| said(0, number, "line")).collect();
    let outputs = push(&mut lane, &lines);
    assert_eq!((lane.counters().dropped, lane.counters().kept), (2, 2));
    let outcome = Outcome::Records { rows: 4, both: 1, live: 1, shadow: 2 };
    assert_eq!(outputs.trials[0].outcome, outcome);
}
