//! Why an anomaly was told: its window worked out again, from what was kept of it.
//!
//! The source goes on from its saved state, is told the same once more, and has to find the same to the last bit. On the way
//! every score is noted, with how it came to its bits.

mod compare;
mod play;
mod view;

pub use view::{
    BasisView, DetectorView, Explanation, KindView, Score, SizeView, TailView, VerdictView,
    WindowView,
};

use crate::loadout::LoadoutError;
use crate::platform::{Base, Kept};
use crate::recording::{Case, CaseError, RecordingError, Subject};
use bellwether_core::state::StateError;
use bellwether_store::AnomalyDetail;
use play::play;
use std::collections::BTreeMap;

/// Why an anomaly cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// What it takes is not there.
    #[error("nothing is kept to explain anomaly `{anomaly}` with; {}", mend(.source))]
    Case {
        /// Its id.
        anomaly: String,
        /// Why.
        #[source]
        source: CaseError,
    },
    /// What is kept cannot be read.
    #[error("what is kept of the anomaly cannot be read")]
    Recording(#[from] RecordingError),
    /// The state of the source cannot be read.
    #[error("the source cannot go on from what is kept of it")]
    State(#[from] StateError),
    /// The plugins cannot be opened.
    #[error(transparent)]
    Loadout(#[from] LoadoutError),
    /// It would be judged by others than those who found it.
    #[error(
        "since anomaly `{anomaly}` was found, {}; it can be explained by those who found it alone",
        differences.join(", ")
    )]
    Changed {
        /// Its id.
        anomaly: String,
        /// What is otherwise.
        differences: Vec<String>,
    },
}

fn mend(error: &CaseError) -> &'static str {
    match error {
        CaseError::Absent => {
            "for the next one, raise `recording.bytes_max` or `recording.cases_bytes_max`, or lower \
             `recording.minutes_per_segment` where its source says much"
        }
        _ => "see below",
    }
}

/// Explains an anomaly of a tenant by the plugins that counted when it was found, as far as they are there now.
pub(crate) fn explain(
    base: &Base,
    fits: &BTreeMap<String, Kept>,
    tenant: &str,
    detail: &AnomalyDetail,
) -> Result<Explanation, ExplainError> {
    let (config, anomaly) = (base.config(), &detail.summary);
    let window_ms = config.windows.size_s * 1000;
    let subject = Subject::of(&anomaly.id, &anomaly.source, anomaly.opened_ms, window_ms);
    let folder = config.recording.folder(&config.store.path, tenant);
    let case = Case::find(&folder, &subject)
        .map_err(|source| ExplainError::Case { anomaly: anomaly.id.clone(), source })?;
    let makeup = &case.head.segment.makeup;
    let loadout = base.loadout_under(fits, makeup.settings.clone())?;
    let differences = makeup.differences(&loadout.makeup(), case.head.lane);
    if !differences.is_empty() {
        return Err(ExplainError::Changed { anomaly: anomaly.id.clone(), differences });
    }
    let played = play(&loadout, &case)?;
    let differences = compare::differences(&case.head, &played, detail);
    let faults = loadout.health().into_iter().filter(|(_, health)| !health.faults.is_empty());
    let faults = faults.map(|(name, _)| name).collect();
    Ok(Explanation::new(tenant, detail, &case.head, played, differences, faults))
}
