//! The incidents: their kinds, and the truth about one.

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A known message comes far more often.
    Flood,
    /// A service or its main message stops.
    Silence,
    /// An error that nobody has seen before.
    NewError,
    /// Some lines of a known message are misspelt.
    NearMiss,
    /// One message grows slowly.
    SlowShift,
    /// Something that looks like a secret is written to the log.
    TokenLeak,
    /// Calls are tried again and again.
    RetryStorm,
    /// A service dies and comes back.
    Crash,
    /// Durations grow.
    LatencyRise,
    /// A message comes and goes.
    Flapping,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 10] = [
        Self::Flood,
        Self::Silence,
        Self::NewError,
        Self::NearMiss,
        Self::SlowShift,
        Self::TokenLeak,
        Self::RetryStorm,
        Self::Crash,
        Self::LatencyRise,
        Self::Flapping,
    ];

    /// The name on the command line and in the truth.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Silence => "silence",
            Self::NewError => "new-error",
            Self::NearMiss => "near-miss",
            Self::SlowShift => "slow-shift",
            Self::TokenLeak => "token-leak",
            Self::RetryStorm => "retry-storm",
            Self::Crash => "crash",
            Self::LatencyRise => "latency",
            Self::Flapping => "flapping",
        }
    }

    /// Reads a name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Least and greatest length in minutes; a crash may be over earlier.
    pub(crate) fn minutes(self) -> (i64, i64) {
        match self {
            Self::Flood => (5, 15),
            Self::Silence => (5, 20),
            Self::NewError | Self::NearMiss | Self::TokenLeak => (10, 10),
            Self::SlowShift => (30, 30),
            Self::RetryStorm => (6, 12),
            Self::Crash => (14, 14),
            Self::LatencyRise => (10, 15),
            Self::Flapping => (20, 20),
        }
    }
}

/// The truth about an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incident {
    /// Its number, by time.
    pub(crate) id: usize,
    /// What goes wrong.
    pub(crate) kind: Kind,
    /// How badly, from 1 to 3.
    pub(crate) level: u8,
    /// The service where it begins.
    pub(crate) service: usize,
    /// Begin in milliseconds since 1970.
    pub(crate) start_ms: i64,
    /// End in milliseconds since 1970.
    pub(crate) end_ms: i64,
    /// Lines added, lost or altered so far; final once all lines have been generated.
    pub(crate) lines_changed: u64,
    /// What happens, in a short phrase.
    pub(crate) detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_kind() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.name()), Some(kind));
        }
        assert_eq!(Kind::parse("Flood"), None);
    }
}
