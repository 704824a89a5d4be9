//! The task that looks after editions on their way in.

use super::guard::{Verdict, look};
use super::{Asked, Change, Platform};
use crate::chain::chain;
use crate::loadout::next_of;
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;
use tracing::{info, warn};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Pause after a change that came to nothing; it doubles with each further one.
const SETBACK_MS: u64 = 10_000;
/// The longest of these pauses.
const SETBACK_MS_MAX: u64 = 3_600_000;
/// Who does what nobody asked for.
const GUARD: &str = "guard";

/// Looks after all tenants until it is told to stop.
pub(crate) async fn watch(
    platform: Platform,
    clock: fn() -> u64,
    stopped: impl Future<Output = ()>,
) {
    tokio::pin!(stopped);
    let mut setbacks = Setbacks::default();
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        let mut due = platform.due(clock());
        due.retain(|asked| setbacks.allow(asked));
        for asked in due {
            let Asked { tenant, plugin, change, .. } = asked.clone();
            // A change comes to its end without us, and may wait until others work.
            let made = tokio::select! {
                () = &mut stopped => return,
                made = platform.change(asked.clone()) => made,
            };
            match (made, change) {
                (Ok(()), Change::RollBack { trouble: Some(why) }) => {
                    warn!(tenant, plugin, why, "rolled back");
                }
                (Ok(()), _) => info!(tenant, plugin, "the new edition stays"),
                (Err(error), change) => {
                    let pause_ms = setbacks.add(&asked, platform.revision(&tenant, &plugin));
                    let error = chain(&error);
                    warn!(tenant, plugin, error, ?change, pause_ms, "a change came to nothing");
                }
            }
        }
    }
}

/// Changes that came to nothing, by tenant and plugin: they are tried again, but less and less often.
#[derive(Default)]
struct Setbacks(BTreeMap<(String, String), Setback>);

struct Setback {
    /// What was wanted then: as soon as something else is, it does not count.
    revision: Option<u64>,
    pause_ms: u64,
    until_ms: u64,
}

impl Setbacks {
    fn known(&self, asked: &Asked) -> Option<&Setback> {
        let known = self.0.get(&(asked.tenant.clone(), asked.plugin.clone()));
        known.filter(|one| one.revision == asked.revision)
    }

    fn allow(&self, asked: &Asked) -> bool {
        self.known(asked).is_none_or(|one| asked.now_ms >= one.until_ms)
    }

    /// Takes note of one after which the plugin has that revision; gives the pause before the next attempt.
    fn add(&mut self, asked: &Asked, revision: Option<u64>) -> u64 {
        let double = |one: &Setback| (2 * one.pause_ms).min(SETBACK_MS_MAX);
        let pause_ms = self.known(asked).map_or(SETBACK_MS, double);
        let until_ms = asked.now_ms + pause_ms;
        let place = (asked.tenant.clone(), asked.plugin.clone());
        self.0.insert(place, Setback { revision, pause_ms, until_ms });
        pause_ms
    }
}

impl Platform {
    fn revision(&self, tenant: &str, plugin: &str) -> Option<u64> {
        Some(self.work().fits.get(tenant)?.get(plugin)?.revision)
    }

    /// Changes that are due by themselves.
    pub(super) fn due(&self, now_ms: u64) -> Vec<Asked> {
        let (fits, posts, limits) = {
            let work = self.work();
            let mut fits = work.fits.clone();
            fits.retain(|tenant, _| work.posts.contains_key(tenant));
            (fits, work.posts.clone(), work.base.config.plugins.guard.clone())
        };
        let mut due = Vec::new();
        for (tenant, plugin, kept) in fits
            .iter()
            .flat_map(|(tenant, fits)| {
                fits.iter().map(move |(plugin, kept)| (tenant, plugin, kept))
            })
            .filter(|(_, _, kept)| kept.fit.next.is_some() && kept.not_in_force.is_none())
        {
            let verdict = self.shared.status.read(|tenants| {
                let Some(one) = tenants.get(tenant) else { return Verdict::Wait };
                let both = (one.plugins.get(plugin), next_of(&one.plugins, plugin));
                // Nobody stands by while nobody works.
                let guarded_ms =
                    now_ms.saturating_sub(kept.fit.since_ms.max(posts[tenant].since_ms));
                let tally = one.trials.tallies.get(plugin);
                look(kept.fit.percent, both, tally, guarded_ms, &limits)
            });
            let change = match verdict {
                Verdict::Wait => continue,
                Verdict::Settle => Change::Settle,
                Verdict::RollBack(why) => Change::RollBack { trouble: Some(why) },
            };
            due.push(Asked {
                tenant: tenant.clone(),
                plugin: plugin.clone(),
                change,
                actor: GUARD.into(),
                revision: Some(kept.revision),
                now_ms,
            });
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_to_nothing_is_tried_less_and_less_often() {
        let asked = |now_ms, revision| Asked {
            tenant: "shop".into(),
            plugin: "rate".into(),
            change: Change::Settle,
            actor: GUARD.into(),
            revision: Some(revision),
            now_ms,
        };
        let mut setbacks = Setbacks::default();
        assert!(setbacks.allow(&asked(0, 1)));
        // An attempt that lanes refuse changes the revision, too.
        assert_eq!(setbacks.add(&asked(0, 1), Some(3)), SETBACK_MS);
        for (now_ms, revision, allowed) in
            [(SETBACK_MS - 1, 3, false), (SETBACK_MS, 3, true), (0, 4, true)]
        {
            assert_eq!(setbacks.allow(&asked(now_ms, revision)), allowed, "{now_ms} {revision}");
        }
        let pauses = (0..12).map(|_| setbacks.add(&asked(0, 3), Some(3))).collect::<Vec<_>>();
        assert_eq!((pauses[0], pauses[11]), (2 * SETBACK_MS, SETBACK_MS_MAX));
        assert_eq!(setbacks.add(&asked(0, 9), Some(9)), SETBACK_MS, "somebody else changed it");
    }
}
