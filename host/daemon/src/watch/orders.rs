//! What a tenant is told while it works: other plugins.

use super::tenant::{Tenant, TenantError};
use crate::chain::chain;
use crate::loadout::Loadout;
use crate::pipeline::Output;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::oneshot;
use tracing::{info, warn};

/// Orders that may wait; they are given one by one.
const ORDERS_MAX: usize = 8;

/// Why an order was not followed; everything is as before.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The tenant is about to end.
    #[error("the tenant is about to end; ask again when it works")]
    Ending,
    /// The plugins cannot be opened in all lanes.
    #[error("not all lanes can work with them, so none does: {0}")]
    Refused(String),
}

/// Other plugins for a tenant, and where to say what has become of them.
pub struct Order {
    /// Everything its lanes are made of from now on.
    pub loadout: Arc<Loadout>,
    /// Heard when all lanes have changed, or none.
    pub reply: oneshot::Sender<Result<(), OrderError>>,
}

/// Where a tenant gets its orders from.
pub struct Orders {
    receiver: Receiver<Order>,
    under_way: Option<Order>,
}

impl Orders {
    /// A pair of those who give orders and who follows them.
    pub fn channel() -> (SyncSender<Order>, Self) {
        let (sender, receiver) = sync_channel(ORDERS_MAX);
        (sender, Orders { receiver, under_way: None })
    }

    /// Whether a change is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }
}

impl Tenant {
    /// Begins what it was told, and ends what has come about.
    pub(super) fn follow_orders(&mut self) -> Result<(), TenantError> {
        let mut output = Output::default();
        if self.given.orders.under_way.is_none()
            && let Ok(order) = self.given.orders.receiver.try_recv()
        {
            self.pipeline.fit(&self.given.loadout, &order.loadout, &mut output)?;
            self.given.orders.under_way = Some(order);
        }
        let fitted = match &self.given.orders.under_way {
            Some(_) => self.pipeline.fitted(&mut output)?,
            None => None,
        };
        self.take(output);
        let Some(outcome) = fitted else { return Ok(()) };
        let Some(Order { loadout, reply }) = self.given.orders.under_way.take() else {
            return Ok(());
        };
        let tenant = &self.given.tenant;
        let outcome = outcome.map_err(|error| OrderError::Refused(chain(&error)));
        match &outcome {
            Ok(held) => {
                self.given.loadout = loadout;
                self.trials.begin(self.given.loadout.shadows());
                info!(tenant, ?held, "the plugins have changed");
            }
            Err(error) => warn!(tenant, %error, "the plugins stay as they are"),
        }
        // Whoever gave the order may have left.
        let _ = reply.send(outcome.map(drop));
        self.tell(true);
        Ok(())
    }
}
