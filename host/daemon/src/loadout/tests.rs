//! Whose health is told.

use super::*;
use crate::config::Origin;
use crate::kit::stage;

#[test]
fn the_lanes_at_work_are_asked_and_no_others() {
    let mut config = Config::default();
    config.detectors.retain(|own| own.origin == Origin::Builtin("rate".into()));
    let workshop = Workshop::new(&config).unwrap();
    let open = || {
        let (wanted, settings) = (Wanted::default(), settings(&config, "default"));
        Loadout::open(&workshop, &config, &wanted, settings, Wishes::default()).unwrap()
    };
    let (before, after) = (open(), open());
    assert!(before.health().is_empty(), "nobody works yet");
    let mut lane = before.lane(0).unwrap();
    let _aside = after.lane(0).unwrap();
    let logs = stage::generated(0.1, 20).unwrap();
    stage::run(&logs, before.settings(), &mut lane, |_| {});
    after.watch_on(&before);
    let rows = before.health()["rate"].rows;
    assert!(rows > 0);
    assert_eq!(after.health()["rate"].rows, rows);
    after.forget_lanes();
    assert!(after.health().is_empty());
}
