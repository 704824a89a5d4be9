//! Tells a lane once more what it was told.

use super::ExplainError;
use crate::loadout::Loadout;
use crate::recording::{Case, Entry};
use bellwether_core::lane::{Input, Outputs, Verdict, Weighed};
use bellwether_core::report::Report;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// Every score about the window.
    pub(super) weighed: Vec<Weighed>,
    /// What came of them.
    pub(super) verdict: Option<Verdict>,
    /// What is reported of the window.
    pub(super) report: Option<Report>,
}

/// Plays a case.
pub(super) fn play(loadout: &Loadout, case: &Case) -> Result<Played, ExplainError> {
    let head = &case.head;
    let (number, start_ms) = (head.number, head.subject.start_ms);
    let mut lane = loadout.lane_as(&head.segment.makeup, head.lane)?;
    lane.judge_by(number, loadout.settings().standard_of(&head.subject.source));
    lane.trace(Some((number, start_ms)));
    let mut played = Played::default();
    for entry in case.entries() {
        let outputs = match entry? {
            Entry::Snapshot { snapshot: Some(snapshot), .. } => {
                lane.load(number, &snapshot.state, &snapshot.plugins)?;
                continue;
            }
            Entry::Records { batch, .. } => lane.step(Input::Records(batch)),
            Entry::Close { sources, until_ms, .. } => lane.step(Input::Close { sources, until_ms }),
            Entry::Tick(watermark_ms) => lane.step(Input::Tick(watermark_ms)),
            Entry::Relieve(relief) => {
                lane.relieve(relief);
                continue;
            }
            Entry::Snapshot { snapshot: None, .. } | Entry::Source { .. } => continue,
        };
        let Outputs { reports, weighed, verdict, .. } = outputs;
        played.weighed.extend(weighed);
        played.verdict = played.verdict.or(verdict);
        let found = reports.into_iter().find(|report| report.start_ms == start_ms);
        played.report = played.report.or(found);
    }
    Ok(played)
}
