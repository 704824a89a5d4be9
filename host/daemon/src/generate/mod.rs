//! Believable logs of a web shop with incidents whose truth is known.
//!
//! A [`Plan`] says how long, how many services and what goes wrong; a [`Generator`] gives the
//! records in order of time. The seed decides everything: the same plan gives the same bytes on
//! every machine, and incidents leave every line alone that is not theirs.

mod calendar;
mod catalogue;
mod disturbance;
mod event;
mod fault;
mod form;
mod incident;
mod message;
mod oddity;
mod people;
mod placement;
mod random;
mod render;
mod rhythm;
mod route;
mod shop;
mod slot;
mod stream;
mod template;
mod traffic;
mod truth;

#[cfg(test)]
mod tests;

pub(crate) use form::Form;
pub(crate) use incident::{Incident, Kind};
pub(crate) use truth::write as write_truth;

use calendar::{HOUR_MS, MINUTE_MS};
use disturbance::{Deployment, Disturbance, Stage};
use event::Event;
use render::Renderer;
use rhythm::Rhythm;
use shop::Shop;
use traffic::Traffic;

/// Monday, 2 March 2026, midnight UTC.
pub(crate) const START_MS: i64 = 1_772_409_600_000;

/// Events are drawn and sorted in spans of this length.
const SPAN_MS: i64 = MINUTE_MS;
/// The shop is open before the first line, so that visits are under way.
const RUN_UP_MS: i64 = 3 * SPAN_MS;

/// What to generate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// Decides everything that is left to chance.
    pub(crate) seed: u64,
    /// Time of the beginning in milliseconds since 1970.
    pub(crate) start_ms: i64,
    /// Length in hours, at most 31 days.
    pub(crate) hours: f64,
    /// Number of services, from 2 to 64.
    pub(crate) services: usize,
    /// Number of incidents.
    pub(crate) incidents: usize,
    /// Their kinds, taken in turn.
    pub(crate) kinds: Vec<Kind>,
    /// Factor on the traffic, from 0.01 to 100.
    pub(crate) rate: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            start_ms: START_MS,
            hours: 24.0,
            services: 6,
            incidents: Kind::ALL.len(),
            kinds: Kind::ALL.to_vec(),
            rate: 1.0,
        }
    }
}

/// Why a plan cannot be carried out.
#[derive(Debug, thiserror::Error, PartialEq)]
pub(crate) enum PlanError {
    /// The length is out of range.
    #[error("hours: expected more than 0 and at most 744, found {0}; write e.g. 24")]
    Hours(f64),
    /// The number of services is out of range.
    #[error("services: expected a number from 2 to 64, found {0}; write e.g. 6")]
    Services(usize),
    /// The factor on the traffic is out of range.
    #[error("rate: expected a number from 0.01 to 100, found {0}; write e.g. 1")]
    Rate(f64),
    /// The beginning is out of range.
    #[error("start: expected a time from 1970 to 9998, found {0} ms; write e.g. {START_MS}")]
    Start(i64),
    /// There are incidents but no kinds.
    #[error("kinds: expected at least one kind for {0} incidents, found none; write e.g. flood")]
    NoKinds(usize),
    /// There is not enough time or traffic.
    #[error(
        "incidents: {fitting} of {wanted} fit into {hours} hours with {services} services; \
         ask for fewer, or for more hours or services"
    )]
    TooManyIncidents {
        /// How many were asked for.
        wanted: usize,
        /// How many fit.
        fitting: usize,
        /// Length of the plan.
        hours: f64,
        /// Number of services.
        services: usize,
    },
}

/// A service of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceInfo {
    /// Its name.
    pub(crate) name: String,
    /// How it writes its lines.
    pub(crate) form: Form,
}

/// What is known about a record besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Emitted {
    /// Place of the service.
    pub(crate) service: usize,
    /// Its time in milliseconds since 1970.
    pub(crate) time_ms: i64,
    /// The incident that added or altered it.
    pub(crate) incident: Option<usize>,
}

/// Gives the records of a plan, one after the other.
#[derive(Debug)]
pub(crate) struct Generator {
    start_ms: i64,
    end_ms: i64,
    shop: Shop,
    rhythm: Rhythm,
    traffic: Traffic,
    renderer: Renderer,
    incidents: Vec<Incident>,
    disturbances: Vec<Disturbance>,
    services: Vec<ServiceInfo>,
    prefixes: Vec<String>,
    /// To come, the next one last.
    deployments: Vec<Deployment>,
    /// To come, the next one last.
    added: Vec<Event>,
    /// Drawn, but after the current span.
    later: Vec<Event>,
    /// The rest of the current span, the next one last.
    ready: Vec<Event>,
    /// The disturbances of each service in the current span.
    active: Vec<Vec<usize>>,
    drawn_until_ms: i64,
}

impl Generator {
    /// Checks a plan and places everything that will happen.
    pub(crate) fn new(plan: &Plan) -> Result<Self, PlanError> {
        check(plan)?;
        let end_ms = plan.start_ms + (plan.hours * HOUR_MS as f64) as i64;
        let shop = Shop::new(plan.seed, plan.services, plan.rate);
        let rhythm = Rhythm::new(plan.seed, plan.start_ms, end_ms, shop.routes.len());
        let mut stage = Stage {
            shop: &shop,
            rhythm: &rhythm,
            start_ms: plan.start_ms,
            end_ms,
            deployments: Vec::new(),
            disturbances: Vec::new(),
            added: Vec::new(),
        };
        oddity::plan(&mut stage, plan.seed);
        let incidents = placement::plan(&mut stage, &plan.kinds, plan.incidents, plan.seed)
            .map_err(|fitting| PlanError::TooManyIncidents {
                wanted: plan.incidents,
                fitting,
                hours: plan.hours,
                services: plan.services,
            })?;
        let Stage { mut deployments, disturbances, mut added, .. } = stage;
        deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.time_ms));
        added.sort_unstable_by(|left, right| right.cmp(left));
        let services: Vec<ServiceInfo> = (0..plan.services)
            .map(|service| ServiceInfo {
                name: shop.services[service].name.clone(),
                form: shop.catalogue(service).form,
            })
            .collect();
        let width = services.iter().map(|service| service.name.len()).max().unwrap_or(0);
        Ok(Self {
            start_ms: plan.start_ms,
            end_ms,
            traffic: Traffic::new(plan.seed, plan.start_ms, plan.rate),
            renderer: Renderer::new(plan.seed, &shop),
            shop,
            rhythm,
            incidents,
            disturbances,
            prefixes: services.iter().map(|info| format!("{:width$} | ", info.name)).collect(),
            active: vec![Vec::new(); services.len()],
            services,
            deployments,
            added,
            later: Vec::new(),
            ready: Vec::new(),
            drawn_until_ms: plan.start_ms - RUN_UP_MS,
        })
    }

    /// The services, in the order of their numbers.
    pub(crate) fn services(&self) -> &[ServiceInfo] {
        &self.services
    }

    /// The incidents in order of time; their counts of lines are final once all records are out.
    pub(crate) fn truth(&self) -> &[Incident] {
        &self.incidents
    }

    /// What stands before the lines of a service in a merged stream: its name, padded, and a bar.
    pub(crate) fn prefix(&self, service: usize) -> &str {
        &self.prefixes[service]
    }

    /// Replaces the buffer's content by the next record with its line end; a stack trace is one
    /// record of several lines. Records come in order of time.
    pub(crate) fn next(&mut self, record: &mut Vec<u8>) -> Option<Emitted> {
        loop {
            while let Some(event) = self.ready.pop() {
                record.clear();
                if let Some(emitted) = self.emit(event, record) {
                    return Some(emitted);
                }
            }
            if self.drawn_until_ms >= self.end_ms {
                return None;
            }
            self.draw_span();
        }
    }

    /// Writes an event's record, unless it is lost.
    fn emit(&mut self, event: Event, record: &mut Vec<u8>) -> Option<Emitted> {
        while self.deployments.last().is_some_and(|next| next.time_ms <= event.time_ms) {
            if let Some(Deployment { service, reworded, .. }) = self.deployments.pop() {
                self.renderer.deploy(service, reworded);
            }
        }
        let own = event.disturbance.and_then(|index| self.disturbances[index].incident);
        let hit = self.disturbed(&event).map(|index| &self.disturbances[index]);
        // A line that one incident adds is not missed by anybody when another one loses it.
        let concerned = hit.filter(|_| own.is_none());
        let incident = own.or(concerned.and_then(|disturbance| disturbance.incident));
        let is_lost = hit.is_some_and(|disturbance| disturbance.rule.loses());
        if let Some(id) = incident
            && !(is_lost && own.is_some())
        {
            self.incidents[id].lines_changed += 1;
        }
        if is_lost {
            return None;
        }
        let rule = concerned.map(|disturbance| &disturbance.rule);
        self.renderer.write(&self.shop, &event, rule, record);
        Some(Emitted { service: event.service, time_ms: event.time_ms, incident })
    }

    /// The first disturbance that changes a line, other than the one that added it.
    fn disturbed(&self, event: &Event) -> Option<usize> {
        let active = &self.active[event.service];
        if active.is_empty() {
            return None;
        }
        let line_key = self.renderer.line_key(event);
        active.iter().copied().find(|&index| {
            let disturbance = &self.disturbances[index];
            let met = disturbance.incident.map_or(0, |id| self.incidents[id].lines_changed);
            event.disturbance != Some(index)
                && disturbance.concerns(&self.shop, event, line_key, met)
        })
    }

    /// Draws the events of the next span and sorts what is due in it.
    fn draw_span(&mut self) {
        let from_ms = self.drawn_until_ms;
        let to_ms = from_ms + SPAN_MS;
        self.drawn_until_ms = to_ms;
        self.traffic.fill(&self.shop, &self.rhythm, from_ms, to_ms, &mut self.later);
        while self.added.last().is_some_and(|event| event.time_ms < to_ms) {
            self.later.extend(self.added.pop());
        }
        let (due, later) = std::mem::take(&mut self.later)
            .into_iter()
            .partition(|event: &Event| event.time_ms < to_ms);
        self.ready = due;
        self.later = later;
        self.ready.retain(|event| (self.start_ms..self.end_ms).contains(&event.time_ms));
        self.ready.sort_unstable_by(|left, right| right.cmp(left));
        for active in &mut self.active {
            active.clear();
        }
        for (index, disturbance) in self.disturbances.iter().enumerate() {
            if disturbance.start_ms < to_ms && disturbance.end_ms > from_ms {
                self.active[disturbance.service].push(index);
            }
        }
    }
}

fn check(plan: &Plan) -> Result<(), PlanError> {
    const YEAR_9999_MS: i64 = 253_370_764_800_000;
    if !(plan.hours > 0.0 && plan.hours <= 744.0) {
        return Err(PlanError::Hours(plan.hours));
    }
    if !(2..=64).contains(&plan.services) {
        return Err(PlanError::Services(plan.services));
    }
    if !(0.01..=100.0).contains(&plan.rate) {
        return Err(PlanError::Rate(plan.rate));
    }
    if !(0..YEAR_9999_MS - 31 * 24 * HOUR_MS).contains(&plan.start_ms) {
        return Err(PlanError::Start(plan.start_ms));
    }
    if plan.incidents > 0 && plan.kinds.is_empty() {
        return Err(PlanError::NoKinds(plan.incidents));
    }
    Ok(())
}
