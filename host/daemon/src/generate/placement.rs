//! Where and when incidents happen: after the quiet beginning, apart from one another and from
//! what is unusual in a healthy service.

use super::calendar::MINUTE_MS;
use super::disturbance::{Disturbance, Rule, Stage};
use super::fault::Place;
use super::incident::{Incident, Kind};
use super::random::{Random, mix};

/// The first part of a plan has no incidents, so that a detector can learn.
pub(crate) const QUIET_SHARE: f64 = 0.4;
/// Least distance of two incidents of a service, and of an incident and a deployment.
pub(crate) const APART_MS: i64 = 15 * MINUTE_MS;
/// The last incident ends at least this long before the plan.
const AFTER_MS: i64 = 2 * MINUTE_MS;
/// How often a place is drawn at which nothing else goes wrong anywhere.
const LONELY_DRAWS: usize = 150;
/// How often a place is drawn in all.
const DRAWS: usize = 600;

/// Plans incidents; the error is how many could be placed.
pub(crate) fn plan(
    stage: &mut Stage<'_>,
    kinds: &[Kind],
    count: usize,
    seed: u64,
) -> Result<Vec<Incident>, usize> {
    let mut placed = Placed { incidents: Vec::new(), unseen: Vec::new() };
    let mut order: Vec<usize> = (0..kinds.len()).collect();
    let mut orders = Random::new(mix(seed, 11));
    for number in 0..count {
        let (round, turn) = (number / kinds.len(), number % kinds.len());
        if turn == 0 {
            orders.shuffle(&mut order);
        }
        let kind = kinds[order[turn]];
        // Over three rounds each kind shows each of its levels.
        let first = mix(seed, kind.name().len() as u64 ^ ((order[turn] as u64) << 8)) % 3;
        let level = 1 + ((first + round as u64) % 3) as u8;
        let mut random = Random::new(mix(mix(seed, 12), number as u64));
        if !placed.place(stage, kind, level, &mut random) {
            return Err(number);
        }
    }
    Ok(placed.in_order_of_time(stage))
}

/// What has been placed so far.
struct Placed {
    incidents: Vec<Incident>,
    /// Kinds of service and the new errors they have had.
    unseen: Vec<(usize, usize)>,
}

impl Placed {
    fn place(&mut self, stage: &mut Stage<'_>, kind: Kind, level: u8, random: &mut Random) -> bool {
        let quiet_ms = ((stage.end_ms - stage.start_ms) as f64 * QUIET_SHARE).ceil() as i64;
        let earliest_ms = stage.start_ms + quiet_ms;
        for draw in 0..DRAWS {
            let service = random.below(stage.shop.services.len());
            let (least, greatest) = kind.minutes();
            let length_ms = random.time_between(least * MINUTE_MS, greatest * MINUTE_MS + 1);
            let latest_ms = stage.end_ms - AFTER_MS - length_ms;
            let start_ms = random.time_between(earliest_ms, latest_ms + 1);
            let place = Place { service, level, start_ms, end_ms: start_ms + length_ms };
            let mut own = Random::new(random.bits());
            if latest_ms < earliest_ms || !self.is_free(stage, place, draw < LONELY_DRAWS) {
                continue;
            }
            if self.plan_at(stage, kind, place, &mut own) {
                return true;
            }
        }
        false
    }

    /// Whether a place keeps its distance.
    fn is_free(&self, stage: &Stage<'_>, place: Place, lonely: bool) -> bool {
        let apart = |start_ms: i64, end_ms: i64| {
            start_ms >= place.end_ms + APART_MS || end_ms + APART_MS <= place.start_ms
        };
        let incidents = self.incidents.iter();
        let mut near = incidents.filter(|other| lonely || other.service == place.service);
        let mut odd = stage.disturbances.iter().filter(|disturbance| {
            disturbance.service == place.service
                && disturbance.incident.is_none()
                && matches!(disturbance.rule, Rule::Lose { .. })
        });
        near.all(|other| apart(other.start_ms, other.end_ms))
            && odd.all(|other| apart(other.start_ms, other.end_ms))
    }

    fn plan_at(
        &mut self,
        stage: &mut Stage<'_>,
        kind: Kind,
        place: Place,
        random: &mut Random,
    ) -> bool {
        let of_kind = stage.shop.services[place.service].kind;
        let used = |message| self.unseen.contains(&(of_kind, message));
        let Some(fault) = place.plan(stage, kind, &used, random) else {
            return false;
        };
        self.unseen.extend(fault.unseen.map(|message| (of_kind, message)));
        // The added lines belong to the first of these, which is that of the service itself.
        for (service, rule) in [(place.service, fault.rule)].into_iter().chain(fault.elsewhere) {
            stage.finish(Disturbance {
                service,
                start_ms: place.start_ms,
                end_ms: fault.end_ms,
                rule,
                incident: Some(self.incidents.len()),
            });
        }
        self.incidents.push(Incident {
            id: self.incidents.len(),
            kind,
            level: place.level,
            service: place.service,
            start_ms: place.start_ms,
            end_ms: fault.end_ms,
            lines_changed: 0,
            detail: fault.detail,
        });
        true
    }

    /// The incidents, numbered by time.
    fn in_order_of_time(mut self, stage: &mut Stage<'_>) -> Vec<Incident> {
        self.incidents.sort_by_key(|incident| (incident.start_ms, incident.id));
        let mut numbers = vec![0; self.incidents.len()];
        for (number, incident) in self.incidents.iter_mut().enumerate() {
            numbers[incident.id] = number;
            incident.id = number;
        }
        for disturbance in &mut stage.disturbances {
            disturbance.incident = disturbance.incident.map(|number| numbers[number]);
        }
        self.incidents
    }
}
