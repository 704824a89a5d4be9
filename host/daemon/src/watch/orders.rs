//! What a tenant is told while it works: other plugins, other patterns.

use super::tenant::{Tenant, TenantError};
use crate::chain::chain;
use crate::loadout::Loadout;
use crate::pipeline::Output;
use std::future::Future;
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

/// Other plugins or patterns for a tenant, and where to say what has become of them.
pub struct Order {
    /// Everything its lanes are made of from now on.
    pub loadout: Arc<Loadout>,
    /// Heard when all lanes have changed, or none.
    pub reply: oneshot::Sender<Result<(), OrderError>>,
}

/// A tenant at work, for whoever gives orders.
#[derive(Clone)]
pub struct Post {
    /// Where it is told what to do.
    pub orders: SyncSender<Order>,
    /// What its lanes are made of.
    pub loadout: Arc<Loadout>,
    /// When it began to work, in milliseconds since 1970 by the clock.
    pub since_ms: u64,
}

impl Post {
    /// Lets all lanes be made of something else, or none; what this gives says which, and need not be waited for.
    pub fn order(
        &self,
        loadout: &Arc<Loadout>,
    ) -> impl Future<Output = Result<(), OrderError>> + use<> {
        let (reply, answer) = oneshot::channel();
        let order = Order { loadout: Arc::clone(loadout), reply };
        let is_sent = self.orders.try_send(order).is_ok();
        async move {
            if is_sent {
                answer.await.unwrap_or(Err(OrderError::Ending))
            } else {
                Err(OrderError::Ending)
            }
        }
    }
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
                let before = std::mem::replace(&mut self.given.loadout, loadout);
                self.trials.begin(self.given.loadout.shadows());
                if self.given.loadout.has_library_of(&before) {
                    info!(tenant, ?held, "the plugins have changed");
                } else {
                    info!(tenant, ?held, "the patterns have changed");
                }
            }
            Err(error) => warn!(tenant, %error, "plugins and patterns stay as they are"),
        }
        // Whoever gave the order may have left.
        let _ = reply.send(outcome.map(drop));
        self.tell(true);
        Ok(())
    }
}
