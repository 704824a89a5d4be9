//! Carries the alerts of one sink from the outbox to where they go.
//!
//! The outbox is the only memory that lasts: an alert is marked there as soon as its fate is known, and whatever was under
//! way when the daemon was killed is sent again, with the same key.

use std::sync::Arc;

use bellwether_connect::sink::SendError;
use bellwether_store::{AlertRow, DueAlert, DueQuery, StoreError, Writer};
use tokio::task::JoinSet;
use tracing::{debug, error, warn};

use super::outlet::{Outlet, OutletError};
use super::retry::{Pauses, chance};
use crate::config::{AlertConfig, SinkConfig};
use crate::output::terminal::safe;
use crate::watch::{Keeper, KeeperError};

/// Alerts that are taken out of the outbox at a time.
const BATCH_MAX: u32 = 32;

/// Attempts of an alert that a sink refuses: a token that is being changed, or a workflow that is switched off for a
/// moment, is worth some minutes of patience.
const REFUSALS_MAX: u32 = 8;

/// Longest pause of a whole sink that cannot be reached, so that it is soon seen when it is back.
const HOLD_MAX_MS: u64 = 60_000;

/// Longest reason that is kept.
const REASON_BYTES_MAX: usize = 600;

/// Takes alerts to one sink.
pub(super) struct Courier {
    sink: String,
    outlet: Arc<Outlet>,
    keeper: Keeper,
    clock: fn() -> u64,
    pauses: Pauses,
    cooldown_ms: u64,
    attempts_max: u32,
    /// Fates that could not be written down yet; nothing more is sent before they are.
    marks: Vec<Mark>,
    /// Rounds in a row in which nothing got through.
    misses: u32,
    /// The sink is left alone until then.
    hold_until_ms: u64,
}

/// What became of an alert.
#[derive(Debug, Clone)]
enum Mark {
    Delivered { number: u64, at_ms: u64 },
    Failed { number: u64, reason: String, next_ms: u64 },
    Dead { number: u64, reason: String, at_ms: u64 },
}

/// How a round went.
#[derive(Default)]
struct Tally {
    has_delivered: bool,
    has_failed: bool,
    /// Further alerts would hardly fare better.
    has_trouble: bool,
    /// Until when the sink itself asked to be left alone.
    wait_until_ms: u64,
}

impl Courier {
    pub(super) fn new(
        sink: &SinkConfig,
        config: &AlertConfig,
        keeper: Keeper,
        clock: fn() -> u64,
    ) -> Result<Courier, OutletError> {
        Ok(Courier {
            sink: sink.name.clone(),
            outlet: Arc::new(Outlet::open(sink, config.timeout_s)?),
            keeper,
            clock,
            pauses: Pauses::new(config),
            cooldown_ms: config.cooldown_s * 1000,
            attempts_max: config.attempts_max,
            marks: Vec::new(),
            misses: 0,
            hold_until_ms: 0,
        })
    }

    /// Sends some of what is due, and says when there will be something to do again: at once, then, or only when
    /// something new comes.
    pub(super) async fn round(&mut self) -> Result<Option<u64>, KeeperError> {
        self.write_marks().await?;
        let now_ms = (self.clock)();
        if now_ms < self.hold_until_ms {
            return Ok(Some(self.hold_until_ms));
        }
        let query = DueQuery {
            sink: self.sink.clone(),
            now_ms,
            cooldown_ms: self.cooldown_ms,
            limit: BATCH_MAX,
        };
        let due = self.keeper.ask(move |writer| writer.due_alerts(&query)).await?;
        if due.alerts.is_empty() {
            return Ok(due.next_ms);
        }
        let tally = self.send(due.alerts).await?;
        self.rest(&tally);
        Ok(Some(self.hold_until_ms.max(now_ms)))
    }

    /// Sends alerts, several at a time; once the sink is in trouble, begins no further ones.
    async fn send(&mut self, alerts: Vec<DueAlert>) -> Result<Tally, KeeperError> {
        let mut tally = Tally::default();
        let mut trouble = None;
        let mut under_way = JoinSet::new();
        let mut alerts = alerts.into_iter();
        loop {
            while under_way.len() < self.outlet.sends_max()
                && !tally.has_trouble
                && trouble.is_none()
                && let Some(alert) = alerts.next()
            {
                let (outlet, now_ms) = (self.outlet.clone(), (self.clock)());
                under_way.spawn(async move {
                    let result = outlet.send(&alert, now_ms).await;
                    (alert.row, result)
                });
            }
            let Some(sent) = under_way.join_next().await else { break };
            match sent {
                Ok((row, result)) => self.judge(&row, result, &mut tally),
                // It is still in the outbox, so nothing is lost.
                Err(error) => {
                    error!(sink = self.sink, %error, "sending an alert failed for our own fault");
                    (tally.has_failed, tally.has_trouble) = (true, true);
                }
            }
            if let Err(error) = self.write_marks().await {
                trouble = Some(error);
            }
        }
        trouble.map_or(Ok(tally), Err)
    }

    /// Decides what becomes of an alert.
    fn judge(&mut self, row: &AlertRow, result: Result<(), SendError>, tally: &mut Tally) {
        let (number, at_ms) = (row.number, (self.clock)());
        let attempt = row.attempts.saturating_add(1);
        let Err(failure) = result else {
            debug!(sink = self.sink, key = row.key, "alert sent");
            tally.has_delivered = true;
            self.marks.push(Mark::Delivered { number, at_ms });
            return;
        };
        let is_last = attempt >= self.attempts_max
            || match &failure {
                SendError::Gone { .. } => true,
                SendError::Refused { .. } => attempt >= REFUSALS_MAX,
                SendError::Trouble { .. } => false,
            };
        tally.has_failed = true;
        let mut pause_ms = self.pauses.after_ms(attempt, chance());
        if let SendError::Trouble { wait_s, .. } = &failure {
            tally.has_trouble = true;
            if let Some(wait_s) = wait_s {
                pause_ms = pause_ms.max(wait_s * 1000);
                tally.wait_until_ms = tally.wait_until_ms.max(at_ms + wait_s * 1000);
            }
        }
        let reason = safe(&failure.to_string());
        let reason = reason[..reason.floor_char_boundary(REASON_BYTES_MAX)].to_owned();
        if is_last {
            error!(sink = self.sink, key = row.key, attempt, reason, "alert given up");
            self.marks.push(Mark::Dead { number, reason, at_ms });
        } else {
            warn!(sink = self.sink, key = row.key, attempt, pause_ms, reason, "alert not sent");
            self.marks.push(Mark::Failed { number, reason, next_ms: at_ms + pause_ms });
        }
    }

    /// Leaves a sink alone that takes nothing, so that a thousand alerts do not each knock at a dead one's door. One that
    /// takes others is left alone only if it asks to be: then the alert is the trouble.
    fn rest(&mut self, tally: &Tally) {
        let is_down = tally.has_failed && !tally.has_delivered;
        self.misses = if is_down { self.misses.saturating_add(1) } else { 0 };
        let pause_ms = self.pauses.after_ms(self.misses, chance()).min(HOLD_MAX_MS);
        let rested_ms = if is_down { (self.clock)() + pause_ms } else { 0 };
        self.hold_until_ms = rested_ms.max(tally.wait_until_ms);
    }

    /// Writes fates down. What cannot be written is kept: to send an alert again because the disk is full would be
    /// worse than to wait.
    async fn write_marks(&mut self) -> Result<(), KeeperError> {
        if self.marks.is_empty() {
            return Ok(());
        }
        let marks = self.marks.clone();
        self.keeper.ask(move |writer| marks.iter().try_for_each(|mark| mark.write(writer))).await?;
        self.marks.clear();
        Ok(())
    }
}

impl Mark {
    /// Writing it twice does no harm.
    fn write(&self, writer: &mut Writer) -> Result<(), StoreError> {
        match self {
            Mark::Delivered { number, at_ms } => writer.delivered(&[*number], *at_ms),
            Mark::Failed { number, reason, next_ms } => writer.failed(*number, reason, *next_ms),
            Mark::Dead { number, reason, at_ms } => writer.dead(*number, reason, *at_ms),
        }
    }
}
