//! Several inputs: ticks follow the one furthest behind, and reading order does not show.

use super::*;

/// What each source gets to see: its rows, and between them up to when its windows were closed.
fn by_source(bench: &Bench) -> BTreeMap<String, Vec<String>> {
    let keys = bench.keys();
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for routed in &bench.out {
        match routed {
            Routed::Records { batch, .. } => {
                for row in rows(batch, &keys) {
                    let Seen::Row { source, time_ms, text, .. } = row else { continue };
                    seen.entry(source).or_default().push(format!("{time_ms} {text}"));
                }
            }
            Routed::Close { sources, until_ms, .. } => {
                for number in sources {
                    let seen = seen.entry(keys[number].clone()).or_default();
                    // To close once more, with nothing in between, is to close further.
                    seen.pop_if(|last| last.starts_with('|'));
                    seen.push(format!("|{until_ms}"));
                }
            }
            Routed::Tick(_) => {}
        }
    }
    seen
}

/// The last tick of a step, relative to the beginning, in seconds.
fn last_tick(seen: &[Seen]) -> Option<i64> {
    seen.iter().rev().find_map(|seen| match seen {
        Seen::Tick(time_ms) => Some(time_ms / 1000),
        Seen::Row { .. } => None,
    })
}

/// Three inputs, each with its own pace, a little out of order.
fn inputs() -> Vec<Vec<String>> {
    let paces = [7, 13, 29];
    paces
        .iter()
        .map(|pace| {
            let count = 1200 / pace;
            let second = |step: i64| step * pace + if step % 5 == 4 { -5 } else { 0 };
            (0..count).map(|step| stamped(second(step), &format!("x{step}"))).collect()
        })
        .collect()
}

/// Reads the inputs in turns as the pattern says, each to its end.
fn read(turns: &[usize]) -> Bench {
    read_with(turns, |_| {})
}

/// The same, and something happens to the intake after each line.
fn read_with(turns: &[usize], then: impl Fn(&mut Bench)) -> Bench {
    let texts = inputs();
    let mut bench = Bench::new(Settings { batch_rows_max: 16, ..Settings::default() });
    let ids: Vec<InputId> =
        (0..3).map(|number| bench.open(&format!("file:{number}"), Routing::Whole)).collect();
    let mut next = [0; 3];
    let mut turn = 0;
    while (0..3).any(|input| next[input] <= texts[input].len()) {
        let input = turns[turn % turns.len()];
        turn += 1;
        match texts[input].get(next[input]) {
            Some(line) => bench.push(ids[input], line),
            None => bench.finish(ids[input]),
        }
        then(&mut bench);
        next[input] += 1;
    }
    bench
}

#[test]
fn reading_order_does_not_show() {
    let first = read(&[0, 1, 2]);
    let expected = by_source(&first);
    assert!(expected["file:0"].len() > 180, "{expected:?}");
    assert_eq!(first.delivered(), inputs().iter().map(|lines| lines.len() as u64).sum::<u64>());
    let mut one_by_one = vec![0; 200];
    one_by_one.extend([1; 200]);
    one_by_one.extend([2; 200]);
    let backwards: Vec<usize> = one_by_one.iter().rev().copied().collect();
    let orders: [&[usize]; 5] =
        [&[2, 1, 0], &[0, 0, 0, 0, 1, 2], &[2, 2, 2, 0, 1], &one_by_one, &backwards];
    for order in orders {
        let bench = read(order);
        bench.check_account("reading order");
        assert_eq!(by_source(&bench), expected, "{order:?}");
        assert_eq!(bench.intake.counters(), first.intake.counters(), "{order:?}");
    }
}

#[test]
fn saving_and_loading_does_not_show() {
    let expected = read(&[2, 2, 0, 1]);
    let restart = |bench: &mut Bench| {
        let saved = bench.intake.save(&mut bench.out);
        bench.intake =
            Intake::load(Settings::default(), NOW_MS, &saved).expect("it was just saved");
        assert_eq!(bench.intake.save(&mut bench.out), saved);
    };
    let restarted = read_with(&[2, 2, 0, 1], restart);
    assert_eq!(by_source(&restarted), by_source(&expected));
    assert_eq!(restarted.intake.counters(), expected.intake.counters());
    let other = Settings { pane_ms: 5_000, ..Settings::default() };
    let mut bench = expected;
    let saved = bench.intake.save(&mut bench.out);
    assert!(Intake::load(other, NOW_MS, &saved).is_err(), "other panes");
    assert!(Intake::load(Settings::default(), NOW_MS, &saved[1..]).is_err(), "damaged");
}

/// An input with a past of its own is read in its own time and holds nobody up.
#[test]
fn an_input_that_joins_later_is_seen_as_if_it_had_always_been_there() {
    let read = |late: bool| {
        let mut bench = Bench::new(Settings::default());
        let options = |source: &str| InputOptions {
            source: source.into(),
            routing: Routing::Whole,
            reference_ms: NOW_MS,
            labels: Vec::new(),
            follows: true,
        };
        let first = bench.intake.open(options("file:first"));
        let early = (!late).then(|| bench.intake.open(options("file:second")));
        bench.intake.caught_up(first, &mut bench.out);
        push_all(&mut bench, first, &[0, 100, 200, 311, 312]);
        let second = early.unwrap_or_else(|| bench.intake.open(options("file:second")));
        push_all(&mut bench, second, &[0, 50, 170, 290]);
        assert_eq!(last_tick(&bench.seen()), Some(300), "nobody waits for the second yet");
        bench.intake.caught_up(second, &mut bench.out);
        push_all(&mut bench, first, &[400, 401]);
        assert_eq!(last_tick(&bench.seen()), Some(300), "now it is waited for");
        bench.intake.idle(second, &mut bench.out);
        assert_eq!(last_tick(&bench.seen()), Some(360), "it follows");
        push_all(&mut bench, second, &[300, 380, 381]);
        assert_eq!(bench.intake.counters().late, 1, "its window was closed");
        push_all(&mut bench, first, &[500]);
        bench.intake.idle(first, &mut bench.out);
        bench.intake.idle(second, &mut bench.out);
        bench.intake.pass(BEGIN_MS as u64 + 600_500, &mut bench.out);
        assert_eq!(last_tick(&bench.seen()), Some(600), "only the clock knows");
        assert_eq!(bench.delivered() + 1, bench.intake.counters().records);
        by_source(&bench)
    };
    assert_eq!(read(true), read(false));
}

/// A line long after the one before must not be seen before the ticks in between.
#[test]
fn a_gap_is_a_gap_whoever_was_read_first() {
    let read = |fast_first: bool| {
        let mut bench = Bench::new(Settings::default());
        let gappy = bench.open("file:gappy", Routing::Whole);
        let steady = bench.open("file:steady", Routing::Whole);
        let minutes: Vec<i64> = (0..=600).map(|minute| minute * 60).collect();
        if fast_first {
            push_all(&mut bench, gappy, &[0, 36_000]);
            bench.finish(gappy);
        }
        push_all(&mut bench, steady, &minutes);
        bench.finish(steady);
        if !fast_first {
            push_all(&mut bench, gappy, &[0, 36_000]);
            bench.finish(gappy);
        }
        by_source(&bench)
    };
    assert_eq!(read(true), read(false));
}

#[test]
fn an_input_that_is_ahead_fills_batches_within_limits() {
    let settings = Settings { batch_rows_max: 4, ..Settings::default() };
    let mut bench = Bench::new(settings);
    let ahead = bench.open("file:ahead", Routing::Whole);
    let behind = bench.open("file:behind", Routing::Whole);
    push_all(&mut bench, ahead, &[0, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 100]);
    bench.finish(ahead);
    push_all(&mut bench, behind, &[0, 100]);
    bench.finish(behind);
    let sizes: Vec<usize> = bench
        .out
        .iter()
        .filter_map(|routed| match routed {
            Routed::Records { batch, .. } => Some(batch.len()),
            Routed::Close { .. } | Routed::Tick(_) => None,
        })
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 14);
    assert!(sizes.iter().all(|rows| *rows <= 4), "{sizes:?}");
}

fn push_all(bench: &mut Bench, input: InputId, seconds: &[i64]) {
    seconds.iter().for_each(|second| bench.push(input, &stamped(*second, "x")));
}

#[test]
fn ticks_follow_the_least_and_the_end_lets_the_others_go_on() {
    let mut bench = Bench::new(Settings::default());
    let fast = bench.open("file:fast", Routing::Whole);
    let slow = bench.open("file:slow", Routing::Whole);
    push_all(&mut bench, fast, &[0, 100, 200, 300, 400]);
    assert_eq!(last_tick(&bench.seen()), None, "the other said nothing yet");
    assert_eq!(bench.intake.furthest_behind(), Some(slow));
    push_all(&mut bench, slow, &[0, 140, 141]);
    assert_eq!(last_tick(&bench.seen()), Some(120));
    assert_eq!(bench.intake.furthest_behind(), Some(slow));
    bench.finish(slow);
    assert_eq!(last_tick(&bench.seen()), Some(240), "the fast one is at 300 less its lateness");
    assert_eq!(bench.intake.furthest_behind(), Some(fast));
    push_all(&mut bench, fast, &[500]);
    assert_eq!(last_tick(&bench.seen()), Some(360));
    bench.finish(fast);
    assert_eq!(last_tick(&bench.seen()), Some(500), "the newest record of all");
    assert_eq!(bench.intake.furthest_behind(), None);
    bench.check_account("two inputs");
}

#[test]
fn an_input_that_ends_without_a_byte_holds_nobody_up() {
    let mut bench = Bench::new(Settings::default());
    let empty = bench.open("file:empty", Routing::Whole);
    let full = bench.open("file:full", Routing::Whole);
    push_all(&mut bench, full, &[0, 100, 101]);
    bench.finish(empty);
    assert_eq!(last_tick(&bench.seen()), Some(60));
    bench.finish(full);
    assert_eq!(last_tick(&bench.seen()), Some(101));
    bench.finish(full);
    bench.push(full, &stamped(900, "after the end"));
    assert_eq!((last_tick(&bench.seen()), bench.delivered()), (Some(101), 3));
}

/// Once the records of both were joined together, and the last of the second was lost.
#[test]
fn two_inputs_of_one_name_lose_nothing() {
    let mut bench = Bench::new(Settings::default());
    let first = bench.open("file:same", Routing::Whole);
    let second = bench.open("file:same", Routing::Whole);
    push_all(&mut bench, first, &[0, 1]);
    bench.finish(first);
    push_all(&mut bench, second, &[2, 3]);
    bench.finish(second);
    assert_eq!(bench.intake.counters().records, 4);
    bench.check_account("one name");
}
