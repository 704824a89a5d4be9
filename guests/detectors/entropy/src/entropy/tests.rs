//! Native tests of the detector, through the SDK's harness.

use super::*;
use bellwether_sdk::DetectorPlugin;
use bellwether_sdk::testing::{self, Column, Scores};

/// Entropy of hexadecimal ids, and of keys in base64.
const ID: f32 = 3.8;
const KEY: f32 = 5.0;

/// Shows lines, each a template with its entropy.
fn show(plugin: &mut DetectorPlugin<Entropy>, lines: &[(u32, f32)]) -> Scores {
    let (templates, entropies) = lines.iter().copied().unzip();
    let columns = vec![Column::U32s(templates), Column::F32s(entropies)];
    plugin.observe(&testing::batch(1, lines.len() as u32, columns))
}

/// Bits of the last of some lines of one template; 0 where it is not marked.
fn bits(before: &[f32], lines: usize, last: f32) -> f32 {
    let mut plugin = testing::detector::<Entropy>("{}");
    let lines: Vec<(u32, f32)> =
        before.iter().cycle().take(lines).map(|value| (7, *value)).collect();
    show(&mut plugin, &lines);
    show(&mut plugin, &[(7, last)]).marks.first().map_or(0.0, |mark| mark.score)
}

#[test]
fn a_level_that_belongs_is_worth_nothing_and_one_that_does_not_is() {
    let cases: [(&str, &[f32], usize, f32, f32); 10] = [
        ("ids where ids are", &[ID], 1000, ID, 0.0),
        ("ids that vary", &[3.7, 3.8, 3.9], 1000, 4.0, 0.0),
        ("keys where keys are", &[KEY], 1000, KEY, 0.0),
        ("a key among ids", &[ID], 1000, KEY, 10.97),
        ("a key where no long token is", &[0.0], 1000, KEY, 10.97),
        (
            "a key where every tenth line has one",
            &[0.0, 0.0, ID, 0.0, KEY, 0.0, 0.0, ID, ID, ID],
            1000,
            KEY,
            0.0,
        ),
        ("a key in a young message", &[0.0], 3, KEY, 0.0),
        ("in one a little older", &[0.0], 40, KEY, 6.36),
        ("words that are long", &[0.0], 1000, 3.2, 0.0),
        ("less random than usual", &[KEY], 1000, ID, 0.0),
    ];
    for (name, before, lines, last, expected) in cases {
        let bits = bits(before, lines, last);
        assert!((bits - expected).abs() < 0.01, "{name}: {bits}, not {expected}");
    }
}

#[test]
fn what_comes_again_becomes_usual() {
    let mut plugin = testing::detector::<Entropy>("{}");
    show(&mut plugin, &[(7, 0.0); 1000]);
    let scores: Vec<f32> =
        show(&mut plugin, &[(7, KEY); 100]).marks.iter().map(|mark| mark.score).collect();
    assert!(scores.windows(2).all(|pair| pair[1] < pair[0]), "{scores:?}");
    assert!((10..40).contains(&scores.len()), "{scores:?}");
}

#[test]
fn templates_are_judged_apart_and_rows_are_theirs() {
    let mut plugin = testing::detector::<Entropy>("{}");
    show(&mut plugin, &[(1, ID); 600]);
    show(&mut plugin, &[(2, 0.0); 600]);
    let scores = show(&mut plugin, &[(1, ID), (2, 0.0), (2, ID), (1, ID)]);
    let rows: Vec<u32> = scores.marks.iter().map(|mark| mark.row).collect();
    assert_eq!(rows, [2]);
}

#[test]
fn cutting_into_batches_does_not_show() {
    let lines: Vec<(u32, f32)> =
        (0..400u32).map(|line| (line % 3, if line % 97 == 96 { KEY } else { 0.0 })).collect();
    let marks = |size: usize| {
        let mut plugin = testing::detector::<Entropy>("{}");
        let batches = lines.chunks(size).map(|batch| show(&mut plugin, batch));
        batches.flat_map(|scores| scores.marks).map(|mark| mark.score).collect::<Vec<_>>()
    };
    assert!(marks(400).len() > 1, "{:?}", marks(400));
    for size in [1, 7, 64] {
        assert_eq!(marks(size), marks(400), "batches of {size}");
    }
}

#[test]
fn the_explanation_has_figures_and_no_secret() {
    let mut plugin = testing::detector::<Entropy>("{}");
    show(&mut plugin, &[(7, ID); 1000]);
    let scores = show(&mut plugin, &[(7, KEY)]);
    let explanation = plugin.explain(scores.marks[0].token).expect("the note is kept");
    assert_eq!(explanation.summary, "a token of 5.0 bits a byte where 3.8 are the most");
    assert!(explanation.evidence.contains(&("of lines".into(), "1000".into())));
}

#[test]
fn templates_remembered_are_bounded() {
    let mut plugin = testing::detector::<Entropy>(r#"{"templates_max":10}"#);
    for template in 0..1000 {
        show(&mut plugin, &[(template, ID), (5000, 0.0)]);
    }
    let saved = plugin.save(1).expect("it can be saved");
    assert!(saved.bytes.len() < 200, "{} bytes", saved.bytes.len());
    assert_eq!(show(&mut plugin, &[(5000, KEY)]).marks.len(), 1, "what is seen is kept");
}

#[test]
fn settings_count() {
    let marks = |config: &str, entropy: f32| {
        let mut plugin = testing::detector::<Entropy>(config);
        show(&mut plugin, &[(7, ID); 1000]);
        show(&mut plugin, &[(7, entropy)]).marks.len()
    };
    assert_eq!((marks("{}", 4.3), marks(r#"{"margin":1}"#, 4.3)), (1, 0));
    assert_eq!((marks("{}", KEY), marks(r#"{"entropy_min":6}"#, KEY)), (1, 0));
    for config in
        [r#"{"entropy_min":9}"#, r#"{"margin":-1}"#, r#"{"templates_max":0}"#, r#"{"x":1}"#]
    {
        assert!(DetectorPlugin::<Entropy>::default().configure(config).is_err(), "{config}");
    }
}
