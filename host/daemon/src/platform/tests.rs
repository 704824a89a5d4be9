//! Changes of plugins by a platform whose tenants the test plays.

use super::*;
use crate::config::Origin;
use crate::loadout::{Component, Edition};
use crate::watch::{Order, OrderError};
use bellwether_plugins::Health;
use bellwether_store::{AuditQuery, Reader, StoreOptions, Writer};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use tempfile::TempDir;

const MINUTE_MS: u64 = 60_000;

/// A platform under a configuration that names `rate` alone.
struct Rig {
    platform: Platform,
    status: Status,
    base: Arc<Base>,
    folder: TempDir,
}

impl Rig {
    fn new(fits: Fits) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.detectors.retain(|own| own.origin == Origin::Builtin("rate".into()));
        config.store.path = folder.path().join("state.db");
        config.plugins.cache_dir = Some(folder.path().join("cache"));
        config.recording.bytes_max = 0;
        let writer = Writer::open(&config.store.path, StoreOptions::default()).unwrap();
        let (keeper, _) = Keeper::start(writer).unwrap();
        let (status, base) = (Status::default(), Arc::new(Base::new(&Arc::new(config)).unwrap()));
        let platform = Platform::new(keeper, status.clone(), Arc::clone(&base), fits);
        Rig { platform, status, base, folder }
    }

    /// Tenants that work with `rate`, and what they are told.
    fn work<const COUNT: usize>(&self, tenants: [&str; COUNT]) -> [Receiver<Order>; COUNT] {
        let mut posts = BTreeMap::new();
        let told = tenants.map(|tenant| {
            let rate = ("rate".to_owned(), Health::default());
            self.status.update(tenant, |status| status.plugins = [rate].into());
            let (orders, told) = sync_channel(8);
            let loadout = self.base.loadout(tenant, BTreeMap::new()).unwrap();
            posts.insert(tenant.to_owned(), Post { orders, loadout, since_ms: 0 });
            told
        });
        self.platform.at_work(&self.base, posts);
        told
    }

    /// Asks for a change, on a task of its own.
    fn ask(
        &self,
        tenant: &str,
        change: Change,
        revision: Option<u64>,
    ) -> tokio::task::JoinHandle<Result<(), PlatformError>> {
        let (platform, tenant) = (self.platform.clone(), tenant.to_owned());
        let (plugin, actor, now_ms) = ("rate".into(), "Ada".into(), 1);
        let asked = Asked { tenant, plugin, change, actor, revision, now_ms };
        tokio::spawn(async move { platform.change(asked).await })
    }

    /// How often what the tenant wants of `rate` was changed.
    fn revision(&self, tenant: &str) -> Option<u64> {
        Some(self.platform.fits().get(tenant)?.get("rate")?.revision)
    }

    /// Action and outcome of all that was noted, oldest first.
    fn log(&self) -> Vec<String> {
        let reader = Reader::open(&self.folder.path().join("state.db")).unwrap();
        let query = AuditQuery { limit: 100, ..AuditQuery::default() };
        let rows = reader.audits(&query).unwrap().rows;
        let line = |row: &bellwether_store::AuditRow| format!("{} {:?}", row.action, row.outcome);
        rows.iter().rev().map(|entry| line(&entry.row)).collect()
    }
}

/// Gives each order one of the answers, in their order.
fn follow(told: Receiver<Order>, answers: Vec<Result<(), OrderError>>) {
    std::thread::spawn(move || {
        for answer in answers {
            let Ok(order) = told.recv() else { return };
            let _ = order.reply.send(answer);
        }
    });
}

/// The next order.
async fn hear(told: Receiver<Order>) -> (Order, Receiver<Order>) {
    let hear = move || (told.recv().expect("somebody tells the tenant"), told);
    tokio::task::spawn_blocking(hear).await.unwrap()
}

fn bring_in(offset: f64, percent: u8) -> Change {
    let edition = Edition { offset: Some(offset), ..Edition::configured() };
    Change::BringIn { edition, percent }
}

fn gone() -> Edition {
    let component = Component::Pushed { version: "1.0.0".into(), digest: "ab".repeat(32) };
    Edition { component, ..Edition::configured() }
}

#[tokio::test]
async fn what_the_lanes_refuse_is_as_before_and_can_be_changed_again() {
    let rig = Rig::new(Fits::new());
    let [told] = rig.work(["default"]);
    let refused = || Err(OrderError::Refused("no instance is left".into()));
    follow(told, vec![refused(), Ok(()), refused(), Ok(())]);
    let was_refused = |made| matches!(made, Err(PlatformError::Order(OrderError::Refused(_))));
    assert!(was_refused(rig.ask("default", bring_in(1.0, 0), Some(0)).await.unwrap()));
    assert_eq!(rig.revision("default"), None);
    rig.ask("default", bring_in(1.0, 0), Some(0)).await.unwrap().unwrap();
    let before = rig.platform.fits()["default"]["rate"].clone();
    let canary = rig.ask("default", bring_in(1.0, 25), Some(before.revision)).await.unwrap();
    assert!(was_refused(canary));
    let after = rig.platform.fits()["default"]["rate"].clone();
    assert_eq!((after.fit, after.revision), (before.fit, before.revision + 2));
    assert_eq!(rig.status.read(|all| all["default"].fits["rate"].revision), after.revision);
    rig.ask("default", bring_in(1.0, 25), Some(after.revision)).await.unwrap().unwrap();
    let tried = ["shadow Done", "shadow Failed", "shadow Done"];
    let tried_again = ["canary Done", "canary Failed", "canary Done"];
    assert_eq!(rig.log(), [tried, tried_again].concat());
}

#[tokio::test]
async fn what_works_already_does_not_come_in_beside_itself() {
    let rig = Rig::new(Fits::new());
    let [told] = rig.work(["default"]);
    let own = rig.base.config.detectors[0].offset;
    let made = rig.ask("default", bring_in(own, 100), None).await.unwrap();
    let why = made.unwrap_err().to_string();
    assert!(why.contains("how it is already"), "{why}");
    assert!(told.try_recv().is_err());
    assert_eq!(rig.log(), ["activate Refused"]);
}

#[tokio::test]
async fn a_change_comes_to_its_end_without_who_asked_for_it() {
    let rig = Rig::new(Fits::new());
    let [told] = rig.work(["default"]);
    let asking = rig.ask("default", bring_in(1.0, 0), None);
    let (order, _told) = hear(told).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    order.reply.send(Ok(())).expect("somebody waits for the lanes");
    // It is had when nothing is under way.
    drop(rig.platform.hold().await);
    assert_eq!(rig.revision("default"), Some(1));
}

#[tokio::test]
async fn what_is_asked_for_while_others_come_to_work_is_told_to_them() {
    let rig = Rig::new(Fits::new());
    let [before] = rig.work(["default"]);
    let held = rig.platform.hold().await;
    let asking = rig.ask("default", bring_in(1.0, 0), None);
    tokio::task::yield_now().await;
    let [after] = rig.work(["default"]);
    drop(held);
    follow(after, vec![Ok(())]);
    asking.await.unwrap().unwrap();
    assert!(before.try_recv().is_err());
    assert_eq!(rig.revision("default"), Some(1));
}

#[tokio::test]
async fn tenants_do_not_wait_for_each_other() {
    let rig = Rig::new(Fits::new());
    let [slow, quick] = rig.work(["slow", "quick"]);
    let asking = rig.ask("slow", bring_in(1.0, 0), None);
    let (order, _slow) = hear(slow).await;
    follow(quick, vec![Ok(())]);
    let made = rig.ask("quick", bring_in(1.0, 0), None);
    tokio::time::timeout(Duration::from_secs(60), made).await.unwrap().unwrap().unwrap();
    order.reply.send(Ok(())).expect("somebody waits for the lanes");
    asking.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_preflight_is_made_at_a_time() {
    let rig = Rig::new(Fits::new());
    let _told = rig.work(["default"]);
    let asked = Asked {
        tenant: "default".into(),
        plugin: "rate".into(),
        change: bring_in(1.0, 0),
        actor: "Ada".into(),
        revision: None,
        now_ms: 1,
    };
    let turn = Arc::clone(&rig.platform.shared.flights).acquire_owned().await.unwrap();
    let platform = rig.platform.clone();
    let mut flight = std::pin::pin!(platform.preflight(&asked, 15));
    tokio::select! {
        biased;
        _ = &mut flight => panic!("it did not wait for its turn"),
        () = tokio::task::yield_now() => drop(turn),
    }
    let report = flight.await.unwrap();
    assert!(report.golden.records > 0 && report.recent.records == 0, "{report:?}");
    assert!(report.golden.next.rows > 0, "{report:?}");
    let absent = Asked { plugin: "entropy".into(), ..asked.clone() };
    let nobody = rig.platform.preflight(&absent, 15).await;
    assert!(matches!(nobody, Err(PlatformError::NoPlugin { .. })), "{nobody:?}");
}

#[tokio::test]
async fn what_the_store_refuses_is_noted() {
    let rig = Rig::new(Fits::new());
    let [told] = rig.work(["default"]);
    follow(told, vec![Ok(())]);
    rig.ask("default", bring_in(1.0, 0), None).await.unwrap().unwrap();
    let outrun = rig.ask("default", Change::Settle, Some(9)).await.unwrap();
    assert!(matches!(outrun, Err(PlatformError::Keeper(_))), "{outrun:?}");
    let trouble = Some("x".repeat(bellwether_store::FIT_BYTES_MAX));
    let too_large = rig.ask("default", Change::RollBack { trouble }, None).await.unwrap();
    assert!(matches!(too_large, Err(PlatformError::Keeper(_))), "{too_large:?}");
    assert_eq!(rig.log(), ["shadow Done", "settle Refused", "rollback Refused"]);
}

/// Somebody who comes in counts everywhere, and was brought in when time began.
fn coming_in() -> Kept {
    let next = Some(Edition { offset: Some(1.0), ..Edition::configured() });
    Kept::new(Fit { next, percent: 100, ..Fit::configured() }, 7)
}

#[tokio::test]
async fn the_time_that_one_stands_by_is_time_at_work() {
    let fits = ["default", "gone"].map(|tenant| {
        let own = BTreeMap::from([("rate".to_owned(), coming_in())]);
        (tenant.to_owned(), own)
    });
    let rig = Rig::new(fits.into());
    let _told = rig.work(["default"]);
    assert_eq!(rig.status.read(|all| all.keys().cloned().collect::<Vec<_>>()), ["default"]);
    let mut posts = rig.platform.posts();
    posts.values_mut().for_each(|post| post.since_ms = 60 * MINUTE_MS);
    rig.platform.at_work(&rig.base, posts);
    // Not even if the status still knows who is gone.
    rig.status.update("gone", |_| {});
    for (minute, expected) in [(60, vec![]), (74, vec![]), (75, vec!["default"])] {
        let due = rig.platform.due(minute * MINUTE_MS);
        assert!(due.iter().all(|asked| asked.change == Change::Settle), "{due:?}");
        let tenants: Vec<_> = due.iter().map(|asked| asked.tenant.as_str()).collect();
        assert_eq!(tenants, expected, "{minute}");
    }
}

#[tokio::test]
async fn what_cannot_be_had_takes_nothing_else_with_it() {
    let rig = Rig::new(Fits::new());
    let off = Fit { previous: Some(Edition::configured()), ..Fit::default() };
    let lost = Fit { current: Some(gone()), ..Fit::default() };
    let mut fits = BTreeMap::from([
        ("mine".to_owned(), Kept::new(lost, 1)),
        ("rate".to_owned(), Kept::new(off, 2)),
    ]);
    let loadout = rig.base.in_force("default", &mut fits).unwrap();
    assert!(loadout.makeup().members.is_empty(), "the plugin that is off stays off");
    let why = fits["mine"].not_in_force.as_deref().unwrap();
    assert!(why.contains("push it again"), "{why}");
    assert_eq!(fits["rate"].not_in_force, None);
}
