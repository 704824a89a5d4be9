//! Series of the sources with most lines; the others are summed up, so that their number has a limit.

use std::collections::{BTreeMap, BTreeSet};

use super::family::Families;
use crate::watch::{SourceStatus, TenantStatus};

/// What the other sources of a tenant are called.
const OTHERS: &str = "_other";

type Tenants = BTreeMap<String, TenantStatus>;

/// A value by tenant and source.
type Sums<'a> = BTreeMap<(&'a str, &'a str), u64>;

/// Adds everything that is counted by source; so many of them have series of their own.
pub(super) fn sources(families: &mut Families, tenants: &Tenants, sources_max: usize) {
    let shown = shown(tenants, sources_max);
    let sums = |value: fn(&SourceStatus) -> u64| {
        let mut sums = Sums::new();
        for (tenant, one) in tenants {
            for (key, source) in &one.sources {
                *sums.entry((tenant, name(&shown, tenant, key))).or_default() += value(source);
            }
        }
        sums
    };
    let lines = sums(|source| source.lines);
    let evicted = sums(|source| source.templates_evicted);
    let templates = sums(|source| source.templates as u64);
    let counters = [
        ("source_lines_total", "Lines of a source that passed the filters, in all runs.", lines),
        ("source_templates_evicted_total", "Templates of a source that had to make room.", evicted),
    ];
    for (name, help, sums) in counters {
        let mut family = families.counter(name, help);
        for ((tenant, source), sum) in sums {
            family.count(&[("tenant", tenant), ("source", source)], sum);
        }
    }
    let gauges = [
        ("source_templates", "Templates of a source.", templates),
        ("source_lag_bytes", "Bytes of a source that are not yet read.", lag(tenants, &shown)),
    ];
    for (name, help, sums) in gauges {
        let mut family = families.gauge(name, help);
        for ((tenant, source), sum) in sums {
            family.count(&[("tenant", tenant), ("source", source)], sum);
        }
    }
}

/// The sources with most lines; of two with as many the first by name.
fn shown(tenants: &Tenants, sources_max: usize) -> BTreeSet<(&str, &str)> {
    let mut all: Vec<(u64, (&str, &str))> = tenants
        .iter()
        .flat_map(|(tenant, one)| {
            one.sources.iter().map(move |(key, source)| (tenant, key, source))
        })
        .map(|(tenant, key, source)| (source.lines, (tenant.as_str(), key.as_str())))
        .collect();
    all.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    all.into_iter().take(sources_max).map(|(_, place)| place).collect()
}

fn name<'a>(shown: &BTreeSet<(&str, &str)>, tenant: &str, source: &'a str) -> &'a str {
    if shown.contains(&(tenant, source)) { source } else { OTHERS }
}

/// Unread bytes; an input with many sources counts among the others.
fn lag<'a>(tenants: &'a Tenants, shown: &BTreeSet<(&str, &str)>) -> Sums<'a> {
    let mut sums = Sums::new();
    for (tenant, one) in tenants {
        for input in &one.inputs {
            *sums.entry((tenant, name(shown, tenant, &input.source))).or_default() +=
                input.lag_bytes;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::TextEncoder;

    fn check(sources_max: usize, expected: &[&str]) {
        let source = |key: &str, lines: u64| {
            let status = SourceStatus {
                source: key.into(),
                form: "iso".into(),
                form_votes: (1, 1),
                records: lines,
                lines,
                lines_per_s: 0.0,
                first_ms: 0,
                last_ms: 0,
                templates: 2,
                templates_evicted: 0,
                windows: 0,
                warm_up_windows: 0,
            };
            (key.to_owned(), status)
        };
        let tenant = |sources: [(String, SourceStatus); 2]| TenantStatus {
            sources: sources.into(),
            ..TenantStatus::default()
        };
        let tenants = Tenants::from([
            ("x".to_owned(), tenant([source("a", 10), source("b", 30)])),
            ("y".to_owned(), tenant([source("a", 20), source("c", 5)])),
        ]);
        let mut families = Families::default();
        sources(&mut families, &tenants, sources_max);
        let text = TextEncoder::new().encode_to_string(&families.into_filled()).unwrap();
        let found: Vec<&str> =
            text.lines().filter(|line| line.starts_with("bellwether_source_lines_total")).collect();
        let expected: Vec<String> = expected
            .iter()
            .map(|series| format!("bellwether_source_lines_total{{{series}"))
            .collect();
        assert_eq!(found, expected, "{sources_max}");
    }

    #[test]
    fn only_the_largest_sources_have_series_of_their_own() {
        check(0, &[r#"tenant="x",source="_other"} 40"#, r#"tenant="y",source="_other"} 25"#]);
        check(
            2,
            &[
                r#"tenant="x",source="_other"} 10"#,
                r#"tenant="x",source="b"} 30"#,
                r#"tenant="y",source="_other"} 5"#,
                r#"tenant="y",source="a"} 20"#,
            ],
        );
        check(
            9,
            &[
                r#"tenant="x",source="a"} 10"#,
                r#"tenant="x",source="b"} 30"#,
                r#"tenant="y",source="a"} 20"#,
                r#"tenant="y",source="c"} 5"#,
            ],
        );
    }
}
