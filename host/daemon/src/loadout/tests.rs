//! Whose health is told, whose state is whose, and lanes as they were.

use super::*;
use crate::config::Origin;
use crate::kit::stage;
use bellwether_core::lane::Seat;
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
    let workshop = Workshop::around(Runtime::new(Limits::default(), None).unwrap(), &config);
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

/// The loadout while `rate` has this fit, beside nobody else.
fn opened(fit: Fit) -> Loadout {
    let mut config = Config::default();
    config.detectors.truncate(1);
    let wanted = Wanted { fits: [("rate".to_owned(), fit)].into(), fetch: None };
    let workshop = Workshop::new(&config).expect("plugins run here");
    Loadout::open(&workshop, &config, &wanted, settings(&config, "shop"), Wishes::default())
        .expect("what ships can be opened")
}

#[test]
fn a_lane_is_opened_with_those_who_counted_in_it_once() {
    let next = Edition { offset: Some(-5.0), ..Edition::configured() };
    let fit = |percent| Fit::configured().bring_in(next.clone(), percent, 1).expect("it is new");
    let before = opened(Fit::configured()).makeup();
    let (shadow, active) = (opened(fit(0)), opened(fit(100)));
    let (first, second) = (&before.members[0], &active.makeup().members[1]);
    assert_ne!(first.edition, second.edition);
    let cases = [
        // What was found before, while the edition that found it stands by.
        (&before, &active, first, second),
        (&shadow.makeup(), &active, first, second),
        // What was found beside a shadow that came to count.
        (&active.makeup(), &shadow, second, first),
    ];
    for (then, now, live, other) in cases {
        assert_eq!(then.differences(&now.makeup(), 0), [] as [String; 0]);
        let lane = now.lane_as(then, 0).expect("a lane");
        let seats = [live, other].map(|own| lane.has(&Seat::live(&own.name, &own.edition)));
        assert_eq!(seats, [true, false], "{then:?}");
    }
}

/// A set that is known has learnt from the traffic, and whoever stays at work goes on with it.
#[test]
fn a_library_that_is_the_same_is_not_compiled_again() {
    let shipped = Config::default();
    let with = |patterns: &[bellwether_core::pattern::Pattern]| Config {
        patterns: patterns.to_vec(),
        detectors: shipped.detectors[..1].to_vec(),
        ..shipped.clone()
    };
    let (config, other) = (with(&shipped.patterns[..2]), with(&shipped.patterns[..3]));
    let open = |workshop: &Workshop, config: &Config| {
        let (wanted, settings) = (Wanted::default(), settings(config, "shop"));
        Loadout::open(workshop, config, &wanted, settings, Wishes::default()).unwrap()
    };
    let workshop = Workshop::new(&config).unwrap();
    let before = open(&workshop, &config);
    let same = open(&workshop.anew(&config), &config);
    assert!(std::sync::Arc::ptr_eq(&before.patterns.matcher, &same.patterns.matcher));
    assert!(same.has_library_of(&before) && same.differs_in_patterns_at_most(&before));
    let differs = open(&workshop.anew(&other), &other);
    assert_eq!(differs.patterns.matcher.len(), before.patterns.matcher.len() + 1);
    assert!(!differs.has_library_of(&before) && differs.differs_in_patterns_at_most(&before));
    let set = Config { alerts_per_day: 9.0, ..config };
    assert!(!open(&workshop.anew(&set), &set).differs_in_patterns_at_most(&before));
}
