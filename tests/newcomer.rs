//! What goes wrong in the first ten minutes: each time the place and the mend are told, and nothing is left behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

use bellwether_store::{StoreOptions, Writer};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::chance::Chance;
use crate::outcome::{Outcome, run_in};
use crate::program::bellwether;

const DONE: i32 = 0;
const DAMAGED: i32 = 65;
const NOT_WRITTEN: i32 = 74;
const WRONG_CONFIGURATION: i32 = 78;
const INTERRUPTED: i32 = 130;

/// A folder with files of all kinds.
fn place() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    fs::create_dir(path.join("logs")).expect("a folder is created");
    let garbage = Chance::new(1).bytes(100_000);
    for (name, bytes) in [("empty.log", &[][..]), ("garbage.log", &garbage), ("token", b"short")] {
        fs::write(path.join(name), bytes).expect("a file is written");
    }
    folder
}

/// Runs the daemon once in that folder, on a free port.
fn watch(folder: &TempDir, config: &str) -> Outcome {
    let listen = "api: { listen: \"127.0.0.1:0\" }\n";
    let listen = if config.contains("api:") { "" } else { listen };
    fs::write(folder.path().join("b.yaml"), format!("{config}\n{listen}"))
        .expect("a configuration is written");
    run_in(folder.path(), &["run", "--once", "-c", "b.yaml"])
}

fn check(config: &str, code: i32, told: &str) {
    let folder = place();
    let outcome = watch(&folder, config).expect_code(code);
    assert!(outcome.err.contains(told), "{config}: {told} is not in\n{}", outcome.err);
    let committed = outcome.err.contains("everything is committed");
    assert_eq!(committed, code == DONE, "{config}: {}", outcome.err);
}

#[test]
fn a_start_that_fails_says_why() {
    let input = "inputs: [{ files: [empty.log] }]";
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken.local_addr().map(|address| (address, taken)).expect("it has an address");
    let cases = [
        ("lanes: 1", WRONG_CONFIGURATION, "b.yaml: there is nothing to follow; write e.g. inputs:"),
        ("inputs: [{ files: [] }]", WRONG_CONFIGURATION, "b.yaml:1:19: inputs[0].files: names no"),
        ("input: [{ files: [a] }]", WRONG_CONFIGURATION, "1:1: input: unknown key; did you mean"),
        ("store: { path: nowhere/x.db }", NOT_WRITTEN, "no folder for `nowhere/x.db`; create it"),
        ("store: { path: logs }", DAMAGED, "`logs` is not a database of bellwether; name another"),
        ("store: { path: garbage.log }", DAMAGED, "`garbage.log` is not a database of bellwether"),
        (
            "api: { listen: \"127.0.0.1:0\", token_file: token }",
            WRONG_CONFIGURATION,
            "`token` holds no token: it has fewer than 16 characters; write one",
        ),
    ];
    for (config, code, told) in cases {
        let is_whole = config.starts_with("input") || config.starts_with("lanes");
        let config = if is_whole { config.to_owned() } else { format!("{input}\n{config}") };
        check(&config, code, told);
    }
    let config = format!("{input}\napi: {{ listen: \"{}\" }}", taken.0);
    check(&config, NOT_WRITTEN, "; choose another `api.listen`, or end what listens there");
}

#[test]
fn paths_that_lead_to_no_file_are_told() {
    let cases = [
        ("nothing/*.log", "no file is like `nothing/*.log` yet; check the path, or create"),
        ("nothing.log", "no file is like `nothing.log` yet"),
        ("logs", "`logs` is a folder; name the files in it, such as `logs/*.log`"),
    ];
    for (glob, told) in cases {
        check(&format!("inputs: [{{ files: [{glob}, empty.log] }}]"), DONE, told);
    }
    let folder = place();
    let outcome = watch(&folder, "inputs: [{ files: ['*.log'] }]").expect_code(DONE);
    assert!(!outcome.err.contains("no file is like"), "{}", outcome.err);
    assert!(outcome.err.contains("garbage.log"), "{}", outcome.err);
}

#[test]
fn a_database_has_one_writer() {
    let folder = place();
    let database = folder.path().join("bellwether.db");
    let writer = Writer::open(&database, StoreOptions::default()).expect("a database is created");
    let told = format!("in use by another bellwether (process {}); stop it", std::process::id());
    let outcome = watch(&folder, "inputs: [{ files: [empty.log] }]").expect_code(NOT_WRITTEN);
    assert!(outcome.err.contains(&told), "{}", outcome.err);
    let learn = run_in(folder.path(), &["learn", "-c", "b.yaml", "empty.log"]);
    let learn = learn.expect_code(NOT_WRITTEN);
    assert!(learn.err.contains(&told), "{}", learn.err);
    drop(writer);
    watch(&folder, "inputs: [{ files: [empty.log] }]").expect_code(DONE);
}

/// Whoever has seen enough of the demo gets his disk back.
#[test]
fn a_demo_that_is_interrupted_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut demo = bellwether();
    demo.args(["demo", "--watch", "--hours", "700"]).env("TMPDIR", folder.path());
    demo.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut demo = demo.spawn().expect("a built program starts");
    let mut said = BufReader::new(demo.stderr.take().expect("it is piped")).lines();
    let first = said.next().expect("it says something").expect("it says text");
    assert!(first.contains("see what stands out at http://127.0.0.1:"), "{first}");
    assert!(fs::read_dir(folder.path()).expect("a folder").count() > 0, "it writes logs");
    kill_process(Pid::from_child(&demo), Signal::INT).expect("a running demo hears signals");
    assert_eq!(demo.wait().expect("it ends").code(), Some(INTERRUPTED));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "something is left");
}
