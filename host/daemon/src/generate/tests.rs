//! Whole runs: the same bytes for the same plan, order, forms, rhythm, and a truth that is true.

use super::calendar::{HOUR_MS, MINUTE_MS};
use super::placement::{APART_MS, QUIET_SHARE};
use super::random::mix;
use super::*;
use std::collections::{HashMap, HashSet};

/// Everything a run gives.
struct Run {
    generator: Generator,
    records: Vec<(Emitted, Vec<u8>)>,
}

fn run(plan: &Plan) -> Run {
    let mut generator = Generator::new(plan).unwrap();
    let mut records = Vec::new();
    let mut record = Vec::new();
    while let Some(emitted) = generator.next(&mut record) {
        records.push((emitted, record.clone()));
    }
    Run { generator, records }
}

fn hash(run: &Run) -> u64 {
    let bytes = run.records.iter().flat_map(|(_, record)| record);
    bytes.fold(0, |hash, byte| mix(hash, u64::from(*byte)))
}

/// A long enough day of a quiet shop.
fn plan(seed: u64, kinds: &[Kind], incidents: usize) -> Plan {
    Plan { seed, hours: 12.0, services: 12, incidents, kinds: kinds.to_vec(), ..Plan::default() }
}

#[test]
fn the_seed_alone_decides() {
    let short = |seed| run(&Plan { seed, hours: 2.0, incidents: 1, ..Plan::default() });
    assert_eq!(hash(&short(1)), hash(&short(1)));
    assert_ne!(hash(&short(1)), hash(&short(2)));
}

#[test]
fn records_come_in_order_of_time_and_inside_the_plan() {
    let plan = plan(4, &Kind::ALL, 10);
    let records = run(&plan).records;
    assert!(records.is_sorted_by_key(|(emitted, _)| emitted.time_ms));
    let end_ms = plan.start_ms + 12 * HOUR_MS;
    assert!(records[0].0.time_ms >= plan.start_ms);
    assert!(records[0].0.time_ms < plan.start_ms + MINUTE_MS);
    assert!((end_ms - MINUTE_MS..end_ms).contains(&records[records.len() - 1].0.time_ms));
}

/// Takes the lines that carry a mark out, and compares the rest with a run without incidents.
fn check_truth(seed: u64, kind: Kind) {
    let count = 3;
    let start_ms = START_MS + 9 * HOUR_MS;
    let plan = Plan { start_ms, hours: 6.0, services: 8, ..plan(seed, &[kind], count) };
    let faulty = run(&plan);
    let healthy = run(&Plan { incidents: 0, ..plan });
    let truth = faulty.generator.truth();
    let mut missing: HashMap<&[u8], i64> = HashMap::new();
    for (_, record) in &healthy.records {
        *missing.entry(record).or_default() += 1;
    }
    let mut marked = vec![0; count];
    for (emitted, record) in &faulty.records {
        match emitted.incident {
            Some(id) => {
                marked[id] += 1;
                let span = truth[id].start_ms..=truth[id].end_ms;
                assert!(span.contains(&emitted.time_ms), "{:?}", truth[id]);
            }
            None => *missing.entry(record).or_default() -= 1,
        }
    }
    let text = |record: &[u8]| String::from_utf8_lossy(record).into_owned();
    let strange = missing.iter().find(|(_, count)| **count < 0);
    assert_eq!(strange.map(|(record, _)| text(record)), None, "{kind:?} changed it without a mark");
    let gone: i64 = missing.values().sum();
    let marks: u64 = marked.iter().sum();
    let counted: u64 = truth.iter().map(|incident| incident.lines_changed).sum();
    let alters = matches!(kind, Kind::NearMiss | Kind::TokenLeak | Kind::LatencyRise);
    if alters {
        assert_eq!((marks, gone as u64), (counted, counted), "{kind:?} {seed}");
    } else {
        assert_eq!(marks + gone as u64, counted, "{kind:?} {seed}");
    }
    for incident in truth {
        assert!(incident.lines_changed > 0, "{incident:?}");
        let name = &faulty.generator.services()[incident.service].name;
        assert!(incident.detail.contains(name.as_str()), "{incident:?}");
    }
}

#[test]
fn the_truth_counts_every_line_that_differs_from_a_healthy_run() {
    for (seed, kind) in Kind::ALL.into_iter().enumerate() {
        check_truth(seed as u64, kind);
    }
    // A second seed for the kinds that lose lines, which other oddities may have added.
    check_truth(17, Kind::Silence);
    check_truth(18, Kind::Crash);
}

#[test]
fn incidents_are_of_the_kinds_asked_for_and_keep_their_distance() {
    for seed in 0..20 {
        let kinds = [Kind::Flood, Kind::Crash, Kind::NearMiss, Kind::SlowShift];
        let plan = Plan { hours: 24.0, ..plan(seed, &kinds, 12) };
        let generator = Generator::new(&plan).unwrap();
        let truth = generator.truth();
        for kind in kinds {
            let mut levels: Vec<u8> = truth
                .iter()
                .filter(|incident| incident.kind == kind)
                .map(|incident| incident.level)
                .collect();
            levels.sort_unstable();
            assert_eq!(levels, [1, 2, 3], "{kind:?}");
        }
        let quiet_until_ms = plan.start_ms + (QUIET_SHARE * 24.0 * HOUR_MS as f64) as i64;
        for (id, incident) in truth.iter().enumerate() {
            assert_eq!(incident.id, id);
            assert!(incident.start_ms >= quiet_until_ms, "{incident:?}");
            assert!(incident.end_ms <= plan.start_ms + 24 * HOUR_MS, "{incident:?}");
            let (_, minutes_max) = incident.kind.minutes();
            let length_ms = incident.end_ms - incident.start_ms;
            assert!((1..=minutes_max * MINUTE_MS).contains(&length_ms), "{incident:?}");
            for later in &truth[id + 1..] {
                let is_apart = later.start_ms >= incident.end_ms + APART_MS;
                assert!(later.service != incident.service || is_apart, "{incident:?} {later:?}");
            }
        }
    }
}

#[test]
fn the_usual_day_has_one_incident_of_each_kind() {
    let expected: HashSet<&str> = Kind::ALL.map(Kind::name).into();
    for seed in 0..40 {
        let generator = Generator::new(&Plan { seed, ..Plan::default() }).unwrap();
        let truth = generator.truth();
        let planted: HashSet<&str> = truth.iter().map(|incident| incident.kind.name()).collect();
        assert_eq!((truth.len(), planted), (Kind::ALL.len(), expected.clone()), "{seed}");
    }
}

#[test]
fn two_seeds_rarely_show_the_same_new_error() {
    let details = |seed| -> Vec<String> {
        let generator = Generator::new(&plan(seed, &[Kind::NewError], 4)).unwrap();
        let texts = generator.truth().iter();
        texts.filter_map(|incident| incident.detail.split('"').nth(1).map(str::to_owned)).collect()
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for text in (0..10).flat_map(details) {
        *seen.entry(text).or_default() += 1;
    }
    assert!(seen.len() >= 25, "{seen:?}");
}

#[test]
fn a_plan_that_cannot_be_carried_out_says_why() {
    let check = |plan: Plan, expected: &str| {
        assert_eq!(Generator::new(&plan).unwrap_err().to_string(), expected);
    };
    let good = Plan::default();
    check(
        Plan { hours: 0.0, ..good.clone() },
        "hours: expected more than 0 and at most 744, found 0; write e.g. 24",
    );
    check(
        Plan { hours: f64::NAN, ..good.clone() },
        "hours: expected more than 0 and at most 744, found NaN; write e.g. 24",
    );
    check(
        Plan { services: 65, ..good.clone() },
        "services: expected a number from 2 to 64, found 65; write e.g. 6",
    );
    check(
        Plan { rate: 0.0, ..good.clone() },
        "rate: expected a number from 0.01 to 100, found 0; write e.g. 1",
    );
    check(
        Plan { start_ms: -1, ..good.clone() },
        "start: expected a time from 1970 to 9998, found -1 ms; write e.g. 1772409600000",
    );
    check(
        Plan { kinds: Vec::new(), ..good },
        "kinds: expected at least one kind for 10 incidents, found none; write e.g. flood",
    );
}

#[test]
fn too_many_incidents_are_refused_with_the_number_that_fits() {
    let crowded = Plan { hours: 3.0, services: 2, incidents: 50, ..Plan::default() };
    let Err(PlanError::TooManyIncidents { wanted: 50, fitting, .. }) = Generator::new(&crowded)
    else {
        panic!("fifty incidents do not fit into three hours of two services");
    };
    assert!((2..20).contains(&fitting), "{fitting}");
    assert!(Generator::new(&Plan { incidents: fitting, ..crowded.clone() }).is_ok());
    assert!(Generator::new(&Plan { incidents: fitting + 1, ..crowded }).is_err());
}

/// Whether a line begins as its form demands; `stamp` is the time at the form's resolution.
fn fits(form: Form, line: &str, stamp: &str) -> bool {
    let parts: Vec<&str> = line.split(' ').collect();
    match form {
        Form::Json => line.starts_with("{\"level\":\"") && parts[0].contains(stamp),
        Form::Iso => line.starts_with(stamp) && line.contains("] ") && line.contains(": "),
        Form::Rfc5424 => line.starts_with('<') && parts[0].ends_with(">1") && parts[1] == stamp,
        Form::Rfc3164 => line.starts_with(stamp) && line.contains("]: "),
        Form::Combined => parts[3..5].join(" ") == stamp && line.matches('"').count() == 6,
        Form::Rfc3339 => line.starts_with(stamp) && line.contains(": "),
        Form::Epoch => parts[0] == stamp && line.contains(": "),
    }
}

fn stamp(form: Form, time_ms: i64) -> String {
    let moment = calendar::Moment::new(time_ms);
    let mut out = Vec::new();
    match form {
        Form::Json | Form::Rfc3339 | Form::Rfc5424 => {
            moment.write_iso(b'T', b'.', &mut out);
            out.push(b'Z');
        }
        Form::Iso => moment.write_iso(b' ', b',', &mut out),
        Form::Rfc3164 => moment.write_rfc3164(&mut out),
        Form::Combined => {
            out.push(b'[');
            moment.write_combined(&mut out);
            out.push(b']');
        }
        Form::Epoch => out.extend_from_slice(time_ms.to_string().as_bytes()),
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn every_record_fits_the_form_of_its_service() {
    let run = run(&plan(9, &Kind::ALL, 10));
    let mut forms = Vec::new();
    for (emitted, record) in &run.records {
        let form = run.generator.services()[emitted.service].form;
        let text = std::str::from_utf8(record).unwrap();
        let line = text.split('\n').next().unwrap();
        assert!(fits(form, line, &stamp(form, emitted.time_ms)), "{form:?}: {text}");
        assert!(text.ends_with('\n') && !text.contains(['\r', '\0']), "{text:?}");
        if text.matches('\n').count() > 1 {
            let id = emitted.incident.expect("only an incident writes several lines");
            assert!(run.generator.truth()[id].kind == Kind::Crash || text.contains("DETAIL"));
        }
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    assert_eq!(forms.len(), 7, "{forms:?}");
}

#[test]
fn a_merged_stream_has_the_prefix_on_every_line() {
    let plan = Plan { services: 3, ..plan(5, &[Kind::Crash], 2) };
    let mut out = Vec::new();
    Generator::new(&plan).unwrap().write_merged(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let prefixes = ["gateway   | ", "catalogue | ", "orders    | "];
    assert!(text.lines().all(|line| prefixes.iter().any(|prefix| line.starts_with(prefix))));
    let lines: usize = run(&plan).records.iter().map(|(_, record)| lines_of(record)).sum();
    assert_eq!(text.lines().count(), lines);
}

fn lines_of(record: &[u8]) -> usize {
    record.iter().filter(|byte| **byte == b'\n').count()
}

#[test]
fn counts_follow_the_day() {
    let day = Plan { incidents: 0, ..Plan::default() };
    let mut hours = [0_u64; 24];
    let records = run(&day).records;
    for (emitted, _) in &records {
        hours[((emitted.time_ms - day.start_ms) / HOUR_MS) as usize] += 1;
    }
    assert!((400_000..700_000).contains(&records.len()), "{}", records.len());
    let night = hours[2..5].iter().sum::<u64>() as f64;
    let noon = hours[11..14].iter().sum::<u64>() as f64;
    assert!((0.22..0.42).contains(&(night / noon)), "{hours:?}");
}

#[test]
fn some_messages_come_for_the_first_time_late_in_the_day() {
    let day = Plan { incidents: 0, ..Plan::default() };
    let mut first_ms: HashMap<(usize, String), i64> = HashMap::new();
    for (emitted, record) in run(&day).records {
        // The letters of a line, without words that vary, tell messages apart well enough.
        let text = String::from_utf8_lossy(&record).into_owned();
        let is_word = |word: &&str| word.bytes().all(|byte| byte.is_ascii_alphabetic());
        let shape: Vec<&str> = text.split_whitespace().skip(3).filter(is_word).take(4).collect();
        first_ms.entry((emitted.service, shape.join(" "))).or_insert(emitted.time_ms);
    }
    let evening_ms = day.start_ms + 16 * HOUR_MS;
    let late = first_ms.values().filter(|first_ms| **first_ms > evening_ms).count();
    assert!((5..120).contains(&late), "{late} of {}", first_ms.len());
}
