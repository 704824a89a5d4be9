//! Looks after an edition that comes in: it goes again by itself if it fails, costs too much, or talks too much or too
//! little; and once it has counted everywhere for long enough, it stays.

use crate::config::GuardConfig;
use crate::trial::Tally;
use bellwether_plugins::{CircuitState, Health};

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// Nothing yet.
    Wait,
    /// It stays.
    Settle,
    /// It goes.
    RollBack(String),
}

/// Rows of either before their costs are compared.
const ROWS_MIN: u64 = 10_000;
/// Alarms beyond which numbers of them are compared: few say nothing.
const ALARMS_MIN: u64 = 5;
/// Time that a call may take on a machine that does something else, whatever it took before.
const NOISE_NS_PER_ROW: f64 = 1_000.0;

/// Looks at an edition that comes in and has counted in that share of the lanes for so long.
pub(super) fn look(
    percent: u8,
    (current, next): (Option<&Health>, Option<&Health>),
    tally: Option<&Tally>,
    guarded_ms: u64,
    limits: &GuardConfig,
) -> Verdict {
    if let Some(why) = next.and_then(|next| ill(next, current, limits)) {
        return Verdict::RollBack(why);
    }
    if let Some(why) = tally.and_then(talk) {
        return Verdict::RollBack(why);
    }
    let stood_by = guarded_ms >= limits.stands_by_s * 1000;
    if percent == 100 && stood_by { Verdict::Settle } else { Verdict::Wait }
}

fn ill(next: &Health, current: Option<&Health>, limits: &GuardConfig) -> Option<String> {
    let faults: u64 = next.faults.values().sum();
    if faults >= limits.faults_max {
        let last = next.last_fault.as_deref().unwrap_or("no word of it");
        return Some(format!("it failed {faults} times; last: {last}"));
    }
    if next.circuit >= CircuitState::Open {
        return Some("it failed so often that it was left out".into());
    }
    let current = current.filter(|current| current.rows >= ROWS_MIN && next.rows >= ROWS_MIN)?;
    let per_row = |amount: u64, rows: u64| amount as f64 / rows as f64;
    let (now, then) = (per_row(current.fuel, current.rows), per_row(next.fuel, next.rows));
    if then > limits.cost_factor * now {
        return Some(format!("a row costs {then:.0} instructions instead of {now:.0}"));
    }
    let now = per_row(current.busy_ns, current.rows);
    let then = per_row(next.busy_ns, next.rows);
    if then > limits.cost_factor * now + NOISE_NS_PER_ROW {
        return Some(format!("a row takes {then:.0} ns instead of {now:.0}"));
    }
    None
}

fn talk(tally: &Tally) -> Option<String> {
    let current = tally.alarms.both + tally.alarms.current;
    let next = tally.alarms.both + tally.alarms.next;
    if next > 2 * current + ALARMS_MIN {
        return Some(format!("it gave {next} alarms where the current edition gave {current}"));
    }
    if current > ALARMS_MIN && next == 0 {
        return Some(format!("it gave no alarm where the current edition gave {current}"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Agreement;

    const LIMITS: GuardConfig = GuardConfig { stands_by_s: 900, cost_factor: 2.0, faults_max: 3 };

    fn health(rows: u64, fuel: u64, busy_ns: u64, faults: u64) -> Health {
        let faults = [("trap", faults)].into_iter().filter(|(_, count)| *count > 0).collect();
        Health { rows, fuel, busy_ns, faults, ..Health::default() }
    }

    fn alarms(both: u64, current: u64, next: u64) -> Tally {
        Tally { alarms: Agreement { both, current, next }, ..Tally::default() }
    }

    fn check(percent: u8, minutes: u64, next: &Health, tally: &Tally) -> &'static str {
        let current = health(20_000, 20_000_000, 20_000_000, 7);
        let both = (Some(&current), Some(next));
        match look(percent, both, Some(tally), minutes * 60_000, &LIMITS) {
            Verdict::Wait => "wait",
            Verdict::Settle => "settle",
            Verdict::RollBack(_) => "roll back",
        }
    }

    #[test]
    fn one_that_does_well_stays_once_it_has_counted_everywhere_for_long_enough() {
        let (well, agrees) = (health(20_000, 30_000_000, 30_000_000, 0), alarms(9, 1, 2));
        for (percent, minutes, expected) in
            [(0, 60, "wait"), (50, 60, "wait"), (100, 14, "wait"), (100, 15, "settle")]
        {
            assert_eq!(check(percent, minutes, &well, &agrees), expected, "{percent} % {minutes}");
        }
    }

    #[test]
    fn one_that_does_ill_goes() {
        let (well, agrees) = (health(20_000, 20_000_000, 20_000_000, 0), alarms(9, 1, 2));
        for (next, tally, expected) in [
            (health(5, 9, 9, 2), &agrees, "wait"),
            (health(5, 9, 9, 3), &agrees, "roll back"),
            (Health { circuit: CircuitState::Open, ..well.clone() }, &agrees, "roll back"),
            (health(20_000, 41_000_000, 9, 0), &agrees, "roll back"),
            (health(9_999, 41_000_000, 9, 0), &agrees, "wait"),
            (health(20_000, 9, 59_000_000, 0), &agrees, "wait"),
            (health(20_000, 9, 61_000_000, 0), &agrees, "roll back"),
            (well.clone(), &alarms(0, 0, 5), "wait"),
            (well.clone(), &alarms(0, 0, 6), "roll back"),
            (well.clone(), &alarms(10, 0, 16), "roll back"),
            (well.clone(), &alarms(0, 5, 0), "wait"),
            (well, &alarms(0, 6, 0), "roll back"),
        ] {
            assert_eq!(check(25, 60, &next, tally), expected, "{next:?} {:?}", tally.alarms);
        }
    }
}
