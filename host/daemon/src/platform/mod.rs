//! The plugins of all tenants, and how they change while everybody works.
//!
//! What is wanted is in the store: one fit for each plugin that differs from the configuration file. A change opens the
//! new plugins aside, writes the fit down, and lets the lanes of the tenant change between two batches. What cannot be
//! opened changes nothing; what was written is there again after a restart.

mod change;
mod guard;
mod preflight;
#[cfg(test)]
mod tests;
mod wanted;
mod watch;

pub(crate) use change::action_of;
pub use change::{Asked, Change, PlatformError};
pub use preflight::{Cost, Report, Stretch};
pub use wanted::Kept;
pub(crate) use wanted::read as read_wanted;
pub(crate) use watch::watch;

use crate::config::Config;
use crate::loadout::{Fit, Loadout, LoadoutError, Wanted, Workshop, settings};
use crate::registry::Folder;
use crate::watch::{Keeper, Post, Status};
use bellwether_core::lane::Wishes;
use bellwether_core::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{RwLock, RwLockWriteGuard, Semaphore};

/// What tenants want of plugins beside the configuration file: by tenant and plugin.
pub type Fits = BTreeMap<String, BTreeMap<String, Kept>>;

/// Plugins and settings of each tenant.
pub type Loadouts = BTreeMap<String, Arc<Loadout>>;

/// All tenants' plugins under one configuration. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    shared: Arc<Shared>,
}

struct Shared {
    keeper: Keeper,
    status: Status,
    /// Held shared by changes, and alone by whoever lets others work.
    changing: RwLock<()>,
    /// One preflight at a time.
    flights: Arc<Semaphore>,
    work: Mutex<Work>,
}

/// Who works, and how.
struct Work {
    base: Arc<Base>,
    fits: Fits,
    posts: BTreeMap<String, Post>,
    /// One change of a tenant at a time.
    turns: BTreeMap<String, Arc<tokio::sync::Mutex<()>>>,
}

/// Everything that loadouts are made from.
pub struct Base {
    config: Arc<Config>,
    workshop: Workshop,
    folder: Folder,
}

impl Base {
    /// What a configuration asks for, in a runtime of its own.
    pub fn new(config: &Arc<Config>) -> Result<Self, LoadoutError> {
        let folder = config.registry();
        Ok(Base { config: Arc::clone(config), workshop: Workshop::new(config)?, folder })
    }

    /// What another configuration asks for, in the same runtime if its limits are the same: whoever stays at work goes on
    /// in that.
    pub fn anew(&self, config: &Arc<Config>) -> Result<Self, LoadoutError> {
        if !config.plugins.runs_like(&self.config.plugins) {
            return Base::new(config);
        }
        let (workshop, folder) = (self.workshop.anew(config), config.registry());
        Ok(Base { config: Arc::clone(config), workshop, folder })
    }

    /// The configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Where the recording of a tenant lies, if there is to be one.
    fn recording_of(&self, tenant: &str) -> Option<PathBuf> {
        let recording = &self.config.recording;
        (recording.bytes_max > 0).then(|| recording.folder(&self.config.store.path, tenant))
    }

    /// The plugins of a tenant, opened on trial.
    pub fn loadout(
        &self,
        tenant: &str,
        fits: BTreeMap<String, Fit>,
    ) -> Result<Arc<Loadout>, LoadoutError> {
        let wishes = Wishes { panes: true, ..Wishes::default() };
        self.open(fits, settings(&self.config, tenant), wishes).map(Arc::new)
    }

    /// The same under other settings, for whoever works aside.
    pub(crate) fn loadout_under(
        &self,
        fits: &BTreeMap<String, Kept>,
        settings: Settings,
    ) -> Result<Loadout, LoadoutError> {
        self.open(wanted::plain(fits), settings, Wishes::default())
    }

    fn open(
        &self,
        fits: BTreeMap<String, Fit>,
        settings: Settings,
        wishes: Wishes,
    ) -> Result<Loadout, LoadoutError> {
        let fetch =
            |digest: &str| self.folder.read(digest).map_err(|error| crate::chain::chain(&error));
        let wanted = Wanted { fits, fetch: Some(&fetch) };
        Loadout::open(&self.workshop, &self.config, &wanted, settings, wishes)
    }

    /// The plugins of all tenants. Where what is wanted of one cannot be had any more, the configuration file counts for
    /// that one, and its fit says why.
    pub fn loadouts(&self, fits: &mut Fits) -> Result<Loadouts, LoadoutError> {
        let tenants: BTreeSet<&str> =
            self.config.inputs.iter().map(|input| &*input.tenant).collect();
        let open = |tenant: &str| {
            let loadout = match fits.get_mut(tenant) {
                Some(own) => self.in_force(tenant, own)?,
                None => self.loadout(tenant, BTreeMap::new())?,
            };
            Ok((tenant.to_string(), loadout))
        };
        tenants.into_iter().map(open).collect()
    }

    /// The plugins of a tenant with as many fits as can be had.
    fn in_force(
        &self,
        tenant: &str,
        fits: &mut BTreeMap<String, Kept>,
    ) -> Result<Arc<Loadout>, LoadoutError> {
        fits.values_mut().for_each(|kept| kept.not_in_force = None);
        if let Ok(loadout) = self.loadout(tenant, wanted::plain(fits)) {
            return Ok(loadout);
        }
        let (mut in_force, mut loadout) = (BTreeMap::new(), self.loadout(tenant, BTreeMap::new())?);
        for (plugin, kept) in fits {
            in_force.insert(plugin.clone(), kept.fit.clone());
            match self.loadout(tenant, in_force.clone()) {
                Ok(opened) => loadout = opened,
                Err(error) => {
                    in_force.remove(plugin);
                    let why = crate::chain::chain(&error);
                    tracing::error!(tenant, plugin, why, "it is as in the configuration file");
                    kept.not_in_force = Some(why);
                }
            }
        }
        Ok(loadout)
    }
}

impl Platform {
    /// A platform on which nobody works yet.
    pub fn new(keeper: Keeper, status: Status, base: Arc<Base>, fits: Fits) -> Self {
        let (posts, turns) = (BTreeMap::new(), BTreeMap::new());
        let work = Mutex::new(Work { base, fits, posts, turns });
        let (changing, flights) = (RwLock::default(), Arc::new(Semaphore::new(1)));
        Platform { shared: Arc::new(Shared { keeper, status, changing, flights, work }) }
    }

    /// Takes note of who works from now on.
    pub fn at_work(&self, base: &Arc<Base>, posts: BTreeMap<String, Post>) {
        let mut work = self.work();
        (work.base, work.posts) = (Arc::clone(base), posts);
        for tenant in work.posts.keys() {
            let fits = work.fits.get(tenant).cloned().unwrap_or_default();
            self.shared.status.update(tenant, |status| status.fits = fits);
        }
    }

    /// Who works, with the plugins of the last change.
    pub fn posts(&self) -> BTreeMap<String, Post> {
        self.work().posts.clone()
    }

    /// Lets no change begin, once those under way are made, until what this gives is dropped: for whoever lets others work.
    pub async fn hold(&self) -> RwLockWriteGuard<'_, ()> {
        self.shared.changing.write().await
    }

    /// The turn of a tenant, by which its changes come one after the other.
    fn turn(&self, tenant: &str) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.work().turns.entry(tenant.into()).or_default())
    }

    /// What tenants want beside the configuration file.
    pub fn fits(&self) -> Fits {
        self.work().fits.clone()
    }

    /// Takes note of which of that is in force for those who work next.
    pub fn set_fits(&self, fits: Fits) {
        self.work().fits = fits;
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        // Nothing in there is ever left half done.
        self.shared.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
