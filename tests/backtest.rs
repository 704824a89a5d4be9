//! Logs whose faults are known: what is found of them is measured, by one protocol for all of them.

use std::path::Path;

use serde_json::Value;

use crate::outcome::{argument, run, run_in, write};
use crate::program::data;

const WRONG_USAGE: i32 = 64;
const DAMAGED: i32 = 65;
const NO_INPUT: i32 = 66;

const HEAD: &str = "id,type,level,start_epoch,end_epoch,lines_changed,detail\n";

/// Half a day of the shop with five incidents, as `docker compose logs` prints it: the log and its truth.
fn shop(folder: &Path) -> (String, String) {
    let truth = argument(&folder.join("truth.csv"));
    let plan = ["--hours", "12", "--incidents", "5", "--services", "4", "--truth", &truth];
    let log = run(&[&["generate"], &plan[..]].concat()).expect_code(0).out;
    (write(folder, "shop.log", log), truth)
}

fn figures(arguments: &[&str]) -> Value {
    let outcome = run(&[&["backtest", "--format", "json"], arguments].concat()).expect_code(0);
    let objects = outcome.objects();
    assert_eq!(objects.len(), 1, "{arguments:?}");
    objects.into_iter().next().expect("there is one")
}

fn count(value: &Value) -> u64 {
    value.as_u64().expect("a count")
}

#[test]
fn a_generated_day_is_measured() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (log, truth) = shop(folder.path());
    let asked = ["--prefixed", "--truth", &truth, &log];
    let figures = figures(&asked);
    assert_eq!(count(&figures["faults"]), 5, "{figures}");
    assert!(count(&figures["found"]) > 0, "{figures}");
    let details = figures["faults_detail"].as_array().expect("a list");
    let found = details.iter().filter(|fault| fault["found"] == true).count();
    assert_eq!((details.len() as u64, found as u64), (5, count(&figures["found"])));
    for fault in details {
        let (found, delay) = (fault["found"].as_bool(), fault["delay_s"].as_f64());
        let loud =
            fault["bits"].as_f64() >= figures["threshold_bits"].as_f64().map(|bits| bits - 0.01);
        assert_eq!((found, delay.is_some_and(|delay| delay > 0.0)), (Some(loud), loud), "{fault}");
        assert!(count(&fault["start"]) >= count(&figures["training_end"]), "{fault}");
        assert!(!loud || fault["sentence"].is_string(), "{fault}");
    }
    let sum = |tallies: &Value| {
        let tallies = tallies.as_object().expect("an object").values();
        tallies.map(|tally| count(&tally["found"])).sum::<u64>()
    };
    assert_eq!(sum(&figures["by_type"]), found as u64);
    assert_eq!(sum(&figures["by_level"]), found as u64);
    for (budget, per_day) in [("1", 1.0), ("2", 2.0), ("5", 5.0)] {
        let at = &figures["at_budget"][budget];
        let days = figures["days"].as_f64().expect("a number");
        assert!(count(&at["false_alarms"]) as f64 <= per_day * days, "{at}");
        assert_eq!(sum(&at["by_type"]), count(&at["found"]), "{at}");
    }
    let chart = argument(&folder.path().join("day.svg"));
    let table = run(&[&["backtest", "--chart", &chart][..], &asked[..]].concat()).expect_code(0);
    let first =
        format!("shop.log: {found} of 5 faults found, {} false alarm", figures["false_alarms"]);
    assert!(table.text().starts_with(&first), "{first}\n{}", table.text());
    let picture = std::fs::read_to_string(chart).expect("the chart was written");
    assert_eq!(picture.matches("<rect class=\"found\"").count(), found + 1, "with the legend");
}

#[test]
fn neither_workers_nor_the_threshold_show_in_what_a_budget_finds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (log, truth) = shop(folder.path());
    let measured =
        |more: &[&str]| figures(&[&["--prefixed", "--truth", &truth, &log], more].concat());
    let expected = measured(&["--workers", "1"]);
    for workers in ["2", "3"] {
        assert_eq!(measured(&["--workers", workers]), expected, "{workers} workers");
    }
    for alerts_per_day in ["1", "300"] {
        let text = format!("alerts_per_day: {alerts_per_day}\n");
        let config = write(folder.path(), "other.yaml", text);
        let other = measured(&["-c", &config]);
        assert_ne!(other["threshold_bits"], expected["threshold_bits"]);
        assert_eq!(other["at_budget"], expected["at_budget"], "{alerts_per_day} alerts a day");
    }
}

/// Two hours of one line each minute, labelled as Blue Gene/L does; the last lines are alerts.
fn labelled() -> String {
    let line = |minute: u64| {
        let label = if minute < 115 { "-" } else { "KERNX" };
        let time = 1_117_838_580 + 60 * minute;
        let stamp = format!("2005-06-03-{:02}.{:02}.00.000000", 15 + minute / 60, minute % 60);
        format!("{label} {time} 2005.06.03 R02 {stamp} R02 RAS KERNEL INFO generating core\n")
    };
    (0..120).map(line).collect()
}

#[test]
fn truth_comes_from_labels_and_from_phases_of_tables() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = write(folder.path(), "bgl.log", labelled());
    let by_labels = figures(&["--labels", "bgl", "--training-hours", "1", &log]);
    assert_eq!(
        (count(&by_labels["faults"]), &by_labels["faults_detail"][0]["type"]),
        (1, &"KERNX".into())
    );
    assert_eq!(count(&by_labels["faults_detail"][0]["lines_changed"]), 5);
    assert_eq!(count(&by_labels["windows"]["wrong"]), 5);

    // The rows are out of order, as those of several detectors often are.
    let row = |minute: u64| {
        format!("{},host{},a thing happened\n", 1_599_999_960 + 60 * minute, minute % 2)
    };
    let rows: String = (60..120).chain(0..60).map(row).collect();
    let table = write(folder.path(), "events.csv", format!("when,host,what\n{rows}"));
    let phases = "scenario,phase,start_epoch,end_epoch\na,scan,1600005960,1600006020\nb,scan,1,2\n";
    let phases = write(folder.path(), "phases.csv", phases);
    let template = "{when} {host} ids: {what}";
    let asked = ["--columns", template, "--truth", &phases, "--scenario", "a", &table];
    let outcome = run(&[&["backtest", "--format", "json"], &asked[..]].concat()).expect_code(0);
    assert!(outcome.err.contains("120 kept + 0 dropped + 0 late"), "{}", outcome.err);
    let by_phases = &outcome.objects()[0];
    assert_eq!(
        (count(&by_phases["faults"]), count(&by_phases["training_end"])),
        (1, 1_600_003_560)
    );
}

#[test]
fn wrong_truth_is_told_with_place_and_mend() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(folder.path(), "x.log", "2026-03-02T00:00:00Z a\n2026-03-02T10:00:00Z b\n");
    let cases: &[(String, &[&str], i32, &str)] = &[
        (format!("{HEAD}0,x,1,1,2\n"), &[], DAMAGED, "`truth.csv`: line 2: expected 7 fields"),
        (
            format!("{HEAD}0,x,1,a,2,3,\n"),
            &[],
            DAMAGED,
            "`truth.csv`: line 2: start_epoch: expected",
        ),
        ("a,b\n".into(), &[], DAMAGED, "add a head line"),
        (HEAD.into(), &[], DAMAGED, "no fault in the table"),
        (format!("{HEAD}0,x,1,1,2,3,\n"), &[], DAMAGED, "outside of the log's time: 1"),
        (format!("{HEAD}0,x,1,1772409700,1772409800,3,\n"), &[], DAMAGED, "begin in training: 1"),
        (HEAD.into(), &["--labels", "bgl"], WRONG_USAGE, "cannot be used with"),
        (HEAD.into(), &["--columns", "{a"], WRONG_USAGE, "a brace has no other half"),
        (HEAD.into(), &["--training-hours=-1"], WRONG_USAGE, "expected hours"),
        (HEAD.into(), &["--columns", "{a}", "y.log"], WRONG_USAGE, "name one file"),
    ];
    for (truth, more, code, part) in cases {
        write(folder.path(), "truth.csv", truth);
        let arguments = [&["backtest", "x.log", "--truth", "truth.csv"], *more].concat();
        let outcome = run_in(folder.path(), &arguments).expect_code(*code);
        assert!(outcome.err.contains(part), "`{part}` in {}", outcome.err);
        assert!(outcome.out.is_empty(), "{part}");
    }
    run_in(folder.path(), &["backtest", "x.log"]).expect_code(WRONG_USAGE);
    let missing = ["backtest", "x.log", "--truth", "nowhere.csv"];
    let missing = run_in(folder.path(), &missing).expect_code(NO_INPUT);
    assert!(missing.err.contains("check the path of --truth"), "{}", missing.err);
    let truth = format!("{HEAD}0,x,1,1772431200,1772431300,3,\n1,x,1,1,2,3,\n");
    write(folder.path(), "truth.csv", truth);
    let half = run_in(folder.path(), &["backtest", "x.log", "--truth", "truth.csv"]).expect_code(0);
    assert!(
        half.err.contains("warning: faults outside of the log's time, left out: 1"),
        "{}",
        half.err
    );
}

#[test]
fn labelled_data_is_found_as_it_should_be() {
    let (Some(log), Some(truth)) = (data("inj-hdfs.log.gz"), data("inj-hdfs.truth.csv")) else {
        return;
    };
    let figures = figures(&["--truth", &argument(&truth), &argument(&log)]);
    assert_eq!(count(&figures["faults"]), 33);
    assert!(count(&figures["found"]) >= 10, "{figures}");
    let per_day = figures["false_alarms_per_day"].as_f64().expect("a number");
    assert!(per_day <= 20.0, "{figures}");
}
