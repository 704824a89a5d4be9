//! The services of a plan, who calls whom, and how many lines each message gives on average.

use super::calendar::DAY_MS;
use super::catalogue::{self, Catalogue};
use super::event::Event;
use super::message::{Message, When};
use super::random::mix;
use super::route::{Hop, ROUTES};

/// Requests a second at noon with up to twelve services.
const REQUESTS_PER_S: f64 = 3.5;
/// Mean number of requests that follow the first one of a visit.
pub(crate) const FOLLOWING_REQUESTS: f64 = 4.0;

/// Share of the requests of a route from which on they cannot do without a service.
const ESSENTIAL_SHARE: f64 = 0.8;

/// A running service.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its name, unique in the shop.
    pub(crate) name: String,
    /// Its kind, as a place in the catalogues.
    pub(crate) kind: usize,
    /// What makes its choices differ from those of others.
    pub(crate) key: u64,
}

/// All services with what they may say.
#[derive(Debug)]
pub(crate) struct Shop {
    /// What each kind of service says.
    pub(crate) catalogues: Vec<Catalogue>,
    /// The services, the gateway first.
    pub(crate) services: Vec<Service>,
    /// The routes with everything looked up; in the order of [`ROUTES`].
    pub(crate) routes: Vec<Vec<Step>>,
    /// Requests a second at noon.
    pub(crate) requests_per_s: f64,
    by_kind: Vec<Vec<usize>>,
    lines_per_s: Vec<Vec<f64>>,
}

/// The part of one kind of service in a request.
#[derive(Debug)]
pub(crate) struct Step {
    /// Kind of service.
    pub(crate) kind: usize,
    /// Median of the time since the step before.
    pub(crate) after_ms: f64,
    /// How many of the requests need it.
    pub(crate) share: f64,
    /// Whether the luck of the request decides, as for what follows a payment.
    pub(crate) needs_luck: bool,
    /// Whether nothing after it happens when this service is away.
    pub(crate) is_essential: bool,
    /// Groups of which at most one message is written.
    pub(crate) groups: Vec<Group>,
}

/// Alternatives of which at most one is written.
#[derive(Debug)]
pub(crate) struct Group {
    /// Whether the luck of the request decides.
    pub(crate) is_outcome: bool,
    /// The messages.
    pub(crate) alternatives: Vec<Alternative>,
}

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alternative {
    /// The message.
    pub(crate) message: usize,
    /// Its probability.
    pub(crate) share: f64,
    /// Median of the time that passes before it.
    pub(crate) after_ms: f64,
}

impl Shop {
    /// Founds a shop of so many services, with a factor on its traffic.
    pub(crate) fn new(seed: u64, count: usize, rate: f64) -> Self {
        let catalogues = catalogue::all();
        let kinds = catalogues.len();
        let mut by_kind = vec![Vec::new(); kinds];
        let mut services = Vec::new();
        for index in 0..count {
            let (kind, round) = (index % kinds, index / kinds);
            let name = match round {
                0 => catalogues[kind].name.to_owned(),
                _ => format!("{}-{}", catalogues[kind].name, round + 1),
            };
            by_kind[kind].push(index);
            services.push(Service { name, kind, key: mix(mix(seed, 3), index as u64) });
        }
        let routes = ROUTES.iter().map(|route| steps(&catalogues, route.hops)).collect();
        let crowd = (count as f64 / kinds as f64).max(1.0);
        let mut shop = Self {
            catalogues,
            services,
            routes,
            requests_per_s: REQUESTS_PER_S * rate * crowd,
            by_kind,
            lines_per_s: Vec::new(),
        };
        shop.lines_per_s = (0..count).map(|service| shop.mean_lines(service, rate)).collect();
        shop
    }

    /// What a service may say.
    pub(crate) fn catalogue(&self, service: usize) -> &Catalogue {
        &self.catalogues[self.services[service].kind]
    }

    /// One message of a service.
    pub(crate) fn message(&self, service: usize, message: usize) -> &Message {
        &self.catalogue(service).messages[message]
    }

    /// The service of a kind that serves a visit, if the shop has that kind.
    pub(crate) fn serving(&self, kind: usize, visit: u64) -> Option<usize> {
        let services = &self.by_kind[kind];
        match services.len() {
            0 => None,
            1 => Some(services[0]),
            count => Some(services[(mix(visit, kind as u64) % count as u64) as usize]),
        }
    }

    /// The services that notice when a service fails, one of each kind.
    pub(crate) fn callers(&self, service: usize) -> Vec<usize> {
        let names = &self.catalogue(service).callers;
        let kinds =
            (0..self.catalogues.len()).filter(|&kind| names.contains(&self.catalogues[kind].name));
        kinds.filter_map(|kind| self.serving(kind, self.services[service].key)).collect()
    }

    /// Whether a line would not be written if a service were away, since its request would have
    /// ended there.
    pub(crate) fn needs(&self, event: &Event, missing: usize) -> bool {
        let Some((route, hop)) = event.hop else { return false };
        let kind = self.services[missing].kind;
        self.routes[route][..hop].iter().any(|step| step.is_essential && step.kind == kind)
            && self.serving(kind, event.request >> 8) == Some(missing)
    }

    /// Requests a second in the noon traffic that cannot do without a service.
    pub(crate) fn needed_per_s(&self, service: usize) -> f64 {
        let kind = self.services[service].kind;
        let weights: f64 = ROUTES.iter().map(|route| route.weight).sum();
        let needing = ROUTES
            .iter()
            .zip(&self.routes)
            .filter(|(_, steps)| steps.iter().any(|step| step.is_essential && step.kind == kind));
        let weight: f64 = needing.map(|(route, _)| route.weight).sum();
        self.requests_per_s * weight / weights / self.by_kind[kind].len() as f64
    }

    /// Mean lines a second of a message in the noon traffic.
    pub(crate) fn lines_per_s(&self, service: usize, message: usize) -> f64 {
        self.lines_per_s[service][message]
    }

    fn mean_lines(&self, service: usize, rate: f64) -> Vec<f64> {
        let messages = &self.catalogue(service).messages;
        let kind = self.services[service].kind;
        let weights: f64 = ROUTES.iter().map(|route| route.weight).sum();
        let replicas = self.by_kind[kind].len() as f64;
        let mut means: Vec<f64> = messages
            .iter()
            .map(|message| match message.when {
                When::Every { .. } => message.lines_per_day(),
                _ => message.lines_per_day() * rate,
            })
            .map(|per_day| per_day * 1_000.0 / DAY_MS as f64)
            .collect();
        for (route, steps) in ROUTES.iter().zip(&self.routes) {
            for step in steps.iter().filter(|step| step.kind == kind) {
                let asked = self.requests_per_s * route.weight / weights / replicas * step.share;
                for one in step.groups.iter().flat_map(|group| &group.alternatives) {
                    means[one.message] += asked * one.share;
                }
            }
        }
        means
    }
}

fn steps(catalogues: &[Catalogue], hops: &[Hop]) -> Vec<Step> {
    let answer = hops.iter().position(|hop| hop.kind == "gateway").unwrap_or(hops.len());
    let step = |(place, hop): (usize, &Hop)| {
        let kind = catalogues
            .iter()
            .position(|catalogue| catalogue.name == hop.kind)
            .expect("a test compares the routes with the catalogues");
        let groups = groups(&catalogues[kind], hop.operation);
        let &Hop { after_ms, share, needs_luck, .. } = hop;
        // A page is served without what only some pages have; after the answer nobody waits.
        let is_essential = place < answer && share >= ESSENTIAL_SHARE;
        Step { kind, after_ms, share, needs_luck, is_essential, groups }
    };
    hops.iter().enumerate().map(step).collect()
}

fn groups(catalogue: &Catalogue, wanted: &str) -> Vec<Group> {
    let mut numbers = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (index, message) in catalogue.messages.iter().enumerate() {
        let When::Call { operation, group, share, after_ms } = message.when else { continue };
        if operation != wanted {
            continue;
        }
        let place = numbers.iter().position(|number| *number == group).unwrap_or_else(|| {
            numbers.push(group);
            groups.push(Group { is_outcome: group == 0, alternatives: Vec::new() });
            groups.len() - 1
        });
        let after_ms = f64::from(after_ms);
        groups[place].alternatives.push(Alternative { message: index, share, after_ms });
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn routes_and_catalogues_know_each_other() {
        let shop = Shop::new(1, 12, 1.0);
        let mut reached = HashSet::new();
        for step in shop.routes.iter().flatten() {
            assert!(!step.groups.is_empty(), "a hop to {}", shop.catalogues[step.kind].name);
            for one in step.groups.iter().flat_map(|group| &group.alternatives) {
                reached.insert((step.kind, one.message));
            }
        }
        for (kind, catalogue) in shop.catalogues.iter().enumerate() {
            for message in catalogue.select(|when| matches!(when, When::Call { .. })) {
                let text = catalogue.messages[message].text;
                assert!(reached.contains(&(kind, message)), "{}: {text}", catalogue.name);
            }
            for caller in &catalogue.callers {
                assert!(shop.catalogues.iter().any(|other| other.name == *caller), "{caller}");
            }
        }
    }

    #[test]
    fn names_are_unique_and_all_services_share_the_traffic() {
        let shop = Shop::new(1, 64, 1.0);
        let names: HashSet<&str> = shop.services.iter().map(|service| &*service.name).collect();
        assert_eq!(names.len(), 64);
        let served: HashSet<usize> = (0..200).filter_map(|visit| shop.serving(0, visit)).collect();
        assert_eq!(served.len(), 6);
    }
}
