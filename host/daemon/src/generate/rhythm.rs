//! How busy the shop is: the hours of the day, slow wandering and small bursts.

use super::calendar::{DAY_MS, HOUR_MS, MINUTE_MS};
use super::random::{Random, mix};

/// Traffic by hour of the day, noon = 1.
const HOURS: [f64; 24] = [
    0.42, 0.35, 0.31, 0.30, 0.30, 0.33, 0.42, 0.57, 0.74, 0.87, 0.94, 0.98, 1.0, 0.97, 0.94, 0.93,
    0.93, 0.95, 0.98, 1.03, 1.05, 0.95, 0.75, 0.55,
];

/// Traffic by day of the week, from Monday.
const DAYS: [f64; 7] = [1.0, 0.98, 0.97, 0.98, 1.0, 1.08, 1.06];

/// How much of its deviation a rate keeps from one minute to the next.
const MEMORY: f64 = 0.93;
/// Standard deviation of the whole traffic around the curve of the day.
const TRAFFIC_DEVIATION: f64 = 0.10;
/// Standard deviation of the weight of one route.
const ROUTE_DEVIATION: f64 = 0.13;
/// Benign bursts of one route on a day.
const BURSTS_PER_DAY: f64 = 9.0;

/// Rates for every minute of a span.
#[derive(Debug)]
pub(crate) struct Rhythm {
    start_ms: i64,
    traffic: Vec<f64>,
    routes: Vec<Vec<f64>>,
}

impl Rhythm {
    /// Draws the rates of a span for a number of routes.
    pub(crate) fn new(seed: u64, start_ms: i64, end_ms: i64, routes: usize) -> Self {
        let minutes = ((end_ms - start_ms) / MINUTE_MS + 1) as usize;
        let mut traffic = wander(&mut Random::new(mix(seed, 1)), minutes, TRAFFIC_DEVIATION);
        for (minute, value) in traffic.iter_mut().enumerate() {
            *value *= daily(start_ms + minute as i64 * MINUTE_MS);
        }
        let route = |index| {
            let mut random = Random::new(mix(mix(seed, 2), index as u64));
            let mut weights = wander(&mut random, minutes, ROUTE_DEVIATION);
            let per_day = BURSTS_PER_DAY / routes as f64;
            add_bursts(&mut random, per_day * minutes as f64 / 1_440.0, &mut weights);
            weights
        };
        Self { start_ms, traffic, routes: (0..routes).map(route).collect() }
    }

    /// The rate of all traffic at a time, 1 on the curve at noon.
    pub(crate) fn traffic(&self, time_ms: i64) -> f64 {
        self.traffic[self.minute(time_ms)]
    }

    /// The factor on the weight of a route at a time, 1 on average.
    pub(crate) fn route(&self, route: usize, time_ms: i64) -> f64 {
        self.routes[route][self.minute(time_ms)]
    }

    fn minute(&self, time_ms: i64) -> usize {
        let minute = (time_ms - self.start_ms).max(0) / MINUTE_MS;
        (minute as usize).min(self.traffic.len() - 1)
    }
}

/// The curve of day and week without chance.
pub(crate) fn daily(time_ms: i64) -> f64 {
    let in_day = time_ms.rem_euclid(DAY_MS);
    let hour = (in_day / HOUR_MS) as usize;
    let part = (in_day % HOUR_MS) as f64 / HOUR_MS as f64;
    let curve = HOURS[hour] + (HOURS[(hour + 1) % 24] - HOURS[hour]) * part;
    // The first of January 1970 was a Thursday.
    curve * DAYS[(time_ms.div_euclid(DAY_MS) + 3).rem_euclid(7) as usize]
}

/// A walk around 1 that forgets slowly.
fn wander(random: &mut Random, minutes: usize, deviation: f64) -> Vec<f64> {
    let step = deviation * (1.0 - MEMORY * MEMORY).sqrt();
    let mut value = deviation * random.gaussian();
    let mut walk = Vec::with_capacity(minutes);
    for _ in 0..minutes {
        value = MEMORY * value + step * random.gaussian();
        walk.push((1.0 + value).max(0.3));
    }
    walk
}

/// A newsletter, a crawler, a mention somewhere: some minutes of up to twice the rate.
fn add_bursts(random: &mut Random, mean: f64, weights: &mut [f64]) {
    for _ in 0..random.poisson(mean) {
        let start = random.below(weights.len());
        let minutes = 2 + random.below(6);
        let height = random.between(0.4, 1.2);
        for (age, weight) in weights[start..].iter_mut().take(minutes).enumerate() {
            *weight *= 1.0 + height * (1.0 - age as f64 / minutes as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn night_is_a_third_of_noon_and_the_walk_stays_near_the_curve() {
        let monday_ms = 1_772_409_600_000;
        assert!((daily(monday_ms + 12 * HOUR_MS) - 1.0).abs() < 1e-9);
        assert!((daily(monday_ms + 3 * HOUR_MS) - 0.30).abs() < 1e-9);
        assert!((daily(monday_ms + 5 * DAY_MS + 12 * HOUR_MS) - 1.08).abs() < 1e-9);
        let rhythm = Rhythm::new(5, monday_ms, monday_ms + 7 * DAY_MS, 3);
        let ratios: Vec<f64> = (0..7 * 1_440)
            .map(|minute| monday_ms + minute * MINUTE_MS)
            .map(|time_ms| rhythm.traffic(time_ms) / daily(time_ms))
            .collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        let variance =
            ratios.iter().map(|ratio| (ratio - mean).powi(2)).sum::<f64>() / ratios.len() as f64;
        assert!((0.95..1.05).contains(&mean), "{mean}");
        assert!((0.08..0.13).contains(&variance.sqrt()), "{variance}");
    }

    #[test]
    fn some_minutes_burst() {
        let rhythm = Rhythm::new(6, 0, 10 * DAY_MS, 4);
        let high = (0..14_400).filter(|minute| rhythm.route(2, minute * MINUTE_MS) > 1.5).count();
        assert!((5..400).contains(&high), "{high}");
    }
}
