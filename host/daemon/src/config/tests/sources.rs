//! Sources that are treated otherwise: what is wrong with an entry, and what comes through.

use super::*;
use crate::loadout::settings;

/// One mistake each.
const MISTAKES: &[(&str, &str)] = &[
    (
        "sources: {match: a}",
        "b.yaml:1:10: sources: expected a list, found a table; write e.g. [{ key: value }]",
    ),
    (
        "sources: [{muted: true}]",
        "b.yaml:1:11: sources[0]: `match` is missing; write e.g. match: \"file:nginx*\"",
    ),
    (
        "sources: [{match: 'file:web-[12]'}]",
        "b.yaml:1:19: sources[0].match: `[` in a key; only `*` stands for other letters, write e.g. file:nginx*",
    ),
    (
        "sources: [{match: a, alerts_a_day: 3}]",
        "b.yaml:1:22: sources[0].alerts_a_day: unknown key; did you mean `alerts_per_day`?",
    ),
    (
        "sources: [{match: a, alerts_per_day: 0}]",
        "b.yaml:1:38: sources[0].alerts_per_day: expected a number from 0.01 to 1000, found 0; write e.g. 0.5",
    ),
    (
        "sources: [{match: a, severity_min: fatal}]",
        "b.yaml:1:36: sources[0].severity_min: expected notice or warning or critical, found \"fatal\"; write e.g. notice",
    ),
    (
        "sources: [{match: a, tenant: A}]",
        "b.yaml:1:30: sources[0].tenant: expected 1 to 63 lower-case letters, digits or `-`, found \"A\"; write e.g. default",
    ),
];

#[test]
fn mistakes_of_sources_have_place_value_and_mend() {
    for (yaml, expected) in MISTAKES {
        check(yaml, &[expected]);
    }
}

#[test]
fn rules_reach_the_tenants_they_are_for() {
    let yaml = "
alerts_per_day: 45
sources:
  - {match: 'file:db', tenant: shop, alerts_per_day: 90}
  - {match: 'file:*', alerts_per_day: 180, quiet_windows: 4, muted: true, severity_min: warning}
";
    let config = check_with(&[], yaml, &[]).unwrap();
    for (tenant, key, alarm_bits, quiet_windows) in [
        ("shop", "file:db", 4.0, 10),
        ("bank", "file:db", 3.0, 4),
        ("shop", "file:web", 3.0, 4),
        ("shop", "stdin:-", 5.0, 10),
    ] {
        let standard = settings(&config, tenant).standard_of(key);
        let found = (standard.alarm_bits, standard.quiet_windows);
        assert_eq!(found, (alarm_bits, quiet_windows), "{tenant} {key}");
    }
    let entry = &config.sources[1];
    assert!(entry.muted && entry.severity_min == bellwether_core::correlate::Alarm::Warning);
}
