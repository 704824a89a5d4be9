//! Inputs that are gone for good, and the places they leave.

use super::*;
use crate::lane::IDLE_WINDOWS;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;

fn options(source: &str) -> InputOptions {
    InputOptions {
        source: source.into(),
        routing: Routing::Whole,
        reference_ms: NOW_MS,
        labels: Vec::new(),
        follows: true,
    }
}

/// A file with a line after so many hours, which then says nothing more.
fn come_and_go(bench: &mut Bench, source: &str, hours: u64) -> InputId {
    let input = bench.intake.open(options(source));
    bench.push(input, &stamped((hours * 3600) as i64, "x"));
    bench.intake.caught_up(input, &mut bench.out);
    bench.intake.idle(input, &mut bench.out);
    input
}

#[test]
fn an_input_is_outlived_when_event_time_is_beyond_it() {
    let closing_ms = (IDLE_WINDOWS + 2) * 60_000;
    for (after_ms, passed_ms, expected) in [
        (DAY_MS, DAY_MS - 1, false),
        (DAY_MS, DAY_MS, true),
        (0, closing_ms - 60_000, false),
        (0, closing_ms, true),
    ] {
        let mut bench = Bench::new(Settings::default());
        let input = come_and_go(&mut bench, "file:a", 0);
        bench.intake.pass(BEGIN_MS as u64 + passed_ms, &mut bench.out);
        assert_eq!(bench.intake.has_outlived(input, after_ms), expected, "{after_ms} {passed_ms}");
        bench.intake.reopen(input);
        assert!(!bench.intake.has_outlived(input, after_ms), "somebody reads it");
    }
}

#[test]
fn a_thousand_files_that_come_and_go_take_the_places_of_few() {
    let mut bench = Bench::new(Settings { sources_max: 4, ..Settings::default() });
    let stays = come_and_go(&mut bench, "file:stays", 0);
    let mut sizes = Vec::new();
    for day in 0..1_000 {
        let now_ms = BEGIN_MS + (day * DAY_MS) as i64;
        bench.intake.set_clock(now_ms);
        let input = come_and_go(&mut bench, &format!("file:app-{day}"), day * 24);
        bench.push(stays, &stamped((day * 24 * 3600 + 5) as i64, "x"));
        bench.intake.idle(stays, &mut bench.out);
        let inputs: Vec<InputId> = bench.intake.inputs().map(|(input, _)| input).collect();
        let outlived = |one: &InputId| bench.intake.has_outlived(*one, 12 * HOUR_MS);
        let gone: Vec<InputId> = inputs.into_iter().filter(outlived).collect();
        assert!(!gone.contains(&stays) && !gone.contains(&input), "{day}");
        gone.into_iter().for_each(|one| bench.intake.forget(one));
        let saved = bench.intake.save(&mut bench.out);
        sizes.push(saved.len());
        bench.intake = Intake::load(bench.intake.settings.clone(), now_ms, &saved).unwrap();
        assert!(bench.intake.sources().keys().all(|number| *number < 3), "{day}");
        assert!(bench.intake.inputs().all(|(InputId(place), _)| place < 3), "{day}");
        bench.out.clear();
    }
    assert!(sizes[999] <= sizes[9] + 100, "{} and {} bytes", sizes[9], sizes[999]);
    assert_eq!(bench.intake.counters().quarantined, 0);
    assert_eq!(bench.intake.counters().records, 2_001, "a line a day of each, and one");
}

#[test]
fn a_name_that_comes_back_is_another_input() {
    let mut bench = Bench::new(Settings::default());
    let first = come_and_go(&mut bench, "file:a", 0);
    let second = come_and_go(&mut bench, "file:a", 1);
    let keys = |bench: &Bench| bench.keys().into_values().collect::<Vec<_>>();
    assert_eq!(keys(&bench), ["file:a", "file:a#2"]);
    bench.intake.forget(first);
    assert_eq!(keys(&bench), ["file:a#2"]);
    let third = come_and_go(&mut bench, "file:a", 2);
    assert_eq!((third, keys(&bench)), (first, vec!["file:a#1".into(), "file:a#2".into()]));
    bench.intake.forget(second);
    bench.intake.forget(third);
    let fourth = bench.intake.open(options("file:a"));
    bench.push(fourth, &stamped(2 * 3600, "x"));
    bench.intake.idle(fourth, &mut bench.out);
    assert_eq!(bench.intake.sources()[&0].records, 1, "nothing is left of the others");
    assert_eq!((keys(&bench), bench.intake.take_met()), (vec!["file:a".to_string()], vec![0]));
}
