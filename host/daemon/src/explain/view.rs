//! An explanation, as programs get it. Fields are only ever added.

use super::play::Played;
use crate::recording::CaseHead;
use bellwether_core::calibrate::{Basis, Judge, KindBasis, Side, TailBasis, WHOLE};
use bellwether_core::lane::{Taken, Verdict, Voice, Weighed};
use bellwether_store::AnomalyDetail;
use serde::Serialize;

/// Why an anomaly was told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Its id.
    pub anomaly: String,
    /// Whose it is.
    pub tenant: String,
    /// Key of its source.
    pub source: String,
    /// As it was told.
    pub sentence: String,
    /// Its first window.
    pub window: WindowView,
    /// Whether working it out once more finds the same to the last bit.
    pub equal: bool,
    /// In what it differs.
    pub differences: Vec<String>,
    /// Whether everything that was said in the window is here; else it begins within the window, and scores from before are
    /// known by their bits alone.
    pub whole: bool,
    /// Version of the program that found it.
    pub found_by: String,
    /// Plugins that failed while it was worked out.
    pub faults: Vec<String>,
    /// What the detectors together say.
    pub verdict: Option<VerdictView>,
    /// The scores about the window, the most surprising first; what there is beyond tens of thousands is left out.
    pub scores: Vec<Score>,
    /// Further ones, which are only counted.
    pub scores_left_out: u64,
}

/// A window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowView {
    /// First millisecond.
    pub start_ms: u64,
    /// First millisecond after it.
    pub end_ms: u64,
}

/// What the detectors together say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictView {
    /// How odd the window is.
    pub state_bits: f32,
    /// How much of that is news.
    pub news_bits: f32,
    /// From which news is an alarm.
    pub alarm_bits: f32,
    /// From which a window is reported.
    pub alive_bits: f32,
    /// What several voices cost.
    pub trials_bits: f32,
    /// What each detector makes of it.
    pub detectors: Vec<DetectorView>,
}

/// What a detector makes of a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectorView {
    /// Its name.
    pub detector: String,
    /// Bits that are added to what it says.
    pub offset: f32,
    /// How many voices it counts for.
    pub voices: f32,
    /// How odd the window is to it, before its offset.
    pub state_bits: f32,
    /// How much of that is news.
    pub news_bits: f32,
}

/// A score and what it is worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// What it is worth in the end, as in a finding: everything below together.
    pub bits: f32,
    /// Name of the detector.
    pub detector: String,
    /// The detector's reason.
    pub reason: String,
    /// The message, variables as `<*>`; empty for the window as a whole.
    pub template: String,
    /// Name of the message; empty for the window as a whole.
    pub template_id: String,
    /// What the score is compared with; nothing for the window as a whole.
    pub channel: Option<u32>,
    /// Where the record stands in its input.
    pub position: Option<u64>,
    /// What the detector said.
    pub score: f32,
    /// Which way it points: `more` or `less`.
    pub side: &'static str,
    /// Whether it only teaches.
    pub quiet: bool,
    /// What the score is worth by its past.
    pub calibrated_bits: f32,
    /// What is added for the severity and the pattern of its line.
    pub prior_bits: f32,
    /// What is taken for being reworded or the only one of its kind; nothing where another score of its channel is stronger.
    pub forgiven_bits: Option<f32>,
    /// What is added for its detector.
    pub offset: f32,
    /// How it came to its bits.
    pub basis: BasisView,
}

/// How a score came to its bits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "scale", rename_all = "lowercase")]
pub enum BasisView {
    /// By the sizes before.
    Size(SizeView),
    /// By how often evidence of its kind was as strong.
    Bits(KindView),
}

/// What the past makes of a size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeView {
    /// Which past counts: `own`, `pooled`, the `stricter` of both, or `nobody`'s, since the source is too young.
    pub judge: &'static str,
    /// That of its channel.
    pub own: TailView,
    /// That of all channels of the detector.
    pub pooled: TailView,
}

/// What one past makes of a size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TailView {
    /// Windows that it reaches back.
    pub windows: u64,
    /// Peaks that are remembered.
    pub peaks: usize,
    /// Those that were as high.
    pub as_high: usize,
    /// The highest.
    pub highest: f32,
    /// What it makes of the size.
    pub bits: f32,
}

/// What the past makes of evidence of a kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KindView {
    /// Age of the source.
    pub windows: u64,
    /// Episodes that are remembered.
    pub episodes: usize,
    /// Those that were as strong; probable faults count less.
    pub as_strong: f32,
    /// What is added for a record.
    pub record_bits: f32,
}

impl Explanation {
    pub(super) fn new(
        tenant: &str,
        detail: &AnomalyDetail,
        head: &CaseHead,
        played: Played,
        differences: Vec<String>,
        faults: Vec<String>,
    ) -> Self {
        let verdict = played.verdict.as_ref();
        let mut scores: Vec<Score> =
            played.weighed.into_iter().map(|one| score(one, verdict)).collect();
        scores.sort_by(|a, b| b.bits.total_cmp(&a.bits));
        Explanation {
            anomaly: detail.summary.id.clone(),
            tenant: tenant.into(),
            source: detail.summary.source.clone(),
            sentence: detail.summary.sentence.clone(),
            window: WindowView { start_ms: head.subject.start_ms, end_ms: head.subject.end_ms },
            equal: differences.is_empty(),
            differences,
            whole: head.whole,
            found_by: head.segment.program.clone(),
            faults,
            scores,
            scores_left_out: verdict.map_or(0, |verdict| verdict.untold),
            verdict: played.verdict.map(VerdictView::from),
        }
    }
}

/// What a score is worth in the end follows from the verdict, if it is the strongest of its channel.
fn score(one: Weighed, verdict: Option<&Verdict>) -> Score {
    let counts = one.bits > 0.0;
    let own = if counts { one.bits + one.prior_bits } else { 0.0 };
    let is_own = |taken: &&Taken| {
        (&taken.detector, taken.channel, taken.template, taken.weighed_bits)
            == (&one.detector, one.channel, one.template, own)
    };
    let taken = verdict.and_then(|verdict| verdict.candidates.iter().find(is_own));
    let taken = taken.filter(|_| counts);
    let voice = verdict
        .and_then(|verdict| verdict.voices.iter().find(|voice| voice.detector == one.detector));
    let offset = voice.map_or(0.0, |voice| voice.offset);
    let trials = verdict.map_or(0.0, |verdict| verdict.trials_bits);
    let bits = taken.map_or(own + offset - trials, |taken| taken.bits);
    Score {
        bits: if counts { bits } else { 0.0 },
        template_id: one.message.map(|message| format!("{message:08x}")).unwrap_or_default(),
        channel: Some(one.channel).filter(|channel| *channel != WHOLE),
        side: match one.side {
            Side::More => "more",
            Side::Less => "less",
        },
        forgiven_bits: taken.map(|taken| taken.weighed_bits - taken.left_bits),
        offset,
        basis: one.basis.into(),
        detector: one.detector,
        reason: one.reason,
        template: one.text,
        position: one.position,
        score: one.score,
        quiet: one.quiet,
        calibrated_bits: one.bits,
        prior_bits: one.prior_bits,
    }
}

impl From<Basis> for BasisView {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::Kind(KindBasis { age, episodes, as_strong, record_bits, .. }) => {
                // The sum of nothing is a negative zero, which nobody wants to read.
                let as_strong = as_strong + 0.0;
                BasisView::Bits(KindView { windows: age, episodes, as_strong, record_bits })
            }
            Basis::Size { own, pooled, judge } => BasisView::Size(SizeView {
                judge: match judge {
                    Judge::Own => "own",
                    Judge::Pooled => "pooled",
                    Judge::Stricter => "stricter",
                    Judge::Nobody => "nobody",
                },
                own: own.into(),
                pooled: pooled.into(),
            }),
        }
    }
}

impl From<TailBasis> for TailView {
    fn from(basis: TailBasis) -> Self {
        let TailBasis { windows, peaks, higher, highest, bits } = basis;
        TailView { windows, peaks, as_high: higher, highest, bits }
    }
}

impl From<Verdict> for VerdictView {
    fn from(verdict: Verdict) -> Self {
        let Verdict { state_bits, news_bits, alarm_bits, alive_bits, trials_bits, .. } = verdict;
        let voice = |voice: Voice| {
            let Voice { detector, offset, voices, state_bits, news_bits } = voice;
            DetectorView { detector, offset, voices, state_bits, news_bits }
        };
        let detectors = verdict.voices.into_iter().map(voice).collect();
        VerdictView { state_bits, news_bits, alarm_bits, alive_bits, trials_bits, detectors }
    }
}
