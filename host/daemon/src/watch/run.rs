//! Starts everything, waits for signals, and ends with everything committed.

use super::crew::{Crew, Failed};
use super::keeper::{Keeper, KeeperError, KeeperThread};
use super::status::Status;
use super::tenant::TenantError;
use crate::api::{ApiState, serve};
use crate::config::{Config, Mistakes};
use crate::loadout::LoadoutError;
use crate::pipeline::PipelineError;
use crate::platform::{Base, Loadouts, Platform, read_wanted};
use crate::registry::Registry;
use bellwether_store::{Retention, StoreError, StoreOptions, Writer};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, oneshot};
use tracing::{info, warn};

/// Shortest token.
const TOKEN_CHARACTERS_MIN: usize = 16;
/// Pause between two rounds of housekeeping in the store.
const MAINTAIN_PAUSE: Duration = Duration::from_secs(10);

/// Pause between two attempts to open a store for which there is no room.
const ROOM_PAUSE: Duration = Duration::from_secs(2);

/// Why the daemon ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(Mistakes),
    /// The configuration names no input.
    #[error(
        "{}: there is nothing to follow; write e.g. inputs: [{{ files: [/var/log/*.log] }}]",
        path.display()
    )]
    NothingToFollow {
        /// The file.
        path: PathBuf,
    },
    /// Plugins or patterns cannot be opened.
    #[error(transparent)]
    Loadout(#[from] LoadoutError),
    /// There are no threads to work on.
    #[error(transparent)]
    Workers(#[from] PipelineError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody can be served at that address.
    #[error("cannot listen on {address}; choose another `api.listen`, or end what listens there")]
    Listen {
        /// The address.
        address: SocketAddr,
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
    /// It was to run once, and what it has read could not be written.
    #[error("what was read is not kept: {why}")]
    Uncommitted {
        /// What the store says.
        why: String,
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
            audit_days: store.audit_days,
            ..Retention::default()
        },
        size_bytes_max: store.size_bytes_max,
        ..StoreOptions::default()
    }
}

/// Runs until a signal says otherwise, or, if it is to run once, until everything that is there was read.
pub fn run(path: &Path, workers: Option<usize>, once: bool) -> Result<(), RunError> {
    let config = Arc::new(load(path)?);
    // What is wrong with the store is told by who opens it to write, after everything else was looked at.
    let known = read_wanted(&config.store.path);
    let mut fits = known.as_ref().cloned().unwrap_or_default();
    let base = Arc::new(Base::new(&config)?);
    let mut loadouts = base.loadouts(&mut fits)?;
    let (keeper, keeper_thread) = open_store(&config)?;
    if known.is_err() && keeper.is_open() {
        fits = read_wanted(&config.store.path)?;
        loadouts = base.loadouts(&mut fits)?;
    }
    let status = Status::default();
    let platform = Platform::new(keeper.clone(), status.clone(), Arc::clone(&base), fits);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let daemon = Daemon {
        path: path.to_owned(),
        workers,
        once,
        keeper,
        status: status.clone(),
        platform,
        wake_alerts: Arc::new(Notify::new()),
        started_with: config,
    };
    let result = runtime.block_on(daemon.serve(base, loadouts));
    runtime.shutdown_timeout(Duration::from_secs(5));
    KeeperThread::join(keeper_thread);
    let Some(why) = uncommitted(&status) else {
        if result.is_ok() {
            info!("ended; everything is committed");
        }
        return result;
    };
    warn!(why, "ended; what was read since the last commit is read again by the next run");
    if once { result.and(Err(RunError::Uncommitted { why })) } else { result }
}

/// Opens the store. One for which there is no room is opened later, by the first who finds room.
fn open_store(config: &Config) -> Result<(Keeper, KeeperThread), RunError> {
    let (path, options) = (&config.store.path, store_options(config));
    Ok(match Writer::open(path, options) {
        Ok(writer) => Keeper::start(writer)?,
        Err(error) if error.is_full() => Keeper::start_closed(path, options)?,
        Err(error) => return Err(error.into()),
    })
}

/// Why not all that was read is kept, if so.
fn uncommitted(status: &Status) -> Option<String> {
    let of_tenants =
        status.read(|tenants| tenants.values().find_map(|one| one.commit.trouble.clone()));
    status.daemon().store_trouble.or(of_tenants)
}

/// A configuration that gives the daemon something to do.
pub(super) fn load(path: &Path) -> Result<Config, RunError> {
    let config = Config::load(path).map_err(RunError::Config)?;
    if config.inputs.is_empty() {
        return Err(RunError::NothingToFollow { path: path.to_owned() });
    }
    Ok(config)
}

/// What all that the daemon starts has in common.
pub(super) struct Daemon {
    pub(super) path: PathBuf,
    workers: Option<usize>,
    pub(super) once: bool,
    pub(super) keeper: Keeper,
    pub(super) status: Status,
    pub(super) platform: Platform,
    pub(super) wake_alerts: Arc<Notify>,
    /// Some settings can only be made at the start.
    pub(super) started_with: Arc<Config>,
}

/// What the daemon can be told by the system.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn open() -> std::io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

impl Daemon {
    async fn serve(self, base: Arc<Base>, loadouts: Loadouts) -> Result<(), RunError> {
        let address = self.started_with.api.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| RunError::Listen { address, source })?;
        let local = listener.local_addr()?;
        let signals = Signals::open()?;
        let (end_api, api_ends) = oneshot::channel::<()>();
        let api = tokio::spawn(serve(listener, self.api_state()?, async {
            // Both a word and its absence mean the end.
            let _ = api_ends.await;
        }));
        let result = self.work(base, loadouts, signals, local).await;
        drop(end_api);
        // Whoever still listens has had its time to hear.
        let _ = api.await;
        result
    }

    async fn work(
        &self,
        base: Arc<Base>,
        loadouts: Loadouts,
        mut signals: Signals,
        local: SocketAddr,
    ) -> Result<(), RunError> {
        if !self.wait_for_room(&mut signals, local).await? {
            return Ok(());
        }
        let (failed, mut failures): (Failed, _) = mpsc::unbounded_channel();
        let mut crew = Crew::start(self, failed, base, &loadouts).await?;
        let maintenance = tokio::spawn(maintain(self.keeper.clone()));
        info!(address = %local, "ready: http://{local}/");
        let result = loop {
            tokio::select! {
                biased;
                _ = signals.terminate.recv() => break Ok(()),
                _ = signals.interrupt.recv() => break Ok(()),
                Some(failure) = failures.recv() => break Err(failure),
                () = crew.ended() => break Ok(()),
                _ = signals.hang_up.recv() => self.reload(&mut crew).await?,
            }
        };
        info!("ending; what was read is being committed");
        crew.end().await;
        maintenance.abort();
        result
    }

    /// Waits until there is room for the store, since nothing could be gone on with before; whether there is. Meanwhile
    /// the API says so.
    async fn wait_for_room(
        &self,
        signals: &mut Signals,
        local: SocketAddr,
    ) -> Result<bool, RunError> {
        loop {
            match self.keeper.ask(|_| Ok(())).await {
                Ok(()) => {
                    self.status.update_daemon(|daemon| daemon.store_trouble = None);
                    return Ok(true);
                }
                Err(KeeperError::Store(error)) if error.is_full() => {
                    self.status.update_daemon(|daemon| {
                        daemon.store_waits += 1;
                        daemon.store_trouble = Some(error.to_string());
                    });
                    warn!(%error, health = %format!("http://{local}/health"), "nothing is read before there is room for the store");
                }
                Err(KeeperError::Store(error)) => return Err(error.into()),
                Err(KeeperError::Closed) => return Ok(false),
            }
            tokio::select! {
                _ = signals.terminate.recv() => return Ok(false),
                _ = signals.interrupt.recv() => return Ok(false),
                () = tokio::time::sleep(ROOM_PAUSE) => {}
            }
        }
    }

    /// Worker threads that are to be started under a configuration.
    pub(super) fn threads(&self, config: &Config) -> usize {
        self.workers.unwrap_or(config.workers)
    }

    fn api_state(&self) -> Result<ApiState, RunError> {
        let config = &self.started_with;
        let registry = Registry::open(config).map_err(LoadoutError::from)?;
        Ok(ApiState {
            keeper: self.keeper.clone(),
            platform: self.platform.clone(),
            status: self.status.clone(),
            database: config.store.path.clone(),
            token: config.api.token_file.as_deref().map(token).transpose()?,
            metrics_sources_max: config.api.metrics_sources_max,
            started_ms: now_ms(),
            window_ms: config.windows.size_s * 1000,
            registry: Arc::new(registry),
        })
    }
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
pub(crate) fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
