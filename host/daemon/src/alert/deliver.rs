//! A courier for each sink, none of which waits for another.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bellwether_store::{StoreError, Writer};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::courier::Courier;
use super::outlet::OutletError;
use crate::config::AlertConfig;
use crate::watch::{Keeper, KeeperError};

/// Longest pause between two looks into the outbox: silences end, and clocks are set.
const LOOK_EVERY_MS: u64 = 60_000;

/// Pause after the store could not be written.
const STORE_PAUSE_MS: u64 = 10_000;

/// How long sends that are under way may take once the daemon is to stop. What is not done by then is sent again by the
/// next one.
const GRACE: Duration = Duration::from_secs(2);

/// Sends what is in the outbox until it is told to stop, each alert at least once. Wake it when a commit brought alerts.
pub async fn deliver(
    keeper: Keeper,
    config: Arc<AlertConfig>,
    clock: fn() -> u64,
    wake: Arc<Notify>,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), OutletError> {
    let couriers =
        config.sinks.iter().map(|sink| Courier::new(sink, &config, keeper.clone(), clock));
    let couriers: Vec<Courier> = couriers.collect::<Result<_, _>>()?;
    abandon_orphans(&keeper, &config, clock()).await;
    drop(keeper);
    if couriers.is_empty() {
        stop.await;
        return Ok(());
    }
    let (wakes, woken) = watch::channel(());
    let mut tasks = JoinSet::new();
    for courier in couriers {
        tasks.spawn(run(courier, clock, woken.clone()));
    }
    drop(woken);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            // All of them have ended, since the store is closed.
            () = wakes.closed() => break,
            () = wake.notified() => drop(wakes.send(())),
        }
    }
    drop(wakes);
    let ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        info!("alerts under way were broken off; they will be sent again");
    }
    Ok(())
}

/// Works until there is nothing to do, waits, and begins again; ends when nobody can wake it any more.
async fn run(mut courier: Courier, clock: fn() -> u64, mut woken: watch::Receiver<()>) {
    while woken.has_changed().is_ok() {
        woken.mark_unchanged();
        let next_ms = match courier.round().await {
            Ok(next_ms) => next_ms,
            Err(KeeperError::Closed) => return,
            Err(KeeperError::Store(error)) => {
                warn!(%error, "alerts wait for the store");
                Some(clock() + STORE_PAUSE_MS)
            }
        };
        let wait_ms = next_ms.map_or(LOOK_EVERY_MS, |ms| ms.saturating_sub(clock()));
        if wait_ms > 0 {
            let pause = tokio::time::sleep(Duration::from_millis(wait_ms.min(LOOK_EVERY_MS)));
            tokio::select! {
                _ = woken.changed() => {}
                () = pause => {}
            }
        }
    }
}

/// Gives up alerts to sinks that are no longer configured, and says so.
async fn abandon_orphans(keeper: &Keeper, config: &AlertConfig, now_ms: u64) {
    let known: BTreeSet<String> = config.sinks.iter().map(|sink| sink.name.clone()).collect();
    let abandoned = keeper.ask(move |writer| abandon(writer, &known, now_ms)).await;
    match abandoned {
        Ok(0) => {}
        Ok(count) => warn!(count, "alerts given up, since their sinks are no longer configured"),
        Err(error) => warn!(%error, "alerts to former sinks stay in the outbox"),
    }
}

fn abandon(writer: &mut Writer, known: &BTreeSet<String>, now_ms: u64) -> Result<u64, StoreError> {
    let mut count = 0;
    for depth in writer.outbox_depth()? {
        if depth.pending > 0 && !known.contains(&depth.sink) {
            let reason = "no sink of this name is configured";
            count += writer.abandon_alerts(&depth.sink, reason, now_ms)?;
        }
    }
    Ok(count)
}
