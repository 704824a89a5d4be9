//! Where requests are worked on: reading and writing the store away from the threads that answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use bellwether_store::{Reader, StoreError, Writer};
use tokio::sync::Semaphore;

use super::ApiState;
use super::asked::Text;
use super::problem::Problem;
pub(super) use crate::watch::now_ms;

/// Requests that may read the store at a time; further ones wait.
const READERS_MAX: usize = 8;

/// Components that may be sent at a time.
const UPLOADS_MAX: usize = 4;

/// The tenant of those who name none, unless there is only one.
const TENANT: &str = "default";

/// The name of a tenant, as requests give it.
pub(super) type TenantName = Text<63>;

/// What all requests share.
pub(super) struct Desk {
    pub(super) state: ApiState,
    /// Whether only this machine can reach the API.
    pub(super) is_local: bool,
    readers: Arc<Semaphore>,
    /// Components that may be in memory at a time; further ones wait in their connections.
    pub(super) uploads: Arc<Semaphore>,
    /// One at a time changes the registry.
    pub(super) registry_turn: Arc<Semaphore>,
}

impl Desk {
    pub(super) fn new(state: ApiState, is_local: bool) -> Self {
        Desk {
            state,
            is_local,
            readers: Arc::new(Semaphore::new(READERS_MAX)),
            uploads: Arc::new(Semaphore::new(UPLOADS_MAX)),
            registry_turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Reads the store.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Reader) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.readers.clone().acquire_owned().await;
        let path = self.state.database.clone();
        let answer = tokio::task::spawn_blocking(move || {
            // Held until the reader is done, even if nobody waits for the answer any more.
            let _place = place;
            look(&Reader::open(&path)?)
        });
        answer.await.unwrap_or(Err(Problem::Defect))
    }

    /// Reads what belongs to one tenant.
    pub(super) async fn read_of<T: Send + 'static>(
        &self,
        tenant: Option<TenantName>,
        look: impl FnOnce(&Reader, &str) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let at_work = self.tenants_at_work();
        self.read(move |reader| {
            let tenant = choose(reader, at_work, tenant)?;
            look(reader, &tenant)
        })
        .await
    }

    /// Finds out which tenant is meant.
    pub(super) async fn tenant(&self, tenant: Option<TenantName>) -> Result<String, Problem> {
        self.read_of(tenant, |_, tenant| Ok(tenant.to_owned())).await
    }

    /// Looks at the store and writes to it, with nobody else writing in between.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writer, &Reader) -> Result<Result<T, Problem>, StoreError>
        + Send
        + 'static,
    ) -> Result<T, Problem> {
        let answer = self.state.keeper.ask(move |writer| {
            let reader = Reader::open(writer.path())?;
            work(writer, &reader)
        });
        answer.await?
    }

    fn tenants_at_work(&self) -> BTreeSet<String> {
        self.state.status.read(|tenants| tenants.keys().cloned().collect())
    }
}

fn choose(
    reader: &Reader,
    mut known: BTreeSet<String>,
    named: Option<TenantName>,
) -> Result<String, Problem> {
    known.extend(reader.tenants()?.into_iter().map(|tenant| tenant.tenant));
    let tenant = match (named, known.first()) {
        (Some(Text(tenant)), _) => tenant,
        (None, Some(only)) if known.len() == 1 => only.clone(),
        // A store without anything in it has this tenant at least, so that lists are empty and not missing.
        (None, None) => return Ok(TENANT.into()),
        (None, Some(_)) => TENANT.into(),
    };
    if known.contains(&tenant) {
        return Ok(tenant);
    }
    Err(Problem::Missing(format!("no tenant `{tenant}`; `/api/v1/tenants` lists them")))
}
