//! Native tests of the detector, through the SDK's harness.

use super::*;
use bellwether_sdk::DetectorPlugin;
use bellwether_sdk::testing::{self, Column};

const DIMENSIONS: usize = 256;
/// Rhythms that a made-up source has.
const RHYTHMS: usize = 5;
/// Windows before one is judged in earnest.
const LEARNT: usize = 200;

/// Repeatable chance.
struct Chance(u64);

impl Chance {
    /// Between 0 and 1.
    fn share(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// About normal, with a standard deviation of 1.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.share()).sum::<f32>() - 6.0
    }

    /// A direction of length 1.
    fn direction(&mut self) -> Vec<f32> {
        let vector: Vec<f32> = (0..DIMENSIONS).map(|_| self.normal()).collect();
        let length = length(vector.iter().copied());
        vector.iter().map(|value| value / length).collect()
    }
}

/// A source of five rhythms with 5 % noise, as in the table of a predecessor's trial.
struct Source {
    chance: Chance,
    directions: Vec<Vec<f32>>,
    other: Vec<f32>,
    periods: Vec<f32>,
    phases: Vec<f32>,
}

impl Source {
    fn new(seed: u64) -> Self {
        let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let directions = (0..RHYTHMS).map(|_| chance.direction()).collect();
        let other = chance.direction();
        let periods =
            (0..RHYTHMS).map(|place| 4.0 + 5.0 * (place as f32 + chance.share())).collect();
        let phases = (0..RHYTHMS).map(|_| std::f32::consts::TAU * chance.share()).collect();
        Source { chance, directions, other, periods, phases }
    }

    fn window(&mut self, time: f32) -> Vec<f32> {
        let noise = 0.05 / (DIMENSIONS as f32).sqrt();
        let mut vector: Vec<f32> = (0..DIMENSIONS).map(|_| noise * self.chance.normal()).collect();
        for ((direction, period), phase) in
            self.directions.iter().zip(&self.periods).zip(&self.phases)
        {
            let height = (std::f32::consts::TAU * time / period + phase).sin();
            add(&mut vector, height, direction);
        }
        vector
    }
}

fn add(vector: &mut [f32], weight: f32, direction: &[f32]) {
    vector.iter_mut().zip(direction).for_each(|(value, other)| *value += weight * other);
}

/// Shows a window and returns its score.
fn show(plugin: &mut DetectorPlugin<Dmd>, minute: usize, vector: Vec<f32>) -> f32 {
    let series =
        vec![Column::U32s(vec![1, 2]), Column::U32s(vec![3, 0]), testing::texts(["a", "b"])];
    let mut window = testing::window(1, minute as u64, 3, series);
    window.vector = vector;
    plugin.close_window(&window).whole
}

/// A detector that has learnt a source.
fn learnt(source: &mut Source) -> DetectorPlugin<Dmd> {
    let mut plugin = testing::detector::<Dmd>("{}");
    for minute in 0..LEARNT {
        show(&mut plugin, minute, source.window(minute as f32));
    }
    plugin
}

/// How a window differs from the next that the source would write.
type Fault = fn(&mut Source) -> Vec<f32>;

#[test]
fn faults_are_found_and_noise_is_not() {
    let cases: [(&str, Fault); 6] = [
        ("a new direction of a tenth", |source| {
            let (mut window, other) = (source.window(LEARNT as f32), source.other.clone());
            add(&mut window, 0.1, &other);
            window
        }),
        ("of three tenths", |source| {
            let (mut window, other) = (source.window(LEARNT as f32), source.other.clone());
            add(&mut window, 0.3, &other);
            window
        }),
        ("as strong as the rhythms", |source| {
            let (mut window, other) = (source.window(LEARNT as f32), source.other.clone());
            add(&mut window, 1.0, &other);
            window
        }),
        ("zeros", |_| vec![0.0; DIMENSIONS]),
        ("one rhythm shifted by three tenths", |source| {
            let (mut window, own) = (source.window(LEARNT as f32), source.directions[0].clone());
            add(&mut window, 0.3, &own);
            window
        }),
        ("a jump of phase", |source| source.window(LEARNT as f32 + 7.3)),
    ];
    for (name, fault) in cases {
        for seed in 1..=20 {
            let mut source = Source::new(seed);
            let mut plugin = learnt(&mut source);
            let window = fault(&mut source);
            let z = show(&mut plugin, LEARNT, window);
            assert!(z >= 3.0, "{name}, seed {seed}: {z}");
        }
    }
}

#[test]
fn false_alarms_are_at_most_one_in_a_hundred() {
    let (mut alarms, mut windows) = (0, 0);
    for seed in 1..=10 {
        let mut source = Source::new(seed);
        let mut plugin = learnt(&mut source);
        for minute in LEARNT..LEARNT + 400 {
            let window = source.window(minute as f32);
            windows += 1;
            alarms += u32::from(show(&mut plugin, minute, window) >= 3.0);
        }
    }
    assert!(alarms * 100 <= windows, "{alarms} of {windows}");
}

#[test]
fn a_fault_leaves_no_echo() {
    let mut source = Source::new(7);
    let mut plugin = learnt(&mut source);
    let other = source.other.clone();
    let mut odd = source.window(LEARNT as f32);
    add(&mut odd, 1.0, &other);
    assert!(show(&mut plugin, LEARNT, odd) > 20.0);
    for minute in LEARNT + 1..LEARNT + 10 {
        let window = source.window(minute as f32);
        let z = show(&mut plugin, minute, window);
        assert!(z < 4.0, "{} windows after it: {z}", minute - LEARNT);
    }
}

#[test]
fn a_new_regime_is_accepted() {
    let (mut before, mut after) = (Source::new(1), Source::new(2));
    let mut plugin = learnt(&mut before);
    let scores: Vec<f32> = (LEARNT..LEARNT + 150)
        .map(|minute| {
            let window = after.window(minute as f32);
            show(&mut plugin, minute, window)
        })
        .collect();
    assert!(scores[..5].iter().all(|z| *z > 10.0), "{:?}", &scores[..5]);
    let late = &scores[100..];
    assert!(late.iter().all(|z| *z < 4.0), "{late:?}");
}

#[test]
fn empty_windows_are_bridged_and_say_nothing() {
    for gap in [1, 3, 5] {
        let mut source = Source::new(3);
        let mut plugin = learnt(&mut source);
        for minute in LEARNT..LEARNT + gap {
            source.window(minute as f32);
            assert!(show(&mut plugin, minute, vec![]).is_nan(), "an empty window");
        }
        for minute in LEARNT + gap..LEARNT + 20 {
            let window = source.window(minute as f32);
            let z = show(&mut plugin, minute, window);
            assert!(z < 4.0, "{gap} empty windows, minute {minute}: {z}");
        }
    }
}

#[test]
fn what_is_constant_young_or_of_another_length_is_no_news() {
    let mut plugin = testing::detector::<Dmd>("{}");
    for minute in 0..100 {
        let z = show(&mut plugin, minute, vec![0.6, 0.8, 0.0]);
        assert_eq!(z.is_nan(), minute < 37, "window {minute}: {z}");
        assert!(z.is_nan() || z < 0.5, "window {minute}: {z}");
    }
    assert!(show(&mut plugin, 100, vec![0.6, 0.0, 0.8]) > 10.0);
    for minute in 101..120 {
        let z = show(&mut plugin, minute, vec![1.0, 0.0, 0.0, 0.0]);
        assert!(z.is_nan(), "vectors of another length begin anew: {z}");
    }
    for value in [f32::NAN, f32::INFINITY] {
        assert!(show(&mut plugin, 120, vec![value; 4]).is_nan());
    }
}

#[test]
fn saving_and_loading_does_not_show() {
    let mut source = Source::new(5);
    let mut first = testing::detector::<Dmd>("{}");
    let mut second = testing::detector::<Dmd>("{}");
    let mut saved_bytes = 0;
    for minute in 0..150 {
        let window = if minute % 40 == 39 { vec![] } else { source.window(minute as f32) };
        let (left, right) =
            (show(&mut first, minute, window.clone()), show(&mut second, minute, window));
        assert_eq!(left.to_bits(), right.to_bits(), "window {minute}");
        if minute % 7 == 0 {
            let saved = second.save(1).expect("it can be saved");
            saved_bytes = saved.bytes.len();
            second = testing::detector::<Dmd>("{}");
            second.load(1, &saved).expect("it can be loaded");
        }
    }
    assert!((60_000..150_000).contains(&saved_bytes), "{saved_bytes} bytes");
}

#[test]
fn the_explanation_tells_the_rhythm_and_the_messages() {
    let mut plugin = testing::detector::<Dmd>("{}");
    let tick = |minute: usize| {
        let angle = std::f32::consts::TAU * minute as f32 / 6.0;
        vec![1.0 + 0.5 * angle.cos(), 0.5 * angle.sin(), 0.0]
    };
    (0..LEARNT).for_each(|minute| _ = show(&mut plugin, minute, tick(minute)));
    let series = vec![
        Column::U32s(vec![1, 2]),
        Column::U32s(vec![3, 500]),
        testing::texts(["a", "disk <*>"]),
    ];
    let mut window = testing::window(1, LEARNT as u64, 503, series);
    window.vector = vec![1.0, 0.0, 2.0];
    let scores = plugin.close_window(&window);
    let token = scores.reasons.first().expect("a reason").token;
    let explanation = plugin.explain(token).expect("the note is kept");
    assert_eq!(
        explanation.summary,
        "not what the minutes before lead to expect: `disk <*>` 500 lines where 0.0 are usual"
    );
    let fact = |name: &str| {
        let found = explanation.evidence.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(fact("rhythm before, in windows"), Some("6.0"));
    assert_eq!(fact("of it left after each window"), Some("1.000"));
}

#[test]
fn settings_that_cannot_work_are_refused() {
    for config in [
        r#"{"windows":15}"#,
        r#"{"delay":0}"#,
        r#"{"windows":16,"delay":14}"#,
        r#"{"ridge":0}"#,
        r#"{"bridge_z":-1}"#,
        r#"{"rank":3}"#,
    ] {
        let mut plugin = DetectorPlugin::<Dmd>::default();
        assert!(plugin.configure(config).is_err(), "{config}");
    }
}
