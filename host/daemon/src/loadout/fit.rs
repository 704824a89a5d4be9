//! Which editions of a plugin a tenant wants, and how one gives way to the next.
//!
//! A change has one figure: in what share of the lanes the next edition counts. With 0 % it is a shadow, with 100 % the
//! current one is the shadow and can come back at once with everything it has learnt meanwhile; between them lies the
//! canary.

use crate::config::OnFailure;
use serde::{Deserialize, Serialize};

/// Where the component of an edition comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// It is what the configuration file names.
    Configured,
    /// It was pushed.
    Pushed {
        /// The version it calls itself.
        version: String,
        /// SHA-256 of its bytes, in hexadecimal.
        digest: String,
    },
}

/// A component and how it is set; what is left out is as in the configuration file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// What runs.
    pub component: Component,
    /// Its own settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<serde_json::Value>,
    /// Bits added to the surprise of a detector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
    /// What happens to lines that a filter failed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

impl Edition {
    /// As the configuration file says.
    pub fn configured() -> Self {
        Edition { component: Component::Configured, config: None, offset: None, on_failure: None }
    }

    /// The digest of what was pushed.
    pub fn digest(&self) -> Option<&str> {
        match &self.component {
            Component::Configured => None,
            Component::Pushed { digest, .. } => Some(digest),
        }
    }
}

/// What a tenant wants of one plugin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// What works; absent where the plugin is off.
    pub current: Option<Edition>,
    /// What is on its way in.
    pub next: Option<Edition>,
    /// In what share of the lanes the next one counts.
    pub percent: u8,
    /// When that share was set, in milliseconds since 1970 by the clock.
    pub since_ms: u64,
    /// Whether the next one had nobody to go on from, so that what it knows is from the recording and since it came in.
    #[serde(default)]
    pub learning: bool,
    /// What worked before the current one.
    pub previous: Option<Edition>,
    /// Why the last change was taken back, where nobody asked for it.
    pub trouble: Option<String>,
}

/// Why a change cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// There is neither a next nor a previous edition.
    #[error("there is nothing to go back to")]
    NothingBefore,
    /// It is that already.
    #[error("that is how it is already")]
    Same,
}

impl Fit {
    /// As the configuration file says.
    pub fn configured() -> Self {
        Fit { current: Some(Edition::configured()), ..Fit::default() }
    }

    /// Brings an edition in, so that it counts in that share of the lanes. If it is the one that works, the one that is on
    /// its way in goes again.
    pub fn bring_in(&self, edition: Edition, percent: u8, now_ms: u64) -> Result<Fit, FitError> {
        let known = self.next.as_ref() == Some(&edition) && self.percent == percent;
        let works = self.current.as_ref() == Some(&edition);
        if known || (works && self.next.is_none()) {
            return Err(FitError::Same);
        }
        if works {
            return Ok(Fit { trouble: None, ..self.roll_back(now_ms)? });
        }
        let percent = percent.min(100);
        let learning = self.learning && self.next.as_ref() == Some(&edition);
        let next = Some(edition);
        Ok(Fit { next, percent, since_ms: now_ms, learning, trouble: None, ..self.clone() })
    }

    /// The next edition has proved itself, and the current one is let go of.
    pub fn settle(&self) -> Fit {
        let Some(next) = &self.next else { return self.clone() };
        Fit {
            current: Some(next.clone()),
            previous: self.current.clone(),
            next: None,
            percent: 0,
            learning: false,
            ..self.clone()
        }
    }

    /// Goes back: from what is on its way in, or else to what worked before.
    pub fn roll_back(&self, now_ms: u64) -> Result<Fit, FitError> {
        if self.next.is_some() {
            let learning = false;
            let back = self.clone();
            return Ok(Fit { next: None, percent: 0, since_ms: now_ms, learning, ..back });
        }
        let current = self.previous.clone().ok_or(FitError::NothingBefore)?;
        let previous = self.current.clone();
        Ok(Fit { current: Some(current), previous, since_ms: now_ms, ..Fit::default() })
    }

    /// Turns the plugin off.
    pub fn disable(&self, now_ms: u64) -> Result<Fit, FitError> {
        let previous = self.current.clone().or_else(|| self.next.clone());
        if previous.is_none() {
            return Err(FitError::Same);
        }
        Ok(Fit { previous, since_ms: now_ms, ..Fit::default() })
    }

    /// In how many lanes of so many the next edition counts: in these, from the first on.
    ///
    /// Its share is rounded up, so that the smallest canary has a lane; below 100 % it leaves one of two or more to the
    /// current edition, with which it is to be compared.
    pub fn next_lanes(&self, lanes: u32) -> u32 {
        let percent = if self.next.is_some() { self.percent } else { 0 };
        let share = (u64::from(lanes) * u64::from(percent)).div_ceil(100) as u32;
        share.min(if percent < 100 && lanes > 1 { lanes - 1 } else { lanes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(version: &str) -> Edition {
        let component =
            Component::Pushed { version: version.into(), digest: format!("digest of {version}") };
        Edition { component, ..Edition::configured() }
    }

    #[test]
    fn a_change_can_be_settled_and_taken_back_at_every_step() {
        let first = Fit::configured();
        assert_eq!(first.roll_back(1), Err(FitError::NothingBefore));
        assert_eq!(first.bring_in(Edition::configured(), 100, 1), Err(FitError::Same));
        let shadow = first.bring_in(pushed("2"), 0, 1).unwrap();
        assert_eq!(shadow.bring_in(pushed("2"), 0, 2), Err(FitError::Same));
        let canary = shadow.bring_in(pushed("2"), 25, 2).unwrap();
        let active = canary.bring_in(pushed("2"), 100, 3).unwrap();
        for step in [&shadow, &canary, &active] {
            let back = step.roll_back(9).unwrap();
            assert_eq!((&back.current, &back.next), (&first.current, &None));
            assert_eq!(step.bring_in(Edition::configured(), 100, 9).unwrap(), back);
        }
        let settled = active.settle();
        assert_eq!((&settled.current, &settled.next), (&Some(pushed("2")), &None));
        let back = settled.roll_back(10).unwrap();
        assert_eq!(back.current, first.current);
        assert_eq!(back.roll_back(11).unwrap().current, Some(pushed("2")), "and forth");
        let off = settled.disable(12).unwrap();
        assert_eq!((&off.current, &off.next), (&None, &None));
        assert_eq!(off.disable(13), Err(FitError::Same));
        assert_eq!(off.roll_back(14).unwrap().current, Some(pushed("2")));
    }

    #[test]
    fn the_share_of_lanes_is_rounded_up_but_a_canary_never_has_them_all() {
        let check = |lanes: u32, percent: u8, expected: u32| {
            let fit = Fit { next: Some(pushed("2")), percent, ..Fit::configured() };
            assert_eq!(fit.next_lanes(lanes), expected, "{percent} % of {lanes}");
        };
        for (percent, expected) in [(0, 0), (1, 1), (25, 4), (26, 5), (94, 15), (99, 15), (100, 16)]
        {
            check(16, percent, expected);
        }
        for (percent, expected) in [(0, 0), (1, 1), (99, 1), (100, 2)] {
            check(2, percent, expected);
        }
        for (percent, expected) in [(0, 0), (1, 1), (99, 1), (100, 1)] {
            check(1, percent, expected);
        }
    }
}
