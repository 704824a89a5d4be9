//! Configurations that are wrong are refused with all that is wrong; those that are right do what they say.

use std::path::Path;

use serde_json::Value;

use crate::outcome::{Outcome, run, run_in, write};

const WRONG: i32 = 78;

/// Messages for every mistake, each with these parts, from `check` and from `replay`; nothing is read or written.
fn check(config: &str, expected: &[&[&str]]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "x.yaml", config);
    write(folder.path(), "x.log", "a line\n");
    let commands: [&[&str]; 2] = [&["check", "-c", "x.yaml"], &["replay", "-c", "x.yaml", "x.log"]];
    for command in commands {
        let outcome = run_in(folder.path(), command).expect_code(WRONG);
        let messages: Vec<&str> = outcome.err.lines().collect();
        assert_eq!(messages.len(), expected.len(), "{command:?} on\n{config}\n{}", outcome.err);
        for (message, parts) in messages.iter().zip(expected) {
            for part in *parts {
                assert!(message.contains(part), "`{part}` is missing in `{message}`");
            }
        }
        assert!(outcome.out.is_empty(), "{}", outcome.text());
    }
}

#[test]
fn all_mistakes_are_told_at_once_with_key_value_and_mend() {
    let config = "\
tennant: shop
lanes: many
windows: {size_s: 5}
patterns: [nowhere.yaml]
";
    check(
        config,
        &[
            &["x.yaml:1:1: tennant: unknown key", "did you mean `tenant`?"],
            &["x.yaml:2:8: lanes: ", "whole number from 1 to 1024", "\"many\"", "write e.g. 16"],
            &["x.yaml:3:19: windows.size_s: ", "from 10 to 3600", "found 5", "write e.g. 60"],
            &["x.yaml:4:12: patterns[0]: ", "`nowhere.yaml`: no such file", "check the path"],
        ],
    );
}

#[test]
fn plugins_that_cannot_be_used_are_told_with_their_place() {
    let cases: &[(&str, &[&str])] = &[
        (
            "detectors: [{name: nonesuch}]",
            &[
                "x.yaml:1:13: detectors.nonesuch: ",
                "no plugin `nonesuch`",
                "rate, novelty, invariants, divergence, entropy, dmd, drop-noise",
            ],
        ),
        (
            "detectors: [{path: missing.wasm}]",
            &["x.yaml:1:", "detectors[0].path: ", "`missing.wasm`: no such file"],
        ),
        ("detectors: [{path: x.log}]", &["x.yaml:1:13: detectors[0]: ", "not WebAssembly"]),
        (
            "detectors:\n  - {name: rate, config: {wram_up_windows: 3}}",
            &[
                "x.yaml:2:5: detectors.rate: ",
                "unknown field `wram_up_windows`",
                "`warm_up_windows`",
            ],
        ),
        (
            "filters:\n  - {name: drop-noise, config: {drop: [{}]}}",
            &["x.yaml:2:5: filters.drop-noise: ", "a rule without any condition"],
        ),
        ("filters: [{name: rate}]", &["x.yaml:1:11: filters.rate: "]),
        ("filters: [{}]", &["x.yaml:1:11: filters[0]: ", "found neither", "name: drop-noise"]),
        ("lanes: [", &["x.yaml:", "not valid YAML"]),
    ];
    for (config, parts) in cases {
        check(config, &[parts]);
    }
}

#[test]
fn a_configuration_that_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let outcome = run_in(folder.path(), &["check", "-c", "absent.yaml"]).expect_code(WRONG);
    assert!(outcome.err.contains("`absent.yaml`: no such file"), "{}", outcome.err);
}

/// Three hundred lines: every third is DEBUG, every tenth ERROR, those that are both are ERROR.
fn levels(folder: &Path) -> (u64, u64) {
    let (mut text, mut debugs, mut errors) = (String::new(), 0, 0);
    for number in 0..300 {
        let level = match number {
            _ if number % 10 == 0 => "ERROR",
            _ if number % 3 == 0 => "DEBUG",
            _ => "INFO",
        };
        debugs += u64::from(level == "DEBUG");
        errors += u64::from(level == "ERROR");
        let (minute, second) = (number / 60, number % 60);
        text +=
            &format!("2024-03-04T00:{minute:02}:{second:02}Z {level} worker {number} reports\n");
    }
    write(folder, "levels.log", text);
    (debugs, errors)
}

fn filtered(folder: &Path, filter: &str) -> Outcome {
    write(folder, "x.yaml", format!("filters: [{{name: drop-noise, config: {filter}}}]\n"));
    let arguments =
        ["replay", "-c", "x.yaml", "--format", "json", "--kept", "kept.log", "levels.log"];
    run_in(folder, &arguments).expect_code(0)
}

#[test]
fn a_filter_drops_and_tags_what_it_was_told_to() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (debugs, errors) = levels(folder.path());
    let cases = [
        ("{}", 0, None),
        ("{drop: [{severity_below: 9}]}", debugs, None),
        ("{drop: [{severity_below: 9}, {severity_from: 17}]}", debugs + errors, None),
        ("{tag: [{name: bad, when: {severity_from: 17}}]}", 0, Some(errors)),
        (
            "{drop: [{severity_below: 9}], tag: [{name: bad, when: {severity_from: 17}}]}",
            debugs,
            Some(errors),
        ),
    ];
    for (filter, dropped, tagged) in cases {
        let outcome = filtered(folder.path(), filter);
        let account = outcome.account();
        let counts = (account.read, account.dropped, account.kept);
        assert_eq!(counts, (300, dropped, 300 - dropped), "{filter}");
        let kept = std::fs::read_to_string(folder.path().join("kept.log")).expect("kept records");
        assert_eq!(kept.lines().count() as u64, account.kept, "{filter}");
        assert_eq!(kept.contains("DEBUG"), dropped == 0, "{filter}");
        let note = tagged.map(|count| format!("{count} records were tagged bad"));
        let says = outcome.err.lines().find(|line| line.contains("tagged"));
        assert_eq!(says, note.as_deref(), "{filter}: {}", outcome.err);
    }
}

/// What is said of a log under a configuration, but for the figures at the end.
fn events(folder: &Path, config: &str) -> Vec<Value> {
    write(folder, "x.yaml", config);
    let arguments = ["replay", "-c", "x.yaml", "--prefixed", "--format", "json", "shop.log"];
    let objects = run_in(folder, &arguments).expect_code(0).objects();
    objects.into_iter().filter(|object| object.get("id").is_some()).collect()
}

#[test]
fn a_source_can_be_judged_otherwise_than_all_others() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["generate", "--hours", "6", "--services", "3", "--incidents", "5"];
    let log = run(&arguments).expect_code(0).out;
    write(folder.path(), "shop.log", log);
    let usual = events(folder.path(), "{}");
    let loud = events(folder.path(), "alerts_per_day: 200\nanomalies: {quiet_windows: 3}\n");
    let rule = |keys: &str| {
        format!("sources: [{{match: '{keys}', alerts_per_day: 200, quiet_windows: 3}}]\n")
    };
    assert!(usual.len() < loud.len(), "{} and {}", usual.len(), loud.len());
    assert_eq!(events(folder.path(), &rule("**")), loud, "for all of them");
    let source = loud[0]["source"].as_str().expect("the key of a source");
    let of = |events: &[Value], own: bool| {
        let events = events.iter().filter(|event| (event["source"] == source) == own);
        events.cloned().collect::<Vec<_>>()
    };
    let one = events(folder.path(), &rule(source));
    assert_eq!((of(&one, true), of(&one, false)), (of(&loud, true), of(&usual, false)));
}

#[test]
fn the_example_is_a_sound_configuration() {
    let examples = crate::tidy::tree::root().join("examples");
    let outcome = run_in(&examples, &["check", "-c", "minimal.yaml"]).expect_code(0);
    assert!(outcome.text().starts_with("minimal.yaml: fine: "), "{}", outcome.text());
}
