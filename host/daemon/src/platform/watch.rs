//! The task that looks after editions on their way in.

use super::guard::{Verdict, look};
use super::{Asked, Change, Platform};
use crate::chain::chain;
use std::future::Future;
use std::time::Duration;
use tracing::{info, warn};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);
/// Who does what nobody asked for.
const GUARD: &str = "guard";

/// Looks after all tenants until it is told to stop.
pub(crate) async fn watch(
    platform: Platform,
    clock: fn() -> u64,
    stopped: impl Future<Output = ()>,
) {
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        for asked in platform.due(clock()) {
            let (tenant, plugin) = (asked.tenant.clone(), asked.plugin.clone());
            match &asked.change {
                Change::RollBack { trouble: Some(why) } => {
                    warn!(tenant, plugin, why, "rolled back");
                }
                _ => info!(tenant, plugin, "the new edition stays"),
            }
            // A change comes to its end without us, and may wait until others work.
            let made = tokio::select! {
                () = &mut stopped => return,
                made = platform.change(asked) => made,
            };
            if let Err(error) = made {
                warn!(tenant, plugin, error = chain(&error), "not followed");
            }
        }
    }
}

impl Platform {
    /// Changes that are due by themselves.
    fn due(&self, now_ms: u64) -> Vec<Asked> {
        let (fits, since_ms, limits) = {
            let work = self.work();
            let mut fits = work.fits.clone();
            fits.retain(|tenant, _| work.orders.contains_key(tenant));
            (fits, work.since_ms, work.base.config.plugins.guard.clone())
        };
        let mut due = Vec::new();
        for (tenant, plugin, kept) in fits
            .iter()
            .flat_map(|(tenant, fits)| {
                fits.iter().map(move |(plugin, kept)| (tenant, plugin, kept))
            })
            .filter(|(_, _, kept)| kept.fit.next.is_some())
        {
            let verdict = self.shared.status.read(|tenants| {
                let Some(one) = tenants.get(tenant) else { return Verdict::Wait };
                let next = one
                    .plugins
                    .iter()
                    .find(|(key, _)| key.split_once('~').is_some_and(|(name, _)| name == plugin));
                let both = (one.plugins.get(plugin), next.map(|(_, health)| health));
                // Nobody stands by while nobody works.
                let guarded_ms = now_ms.saturating_sub(kept.fit.since_ms.max(since_ms));
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
