//! The undisturbed shop: visits with their requests, timers and what happens at random.

use super::calendar::DAY_MS;
use super::event::{Event, request_at};
use super::message::When;
use super::random::{Random, fraction_of, mix};
use super::rhythm::Rhythm;
use super::route::ROUTES;
use super::shop::{FOLLOWING_REQUESTS, Shop};

/// Distance of two timers' phases, and of the keys of different draws.
const TIMER: u64 = 0x71;
/// The place in a visit that lines outside of visits use.
const NO_VISIT: u64 = 0xFF;
/// Mean time between two requests of a visit.
const BETWEEN_REQUESTS_MS: f64 = 7_000.0;

/// Produces the events of one span after the other.
#[derive(Debug)]
pub(crate) struct Traffic {
    seed: u64,
    start_ms: i64,
    rate: f64,
    arrivals: Random,
    chances: Random,
    last_visit_ms: i64,
}

impl Traffic {
    /// Begins before the start of a plan; `rate` is the factor on what happens at random.
    pub(crate) fn new(seed: u64, start_ms: i64, rate: f64) -> Self {
        Self {
            seed,
            start_ms,
            rate,
            arrivals: Random::new(mix(seed, 4)),
            chances: Random::new(mix(seed, 5)),
            last_visit_ms: i64::MIN,
        }
    }

    /// Adds what begins in a span; requests and bursts may go on after it.
    pub(crate) fn fill(
        &mut self,
        shop: &Shop,
        rhythm: &Rhythm,
        from_ms: i64,
        to_ms: i64,
        events: &mut Vec<Event>,
    ) {
        self.visits(shop, rhythm, from_ms, to_ms, events);
        for service in 0..shop.services.len() {
            for (message, what) in shop.catalogue(service).messages.iter().enumerate() {
                match what.when {
                    When::Every { period_s, jitter_ms } => {
                        let timer = Timer { period_ms: i64::from(period_s) * 1_000, jitter_ms };
                        self.timer(shop, timer, (service, message), (from_ms, to_ms), events);
                    }
                    When::Random { per_day, lines } => {
                        let mean = per_day * self.rate * rhythm.traffic(from_ms);
                        self.chance((service, message), mean, lines, (from_ms, to_ms), events);
                    }
                    When::Retry { per_day } => {
                        let mean = per_day * self.rate * rhythm.traffic(from_ms);
                        self.chance((service, message), mean, 1, (from_ms, to_ms), events);
                    }
                    _ => {}
                }
            }
        }
    }

    fn visits(
        &mut self,
        shop: &Shop,
        rhythm: &Rhythm,
        from_ms: i64,
        to_ms: i64,
        events: &mut Vec<Event>,
    ) {
        let per_ms = shop.requests_per_s * rhythm.traffic(from_ms) / 1_000.0;
        let gap_ms = (1.0 + FOLLOWING_REQUESTS) / per_ms;
        let weights: Vec<f64> = ROUTES
            .iter()
            .enumerate()
            .map(|(route, asked)| asked.weight * rhythm.route(route, from_ms))
            .collect();
        let mut time_ms = from_ms as f64 + self.arrivals.exponential() * gap_ms;
        while time_ms < to_ms as f64 {
            // Two visits never begin in the same millisecond, since that is their number.
            self.last_visit_ms = (time_ms as i64).max(self.last_visit_ms.saturating_add(1));
            self.visit(shop, &weights, self.last_visit_ms, events);
            time_ms += self.arrivals.exponential() * gap_ms;
        }
    }

    fn visit(&self, shop: &Shop, weights: &[f64], begin_ms: i64, events: &mut Vec<Event>) {
        let visit = request_at(self.start_ms, begin_ms, 0);
        let mut random = Random::new(mix(mix(self.seed, 6), visit));
        // The number of requests is geometric; nobody stays for more than a hundred.
        let stays = FOLLOWING_REQUESTS / (1.0 + FOLLOWING_REQUESTS);
        let mut time_ms = begin_ms;
        let mut done = None;
        for place in 0..100 {
            let route = draw(&mut random, weights);
            if done != Some(route) {
                self.request(shop, route, time_ms, visit | place, events);
            }
            if ROUTES[route].once {
                done = Some(route);
            }
            if !random.chance(stays) {
                break;
            }
            time_ms += (random.exponential() * BETWEEN_REQUESTS_MS) as i64;
        }
    }

    fn request(
        &self,
        shop: &Shop,
        route: usize,
        time_ms: i64,
        request: u64,
        events: &mut Vec<Event>,
    ) {
        let mut random = Random::new(mix(mix(self.seed, 7), request));
        let luck = random.fraction();
        let mut time_ms = time_ms as f64;
        for (hop, step) in shop.routes[route].iter().enumerate() {
            let mut own = Random::new(random.bits());
            let Some(service) = shop.serving(step.kind, request >> 8) else { continue };
            let chance = if step.needs_luck { luck } else { own.fraction() };
            if chance >= step.share {
                continue;
            }
            time_ms += own.around(step.after_ms, 0.5);
            for group in &step.groups {
                let mut left = if group.is_outcome { luck } else { own.fraction() };
                for one in &group.alternatives {
                    if left < one.share {
                        time_ms += own.around(one.after_ms, 0.5);
                        events.push(Event {
                            time_ms: time_ms as i64,
                            service,
                            message: one.message,
                            request,
                            copy: 0,
                            hop: Some((route, hop)),
                            disturbance: None,
                        });
                        break;
                    }
                    left -= one.share;
                }
            }
        }
    }

    fn timer(
        &self,
        shop: &Shop,
        timer: Timer,
        (service, message): (usize, usize),
        (from_ms, to_ms): (i64, i64),
        events: &mut Vec<Event>,
    ) {
        let key = mix(mix(shop.services[service].key, TIMER), message as u64);
        let phase_ms = (fraction_of(key) * timer.period_ms as f64) as i64;
        let mut due_ms = from_ms + (phase_ms - from_ms).rem_euclid(timer.period_ms);
        while due_ms < to_ms {
            let late = fraction_of(mix(key, due_ms as u64)) * f64::from(timer.jitter_ms);
            let request = request_at(self.start_ms, due_ms, NO_VISIT);
            let time_ms = due_ms + late as i64;
            let copy = 0;
            events.push(Event {
                time_ms,
                service,
                message,
                request,
                copy,
                hop: None,
                disturbance: None,
            });
            due_ms += timer.period_ms;
        }
    }

    fn chance(
        &mut self,
        (service, message): (usize, usize),
        per_day: f64,
        lines: u32,
        (from_ms, to_ms): (i64, i64),
        events: &mut Vec<Event>,
    ) {
        let gap_ms = DAY_MS as f64 / per_day;
        let mut time_ms = from_ms as f64 + self.chances.exponential() * gap_ms;
        while time_ms < to_ms as f64 {
            let request = request_at(self.start_ms, time_ms as i64, NO_VISIT);
            let mut line_ms = time_ms;
            for copy in 0..lines {
                let time_ms = line_ms as i64;
                events.push(Event {
                    time_ms,
                    service,
                    message,
                    request,
                    copy,
                    hop: None,
                    disturbance: None,
                });
                line_ms += self.chances.exponential() * 2_000.0;
            }
            time_ms += self.chances.exponential() * gap_ms;
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Timer {
    period_ms: i64,
    jitter_ms: u32,
}

/// Draws an index by weight.
fn draw(random: &mut Random, weights: &[f64]) -> usize {
    let mut left = random.fraction() * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        if left < *weight {
            return index;
        }
        left -= weight;
    }
    weights.len() - 1
}
