//! What is unusual in a healthy shop, and therefore no incident: new versions, rotated logs, the
//! nightly job and notices of the platform.

use super::calendar::{DAY_MS, MINUTE_MS};
use super::disturbance::{Deployment, Disturbance, Rule, Stage, Window};
use super::message::When;
use super::random::{Random, mix};

/// When the nightly jobs begin: at 02:30.
const NIGHT_MS: i64 = 150 * MINUTE_MS;

/// Plans the oddities of all days.
///
/// Each day has its own random numbers, so that a longer plan begins like a shorter one.
pub(crate) fn plan(stage: &mut Stage<'_>, seed: u64) {
    let days = ((stage.end_ms - stage.start_ms) as f64 / DAY_MS as f64).ceil() as i64;
    for day in 0..days {
        let random = &mut Random::new(mix(mix(seed, 9), day as u64));
        let day_ms = stage.start_ms + day * DAY_MS;
        for _ in 0..1 + random.below(2) {
            draw(stage, random, day_ms, deploy);
        }
        for _ in 0..1 + random.below(2) {
            draw(stage, random, day_ms, rotate);
        }
        for _ in 0..1 + random.below(2) {
            draw(stage, random, day_ms, notify);
        }
    }
    let midnight_ms = stage.start_ms - stage.start_ms.rem_euclid(DAY_MS);
    for day in 0..=days {
        let random = &mut Random::new(mix(mix(seed, 10), day as u64));
        nights(stage, random, midnight_ms + day * DAY_MS + NIGHT_MS);
    }
}

/// Lets something happen to some service on a day, if that falls into the plan.
fn draw(
    stage: &mut Stage<'_>,
    random: &mut Random,
    day_ms: i64,
    happen: fn(&mut Stage<'_>, &mut Random, usize, i64),
) {
    let service = random.below(stage.shop.services.len());
    let time_ms = random.time_between(day_ms, day_ms + DAY_MS);
    let mut own = Random::new(random.bits());
    if time_ms + 5 * MINUTE_MS < stage.end_ms {
        happen(stage, &mut own, service, time_ms);
    }
}

/// A new version: stop, some seconds of nothing, start, and less traffic for a minute.
fn deploy(stage: &mut Stage<'_>, random: &mut Random, service: usize, time_ms: i64) {
    let is_busy = stage
        .deployments
        .iter()
        .any(|other| other.service == service && (other.time_ms - time_ms).abs() < 30 * MINUTE_MS);
    if is_busy {
        return;
    }
    let stopped_ms = stage.add_stop(service, time_ms, random);
    let start_ms = stopped_ms + random.time_between(2_000, 9_000);
    let ready_ms = stage.add_start(service, start_ms, random);
    let warm_ms = ready_ms + random.time_between(15_000, 35_000);
    let reworded: Vec<usize> = (0..stage.shop.catalogue(service).messages.len())
        .filter(|&message| stage.shop.message(service, message).reworded.is_some())
        .collect();
    let reworded = reworded.get(random.below(reworded.len())).copied();
    stage.deployments.push(Deployment { time_ms: start_ms, service, reworded });
    let windows = vec![
        Window { from_ms: time_ms, to_ms: stopped_ms, share: 0.6 },
        Window { from_ms: stopped_ms, to_ms: ready_ms, share: 1.0 },
        Window { from_ms: ready_ms, to_ms: warm_ms, share: 0.5 },
    ];
    stage.finish(Disturbance {
        service,
        start_ms: time_ms,
        end_ms: warm_ms,
        rule: Rule::Lose { message: None, windows },
        incident: None,
    });
}

/// A log that is rotated: some lines never arrive.
fn rotate(stage: &mut Stage<'_>, random: &mut Random, service: usize, time_ms: i64) {
    let end_ms = time_ms + random.time_between(20_000, 40_000);
    let windows = vec![Window { from_ms: time_ms, to_ms: end_ms, share: 1.0 }];
    stage.finish(Disturbance {
        service,
        start_ms: time_ms,
        end_ms,
        rule: Rule::Lose { message: None, windows },
        incident: None,
    });
}

/// One of the platform's notices.
fn notify(stage: &mut Stage<'_>, random: &mut Random, service: usize, time_ms: i64) {
    let notices = stage.shop.catalogue(service).select(|when| when == When::Notice);
    if let Some(&message) = notices.get(random.below(notices.len())) {
        stage.add(service, message, time_ms, random);
        finish_additions(stage, service, time_ms, time_ms + 1);
    }
}

/// The nightly job of the database, if there is one, and of another service.
fn nights(stage: &mut Stage<'_>, random: &mut Random, night_ms: i64) {
    let services = stage.shop.services.len();
    let other = random.below(services);
    let database = (0..services).find(|&service| stage.shop.catalogue(service).name == "database");
    for (place, service) in [Some(other), database].into_iter().flatten().enumerate() {
        let mut own = Random::new(random.bits());
        if place == 0 || service != other {
            let late_ms = own.time_between(0, 90_000);
            night(stage, &mut own, service, night_ms + late_ms);
        }
    }
}

fn night(stage: &mut Stage<'_>, random: &mut Random, service: usize, begin_ms: i64) {
    let mut end_ms = begin_ms;
    for message in 0..stage.shop.catalogue(service).messages.len() {
        let When::Night { after_s, lines, step_s } = stage.shop.message(service, message).when
        else {
            continue;
        };
        for line in 0..i64::from(lines) {
            let due_ms = (i64::from(after_s) + line * i64::from(step_s)) * 1_000;
            let late_ms = random.time_between(0, 1 + i64::from(step_s) * 200);
            let time_ms = begin_ms + due_ms + late_ms;
            if (stage.start_ms..stage.end_ms).contains(&time_ms) {
                stage.add(service, message, time_ms, random);
                end_ms = end_ms.max(time_ms + 1);
            }
        }
    }
    finish_additions(stage, service, begin_ms, end_ms);
}

fn finish_additions(stage: &mut Stage<'_>, service: usize, start_ms: i64, end_ms: i64) {
    let rule = Rule::Keep;
    stage.finish(Disturbance { service, start_ms, end_ms, rule, incident: None });
}
