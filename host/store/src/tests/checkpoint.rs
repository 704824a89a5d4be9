//! What was committed comes back, whole or not at all.

use super::*;
use crate::Loaded;

/// Everything that can be loaded.
fn load(writer: &mut Writer, tenant: &str) -> Option<(Loaded, Vec<SourceRow>)> {
    let loaded = writer.load(tenant).unwrap()?;
    let mut sources = Vec::new();
    writer.load_sources(tenant, &mut |source| sources.push(source)).unwrap();
    Some((loaded, sources))
}

#[test]
fn a_checkpoint_comes_back_in_another_process() {
    let place = Place::new();
    let mut first = checkpoint(NOON_MS);
    first.sources = vec![source(2, NOON_MS), source(1, NOON_MS)];
    first.counters = vec![("lines".into(), 10), ("late".into(), 1)];
    let mut writer = place.writer();
    assert!(writer.load("default").unwrap().is_none(), "nothing was committed yet");
    writer.commit(&first).unwrap();

    let mut second = checkpoint(NOON_MS + 10_000);
    second.inputs[0] = InputRow { name: "other".into(), state: b"at 99".into() };
    second.sources = vec![SourceRow { plugins: Vec::new(), lines: 200, ..source(2, NOON_MS) }];
    second.counters = vec![("lines".into(), 20)];
    writer.commit(&second).unwrap();
    drop(writer);

    let (loaded, sources) = load(&mut place.writer(), "default").unwrap();
    let expected = Loaded {
        watermark_ms: NOON_MS + 10_000,
        intake: b"intake".into(),
        correlator: b"correlator".into(),
        inputs: second.inputs.clone(),
        counters: vec![("late".into(), 1), ("lines".into(), 20)],
    };
    assert_eq!(loaded, expected, "inputs are replaced, counters that are not named stay");
    let expected = vec![first.sources[1].clone(), second.sources[0].clone()];
    assert_eq!(sources, expected, "in the order of their numbers, the changed one changed");
}
