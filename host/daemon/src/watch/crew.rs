//! What works under one configuration: a thread for each tenant, and the task that sends alerts.

use super::orders::{Orders, Post};
use super::run::{Daemon, RunError, now_ms};
use super::tenant::{Assignment, Tenant, TenantError};
use crate::alert::deliver;
use crate::chain::chain;
use crate::config::{AlertConfig, Config};
use crate::loadout::Loadout;
use crate::pipeline::Workers;
use crate::platform::{Base, Loadouts, watch};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use tracing::error;

/// Where those who fail while they work say so.
pub(super) type Failed = mpsc::UnboundedSender<RunError>;

/// Everybody at work under one configuration.
pub(super) struct Crew<'a> {
    pub(super) daemon: &'a Daemon,
    failed: Failed,
    pub(super) base: Arc<Base>,
    pub(super) threads: usize,
    pub(super) workers: Workers,
    pub(super) tenants: BTreeMap<String, AtWork>,
    router: Router,
    guard: Guard,
}

/// A tenant at work.
pub(super) struct AtWork {
    pub(super) config: Arc<Config>,
    pub(super) post: Post,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    /// Nothing ever comes: it is closed when the thread has ended.
    ended: mpsc::Receiver<()>,
}

/// Tells whether a tenant could go on where it was.
type Started = oneshot::Receiver<Result<(), TenantError>>;

impl<'a> Crew<'a> {
    /// Starts everybody, and waits until all tenants have gone on where they were. Tenants that fail later say so to
    /// `failed`.
    pub(super) async fn start(
        daemon: &'a Daemon,
        failed: Failed,
        base: Arc<Base>,
        loadouts: &Loadouts,
    ) -> Result<Self, RunError> {
        let config = Arc::clone(base.config());
        let threads = daemon.threads(&config);
        let workers = Workers::start(threads)?;
        let (router, guard) = (Router::start(daemon, &config.alerts), Guard::start(daemon));
        let tenants = BTreeMap::new();
        let mut crew = Crew { daemon, failed, base, threads, workers, tenants, router, guard };
        if let Err(error) = crew.take_on(&config, loadouts.iter()).await {
            crew.end().await;
            return Err(error);
        }
        daemon.platform.at_work(&crew.base, crew.posts());
        Ok(crew)
    }

    /// Waits until all tenants have ended by themselves.
    pub(super) async fn ended(&mut self) {
        for own in self.tenants.values_mut() {
            let _ = own.ended.recv().await;
        }
    }

    /// Lets everybody commit and end.
    pub(super) async fn end(mut self) {
        self.guard.end().await;
        self.let_go(|_| true).await;
        self.router.end().await;
    }

    /// Who works.
    pub(super) fn posts(&self) -> BTreeMap<String, Post> {
        self.tenants.iter().map(|(tenant, own)| (tenant.clone(), own.post.clone())).collect()
    }

    /// Starts tenants, and waits until all have gone on where they were. One that cannot is not at work.
    pub(super) async fn take_on<'b>(
        &mut self,
        config: &Arc<Config>,
        loadouts: impl Iterator<Item = (&'b String, &'b Arc<Loadout>)>,
    ) -> Result<(), RunError> {
        let mut starts = Vec::new();
        for (tenant, loadout) in loadouts {
            let (own, start) = self.begin(tenant, config, loadout)?;
            self.tenants.insert(tenant.clone(), own);
            starts.push((tenant, start));
        }
        let mut outcome = Ok(());
        for (tenant, start) in starts {
            if let Ok(Err(source)) = start.await {
                self.tenants.remove(tenant);
                outcome = outcome.and(Err(RunError::Tenant { tenant: tenant.clone(), source }));
            }
        }
        outcome
    }

    /// Lets some tenants commit and end.
    pub(super) async fn let_go(&mut self, is_to_go: impl Fn(&str) -> bool) {
        let (going, staying): (BTreeMap<_, _>, _) =
            std::mem::take(&mut self.tenants).into_iter().partition(|(own, _)| is_to_go(own));
        self.tenants = staying;
        going.values().for_each(|own| own.stop.store(true, Ordering::Relaxed));
        let join = || going.into_values().for_each(|own| drop(own.thread.join()));
        // A panic in there was our own fault, and its message has been printed.
        let _ = tokio::task::spawn_blocking(join).await;
    }

    /// Lets the couriers take alerts elsewhere, if that is wanted.
    pub(super) async fn route_by(&mut self, alerts: &AlertConfig) {
        if *self.router.alerts != *alerts {
            self.router.end().await;
            self.router = Router::start(self.daemon, alerts);
        }
    }

    fn begin(
        &self,
        tenant: &str,
        config: &Arc<Config>,
        loadout: &Arc<Loadout>,
    ) -> Result<(AtWork, Started), RunError> {
        let daemon = self.daemon;
        let wake = Arc::clone(&daemon.wake_alerts);
        let (sender, orders) = Orders::channel();
        let stop: Arc<AtomicBool> = Arc::default();
        let assignment = Assignment {
            tenant: tenant.into(),
            config: Arc::clone(config),
            loadout: Arc::clone(loadout),
            workers: self.workers.clone(),
            keeper: daemon.keeper.clone(),
            status: daemon.status.clone(),
            stop: Arc::clone(&stop),
            orders,
            wake_alerts: Arc::new(move || wake.notify_one()),
            once: daemon.once,
            clock: now_ms,
        };
        let ((alive, ended), (started, start)) = (mpsc::channel(1), oneshot::channel());
        let (status, failed, name) =
            (daemon.status.clone(), self.failed.clone(), tenant.to_owned());
        let work = move || {
            let _alive = alive;
            if let Err(source) = work(assignment, started) {
                status.update(&name, |status| status.stopped = Some(chain(&source)));
                // Nobody listens any more when the daemon is about to end.
                let _ = failed.send(RunError::Tenant { tenant: name, source });
            }
        };
        let thread = std::thread::Builder::new().name(format!("tenant-{tenant}")).spawn(work)?;
        let post = Post { orders: sender, loadout: Arc::clone(loadout), since_ms: now_ms() };
        let config = Arc::clone(config);
        Ok((AtWork { config, post, stop, thread, ended }, start))
    }
}

fn work(
    assignment: Assignment,
    started: oneshot::Sender<Result<(), TenantError>>,
) -> Result<(), TenantError> {
    let status = assignment.status.clone();
    let name = assignment.tenant.clone();
    let mut tenant = match Tenant::start(assignment) {
        Ok(tenant) => tenant,
        Err(error) => {
            let _ = started.send(Err(error));
            return Ok(());
        }
    };
    status.update(&name, |status| status.stopped = None);
    let _ = started.send(Ok(()));
    tenant.run()
}

/// The task that sends alerts.
pub(super) struct Router {
    alerts: Arc<AlertConfig>,
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl Router {
    fn start(daemon: &Daemon, alerts: &AlertConfig) -> Router {
        let (stop, stopped) = oneshot::channel::<()>();
        let (keeper, wake) = (daemon.keeper.clone(), Arc::clone(&daemon.wake_alerts));
        let alerts = Arc::new(alerts.clone());
        let config = Arc::clone(&alerts);
        let task = tokio::spawn(async move {
            let stopped = async {
                // Both a word and its absence mean the end.
                let _ = stopped.await;
            };
            if let Err(error) = deliver(keeper, config, now_ms, wake, stopped).await {
                error!("no alert can be sent: {}", chain(&error));
            }
        });
        Router { alerts, stop: Some(stop), task }
    }

    async fn end(&mut self) {
        self.stop = None;
        // What was not sent is sent after the next start.
        let _ = (&mut self.task).await;
    }
}

/// The task that looks after plugins on their way in.
struct Guard {
    stop: Option<oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

impl Guard {
    fn start(daemon: &Daemon) -> Guard {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            // Both a word and its absence mean the end.
            let _ = stopped.await;
        };
        let stop = Some(stop);
        Guard { stop, task: tokio::spawn(watch(daemon.platform.clone(), now_ms, stopped)) }
    }

    async fn end(&mut self) {
        self.stop = None;
        let _ = (&mut self.task).await;
    }
}
