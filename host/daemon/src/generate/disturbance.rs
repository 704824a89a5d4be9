//! What changes the undisturbed traffic for a while: lines that are missing, added or different.

use super::event::{Event, request_at};
use super::message::When;
use super::random::{Random, fraction_of, mix};
use super::rhythm::Rhythm;
use super::shop::Shop;
use super::template::Template;

/// A change of one service's lines.
#[derive(Debug)]
pub(crate) struct Disturbance {
    /// Whose lines change.
    pub(crate) service: usize,
    /// From when, inclusive.
    pub(crate) start_ms: i64,
    /// Until when, exclusive.
    pub(crate) end_ms: i64,
    /// What happens to the lines of the undisturbed traffic.
    pub(crate) rule: Rule,
    /// Place of its incident; `None` for what belongs to a healthy shop.
    pub(crate) incident: Option<usize>,
}

/// What happens to lines.
#[derive(Debug)]
pub(crate) enum Rule {
    /// Nothing.
    Keep,
    /// Lines are lost: of one message or of all, in some windows.
    Lose {
        /// The message, `None` for all.
        message: Option<usize>,
        /// When and how many.
        windows: Vec<Window>,
    },
    /// Requests that need a service do not come further while it is away.
    Unreached {
        /// The service.
        missing: usize,
        /// When it is away.
        windows: Vec<Window>,
    },
    /// A share of a message's lines is worded wrongly.
    Misspell {
        /// The message.
        message: usize,
        /// Which share of its lines.
        share: f64,
        /// The wrong wording.
        template: Template,
    },
    /// A share of all lines gets a token that should be secret.
    Leak {
        /// Which share of the lines.
        share: f64,
        /// What the token looks like.
        style: usize,
    },
    /// Durations grow.
    Slow {
        /// The message that tells them.
        message: usize,
        /// By how much.
        factor: f64,
    },
}

impl Rule {
    /// Whether the lines it concerns are lost.
    pub(crate) fn loses(&self) -> bool {
        matches!(self, Self::Lose { .. } | Self::Unreached { .. })
    }
}

impl Window {
    fn takes(&self, event: &Event, chance: f64) -> bool {
        (self.from_ms..self.to_ms).contains(&event.time_ms) && chance < self.share
    }
}

/// A span in which a share of lines is lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// From when, inclusive.
    pub(crate) from_ms: i64,
    /// Until when, exclusive.
    pub(crate) to_ms: i64,
    /// The share lost.
    pub(crate) share: f64,
}

impl Disturbance {
    /// Whether it changes a line of the undisturbed traffic. The chance of a line is its own, so
    /// that a stronger disturbance changes the same lines and more.
    ///
    /// An incident that alters lines takes the first one that fits for certain; `met` counts those
    /// it has changed so far.
    pub(crate) fn concerns(&self, shop: &Shop, event: &Event, line_key: u64, met: u64) -> bool {
        if !(self.start_ms..self.end_ms).contains(&event.time_ms) {
            return false;
        }
        let is_due = met == 0 && !self.rule.loses();
        let chance = if is_due { 0.0 } else { fraction_of(mix(line_key, 0xD157)) };
        match &self.rule {
            Rule::Keep => false,
            Rule::Lose { message, windows } => {
                message.is_none_or(|message| message == event.message)
                    && windows.iter().any(|window| window.takes(event, chance))
            }
            Rule::Unreached { missing, windows } => {
                windows.iter().any(|window| window.takes(event, chance))
                    && shop.needs(event, *missing)
            }
            Rule::Misspell { message, share, .. } => *message == event.message && chance < *share,
            Rule::Leak { share, .. } => chance < *share,
            Rule::Slow { message, .. } => *message == event.message,
        }
    }
}

/// A new version of a service, from a moment on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deployment {
    /// When the new version starts.
    pub(crate) time_ms: i64,
    /// The service.
    pub(crate) service: usize,
    /// The message that is worded differently from then on.
    pub(crate) reworded: Option<usize>,
}

/// What those who plan disturbances look at, and where they put added lines.
#[derive(Debug)]
pub(crate) struct Stage<'a> {
    /// The services.
    pub(crate) shop: &'a Shop,
    /// How busy it is when.
    pub(crate) rhythm: &'a Rhythm,
    /// Begin of the plan.
    pub(crate) start_ms: i64,
    /// End of the plan.
    pub(crate) end_ms: i64,
    /// New versions so far.
    pub(crate) deployments: Vec<Deployment>,
    /// What was planned so far.
    pub(crate) disturbances: Vec<Disturbance>,
    /// The lines that come on top of the undisturbed traffic.
    pub(crate) added: Vec<Event>,
}

impl Stage<'_> {
    /// Adds a line for the disturbance that is planned next.
    pub(crate) fn add(
        &mut self,
        service: usize,
        message: usize,
        time_ms: i64,
        random: &mut Random,
    ) {
        let place = random.below(255) as u64;
        self.added.push(Event {
            time_ms,
            service,
            message,
            request: request_at(self.start_ms, time_ms, place),
            copy: 1 + random.below(1_000_000_000) as u32,
            hop: None,
            disturbance: Some(self.disturbances.len()),
        });
    }

    /// Adds lines at random times; `rate` tells how many a second are due at a time.
    pub(crate) fn add_at_random(
        &mut self,
        (service, message): (usize, usize),
        (from_ms, to_ms): (i64, i64),
        random: &mut Random,
        rate: &dyn Fn(&Self, i64) -> f64,
    ) {
        const STEP_MS: i64 = 5_000;
        let mut step_ms = from_ms;
        while step_ms < to_ms {
            let end_ms = (step_ms + STEP_MS).min(to_ms);
            let mean = rate(self, step_ms) * (end_ms - step_ms) as f64 / 1_000.0;
            for _ in 0..random.poisson(mean) {
                let time_ms = random.time_between(step_ms, end_ms);
                self.add(service, message, time_ms, random);
            }
            step_ms = end_ms;
        }
    }

    /// Adds the lines of a stop; returns when the last one is out.
    pub(crate) fn add_stop(&mut self, service: usize, at_ms: i64, random: &mut Random) -> i64 {
        self.add_sequence(service, at_ms, random, |when| match when {
            When::Stop { after_ms } => Some(after_ms),
            _ => None,
        })
    }

    /// Adds the lines of a start; returns when the service is ready.
    pub(crate) fn add_start(&mut self, service: usize, at_ms: i64, random: &mut Random) -> i64 {
        self.add_sequence(service, at_ms, random, |when| match when {
            When::Start { after_ms } => Some(after_ms),
            _ => None,
        })
    }

    fn add_sequence(
        &mut self,
        service: usize,
        at_ms: i64,
        random: &mut Random,
        offset_ms: fn(When) -> Option<u32>,
    ) -> i64 {
        // No machine takes exactly as long as the last time.
        let pace = random.between(0.85, 1.3);
        let mut last_ms = at_ms;
        for message in 0..self.shop.catalogue(service).messages.len() {
            if let Some(after_ms) = offset_ms(self.shop.message(service, message).when) {
                last_ms = at_ms + (f64::from(after_ms) * pace) as i64;
                self.add(service, message, last_ms, random);
            }
        }
        last_ms + 1
    }

    /// Ends the planning of a disturbance whose lines have been added.
    pub(crate) fn finish(&mut self, disturbance: Disturbance) {
        self.disturbances.push(disturbance);
    }

    /// The expected lines a second of a message at a time, without disturbances.
    pub(crate) fn lines_per_s(&self, service: usize, message: usize, time_ms: i64) -> f64 {
        let mean = self.shop.lines_per_s(service, message);
        match self.shop.message(service, message).when {
            When::Every { .. } => mean,
            _ => mean * self.rhythm.traffic(time_ms),
        }
    }

    /// The expected lines a second of a service at a time, without disturbances.
    pub(crate) fn all_lines_per_s(&self, service: usize, time_ms: i64) -> f64 {
        let messages = 0..self.shop.catalogue(service).messages.len();
        messages.map(|message| self.lines_per_s(service, message, time_ms)).sum()
    }

    /// How a service words a message at a time.
    pub(crate) fn wording(&self, service: usize, message: usize, time_ms: i64) -> &Template {
        let what = self.shop.message(service, message);
        let is_reworded = self.deployments.iter().any(|deployment| {
            deployment.service == service
                && deployment.reworded == Some(message)
                && deployment.time_ms <= time_ms
        });
        match &what.reworded {
            Some(reworded) if is_reworded => reworded,
            _ => &what.template,
        }
    }
}
