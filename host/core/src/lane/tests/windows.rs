//! Which windows close, when, and in which order.

use super::*;

fn spanning(size_ms: u64, step_ms: u64) -> Fake {
    let window = Some(WindowSpan { size_ms, step_ms });
    Fake::new(Descriptor { window, ..descriptor(&[], &[SeriesColumn::Count]) })
}

/// A line every ten seconds of the first ten minutes.
fn steady() -> Vec<Said> {
    (0..60).map(|step| said(0, step * 10_000, "x")).collect()
}

#[test]
fn every_detector_gets_its_own_windows() {
    let cases: [(u64, u64, usize, &[u64]); 5] = [
        (10_000, 10_000, 60, &[1, 1, 1]),
        (60_000, 60_000, 10, &[6, 6, 6]),
        (300_000, 60_000, 10, &[6, 12, 18, 24, 30, 30]),
        (20_000, 10_000, 60, &[1, 2, 2]),
        (300_000, 300_000, 2, &[30, 30]),
    ];
    for ticks in [vec![9], vec![2, 5, 9], (0..10).collect()] {
        let fakes: Vec<Fake> =
            cases.iter().map(|(size_ms, step_ms, ..)| spanning(*size_ms, *step_ms)).collect();
        let heard: Vec<_> = fakes.iter().map(|fake| fake.heard.clone()).collect();
        let mut lane = lane_of(fakes);
        push(&mut lane, &steady());
        for window in &ticks {
            tick(&mut lane, *window);
        }
        for ((size_ms, step_ms, count, lines), heard) in cases.iter().zip(heard) {
            let closed = &heard.lock().unwrap().closed;
            assert_eq!(closed.len(), *count, "{size_ms} every {step_ms}");
            for (place, window) in closed.iter().enumerate() {
                let end_ms = (place as u64 + 1) * step_ms;
                assert_eq!(window.end_ms, end_ms as i64, "{size_ms} every {step_ms}");
                assert_eq!(window.end_ms - window.start_ms, *size_ms as i64);
            }
            let seen: Vec<u64> =
                closed.iter().take(lines.len()).map(|closed| closed.lines).collect();
            assert_eq!(&seen, lines, "{size_ms} every {step_ms}");
        }
    }
}

/// Shows a window detector some lines and ticks, and says which windows of which source it saw.
fn closed(steps: &[(&[Said], u64)]) -> Vec<(u32, i64)> {
    let fake = spanning(MINUTE, MINUTE);
    let heard = fake.heard.clone();
    let mut lane = lane_of(vec![fake]);
    for (lines, window) in steps {
        push(&mut lane, lines);
        tick(&mut lane, *window);
    }
    let heard = heard.lock().unwrap();
    heard.closed.iter().map(|window| (window.source, window.start_ms / MINUTE as i64)).collect()
}

#[test]
fn windows_close_by_ticks_in_order() {
    let at = |source, window: u64| said(source, window * MINUTE, "x");
    assert_eq!(closed(&[(&[at(0, 0), at(0, 2)], 1)]), [(0, 0), (0, 1)], "what is open stays so");
    assert_eq!(closed(&[(&[at(0, 2)], 0), (&[], 1)]), [], "before the first line there is none");
    let both = [(4, 0), (4, 1), (9, 1)];
    assert_eq!(closed(&[(&[at(9, 1), at(4, 0)], 1)]), both, "source by source");
    let again = [(4, 0), (4, 1), (9, 1), (4, 2), (9, 2)];
    assert_eq!(closed(&[(&[at(9, 1), at(4, 0)], 1), (&[], 1), (&[], 0), (&[], 2)]), again);
}

#[test]
fn idle_sources_stop_closing_and_resume() {
    let at = |source, window: u64| said(source, window * MINUTE, "x");
    // An idle source still has the 120 windows after its last line.
    for days in [1, 30, 3000] {
        let later = days * 1440;
        let all_at_once = closed(&[(&[at(0, 0)], later - 1), (&[at(0, later)], later + 1)]);
        let expected: Vec<(u32, i64)> =
            (0..=120).chain([later as i64, later as i64 + 1]).map(|window| (0, window)).collect();
        assert_eq!(all_at_once, expected, "{days} days");
        let stepwise = closed(&[
            (&[at(0, 0)], 50),
            (&[], 121),
            (&[], 122),
            (&[], later / 2),
            (&[], later - 1),
            (&[at(0, later)], later),
            (&[], later + 1),
        ]);
        assert_eq!(stepwise, expected, "{days} days in steps");
    }
    let neighbours = closed(&[(&[at(0, 0), at(1, 0)], 0), (&[at(1, 119)], 200)]);
    let count = |source| neighbours.iter().filter(|(number, _)| *number == source).count();
    assert_eq!((count(0), count(1)), (121, 201), "another source is nothing to it");
}

#[test]
fn plugins_rest_when_event_time_moved() {
    let fake = spanning(MINUTE, MINUTE);
    let heard = fake.heard.clone();
    let mut lane = lane_of(vec![fake]);
    for window in [3, 3, 1, 4] {
        tick(&mut lane, window);
    }
    let expected = [4, 5].map(|windows| BEGIN_MS + windows * MINUTE);
    assert_eq!(heard.lock().unwrap().rested, expected);
}
