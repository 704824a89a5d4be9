//! Whose health is told, and whose state is whose.

use super::*;
use crate::config::Origin;
use crate::kit::stage;
use bellwether_plugins::{Limits, Runtime};

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

#[test]
fn every_copy_and_every_edition_has_a_digest() {
    let rate = Config::default().detectors.into_iter();
    let rate = rate.filter(|own| own.origin == Origin::Builtin("rate".into()));
    let rate: Vec<_> = rate.collect();
    let config = Config { detectors: [&rate[..], &rate[..]].concat(), ..Config::default() };
    let component = Component::Pushed { version: "1".into(), digest: String::new() };
    let next = Some(Edition { component, ..Edition::configured() });
    let fits = [("rate#2".to_owned(), Fit { next, ..Fit::configured() })].into();
    let other = |_: &str| Ok(shipped::component("entropy").expect("it ships").to_vec());
    let wanted = Wanted { fits, fetch: Some(&other) };
    let workshop = Workshop::of(Runtime::new(Limits::default(), None).unwrap());
    let settings = settings(&config, "default");
    let loadout = Loadout::open(&workshop, &config, &wanted, settings, Wishes::default()).unwrap();
    let (_, edition) = loadout.shadows().pop_first().unwrap();
    let digest = |key: &str| loadout.digest(key);
    assert!(digest("rate").is_some());
    assert_eq!(digest("rate"), digest("rate#2"));
    let shadow = format!("rate#2~{edition}");
    assert!(digest(&shadow).is_some_and(|own| Some(own) != digest("rate")));
    assert_eq!(split_key(&shadow), ("rate#2", Some(&*edition)));
    assert_eq!(digest("rate#3"), None);
}
