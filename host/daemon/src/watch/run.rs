//! Starts everything, waits for signals, and ends with everything committed.

use super::keeper::{Keeper, KeeperError, KeeperThread};
use super::status::Status;
use super::tenant::{Assignment, Tenant, TenantError};
use crate::alert::deliver;
use crate::api::{ApiState, serve};
use crate::chain::chain;
use crate::config::{Config, Mistakes};
use crate::loadout::{Loadout, LoadoutError, settings};
use bellwether_core::lane::Wishes;
use bellwether_store::{Retention, StoreError, StoreOptions, Writer};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::{error, info, warn};

/// Shortest token.
const TOKEN_CHARACTERS_MIN: usize = 16;
/// Pause between two rounds of housekeeping in the store.
const MAINTAIN_PAUSE: Duration = Duration::from_secs(10);

/// Why the daemon ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration is wrong.
    #[error("the configuration is wrong")]
    Config(Mistakes),
    /// Plugins or patterns cannot be opened.
    #[error(transparent)]
    Loadout(#[from] LoadoutError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody can be served at that address.
    #[error("cannot listen on {address}; choose another `api.listen`, or end what listens there")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// There is no token to be had.
    #[error("`{path}` holds no token: {what}; write one of at least 16 characters into it")]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The system refuses threads or signals.
    #[error("the system refuses what a daemon needs")]
    System(#[from] std::io::Error),
    /// A tenant cannot go on.
    #[error("tenant `{tenant}` cannot go on")]
    Tenant {
        /// Its name.
        tenant: String,
        /// Why.
        #[source]
        source: TenantError,
    },
}

/// How the store of a configuration keeps things.
pub fn store_options(config: &Config) -> StoreOptions {
    let store = &config.store;
    StoreOptions {
        retention: Retention {
            counts_days: store.counts_days,
            anomalies_days: store.anomalies_days,
            templates_days: store.templates_days,
            alerts_days: store.alerts_days,
            ..Retention::default()
        },
        size_bytes_max: store.size_bytes_max,
        ..StoreOptions::default()
    }
}

/// Runs until a signal says otherwise, or, if it is to run once, until everything that is there was read.
pub fn run(path: &Path, workers: Option<usize>, once: bool) -> Result<(), RunError> {
    let config = Arc::new(Config::load(path).map_err(RunError::Config)?);
    let loadouts = open_loadouts(&config)?;
    let writer = Writer::open(&config.store.path, store_options(&config))?;
    let (keeper, keeper_thread) = Keeper::start(writer)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let daemon = Daemon {
        path: path.to_owned(),
        workers,
        once,
        keeper,
        status: Status::default(),
        wake_alerts: Arc::new(Notify::new()),
    };
    let result = runtime.block_on(daemon.serve(config, loadouts));
    runtime.shutdown_timeout(Duration::from_secs(5));
    KeeperThread::join(keeper_thread);
    info!("ended; everything is committed");
    result
}

/// Plugins and settings of each tenant.
type Loadouts = BTreeMap<String, Arc<Loadout>>;

fn open_loadouts(config: &Config) -> Result<Loadouts, LoadoutError> {
    let mut tenants: BTreeSet<&str> = config.inputs.iter().map(|input| &*input.tenant).collect();
    if tenants.is_empty() {
        tenants.insert(&config.tenant);
    }
    let wishes = Wishes { panes: true, ..Wishes::default() };
    let open = |tenant: &str| {
        let mut settings = settings(config);
        settings.tenant = tenant.into();
        Ok((tenant.to_string(), Arc::new(Loadout::new(config, settings, wishes)?)))
    };
    tenants.into_iter().map(open).collect()
}

/// Threads of tenants under one configuration.
struct Crew {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// A sender for each thread; when the last is gone, all have ended.
    ended: mpsc::Receiver<()>,
}

impl Crew {
    /// Waits until all tenants have ended by themselves.
    async fn ended(&mut self) {
        let _ = self.ended.recv().await;
    }

    /// Lets every tenant commit and end.
    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let join = || self.threads.into_iter().for_each(|thread| drop(thread.join()));
        // A panic in there was our own fault, and its message has been printed.
        let _ = tokio::task::spawn_blocking(join).await;
    }
}

/// The task that sends alerts.
struct Router {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

impl Router {
    async fn end(self) {
        drop(self.stop);
        // What was not sent is sent after the next start.
        let _ = self.task.await;
    }
}

struct Daemon {
    path: PathBuf,
    workers: Option<usize>,
    once: bool,
    keeper: Keeper,
    status: Status,
    wake_alerts: Arc<Notify>,
}

impl Daemon {
    async fn serve(self, config: Arc<Config>, loadouts: Loadouts) -> Result<(), RunError> {
        let address = config.api.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| RunError::Listen { address, source })?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let (failed, mut failures) = mpsc::unbounded_channel();
        let mut crew = self.start_crew(&config, &loadouts, &failed).await?;
        let mut router = self.start_router(&config);
        let maintenance = tokio::spawn(maintain(self.keeper.clone()));
        let local = listener.local_addr()?;
        let (end_api, api_ends) = oneshot::channel::<()>();
        let api = tokio::spawn(serve(listener, self.api_state(&config)?, async {
            // Both a word and its absence mean the end.
            let _ = api_ends.await;
        }));
        info!(address = %local, "ready: http://{local}/");
        let result = loop {
            tokio::select! {
                biased;
                _ = terminate.recv() => break Ok(()),
                _ = interrupt.recv() => break Ok(()),
                Some(failure) = failures.recv() => break Err(failure),
                () = crew.ended() => break Ok(()),
                _ = hang_up.recv() => match self.reload(&config) {
                    Ok((config, loadouts)) => {
                        crew.end().await;
                        router.end().await;
                        router = self.start_router(&config);
                        crew = self.start_crew(&config, &loadouts, &failed).await?;
                        info!("the configuration was read again");
                    }
                    Err(error) => error!("the old configuration stays: {error}"),
                },
            }
        };
        info!("ending; what was read is being committed");
        crew.end().await;
        router.end().await;
        maintenance.abort();
        drop(end_api);
        // Whoever still listens has had its time to hear.
        let _ = api.await;
        result
    }

    fn start_router(&self, config: &Config) -> Router {
        let (stop, stopped) = oneshot::channel::<()>();
        let (keeper, wake) = (self.keeper.clone(), Arc::clone(&self.wake_alerts));
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

    fn api_state(&self, config: &Config) -> Result<ApiState, RunError> {
        Ok(ApiState {
            keeper: self.keeper.clone(),
            status: self.status.clone(),
            database: config.store.path.clone(),
            token: config.api.token_file.as_deref().map(token).transpose()?,
            metrics_sources_max: config.api.metrics_sources_max,
            started_ms: now_ms(),
            window_ms: config.windows.size_s * 1000,
        })
    }

    /// All or nothing: a configuration that cannot work changes nothing.
    fn reload(&self, old: &Config) -> Result<(Arc<Config>, Loadouts), String> {
        let config = Config::load(&self.path).map_err(|mistakes| mistakes.to_string())?;
        if config.store.path != old.store.path || config.api != old.api {
            warn!("`store.path` and `api` take effect at the next start");
        }
        let loadouts = open_loadouts(&config).map_err(|error| chain(&error))?;
        Ok((Arc::new(config), loadouts))
    }

    /// Starts a thread for each tenant, and waits until all of them have gone on where they were.
    async fn start_crew(
        &self,
        config: &Arc<Config>,
        loadouts: &Loadouts,
        failed: &mpsc::UnboundedSender<RunError>,
    ) -> Result<Crew, RunError> {
        let (alive, ended) = mpsc::channel(1);
        let mut crew = Crew { stop: Arc::default(), threads: Vec::new(), ended };
        let mut starts = Vec::new();
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
        let asked = self.workers.unwrap_or(config.workers);
        let all = if asked == 0 { processors } else { asked };
        for (tenant, loadout) in loadouts {
            let wake = Arc::clone(&self.wake_alerts);
            let assignment = Assignment {
                tenant: tenant.clone(),
                config: Arc::clone(config),
                loadout: Arc::clone(loadout),
                workers: (all / loadouts.len()).max(1),
                keeper: self.keeper.clone(),
                status: self.status.clone(),
                stop: Arc::clone(&crew.stop),
                wake_alerts: Arc::new(move || wake.notify_one()),
                once: self.once,
                clock: now_ms,
            };
            let (started, start) = oneshot::channel();
            let (status, failed) = (self.status.clone(), failed.clone());
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
            crew.threads.push(thread.spawn(work)?);
            starts.push((tenant.clone(), start));
        }
        for (tenant, start) in starts {
            if let Ok(Err(source)) = start.await {
                crew.end().await;
                return Err(RunError::Tenant { tenant, source });
            }
        }
        Ok(crew)
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

/// The token in a file, without the line end.
fn token(path: &Path) -> Result<String, RunError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| RunError::Token { path: path.to_owned(), what: source.to_string() })?;
    let token = text.trim();
    if token.len() < TOKEN_CHARACTERS_MIN {
        let what = format!("it has fewer than {TOKEN_CHARACTERS_MIN} characters");
        return Err(RunError::Token { path: path.to_owned(), what });
    }
    Ok(token.into())
}

/// Keeps the store in shape, a bounded piece at a time.
async fn maintain(keeper: Keeper) {
    loop {
        tokio::time::sleep(MAINTAIN_PAUSE).await;
        loop {
            match keeper.ask(|writer| writer.maintain(now_ms())).await {
                Ok(done) if done.has_more => tokio::time::sleep(Duration::from_millis(200)).await,
                Ok(_) => break,
                Err(KeeperError::Closed) => return,
                Err(error) => {
                    warn!(%error, "the store cannot be tidied up");
                    break;
                }
            }
        }
    }
}

/// Milliseconds since 1970: the only clock of the daemon.
fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
