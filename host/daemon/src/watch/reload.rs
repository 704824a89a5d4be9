//! Going over to another configuration, tenant by tenant: each is left alone as far as nothing is otherwise for it.
//!
//! Patterns are the same for all and change most often, so whoever differs in them alone takes them between two batches,
//! as it takes other plugins. Everybody else commits, ends, and goes on where it was.

use super::crew::Crew;
use super::orders::OrderError;
use super::run::{Daemon, RunError, load};
use crate::chain::chain;
use crate::config::{Config, StoreConfig};
use crate::loadout::Loadout;
use crate::pipeline::Workers;
use crate::platform::{Base, Loadouts};
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::{error, info, warn};

/// How many tenants went over in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Gone {
    /// Nothing is otherwise.
    untouched: usize,
    /// They work with other patterns.
    repatterned: usize,
    /// They ended and were started, or are new.
    started: usize,
}

/// How a tenant goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Stay,
    TakePatterns,
    Start,
}

impl Daemon {
    /// Reads the configuration again, all or nothing: one that cannot work changes nothing.
    pub(super) async fn reload(&self, crew: &mut Crew<'_>) -> Result<(), RunError> {
        // What is changed until the others work would be known to those alone who end.
        let _held = self.platform.hold().await;
        let mut fits = self.platform.fits();
        let (old, before) = (Arc::clone(&crew.base), crew.loadouts());
        let read = load(&self.path).and_then(|config| {
            let base = Arc::new(old.anew(&Arc::new(config))?);
            Ok((base.loadouts(&mut fits)?, base))
        });
        let (loadouts, base) = match read {
            Ok(read) => read,
            Err(error) => {
                self.refuse(&error);
                return Ok(());
            }
        };
        self.tell_what_waits(base.config());
        let gone = crew.go_over(&base, &loadouts).await;
        match &gone {
            Ok(_) => self.platform.set_fits(fits),
            Err(error) => {
                self.refuse(error);
                crew.go_over(&old, &before).await?;
            }
        }
        self.platform.at_work(&crew.base, crew.posts());
        if let Ok(Gone { untouched, repatterned, started }) = gone {
            self.status.update_daemon(|daemon| {
                daemon.reloads += 1;
                daemon.reload_trouble = None;
            });
            info!(untouched, repatterned, started, "the configuration was read again");
        }
        Ok(())
    }

    fn refuse(&self, error: &RunError) {
        let why = chain(error).replace('\n', "; ");
        self.status.update_daemon(|daemon| {
            daemon.reload_failures += 1;
            daemon.reload_trouble = Some(why.clone());
        });
        error!("the old configuration stays: {why}");
    }

    /// Names what only a start can change.
    fn tell_what_waits(&self, config: &Config) {
        let Config { store, api, plugins, .. } = &*self.started_with;
        let commit_every_s = config.store.commit_every_s;
        if config.store != (StoreConfig { commit_every_s, ..store.clone() }) || config.api != *api {
            warn!("`api` and `store` but for `commit_every_s` take effect at the next start");
        }
        if config.plugins.registry != plugins.registry {
            warn!("`plugins.registry_dir`, `keys` and the like take effect at the next start");
        }
    }
}

impl Crew<'_> {
    /// What everybody's lanes are made of, with the plugins of the last change.
    fn loadouts(&mut self) -> Loadouts {
        let mut posts = self.daemon.platform.posts();
        for (tenant, own) in &mut self.tenants {
            if let Some(post) = posts.remove(tenant) {
                own.post = post;
            }
        }
        let posts = self.posts().into_iter();
        posts.map(|(tenant, post)| (tenant, post.loadout)).collect()
    }

    /// Goes over to another configuration. Where that fails, some have and some have not: it remains to go back.
    ///
    /// Who must be started comes first, since that is what can fail for reasons that only show then.
    async fn go_over(&mut self, base: &Arc<Base>, loadouts: &Loadouts) -> Result<Gone, RunError> {
        let config = base.config();
        let threads = self.daemon.threads(config);
        if threads != self.threads {
            (self.workers, self.threads) = (Workers::start(threads)?, threads);
        }
        let step = |(tenant, loadout): (&String, &Arc<Loadout>)| {
            (tenant.clone(), self.step(tenant, config, loadout))
        };
        let mut steps: BTreeMap<String, Step> = loadouts.iter().map(step).collect();
        self.start_those(&steps, config, loadouts).await?;
        let refusing = self.hand_patterns_over(&steps, loadouts).await;
        if !refusing.is_empty() {
            let all = steps.keys().cloned().map(|tenant| (tenant, Step::Stay));
            let anew = refusing.into_iter().map(|tenant| (tenant, Step::Start));
            self.start_those(&all.chain(anew.clone()).collect(), config, loadouts).await?;
            steps.extend(anew);
        }
        self.route_by(&config.alerts).await;
        self.daemon.status.keep_only(|tenant| loadouts.contains_key(tenant));
        self.base = Arc::clone(base);
        let count = |step: Step| steps.values().filter(|own| **own == step).count();
        Ok(Gone {
            untouched: count(Step::Stay),
            repatterned: count(Step::TakePatterns),
            started: count(Step::Start),
        })
    }

    /// Lets everybody end who has no step or is to be started, and starts these.
    async fn start_those(
        &mut self,
        steps: &BTreeMap<String, Step>,
        config: &Arc<Config>,
        loadouts: &Loadouts,
    ) -> Result<(), RunError> {
        let starts = |tenant: &str| steps.get(tenant) == Some(&Step::Start);
        self.let_go(|tenant| starts(tenant) || !steps.contains_key(tenant)).await;
        self.take_on(config, loadouts.iter().filter(|(tenant, _)| starts(tenant))).await
    }

    /// Lets all who need nothing else take their patterns, side by side; those whose lanes refuse.
    async fn hand_patterns_over(
        &mut self,
        steps: &BTreeMap<String, Step>,
        loadouts: &Loadouts,
    ) -> Vec<String> {
        let (mut answers, mut refusing) = (Vec::new(), Vec::new());
        for (tenant, own) in &mut self.tenants {
            if steps.get(tenant) == Some(&Step::TakePatterns) {
                answers.push((tenant, own.post.order(&loadouts[tenant]), &mut own.post.loadout));
            }
        }
        for (tenant, answer, loadout) in answers {
            match answer.await {
                Ok(()) => *loadout = Arc::clone(&loadouts[tenant]),
                // It has read everything, or says itself why it cannot go on.
                Err(OrderError::Ending) => {}
                Err(error @ OrderError::Refused(_)) => {
                    warn!(tenant, %error, "it is started anew with other patterns");
                    refusing.push(tenant.clone());
                }
            }
        }
        refusing
    }

    fn step(&self, tenant: &str, config: &Config, loadout: &Loadout) -> Step {
        let Some(own) = self.tenants.get(tenant) else { return Step::Start };
        let before = &own.post.loadout;
        if self.daemon.threads(&own.config) != self.daemon.threads(config)
            || !own.config.is_alike_for(config, tenant)
            || !loadout.differs_in_patterns_at_most(before)
        {
            Step::Start
        } else if loadout.has_library_of(before) {
            Step::Stay
        } else {
            Step::TakePatterns
        }
    }
}
