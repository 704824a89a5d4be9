//! Mistakes are reported all at once, with place, value and mend; what is right comes through.

use std::fs;

use super::*;

mod alerts;
mod library;
mod registry;
mod sources;

/// Loads a configuration from a folder that also has the given files, and compares the messages.
fn check_with(files: &[(&str, &str)], yaml: &str, expected: &[&str]) -> Option<Config> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let path = folder.path().join("b.yaml");
    fs::write(&path, yaml).unwrap();
    let loaded = Config::load(&path);
    let folder_shown = format!("{}/", folder.path().display());
    let text = loaded.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let found = text.replace(&folder_shown, "");
    assert_eq!(found.lines().collect::<Vec<_>>(), expected, "{yaml}");
    loaded.ok()
}

fn check(yaml: &str, expected: &[&str]) {
    let config = check_with(&[], yaml, expected);
    assert_eq!(config.is_some(), expected.is_empty());
}

#[test]
fn all_mistakes_are_reported_at_once() {
    check(
        "windwos: {size_s: 60}\nlanes: many\nworkers: 300\npatterns:\n  - x.yaml\n",
        &[
            "b.yaml:1:1: windwos: unknown key; did you mean `windows`?",
            "b.yaml:2:8: lanes: expected a whole number from 1 to 1024, found \"many\"; write e.g. 16",
            "b.yaml:3:10: workers: expected a whole number from 0 to 256, found 300; write e.g. 0",
            "b.yaml:5:5: patterns[0]: cannot read `x.yaml`: no such file; check the path",
        ],
    );
}

/// One mistake each.
const MISTAKES: &[(&str, &str)] = &[
    (
        "windows: {size_s: 65, pane_s: x}",
        "b.yaml:1:31: windows.pane_s: expected a whole number from 1 to 600, found \"x\"; write e.g. 10",
    ),
    (
        "tenant: A b",
        "b.yaml:1:9: tenant: expected 1 to 63 lower-case letters, digits or `-`, found \"A b\"; write e.g. default",
    ),
    (
        "tenant: 7",
        "b.yaml:1:9: tenant: expected 1 to 63 lower-case letters, digits or `-`, found 7; write e.g. default",
    ),
    (
        "alerts_per_day: 0",
        "b.yaml:1:17: alerts_per_day: expected a number from 0.01 to 1000, found 0; write e.g. 2",
    ),
    (
        "alerts_per_day: .inf",
        "b.yaml:1:17: alerts_per_day: expected a number from 0.01 to 1000, found \".inf\"; write e.g. 2",
    ),
    (
        "alerts_per_day: .nan",
        "b.yaml:1:17: alerts_per_day: expected a number from 0.01 to 1000, found \".nan\"; write e.g. 2",
    ),
    (
        "lanes: 1.5",
        "b.yaml:1:8: lanes: expected a whole number from 1 to 1024, found 1.5; write e.g. 16",
    ),
    (
        "lanes: -1",
        "b.yaml:1:8: lanes: expected a whole number from 1 to 1024, found -1; write e.g. 16",
    ),
    (
        "lanes: 99999999999999999999",
        "b.yaml:1:8: lanes: expected a whole number from 1 to 1024, found 1e20; write e.g. 16",
    ),
    (
        "lanes: [1]",
        "b.yaml:1:8: lanes: expected a whole number from 1 to 1024, found a list; write e.g. 16",
    ),
    (
        "builtin_patterns: yes",
        "b.yaml:1:19: builtin_patterns: expected true or false, found \"yes\"; write e.g. true",
    ),
    (
        "patterns: x.yaml",
        "b.yaml:1:11: patterns: expected a list, found \"x.yaml\"; write e.g. [patterns/*.yaml]",
    ),
    ("patterns: [7]", "b.yaml:1:12: patterns[0]: expected a text, found 7; put it in quotes"),
    (
        "patterns: [\"*.rules\"]",
        "b.yaml:1:12: patterns[0]: no file matches `*.rules`; check the path",
    ),
    (
        "patterns: [\"*/x.yaml\"]",
        "b.yaml:1:12: patterns[0]: `*` in a folder of \"*/x.yaml\"; write it in the last part only",
    ),
    ("windows: 60", "b.yaml:1:10: windows: expected a table, found 60; write e.g. key: value"),
    (
        "windows:\n  size_s: 65",
        "b.yaml:2:11: windows.size_s: expected whole panes of 10 s, found 65 s; write e.g. size_s: 70",
    ),
    (
        "windows:\n  pane_s: 7",
        "b.yaml:2:11: windows.pane_s: expected whole panes of 7 s, found 60 s; write e.g. size_s: 63",
    ),
    (
        "windows:\n  colour: 7",
        "b.yaml:2:3: windows.colour: unknown key; allowed are size_s, pane_s, lateness_s, future_max_s",
    ),
    (
        "inputs: [{ files: [] }]",
        "b.yaml:1:19: inputs[0].files: names no file; write e.g. [/var/log/*.log]",
    ),
    (
        "inputs: { files: [a.log] }",
        "b.yaml:1:9: inputs: expected a list, found a table; write e.g. [{ key: value }]",
    ),
    (
        "inputs: [{ files: [a.log, 'b/***'] }]",
        "b.yaml:1:27: inputs[0].files[1]: cannot understand `b/***`: wildcards are either regular \
         `*` or recursive `**`; write e.g. /var/log/*.log",
    ),
    (
        "inputs: [{ files: [a], exclude: ['[a'] }]",
        "b.yaml:1:34: inputs[0].exclude[0]: cannot understand `[a`: invalid range pattern; write e.g. /var/log/*.log",
    ),
    (
        "detectors: rate",
        "b.yaml:1:12: detectors: expected a list, found \"rate\"; write e.g. [{name: rate}, {name: novelty}, {name: invariants}, {name: divergence}]",
    ),
    (
        "detectors: [rate]",
        "b.yaml:1:13: detectors[0]: expected a table, found \"rate\"; write e.g. key: value",
    ),
    (
        "detectors:\n  - name: rate\n    offset: high",
        "b.yaml:3:13: detectors.rate.offset: expected a number from -20 to 20, found \"high\"; write e.g. -3",
    ),
    (
        "detectors:\n  - name: rate\n    offset: 21",
        "b.yaml:3:13: detectors.rate.offset: expected a number from -20 to 20, found 21; write e.g. -3",
    ),
    (
        "detectors:\n  - offset: 1",
        "b.yaml:2:5: detectors[0]: expected `name` or `path`, found neither; write e.g. name: rate",
    ),
    (
        "detectors:\n  - name: rate\n    config: 3",
        "b.yaml:3:13: detectors.rate.config: expected a table, found 3; write e.g. {}",
    ),
    (
        "detectors:\n  - path: a.wasm",
        "b.yaml:2:11: detectors[0].path: cannot read `a.wasm`: no such file; check the path",
    ),
    (
        "filters:\n  - name: a\n    path: b.wasm",
        "b.yaml:3:11: filters.a.path: expected `name` or `path`, found both; remove one",
    ),
    (
        "filters:\n  - name: a\n    on_failure: shut",
        "b.yaml:3:17: filters.a.on_failure: expected open or closed, found \"shut\"; write e.g. open",
    ),
    (
        "plugins:\n  cache_dir: ''",
        "b.yaml:2:14: plugins.cache_dir: expected a text, found \"\"; write e.g. cache",
    ),
    ("lanes: 1\nlanes: 2", "b.yaml:2:1: lanes: repeated key, it is also in line 1; remove one"),
    (
        "filters:\n  - name: x\n    config:\n      a: {b: 1, c: 2, b: 1}",
        "b.yaml:4:23: filters.x.config.a.b: repeated key, it is also in line 4; remove one",
    ),
    ("- a", "b.yaml:1:1: expected a table, found a list; write e.g. key: value"),
];

#[test]
fn settings_are_checked() {
    for (yaml, expected) in MISTAKES {
        check(yaml, &[expected]);
    }
    check(
        "lanes: 0\nwindows: {size_s: 65}",
        &[
            "b.yaml:1:8: lanes: expected a whole number from 1 to 1024, found 0; write e.g. 16",
            "b.yaml:2:19: windows.size_s: expected whole panes of 10 s, found 65 s; write e.g. size_s: 70",
        ],
    );
}

#[test]
fn texts_that_are_not_yaml_are_refused_with_their_place() {
    for (yaml, start) in
        [("lanes: [1\nworkers: 2\n", "b.yaml:2:"), ("a:\n\t- b\n", "b.yaml:2:2: not valid YAML: ")]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.yaml");
        fs::write(&path, yaml).unwrap();
        let text = Config::load(&path).unwrap_err().to_string();
        let text = text.replace(&format!("{}/", folder.path().display()), "");
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("; check indentation and quotes"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    let text = Config::load(Path::new("x.yaml")).unwrap_err().to_string();
    assert_eq!(text, "cannot read `x.yaml`: no such file; check the path");
}

#[test]
fn values_come_through() {
    let yaml = "tenant: shop\nbuiltin_patterns: false\npatterns: ['rules/*.yaml', rules/a.yaml]\n\
        windows: {size_s: 300, pane_s: 30}\nintake:\nworkers: ~\ndetectors:\n  - path: own.wasm\n    \
        offset: -1.5\n    window_s: 600\n    config: {words: [a, b], deep: {on: true, at: 1.5, none: ~}}\n\
        inputs: [{files: [a.log]}, {files: [b.log], tenant: other}]\n\
        filters: [{name: drop-noise, on_failure: closed}]\nplugins: {cache_dir: cache}\n";
    let files = [("own.wasm", ""), ("rules/a.yaml", GOOD), ("rules/b.yml", "no pattern file")];
    let config = check_with(&files, yaml, &[]).unwrap();
    assert_eq!(config.tenant, "shop");
    let tenants: Vec<&str> = config.inputs.iter().map(|input| &input.tenant[..]).collect();
    assert_eq!(tenants, ["shop", "other"], "whose files they are, unless they say otherwise");
    assert_eq!((config.windows.size_s, config.windows.pane_s), (300, 30));
    assert_eq!((config.windows.lateness_s, config.workers), (10, 0));
    assert_eq!(config.patterns.iter().map(Pattern::name).collect::<Vec<_>>(), ["mine"]);
    let [detector] = &config.detectors[..] else { panic!("one detector is configured") };
    assert!(matches!(&detector.origin, Origin::File(path) if path.ends_with("own.wasm")));
    assert!(detector.place.ends_with("b.yaml:8:5: detectors[0]"), "{}", detector.place);
    assert_eq!((detector.offset, detector.window_s), (-1.5, Some(600)));
    let expected = r#"{"deep":{"at":1.5,"none":null,"on":true},"words":["a","b"]}"#;
    assert_eq!(detector.config.to_string(), expected);
    assert_eq!(config.filters[0].origin, Origin::Builtin("drop-noise".to_owned()));
    assert_eq!(config.filters[0].on_failure, OnFailure::Closed);
    assert!(config.plugins.cache_dir.is_some_and(|path| path.ends_with("cache")));
}

const GOOD: &str = "patterns:\n  - name: mine\n    category: own\n    expression: '(?i)broken \\w+'\n    \
    score: 10\n    severity: warn\n    description: Mine.\n    matches: [Broken pipe, broken disk]\n    rejects: [unbroken, broken]\n";

fn check_patterns(text: &str, expected: &[&str]) {
    check_with(&[("p.yaml", text)], "patterns: [p.yaml]", expected);
}

#[test]
fn pattern_files_are_checked() {
    check_patterns(GOOD, &[]);
    check_patterns(
        "",
        &["p.yaml:1:1: `patterns` is missing; write e.g. patterns: a list of patterns"],
    );
    check_patterns(
        &GOOD
            .replace("\\w+", "(")
            .replace("score: 10", "score: 101")
            .replace("severity", "severty"),
        &[
            "p.yaml:2:5: patterns.mine: `severity` is missing; write e.g. severity: error",
            "p.yaml:4:17: patterns.mine.expression: character 12 of the expression: unclosed group; \
             mend it or put `\\` before a plain sign",
            "p.yaml:5:12: patterns.mine.score: expected a number from 0 to 100, found 101; write e.g. 50",
            "p.yaml:6:5: patterns.mine.severty: unknown key; did you mean `severity`?",
        ],
    );
    check_patterns(
        &GOOD.replace("[Broken pipe, broken disk]", "\n      - Broken pipe\n      - 'not: broken'"),
        &["p.yaml:10:9: patterns.mine.matches[1]: the expression does not match \"not: broken\"; \
           mend the expression or the line"],
    );
    check_patterns(
        &GOOD.replace("name: mine", "name: disk-full"),
        &[
            "p.yaml:2:11: patterns.disk-full.name: \"disk-full\" is already the name of the pattern at \
           built-in patterns/disk.yaml:22:11; rename one",
        ],
    );
}

#[test]
fn patterns_may_ask_for_fields_and_ignore() {
    let ignoring = GOOD
        .replace("    score: 10\n    severity: warn\n", "    ignore: true\n")
        .replace("expression: '(?i)broken \\w+'", "expressions: ['Broken \\w+', 'broken disk']")
        + "    where: {severity: '>= error', attributes.code: [500, five, 1.5]}\n";
    let files = [("p.yaml", ignoring.as_str())];
    let config = check_with(&files, "builtin_patterns: false\npatterns: [p.yaml]", &[]).unwrap();
    let pattern = &config.patterns[0];
    assert!(pattern.ignores() && pattern.conditions().len() == 2);
    assert!(pattern.matches(b"Broken pipe") && !pattern.matches(b"broken pipe"));
    check_patterns(
        &ignoring.replace("attributes.code", "code"),
        &[
            "p.yaml:9:12: patterns.mine.where: expected severity or attributes.NAME, found \"code\"; \
           write e.g. attributes.code",
        ],
    );
}

#[test]
fn mistakes_of_several_files_are_reported_together() {
    let files = [("p.yaml", GOOD), ("q.yaml", GOOD)];
    let yaml = "patterns: [p.yaml, ./p.yaml, q.yaml, none.yaml]\nlane: 3\n";
    check_with(
        &files,
        yaml,
        &[
            "b.yaml:1:38: patterns[3]: cannot read `none.yaml`: no such file; check the path",
            "b.yaml:2:1: lane: unknown key; did you mean `lanes`?",
            "q.yaml:2:11: patterns.mine.name: \"mine\" is already the name of the pattern at p.yaml:2:11; \
             rename one",
        ],
    );
}

#[test]
fn both_kinds_of_files_can_be_checked_alone() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let good = write("p.yaml", GOOD);
    let bad = write("q.yaml", &GOOD.replace("pipe", "x").replace("Broken", "Whole"));
    assert!(super::check(&good).is_ok());
    assert!(super::check(&bad).unwrap_err().to_string().contains("does not match \"Whole x\""));
    assert!(super::check(&write("c.yaml", "lanes: 0")).is_err());
    assert!(super::check(&write("d.yaml", "lanes: 1")).is_ok());
    let missing = folder.path().join("none.yaml");
    assert_eq!(load_patterns(std::slice::from_ref(&good)).unwrap().len(), 1);
    assert_eq!(load_patterns(&[bad, missing, good]).unwrap_err().to_string().lines().count(), 3);
}

#[test]
fn the_printed_defaults_are_the_defaults() {
    let text = render_defaults();
    let config = check_with(&[], &text, &[]).unwrap();
    let mut expected = Config::default();
    for (mine, theirs) in expected.detectors.iter_mut().zip(&config.detectors) {
        mine.place.clone_from(&theirs.place);
    }
    // Paths are relative to the folder of the file.
    assert!(config.store.path.ends_with(&expected.store.path));
    expected.store.path.clone_from(&config.store.path);
    assert_eq!(format!("{config:?}"), format!("{expected:?}"));
    assert!(text.contains("  # Length of a window in seconds, a whole number of panes. From 10 to 3600.\n  size_s: 60\n"));
    assert!(text.lines().all(|line| line.len() <= 118), "comments are wrapped");
}

#[test]
fn the_example_with_all_settings_is_what_the_program_prints() {
    let example = include_str!("../../../../examples/bellwether.yaml");
    assert!(
        example == render_defaults(),
        "examples/bellwether.yaml is old; write it anew with `bellwether check --defaults`"
    );
}

#[test]
fn every_example_is_accepted() {
    check(include_str!("../../../../examples/minimal.yaml"), &[]);
}
