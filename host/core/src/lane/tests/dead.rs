//! What plugins could not bear comes out with the record it was.

use super::*;
use crate::plugin::{PluginCall, Poison};

/// A plugin that could not bear something in every call.
struct Picky {
    descriptor: Descriptor,
    poison: Vec<Poison>,
}

impl Picky {
    fn new(name: &str) -> Self {
        let wanted = descriptor(&[LineColumn::Text], &[SeriesColumn::Count]);
        Picky { descriptor: Descriptor { name: name.into(), ..wanted }, poison: Vec::new() }
    }

    fn dislike(&mut self, source: u32, row: Option<u32>, during: PluginCall) {
        let cause = format!("{} dislikes it", self.descriptor.name);
        self.poison.push(Poison { source, row, at_ms: BEGIN_MS, during, cause });
    }
}

impl Plugin for Picky {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn forget(&mut self, _source: u32) {}

    fn rest(&mut self, _watermark_ms: u64) {
        self.dislike(7, None, PluginCall::Save);
    }

    fn save(&mut self, source: u32) -> Option<PluginState> {
        self.dislike(source, None, PluginCall::Save);
        None
    }

    fn load(&mut self, _source: u32, _state: PluginState) {}

    fn take_poison(&mut self) -> Vec<Poison> {
        std::mem::take(&mut self.poison)
    }
}

impl Detector for Picky {
    fn observe(&mut self, lines: &Lines<'_>) -> Option<Scores> {
        let last = lines.rows() as u32 - 1;
        self.dislike(lines.runs[lines.runs.len() - 1].source, Some(last), PluginCall::Observe);
        silence()
    }

    fn close_window(&mut self, window: &ClosedWindow<'_>) -> Option<Scores> {
        self.dislike(window.source, None, PluginCall::CloseWindow);
        None
    }

    fn explain(&mut self, _token: u32) -> Option<Explanation> {
        None
    }
}

impl Filter for Picky {
    fn evaluate(&mut self, lines: &Lines<'_>) -> Option<Verdicts> {
        self.dislike(lines.runs[0].source, Some(0), PluginCall::Evaluate);
        let undecided = rows(lines.rows(), &[0]);
        Some(Verdicts { undecided, ..Verdicts::default() })
    }
}

/// A letter as `source plugin during position after_ms text: cause`.
fn told(outputs: &Outputs) -> Vec<String> {
    let letters = outputs.dead.iter().map(|letter| {
        let DeadLetter { source, plugin, during, position, time_ms, text, cause } = letter;
        let (during, text) = (during.as_str(), String::from_utf8_lossy(text));
        let after_ms = time_ms - BEGIN_MS as i64;
        format!("{source} {plugin} {during} {position:?} {after_ms} {text}: {cause}")
    });
    letters.collect()
}

#[test]
fn poison_comes_out_with_its_record() {
    let filter = FilterSlot {
        seat: Seat::live("sieve", "1"),
        filter: Seated::Fresh(Box::new(Picky::new("sieve"))),
        fail_open: false,
    };
    let detector = DetectorSlot {
        seat: Seat::live("judge", "1"),
        detector: Seated::Fresh(Box::new(Picky::new("judge"))),
        offset: 0.0,
    };
    let mut lane =
        Lane::new(Settings::default(), patterns(), vec![filter], vec![detector], Wishes::default())
            .unwrap();
    let lines = [said(3, 5, "first"), said(3, 6, "second"), said(7, 7, "third")];
    let outputs = push(&mut lane, &lines);
    let expected = [
        "3 sieve evaluate Some(5) 5 first: sieve dislikes it",
        "7 judge observe Some(7) 7 third: judge dislikes it",
    ];
    assert_eq!(told(&outputs), expected, "rows are counted after the filters");
    assert_eq!((lane.counters().dead, lane.counters().kept, lane.counters().poisoned), (1, 2, 2));

    let until_ms = BEGIN_MS + MINUTE;
    let outputs = lane.step(Input::Close { sources: vec![3], until_ms });
    assert_eq!(told(&outputs), ["3 judge close-window None 0 : judge dislikes it"]);
    let outputs = lane.step(Input::Tick(until_ms));
    let saved = |plugin| format!("7 {plugin} save None 0 : {plugin} dislikes it");
    assert_eq!(told(&outputs), [saved("sieve"), saved("judge")], "sieve has no windows");

    lane.save();
    let outputs = lane.step(Input::End);
    assert_eq!(outputs.dead.len(), 4, "two sources, two plugins: {:?}", told(&outputs));
    assert_eq!(lane.step(Input::End).dead, [], "each is told once");
}

#[test]
fn a_letter_holds_the_beginning_of_a_long_record() {
    let detector = DetectorSlot {
        seat: Seat::live("judge", "1"),
        detector: Seated::Fresh(Box::new(Picky::new("judge"))),
        offset: 0.0,
    };
    let mut lane =
        Lane::new(Settings::default(), patterns(), vec![], vec![detector], Wishes::default())
            .unwrap();
    let outputs = push(&mut lane, &[said(3, 5, &"long ".repeat(10_000))]);
    assert_eq!(outputs.dead[0].text, "long ".repeat(10_000).as_bytes()[..4096]);
}
