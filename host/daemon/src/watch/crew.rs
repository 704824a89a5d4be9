//! What works under one configuration: a thread for each tenant, and the task that sends alerts.

use super::orders::{Order, Orders};
use super::run::{Daemon, RunError, now_ms};
use super::tenant::{Assignment, Tenant, TenantError};
use crate::alert::deliver;
use crate::chain::chain;
use crate::config::Config;
use crate::pipeline::Workers;
use crate::platform::{Base, Loadouts, watch};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use tracing::error;

/// Everybody at work under one configuration.
pub(super) struct Crew {
    base: Arc<Base>,
    tenants: Tenants,
    router: Router,
    guard: Guard,
}

impl Crew {
    /// Starts everybody, and waits until all tenants have gone on where they were. Tenants that fail later say so to
    /// `failed`.
    pub(super) async fn start(
        daemon: &Daemon,
        base: Arc<Base>,
        loadouts: Loadouts,
        failed: &mpsc::UnboundedSender<RunError>,
    ) -> Result<Self, RunError> {
        daemon.status.keep_only(|tenant| loadouts.contains_key(tenant));
        let mut tenants = Tenants::start(daemon, base.config(), &loadouts, failed).await?;
        let router = Router::start(daemon, base.config());
        daemon.platform.at_work(&base, std::mem::take(&mut tenants.orders), now_ms());
        let guard = Guard::start(daemon);
        Ok(Crew { base, tenants, router, guard })
    }

    /// Waits until all tenants have ended by themselves.
    pub(super) async fn ended(&mut self) {
        let _ = self.tenants.ended.recv().await;
    }

    /// Lets everybody commit and end; what they worked with can be used again.
    pub(super) async fn end(self) -> Arc<Base> {
        self.guard.end().await;
        self.tenants.end().await;
        self.router.end().await;
        self.base
    }
}

/// The threads of the tenants.
struct Tenants {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// Where each of them is told what to do.
    orders: BTreeMap<String, SyncSender<Order>>,
    /// A sender for each thread; when the last is gone, all have ended.
    ended: mpsc::Receiver<()>,
}

impl Tenants {
    async fn start(
        daemon: &Daemon,
        config: &Arc<Config>,
        loadouts: &Loadouts,
        failed: &mpsc::UnboundedSender<RunError>,
    ) -> Result<Self, RunError> {
        let (alive, ended) = mpsc::channel(1);
        let (stop, threads, orders) = (Arc::default(), Vec::new(), BTreeMap::new());
        let mut tenants = Tenants { stop, threads, orders, ended };
        let mut starts = Vec::new();
        let workers = Workers::start(daemon.workers.unwrap_or(config.workers))?;
        for (tenant, loadout) in loadouts {
            let wake = Arc::clone(&daemon.wake_alerts);
            let (order, orders) = Orders::channel();
            tenants.orders.insert(tenant.clone(), order);
            let assignment = Assignment {
                tenant: tenant.clone(),
                config: Arc::clone(config),
                loadout: Arc::clone(loadout),
                workers: workers.clone(),
                keeper: daemon.keeper.clone(),
                status: daemon.status.clone(),
                stop: Arc::clone(&tenants.stop),
                orders,
                wake_alerts: Arc::new(move || wake.notify_one()),
                once: daemon.once,
                clock: now_ms,
            };
            let (started, start) = oneshot::channel();
            let (status, failed) = (daemon.status.clone(), failed.clone());
            let (name, alive) = (tenant.clone(), alive.clone());
            let work = move || {
                let _alive = alive;
                if let Err(source) = work(assignment, started) {
                    status.update(&name, |status| status.stopped = Some(chain(&source)));
                    // Nobody listens any more when the daemon is about to end.
                    let _ = failed.send(RunError::Tenant { tenant: name, source });
                }
            };
            let thread = std::thread::Builder::new().name(format!("tenant-{tenant}"));
            tenants.threads.push(thread.spawn(work)?);
            starts.push((tenant.clone(), start));
        }
        for (tenant, start) in starts {
            if let Ok(Err(source)) = start.await {
                tenants.end().await;
                return Err(RunError::Tenant { tenant, source });
            }
        }
        Ok(tenants)
    }

    /// Lets every tenant commit and end.
    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let join = || self.threads.into_iter().for_each(|thread| drop(thread.join()));
        // A panic in there was our own fault, and its message has been printed.
        let _ = tokio::task::spawn_blocking(join).await;
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
struct Router {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Router {
    fn start(daemon: &Daemon, config: &Config) -> Router {
        let (stop, stopped) = oneshot::channel::<()>();
        let (keeper, wake) = (daemon.keeper.clone(), Arc::clone(&daemon.wake_alerts));
        let alerts = Arc::new(config.alerts.clone());
        let task = tokio::spawn(async move {
            let stopped = async {
                // Both a word and its absence mean the end.
                let _ = stopped.await;
            };
            if let Err(error) = deliver(keeper, alerts, now_ms, wake, stopped).await {
                error!("no alert can be sent: {}", chain(&error));
            }
        });
        Router { stop, task }
    }

    async fn end(self) {
        drop(self.stop);
        // What was not sent is sent after the next start.
        let _ = self.task.await;
    }
}

/// The task that looks after plugins on their way in.
struct Guard {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Guard {
    fn start(daemon: &Daemon) -> Guard {
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            // Both a word and its absence mean the end.
            let _ = stopped.await;
        };
        Guard { stop, task: tokio::spawn(watch(daemon.platform.clone(), now_ms, stopped)) }
    }

    async fn end(self) {
        drop(self.stop);
        let _ = self.task.await;
    }
}
