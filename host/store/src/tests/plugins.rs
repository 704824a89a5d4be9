//! Versions never change, fits change one after the other, and the log tells of every attempt.

use super::*;
use crate::{
    AUDITS_MAX, AuditOutcome, AuditQuery, AuditRow, FIT_BYTES_MAX, FITS_MAX, PluginQuery,
    PluginVersion, Pushed, Retention, StoreError,
};

fn version(name: &str, version: &str, digest: &str) -> PluginVersion {
    PluginVersion {
        name: name.into(),
        version: version.into(),
        digest: digest.into(),
        kind: "detector".into(),
        bytes: 17,
        signed_by: None,
        pushed_ms: NOON_MS,
        pushed_by: "ann".into(),
        inspection: "{}".into(),
    }
}

pub(super) fn audit(action: &str, at_ms: u64) -> AuditRow {
    AuditRow {
        at_ms,
        tenant: None,
        actor: "ann".into(),
        action: action.into(),
        plugin: Some("rate".into()),
        version: Some("1.0.0".into()),
        digest: None,
        outcome: AuditOutcome::Done,
        detail: String::new(),
    }
}

/// Action, outcome and detail of all entries, newest first.
fn log(place: &Place) -> Vec<String> {
    let query = AuditQuery { limit: 1_000, ..AuditQuery::default() };
    let entries = place.reader().audits(&query).unwrap().rows;
    let line = |row: &AuditRow| {
        format!("{} {:?} {}", row.action, row.outcome, row.detail).trim_end().to_owned()
    };
    entries.iter().map(|entry| line(&entry.row)).collect()
}

#[test]
fn a_version_is_one_component_for_ever() {
    let place = Place::new();
    let mut writer = place.writer();
    let taken = Pushed::Taken { digest: "aa".into() };
    let cases = [
        (version("rate", "1.0.0", "aa"), Pushed::New),
        (version("rate", "1.0.0", "aa"), Pushed::Known),
        (version("rate", "1.0.0", "bb"), taken.clone()),
        (version("rate", "1.0.1", "bb"), Pushed::New),
        (version("other", "1.0.0", "cc"), Pushed::New),
        (
            PluginVersion { signed_by: Some("key".into()), ..version("rate", "1.0.0", "aa") },
            Pushed::Known,
        ),
        (version("rate", "1.0.0", "cc"), taken),
    ];
    for (new, expected) in cases {
        assert_eq!(writer.push_plugin(&new, &audit("push", 1)).unwrap(), expected, "{new:?}");
    }
    let refused = "push Refused this version is sha256:aa already";
    assert_eq!(log(&place), [refused, "push Done", "push Done", refused, "push Done"]);

    let reader = place.reader();
    let first = version("rate", "1.0.0", "aa");
    assert_eq!(reader.plugin_version("rate", "1.0.0").unwrap(), Some(first));
    assert_eq!(reader.plugin_version("rate", "2.0.0").unwrap(), None);
    assert_eq!(reader.plugin_digests().unwrap(), ["aa", "bb", "cc"]);

    assert!(writer.remove_plugin("rate", "1.0.0", &audit("remove", 2)).unwrap());
    assert!(!writer.remove_plugin("rate", "1.0.0", &audit("remove", 2)).unwrap());
    assert_eq!(log(&place).len(), 6, "what was not there is not removed");
    let again = version("rate", "1.0.0", "dd");
    assert_eq!(writer.push_plugin(&again, &audit("push", 3)).unwrap(), Pushed::New);
}

#[test]
fn versions_are_listed_page_by_page() {
    let place = Place::new();
    let mut writer = place.writer();
    for (name, number, at_ms) in [("b", "2.0.0", 5), ("a", "1.0.0", 9), ("b", "1.0.0", 7)] {
        let new = PluginVersion { pushed_ms: at_ms, ..version(name, number, number) };
        writer.push_plugin(&new, &audit("push", at_ms)).unwrap();
    }
    let list = |name: Option<&str>, limit| {
        let mut query =
            PluginQuery { name: name.map(str::to_owned), limit, ..PluginQuery::default() };
        let mut found = Vec::new();
        loop {
            let page = place.reader().plugin_versions(&query).unwrap();
            found.extend(page.rows.into_iter().map(|one| format!("{} {}", one.name, one.version)));
            query.cursor = page.next;
            if query.cursor.is_none() {
                return found;
            }
        }
    };
    for limit in [1, 2, 3, 10] {
        assert_eq!(list(None, limit), ["a 1.0.0", "b 2.0.0", "b 1.0.0"]);
        assert_eq!(list(Some("b"), limit), ["b 2.0.0", "b 1.0.0"]);
        assert!(list(Some("c"), limit).is_empty());
    }
}

#[test]
fn fits_change_one_after_the_other() {
    let place = Place::new();
    let mut writer = place.writer();
    // What is wanted, the revision that is expected, and the new revision or that of now.
    let cases = [
        (Some("{}"), Some(1), Err(0)),
        (Some("{}"), Some(0), Ok(1)),
        (Some("{\"a\":1}"), Some(0), Err(1)),
        (Some("{\"a\":1}"), Some(1), Ok(2)),
        (Some("{\"a\":2}"), None, Ok(3)),
        (None, Some(2), Err(3)),
        (None, Some(3), Ok(4)),
        (Some("{\"a\":3}"), Some(4), Err(0)),
        (Some("{\"a\":3}"), Some(0), Ok(5)),
        (Some("{\"a\":4}"), Some(3), Err(5)),
    ];
    for (fit, expected_revision, result) in cases {
        let set =
            writer.set_plugin_fit("default", "rate", fit, expected_revision, &audit("fit", 7));
        match (set, result) {
            (Ok(revision), Ok(expected)) => assert_eq!(revision, expected, "{fit:?}"),
            (Err(StoreError::Outrun { found, .. }), Err(expected)) => {
                assert_eq!(found, expected, "{fit:?}");
            }
            (set, _) => panic!("{fit:?} {expected_revision:?}: {set:?} instead of {result:?}"),
        }
    }
    let refused = |revision: u32| format!("fit Refused it is at revision {revision} by now");
    let done = || "fit Done".to_owned();
    let expected = [
        refused(5),
        done(),
        refused(0),
        done(),
        refused(3),
        done(),
        done(),
        refused(1),
        done(),
        refused(0),
    ];
    assert_eq!(log(&place), expected);

    writer.set_plugin_fit("shop", "rate", Some("{}"), None, &audit("fit", 8)).unwrap();
    writer.set_plugin_fit("shop", "other", Some("{}"), None, &audit("fit", 9)).unwrap();
    writer.set_plugin_fit("shop", "gone", None, None, &audit("fit", 9)).unwrap();
    let shown = |fits: Vec<crate::PluginFit>| -> Vec<String> {
        let line = |fit: crate::PluginFit| {
            format!("{} {} {} {} {}", fit.tenant, fit.plugin, fit.fit, fit.revision, fit.changed_ms)
        };
        fits.into_iter().map(line).collect()
    };
    let reader = place.reader();
    let of_default = "default rate {\"a\":3} 5 7";
    assert!(reader.tenants().unwrap().is_empty(), "nobody has committed yet");
    assert_eq!(
        shown(reader.plugin_fits().unwrap()),
        [of_default, "shop other {} 1 9", "shop rate {} 1 8"]
    );
    writer.set_plugin_fit("shop", "rate#2", Some("{}"), None, &audit("fit", 9)).unwrap();
    writer.set_plugin_fit("shop", "rate2", Some("{}"), None, &audit("fit", 9)).unwrap();
    let of_shop = ["shop rate {} 1 8", "shop rate#2 {} 1 9"];
    assert_eq!(
        shown(reader.plugin_fits_of("rate").unwrap()),
        [&[of_default], &of_shop[..]].concat()
    );
}

#[test]
fn fits_are_limited() {
    let place = Place::new();
    let mut writer = place.writer();
    let large = "x".repeat(FIT_BYTES_MAX + 1);
    let error = writer.set_plugin_fit("default", "rate", Some(&large), None, &audit("fit", 1));
    assert!(matches!(error, Err(StoreError::TooLarge { .. })), "{error:?}");
    for number in 0..FITS_MAX {
        let plugin = format!("p{number}");
        writer.set_plugin_fit("default", &plugin, Some("{}"), None, &audit("fit", 1)).unwrap();
    }
    let mut set =
        |plugin: &str, fit| writer.set_plugin_fit("default", plugin, fit, None, &audit("fit", 1));
    let error = set("one-more", Some("{}")).unwrap_err();
    assert!(matches!(error, StoreError::TooMany { .. }), "{error:?}");
    assert_eq!(set("p7", Some("{}")).unwrap(), 2, "those that are there can be changed");
    assert_eq!(set("p7", None).unwrap(), 3);
    assert_eq!(set("one-more", Some("{}")).unwrap(), 1);
}

#[test]
fn the_log_is_limited_by_count_and_by_age() {
    let place = Place::new();
    let retention = Retention { audit_days: 10, ..Retention::default() };
    let mut writer = place.writer_with(StoreOptions { retention, ..StoreOptions::default() });
    for day in 0..30 {
        writer.audit(&audit(&format!("day {day}"), day * DAY_MS)).unwrap();
    }
    let ten_days: Vec<String> = (15..30).rev().map(|day| format!("day {day} Done")).collect();
    assert_eq!(writer.maintain(25 * DAY_MS).unwrap().audits_aged, 15);
    assert_eq!(log(&place), ten_days);
    writer.maintain(100 * DAY_MS).unwrap();
    assert_eq!(log(&place), ["day 29 Done"], "the last one keeps its number");
    assert_eq!(writer.audit(&audit("next", 0)).unwrap(), 31);

    // As if there had been that many.
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let sql = "UPDATE plugin_audit SET id = id + ?1 WHERE id = 31";
    connection.execute(sql, [AUDITS_MAX - 2]).unwrap();
    assert_eq!(writer.audit(&audit("last but one", 0)).unwrap(), AUDITS_MAX + 30);
    assert_eq!(log(&place), ["last but one Done", "next Done"]);
}

#[test]
fn the_log_is_read_by_tenant_and_plugin() {
    let place = Place::new();
    let mut writer = place.writer();
    for (tenant, plugin) in [(None, "rate"), (Some("shop"), "rate"), (Some("other"), "x")] {
        let tenant = tenant.map(str::to_owned);
        let row = AuditRow { tenant, plugin: Some(plugin.into()), ..audit("push", 1) };
        writer.audit(&row).unwrap();
    }
    let ids = |tenant: Option<&str>, plugin: Option<&str>| -> Vec<u64> {
        let (tenant, plugin) = (tenant.map(str::to_owned), plugin.map(str::to_owned));
        let mut query = AuditQuery { tenant, plugin, limit: 1, cursor: None };
        let mut found = Vec::new();
        loop {
            let page = place.reader().audits(&query).unwrap();
            found.extend(page.rows.iter().map(|entry| entry.id));
            query.cursor = page.next;
            if query.cursor.is_none() {
                return found;
            }
        }
    };
    assert_eq!(ids(None, None), [3, 2, 1]);
    assert_eq!(ids(Some("shop"), None), [2, 1], "what is the matter of all tenants is there, too");
    assert_eq!(ids(None, Some("x")), [3]);
    assert_eq!(ids(Some("shop"), Some("x")), [0; 0]);
}

#[test]
fn what_fails_leaves_no_trace() {
    let place = Place::new();
    let mut writer = place.writer();
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER t BEFORE INSERT ON plugin_audit BEGIN SELECT raise(ABORT, 'no'); END",
        )
        .unwrap();
    let new = version("rate", "1.0.0", "aa");
    writer.push_plugin(&new, &audit("push", 1)).unwrap_err();
    writer.set_plugin_fit("default", "rate", Some("{}"), None, &audit("fit", 1)).unwrap_err();
    assert!(place.reader().plugin_digests().unwrap().is_empty());
    assert!(place.reader().plugin_fits().unwrap().is_empty());
}
