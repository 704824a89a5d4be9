//! Changing a plugin of a tenant.

use super::{Base, Kept, Platform, wanted};
use crate::chain::chain;
use crate::loadout::{Component, Edition, Fit, FitError, Loadout, LoadoutError};
use crate::watch::{KeeperError, OrderError};
use bellwether_store::{AuditOutcome, AuditRow, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is to become of a plugin.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// An edition comes in, and counts in that share of the lanes.
    BringIn {
        /// What comes in.
        edition: Edition,
        /// In percent of the lanes.
        percent: u8,
    },
    /// The edition that came in has proved itself.
    Settle,
    /// Back to what was before.
    RollBack {
        /// Why, where nobody asked for it.
        trouble: Option<String>,
    },
    /// It does not work any more.
    Disable,
}

/// A change somebody asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Whose plugin.
    pub tenant: String,
    /// Its name.
    pub plugin: String,
    /// What is to become of it.
    pub change: Change,
    /// Who asks.
    pub actor: String,
    /// The revision that they have seen, if they care.
    pub revision: Option<u64>,
    /// When, in milliseconds since 1970.
    pub now_ms: u64,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// Nobody of that name works.
    #[error("no tenant `{tenant}` is at work")]
    NoTenant {
        /// The tenant.
        tenant: String,
    },
    /// It makes no sense.
    #[error("plugin `{plugin}`: {why}")]
    Pointless {
        /// The plugin.
        plugin: String,
        /// Why.
        why: FitError,
    },
    /// The tenant has no such plugin.
    #[error(
        "tenant `{tenant}` has no plugin `{plugin}`; name it in the configuration, or push a version of it"
    )]
    NoPlugin {
        /// The tenant.
        tenant: String,
        /// The plugin.
        plugin: String,
    },
    /// The plugins cannot be opened.
    #[error("{why}")]
    Unfit {
        /// Why.
        why: String,
    },
    /// The tenant does not follow.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// It cannot be written down, or somebody else was faster.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
}

impl From<LoadoutError> for PlatformError {
    fn from(error: LoadoutError) -> Self {
        match error {
            LoadoutError::Same { plugin } => {
                PlatformError::Pointless { plugin, why: FitError::Same }
            }
            error => PlatformError::Unfit { why: chain(&error) },
        }
    }
}

impl PlatformError {
    /// Whether whoever found it has noted it: the store that somebody else was faster, and we that lanes refuse it.
    fn is_noted(&self) -> bool {
        let outrun =
            |error: &KeeperError| matches!(error, KeeperError::Store(StoreError::Outrun { .. }));
        match self {
            PlatformError::Order(_) => true,
            PlatformError::Keeper(error) => outrun(error),
            _ => false,
        }
    }

    /// A disk may fail; everything else is for who asked to mend.
    fn outcome(&self) -> AuditOutcome {
        match self {
            PlatformError::Keeper(KeeperError::Store(
                StoreError::TooMany { .. } | StoreError::TooLarge { .. },
            )) => AuditOutcome::Refused,
            PlatformError::Keeper(_) => AuditOutcome::Failed,
            _ => AuditOutcome::Refused,
        }
    }
}

impl Change {
    fn apply(&self, fit: &Fit, now_ms: u64) -> Result<Fit, FitError> {
        match self {
            Change::BringIn { edition, percent } => fit.bring_in(edition.clone(), *percent, now_ms),
            Change::Settle if fit.next.is_none() => Err(FitError::Same),
            Change::Settle => Ok(fit.settle()),
            Change::RollBack { trouble } => {
                Ok(Fit { trouble: trouble.clone(), ..fit.roll_back(now_ms)? })
            }
            Change::Disable => fit.disable(now_ms),
        }
    }

    fn brings_in_what_was_pushed(&self) -> bool {
        matches!(self, Change::BringIn { edition, .. } if edition.digest().is_some())
    }

    fn action(&self) -> &'static str {
        match self {
            Change::BringIn { percent, .. } => action_of(*percent),
            Change::Settle => "settle",
            Change::RollBack { .. } => "rollback",
            Change::Disable => "disable",
        }
    }

    fn detail(&self) -> String {
        match self {
            Change::BringIn { percent, .. } => format!("counts in {percent} % of the lanes"),
            Change::RollBack { trouble: Some(why) } => why.clone(),
            _ => String::new(),
        }
    }
}

impl Platform {
    /// Makes a change: all of it, or nothing.
    pub async fn change(&self, asked: Asked) -> Result<(), PlatformError> {
        let platform = self.clone();
        // On a task of its own, so that it comes to an end even if nobody waits any more.
        let work = tokio::spawn(async move { platform.change_through(asked).await });
        let unfit = |why: String| PlatformError::Unfit { why };
        work.await.unwrap_or_else(|error| Err(unfit(error.to_string())))
    }

    async fn change_through(&self, asked: Asked) -> Result<(), PlatformError> {
        let _shared = self.shared.changing.read().await;
        let turn = self.turn(&asked.tenant);
        let _alone = turn.lock().await;
        match self.try_change(&asked).await {
            Err(error) if !error.is_noted() => {
                let row = audit(&asked, None, error.outcome(), chain(&error));
                let noted = self.shared.keeper.ask(move |writer| writer.audit(&row)).await;
                if let Err(why) = noted {
                    let (why, error) = (chain(&why), chain(&error));
                    tracing::warn!(why, error, "what came to nothing is not in the audit log");
                }
                Err(error)
            }
            result => result,
        }
    }

    async fn try_change(&self, asked: &Asked) -> Result<(), PlatformError> {
        let Asked { tenant, plugin, change, now_ms, .. } = asked;
        let (base, post, mut fits) = {
            let work = self.work();
            let no_tenant = || PlatformError::NoTenant { tenant: tenant.clone() };
            let post = work.posts.get(tenant).cloned().ok_or_else(no_tenant)?;
            (Arc::clone(&work.base), post, work.fits.get(tenant).cloned().unwrap_or_default())
        };
        let old = fits.get(plugin).map(|kept| kept.fit.clone());
        let from = match &old {
            Some(fit) => fit.clone(),
            None => self.usual_fit(asked)?,
        };
        let pointless = |why| PlatformError::Pointless { plugin: plugin.clone(), why };
        let mut fit = change.apply(&from, *now_ms).map_err(pointless)?;
        fits.insert(plugin.clone(), Kept::new(fit.clone(), 0));
        let fits = wanted::plain(&fits);
        let loadout = open(Arc::clone(&base), tenant.clone(), fits.clone()).await?;
        let comes_in = fit.next.is_some() && fit.next != from.next;
        if comes_in && !loadout.reads_state(plugin) {
            fit.learning = true;
            self.warm_up(base, asked, fits, &loadout).await?;
        }
        let row = audit(asked, Some(&fit), AuditOutcome::Done, change.detail());
        let revision = self.write(asked, Some(&fit), asked.revision, row).await?;
        let followed = post.order(&loadout).await;
        loadout.warm_up(plugin, BTreeMap::new());
        // One that is about to end begins with what was written.
        if let Err(error @ OrderError::Refused(_)) = followed {
            let row = audit(asked, old.as_ref(), AuditOutcome::Failed, chain(&error));
            let revision = self.write(asked, old.as_ref(), None, row).await?;
            self.keep(tenant, plugin, old.map(|fit| Kept::new(fit, revision)));
            return Err(error.into());
        }
        self.keep(tenant, plugin, Some(Kept::new(fit, revision)));
        if let Some(post) = self.work().posts.get_mut(tenant) {
            post.loadout = loadout;
        }
        Ok(())
    }

    /// Whether the configuration file names it.
    /// Of a plugin that was never changed. One that nobody has must come in as what was pushed.
    pub(super) fn usual_fit(&self, asked: &Asked) -> Result<Fit, PlatformError> {
        let Asked { tenant, plugin, change, .. } = asked;
        if self.is_at_work(tenant, plugin) {
            Ok(Fit::configured())
        } else if change.brings_in_what_was_pushed() {
            Ok(Fit::default())
        } else {
            let (tenant, plugin) = (tenant.clone(), plugin.clone());
            Err(PlatformError::NoPlugin { tenant, plugin })
        }
    }

    fn is_at_work(&self, tenant: &str, plugin: &str) -> bool {
        self.shared
            .status
            .read(|tenants| tenants.get(tenant).is_some_and(|one| one.plugins.contains_key(plugin)))
    }

    fn keep(&self, tenant: &str, plugin: &str, kept: Option<Kept>) {
        let mut work = self.work();
        let fits = work.fits.entry(tenant.into()).or_default();
        fits.remove(plugin);
        fits.extend(kept.map(|kept| (plugin.to_owned(), kept)));
        let fits = fits.clone();
        self.shared.status.update(tenant, |status| status.fits = fits);
    }

    async fn write(
        &self,
        asked: &Asked,
        fit: Option<&Fit>,
        revision: Option<u64>,
        row: AuditRow,
    ) -> Result<u64, KeeperError> {
        let (tenant, plugin) = (asked.tenant.clone(), asked.plugin.clone());
        let fit = fit.map(|fit| {
            serde_json::to_string(fit).expect("plain data, and memory is all that writing needs")
        });
        let write = move |writer: &mut bellwether_store::Writer| -> Result<u64, StoreError> {
            writer.set_plugin_fit(&tenant, &plugin, fit.as_deref(), revision, &row)
        };
        self.shared.keeper.ask(write).await
    }
}

/// What it is called to bring an edition in with that share of the lanes.
pub(crate) fn action_of(percent: u8) -> &'static str {
    match percent {
        100 => "activate",
        0 => "shadow",
        _ => "canary",
    }
}

/// Opens plugins where nobody waits for anything else.
async fn open(
    base: Arc<Base>,
    tenant: String,
    fits: BTreeMap<String, Fit>,
) -> Result<Arc<Loadout>, PlatformError> {
    let opened = tokio::task::spawn_blocking(move || base.loadout(&tenant, fits)).await;
    let unfit = |why: String| PlatformError::Unfit { why };
    Ok(opened.map_err(|error| unfit(error.to_string()))??)
}

fn audit(asked: &Asked, fit: Option<&Fit>, outcome: AuditOutcome, detail: String) -> AuditRow {
    let edition = match &asked.change {
        Change::BringIn { edition, .. } => Some(edition),
        _ => fit.and_then(|fit| fit.current.as_ref()),
    };
    let (version, digest) = match edition.map(|edition| &edition.component) {
        Some(Component::Pushed { version, digest }) => {
            (Some(version.clone()), Some(digest.clone()))
        }
        Some(Component::Configured) | None => (None, None),
    };
    AuditRow {
        at_ms: asked.now_ms,
        tenant: Some(asked.tenant.clone()),
        actor: asked.actor.clone(),
        action: asked.change.action().into(),
        plugin: Some(asked.plugin.clone()),
        version,
        digest,
        outcome,
        detail,
    }
}
