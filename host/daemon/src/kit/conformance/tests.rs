//! The plugins that ship keep the contract, and a difference is told where it begins.

use super::*;
use crate::config::Config;
use crate::kit::stage::{self, Log};
use crate::loadout::{pattern_set, runtime};
use crate::shipped;

/// Long enough for every detector to speak.
const HOURS: f64 = 3.0;

/// A log in which nothing is odd but a key that gets into it, for those who look at single words.
fn leaking() -> Log {
    let line = |number: u32| {
        let token = if number < 700 { "aaaaaaaaaaaaaaaaaaaa" } else { "kQ7xZ2pL9vB4nW8rT1yM" };
        let (minute, second) = (number / 60, number % 60);
        format!("2026-03-02T00:{minute:02}:{second:02}Z INFO renewed the lease of {token}\n")
    };
    Log::of("file:leases".into(), (0..=700).map(line).collect::<String>().into_bytes())
}

#[test]
fn plugins_that_ship_keep_the_contract() {
    let config = Config::default();
    let runtime = runtime(&config).expect("plugins run here");
    let mut logs = stage::generated(HOURS, 1).expect("a plan that can be carried out");
    logs.push(leaking());
    let drops = r#"{"drop": [{"severity_below": 9}]}"#;
    for (name, settings) in [
        ("rate", "{}"),
        ("novelty", "{}"),
        ("invariants", "{}"),
        ("divergence", "{}"),
        ("entropy", "{}"),
        ("dmd", "{}"),
        ("drop-noise", drops),
    ] {
        let component = shipped::component(name).expect("it ships");
        let plugin = runtime.admit_shipped(component).expect("what ships is admitted");
        let subject = Subject { plugin, config: settings.into() };
        let mut opened = subject.open().expect("it starts");
        let wanted = opened.plugin().descriptor().clone();
        let patterns = pattern_set(&config, std::iter::once(&wanted)).expect("patterns");
        let tape = Tape::record(&logs, subject.plugin.kind(), &wanted, patterns).expect("a tape");
        for check in check(&subject, &tape).expect("it starts again") {
            assert_eq!(check.problem, None, "{name}: {}", check.name);
            assert!(check.compared > 0, "{name}: {} compared nothing", check.name);
        }
        let steps = tape.steps(USUAL_CUT, None, !tape.windows.is_empty());
        let answers = play(&subject, &steps).expect("it starts").expect("it has no fault");
        let mut said = answers.rows.values().chain(answers.windows.values().flatten());
        assert!(said.any(Said::is_something), "{name} has nothing to say that could differ");
    }
}

#[test]
fn the_first_difference_is_told() {
    let tape = Tape::default();
    let said = |words: &str| Said::marked(words);
    let window =
        |words: &str| Answers { windows: [(0, vec![said(words)])].into(), ..Answers::default() };
    assert_eq!(compare(&tape, &window("a"), Ok(window("a"))), Ok(1));
    assert_eq!(compare(&tape, &window("a"), Err("fault".into())), Err("fault".into()));
    let words = differs("row 1", Some(&said("a")), None);
    assert_eq!(words, "row 1\n  in batches of 1024: a\n  here: nothing");
}
