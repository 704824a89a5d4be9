//! Tests of relations between one count and a few others.

use super::*;

/// Lines of four messages in a window: the first is the second and twice the third, the fourth comes by itself.
fn counts_of(window: u32) -> [u32; 4] {
    let (second, third) = (window * 7 % 5, window * 11 % 4);
    [second + 2 * third, second, third, window * 13 % 6]
}

fn counts(moment: &Moment, of: [u32; 4]) -> Counts {
    moment.counts(of.iter().sum::<u32>().into(), |template| of[template as usize - 1])
}

fn learnt(windows: std::ops::Range<u32>, of: impl Fn(u32) -> [u32; 4]) -> Moment {
    let mut moment = Moment::default();
    moment.meet(1..=4, 40, 1.0);
    for window in windows {
        let counts = counts(&moment, of(window));
        moment.learn(&counts, 1.0, 0.9995);
    }
    moment
}

fn relate(moment: &Moment, own: usize) -> Option<Sparse> {
    Sparse::renew(None, moment, own, &[1, 2, 3, 4])
}

#[test]
fn a_sum_is_found_and_what_comes_by_itself_is_not() {
    let moment = learnt(0..400, counts_of);
    let cases: [(usize, Option<&[usize]>); 4] =
        [(1, Some(&[3, 2])), (2, Some(&[1, 3])), (3, Some(&[1, 2])), (4, None)];
    for (own, others) in cases {
        let found = relate(&moment, own);
        assert_eq!(found.as_ref().map(Sparse::others), others, "template {own}");
    }
}

#[test]
fn coefficients_are_those_of_the_sum_and_follow_when_they_change() {
    let moment = learnt(0..400, counts_of);
    let mut sparse = relate(&moment, 1).expect("a relation");
    let near = |found: &[f64], expected: [f64; 3]| {
        found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.1)
    };
    assert!(near(&sparse.solve(), [0.0, 2.0, 1.0]), "{:?}", sparse.solve());
    for window in 400..3000 {
        let [_, second, third, fourth] = counts_of(window);
        sparse.judge(&counts(&moment, [second + 3 * third, second, third, fourth]), 0.995);
    }
    assert!(near(&sparse.solve(), [0.0, 3.0, 1.0]), "{:?}", sparse.solve());
}

#[test]
fn what_breaks_the_sum_deviates() {
    let moment = learnt(0..400, counts_of);
    let cases: [([u32; 4], f64); 5] = [
        ([7, 3, 2, 0], 0.0),
        ([7, 3, 2, 50], 0.0),
        ([4, 3, 2, 0], -3.0),
        ([27, 3, 2, 0], 20.0),
        ([0, 0, 0, 3], 0.0),
    ];
    for (window, expected) in cases {
        let mut sparse = relate(&moment, 1).expect("a relation");
        let deviation = sparse.judge(&counts(&moment, window), 0.9995);
        assert!((deviation.lines - expected).abs() < 0.3, "{window:?}: {deviation:?}");
        assert_eq!(deviation.z.abs() > 5.0, expected != 0.0, "{window:?}: {deviation:?}");
    }
}

#[test]
fn an_outlier_teaches_little() {
    let moment = learnt(0..400, counts_of);
    let mut sparse = relate(&moment, 1).expect("a relation");
    for _ in 0..5 {
        sparse.judge(&counts(&moment, [900, 3, 2, 0]), 0.9995);
    }
    let deviation = sparse.judge(&counts(&moment, [7, 3, 2, 0]), 0.9995);
    assert!(deviation.lines.abs() < 2.0, "{deviation:?}");
}

#[test]
fn a_relation_is_kept_until_another_is_clearly_better() {
    let before = learnt(0..400, counts_of);
    let known = relate(&before, 1).expect("a relation");
    let kept = Sparse::renew(Some(known.clone()), &before, 1, &[1, 2, 3, 4]);
    assert_eq!(kept.expect("a relation").information, known.information, "nothing was forgotten");
    let of = |window: u32| {
        let [_, second, third, fourth] = counts_of(window);
        [4 * fourth, second, third, fourth]
    };
    let after = learnt(0..400, of);
    let renewed = Sparse::renew(Some(known), &after, 1, &[1, 2, 3, 4]).expect("a relation");
    assert_eq!(renewed.others(), [4]);
    assert!(renewed.has(1) && renewed.has(4) && !renewed.has(2));
}

#[test]
fn counts_that_repeat_one_another_do_no_harm() {
    let moment = learnt(0..400, |window| [window % 5; 4]);
    let mut sparse = relate(&moment, 1).expect("a relation");
    assert_eq!(sparse.others().len(), 1, "one explains all");
    let deviation = sparse.judge(&counts(&moment, [3, 3, 3, 3]), 0.9995);
    assert!(deviation.lines.abs() < 0.1 && deviation.z.is_finite(), "{deviation:?}");
}
