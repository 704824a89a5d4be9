//! What else the program is asked to do: patterns, plugins, generated logs, and wrong usage.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use crate::outcome::{argument, run, run_in, write};
use crate::program::{bellwether, data};

const WRONG_USAGE: i32 = 64;
const DAMAGED: i32 = 65;
const NO_INPUT: i32 = 66;
const CANNOT_WRITE: i32 = 74;
const WRONG_CONFIGURATION: i32 = 78;

/// A pattern with lines that it must match and lines that it must not.
fn pattern(matches: &str, rejects: &str) -> String {
    format!(
        "patterns:\n  - name: full\n    category: disk\n    expression: 'no space'\n    score: 50\n    severity: error\n    \
         description: The disk is full.\n    matches: ['{matches}', 'no space']\n    rejects: ['{rejects}', 'nowhere space']\n"
    )
}

#[test]
fn patterns_are_proven_by_their_own_lines() {
    let shipped = run(&["patterns", "check"]).expect_code(0);
    assert!(shipped.text().contains("disk-full"), "{}", shipped.text());
    let last = shipped.text().lines().last();
    let rest = " patterns, each proven by its own lines";
    let count = last.and_then(|line| line.strip_suffix(rest)).map(str::parse::<usize>);
    let (head, sum) = (1, 1);
    assert_eq!(count, Some(Ok(shipped.text().lines().count() - head - sum)));

    let cases = [
        (pattern("no space left", "some space left"), 0, ""),
        (pattern("some space left", "more space left"), WRONG_CONFIGURATION, "matches[0]"),
        (pattern("no space left", "no space here"), WRONG_CONFIGURATION, "rejects[0]"),
        ("patterns: [{name: full}]".into(), WRONG_CONFIGURATION, "`expression` is missing"),
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (text, code, part) in cases {
        write(folder.path(), "own.yaml", &text);
        let outcome = run_in(folder.path(), &["patterns", "check", "own.yaml"]).expect_code(code);
        assert!(outcome.err.contains(part), "`{part}` in {}", outcome.err);
        assert_eq!(code == 0, outcome.err.is_empty(), "{text}{}", outcome.err);
        assert!(code == 0 || outcome.err.contains("own.yaml:"), "{}", outcome.err);
    }
}

#[test]
fn old_pattern_files_are_taken_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "net.patterns", "LINK_LOST link lost 2.5 A link.\nAHEAD a(?=b) 2 No.\n");
    let import = ["patterns", "import", "net.patterns", "-o", "net.yaml"];
    let outcome = run_in(folder.path(), &import).expect_code(DAMAGED);
    for part in ["net.patterns:1: link-lost: ", "net.patterns:2: left out: ", "1 patterns imported"]
    {
        assert!(outcome.err.contains(part), "`{part}` in {}", outcome.err);
    }
    let checked = run_in(folder.path(), &["patterns", "check", "net.yaml"]).expect_code(0);
    assert!(checked.text().contains("1 patterns, 1 of them unproven"), "{}", checked.text());
    let again = run_in(folder.path(), &import).expect_code(CANNOT_WRITE);
    assert!(again.err.contains("net.yaml"), "{}", again.err);
}

#[test]
fn plugins_are_inspected() {
    for (name, kind) in [
        ("rate", "detector"),
        ("novelty", "detector"),
        ("invariants", "detector"),
        ("divergence", "detector"),
        ("entropy", "detector"),
        ("dmd", "detector"),
        ("drop-noise", "filter"),
    ] {
        let outcome = run(&["plugin", "inspect", name, "--format", "json"]).expect_code(0);
        let object = &outcome.objects()[0];
        assert_eq!((&object["name"], &object["kind"]), (&name.into(), &kind.into()));
        let imports = object["imports"].as_array().expect("a list");
        let foreign =
            |import: &&serde_json::Value| !import.to_string().contains("bellwether:plugin/");
        assert_eq!(imports.iter().find(foreign), None, "{name} imports more than the contract has");
        let table = run(&["plugin", "inspect", name]).expect_code(0);
        assert!(table.text().starts_with(&format!("name            {name} ")), "{}", table.text());
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let garbage = write(folder.path(), "garbage.wasm", [7; 3000]);
    let module = write(folder.path(), "module.wasm", b"\0asm\x01\0\0\0");
    let cases = [
        (garbage.as_str(), DAMAGED, "not WebAssembly"),
        (module.as_str(), DAMAGED, "module.wasm"),
        (
            "nonesuch",
            NO_INPUT,
            "no file `nonesuch`; check the path, or name one that ships: rate, ",
        ),
    ];
    for (file, code, part) in cases {
        let outcome = run(&["plugin", "inspect", file]).expect_code(code);
        assert!(outcome.err.contains(part) && outcome.out.is_empty(), "{file}: {}", outcome.err);
    }
}

/// A component of one's own is compiled by a child, which is the program itself.
#[test]
fn the_program_compiles_within_limits() {
    let component = shipped("filter-drop-noise.wasm");
    let child = |limits: &str| {
        let mut child = bellwether();
        child.args(["compile-plugin", limits]).env("MIMALLOC_ARENA_RESERVE", "4096");
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().expect("a built program starts");
        // One without room ends before it has read all.
        let _ = child.stdin.take().expect("standard input is a pipe").write_all(&component);
        child.wait_with_output().expect("a child ends")
    };
    let fine = child("{}");
    assert!(fine.status.success() && fine.stdout.starts_with(b"\x7fELF"), "{:?}", fine.status);
    let small = child(r#"{"compile_memory_bytes_max": 1048576}"#);
    assert!(!small.status.success() && small.stdout.is_empty(), "{:?}", small.status);
    assert_eq!(child("many").status.code(), Some(WRONG_USAGE));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let own = write(folder.path(), "own.wasm", &component);
    let outcome = run(&["plugin", "inspect", &own, "--format", "json"]).expect_code(0);
    assert_eq!(outcome.objects()[0]["name"], "drop-noise");
}

/// A component that the build script of the daemon has left behind, the newest one.
fn shipped(name: &str) -> Vec<u8> {
    let program = std::path::PathBuf::from(bellwether().get_program());
    let builds = program.with_file_name("build");
    let builds = fs::read_dir(&builds).expect("the program was built here").flatten();
    let files = builds.map(|build| build.path().join("out").join(name));
    let newest =
        files.filter_map(|file| Some((file.metadata().ok()?.modified().ok()?, file))).max();
    let (_, file) = newest.expect("the build script leaves the components that ship");
    fs::read(file).expect("a component can be read")
}

#[test]
fn the_truth_of_generated_logs_has_the_columns_of_labelled_ones() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let truth = argument(&folder.path().join("truth.csv"));
    let services = argument(&folder.path().join("logs"));
    let plan = ["--hours", "12", "--incidents", "5", "--output", &services, "--truth", &truth];
    run(&[&["generate"], &plan[..]].concat()).expect_code(0);
    let mut table = csv::Reader::from_path(&truth).expect("the truth was written");
    let heads = table.headers().expect("a head line").clone();
    let columns = ["id", "type", "level", "start_epoch", "end_epoch", "lines_changed", "detail"];
    assert_eq!(heads, columns.to_vec());
    if let Some(labelled) = data("inj-hdfs.truth.csv") {
        let mut labelled = csv::Reader::from_path(labelled).expect("labelled data can be read");
        assert_eq!(labelled.headers().expect("a head line"), &heads);
    }
    let number =
        |row: &csv::StringRecord, place: usize| row[place].parse::<u64>().expect("a number");
    let rows: Vec<_> = table.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        assert!(number(&row, 3) < number(&row, 4) && number(&row, 5) > 0, "{row:?}");
    }
    let logs = fs::read_dir(services).expect("the logs were written").count();
    assert_eq!(logs, 6, "one for each service");
}

#[test]
fn the_same_seed_generates_the_same_log() {
    let generate = |seed| {
        run(&["generate", "--hours", "2", "--incidents", "0", "--seed", seed]).expect_code(0).out
    };
    assert!(generate("1") == generate("1") && generate("1") != generate("2"));
}

#[test]
fn wrong_usage_is_told_apart() {
    let cases: &[&[&str]] = &[
        &[],
        &["frobnicate"],
        &["replay"],
        &["replay", "--workers", "0", "x.log"],
        &["replay", "--format", "xml", "x.log"],
        &["replay", "--rate=-1", "x.log"],
        &["replay", "--rate", "many", "x.log"],
        &["replay", "--reference-time", "yesterday", "x.log"],
        &["replay", "--source", "demo:x", "x.log", "y.log"],
        &["generate", "--services", "65"],
        &["generate", "--hours", "0"],
        &["generate", "--kinds", "earthquake"],
        &["demo", "--hours", "1", "--incidents", "1000"],
        &["check"],
    ];
    for arguments in cases {
        let outcome = run(arguments).expect_code(WRONG_USAGE);
        assert!(!outcome.err.is_empty() && outcome.out.is_empty(), "{arguments:?}");
    }
    for arguments in [["--help"], ["--version"]] {
        let outcome = run(&arguments).expect_code(0);
        assert!(outcome.err.is_empty() && outcome.text().contains("bellwether"), "{arguments:?}");
    }
}

/// What `| head -1` does.
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = argument(&folder.path().join("x.log"));
    let stream = run(&["generate", "--hours", "6", "--services", "50", "--incidents", "5"]);
    fs::write(&log, &stream.expect_code(0).out).expect("a temporary folder can be written to");
    let config = write(folder.path(), "loud.yaml", "alerts_per_day: 1000\n");
    let cases: &[&[&str]] = &[
        &["generate", "--hours", "24"],
        &["replay", "--prefixed", "--format", "json", "-c", &config, &log],
        &["templates", "--top", "1000", &log],
        &["patterns", "check"],
    ];
    for arguments in cases {
        let mut command = bellwether();
        command.args(*arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a built program starts");
        let (mut line, mut err) = (String::new(), String::new());
        let mut out = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        out.read_line(&mut line).expect("a first line");
        drop(out);
        let mut stderr = child.stderr.take().expect("standard error is a pipe");
        stderr.read_to_string(&mut err).expect("standard error is text");
        let status = child.wait().expect("a child that closed its output ends");
        assert!(!line.is_empty(), "{arguments:?}");
        assert_eq!(status.code(), Some(0), "{arguments:?}: {err}");
        for sign in ["panicked", "Broken pipe", "cannot write"] {
            assert!(!err.contains(sign), "{arguments:?}: {err}");
        }
    }
}
