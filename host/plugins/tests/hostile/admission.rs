//! Files that are no plugins.

use bellwether_plugins::{AdmitError, Limits, Runtime};

use crate::guest::{module, ordered, replaced};
use crate::lane::{Subject, limits, told};

/// Admits each file, and checks why it is refused, and that a plugin beside it goes on.
fn check(cases: &[(&str, Vec<u8>, &str)]) {
    let runtime = Runtime::new(limits(), None).unwrap();
    let mut neighbour = Subject::healthy(&runtime);
    for (line, (name, bytes, words)) in cases.iter().enumerate() {
        let refused = runtime.admit(bytes).map(|_| String::new());
        let told = refused.unwrap_or_else(|error| told(&error));
        assert!(told.contains(words), "{name}: `{words}` is not in: {told}");
        assert_eq!(neighbour.observe(&[(1, 1)]), Some(vec![line as f32 + 1.0]));
    }
}

#[test]
fn what_is_no_component_is_refused() {
    let component = ordered("");
    let half = component[..component.len() / 2].to_vec();
    let mut longer = component.clone();
    longer.extend_from_slice(b"more");
    check(&[
        ("nothing", Vec::new(), "not WebAssembly"),
        ("text", b"(component)".to_vec(), "not WebAssembly"),
        ("random bytes", random(10_000), "not WebAssembly"),
        ("a core module", module().to_vec(), "a core module, not a component"),
        ("half a component", half, "not valid WebAssembly for plugins"),
        ("a component and more", longer, "not valid WebAssembly for plugins"),
        ("a header and random bytes", [&component[..8], &random(500)].concat(), "not valid"),
        ("a huge file", vec![0; (4 << 20) + 1], "4194305 bytes, of 4194304 allowed"),
    ]);
}

#[test]
fn foreign_imports_are_refused_by_name() {
    let component = ordered("");
    let log = "bellwether:plugin/log@0.1.0";
    let foreign = |name| replaced(&component, log, name);
    check(&[
        (
            "a clock",
            foreign("wasi:clocks/monotonic@0.2.0"),
            "imports `wasi:clocks/monotonic@0.2.0`",
        ),
        ("a stranger", foreign("bellwether:plugin/lag@0.1.0"), "`bellwether:plugin/lag@0.1.0`"),
        (
            "a later contract",
            foreign("bellwether:plugin/log@0.2.0"),
            "`bellwether:plugin/log@0.2.0`",
        ),
    ]);
}

#[test]
fn a_later_patch_of_the_contract_is_welcome() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let component = replaced(&ordered("observe log"), "@0.1.0", "@0.1.7");
    let plugin = runtime.admit(&component).unwrap();
    assert!(plugin.detector("{}", None).is_ok());
    assert!(plugin.inspection().imports.contains(&"bellwether:plugin/log@0.1.7".to_owned()));
}

#[test]
fn no_flipped_bit_brings_the_host_down() {
    let limits = Limits { fuel_lifecycle: 10_000_000, ..limits() };
    let runtime = Runtime::new(limits, None).unwrap();
    let component = ordered("");
    let mut refused = 0;
    for step in 0..64_usize {
        let mut bytes = component.clone();
        let at = step * 7919 % bytes.len();
        bytes[at] ^= 1 << (step % 8);
        match runtime.admit(&bytes) {
            Ok(plugin) => drop(plugin.detector("{}", None)),
            Err(AdmitError::Invalid(_)) => refused += 1,
            Err(error) => assert!(!told(&error).is_empty()),
        }
    }
    assert!(refused > 0);
    assert_eq!(Subject::healthy(&runtime).observe(&[(1, 1)]), Some(vec![1.0]));
}

#[test]
fn a_plugin_is_laid_open() {
    let runtime = Runtime::new(limits(), None).unwrap();
    let component = ordered("");
    let plugin = runtime.admit(&component).unwrap();
    let json = serde_json::to_value(plugin.inspection()).unwrap();
    assert_eq!(json["kind"], "detector");
    assert_eq!(json["name"], "hostile");
    assert_eq!(json["bytes"], component.len());
    assert_eq!(json["lines"], serde_json::json!(["template"]));
    assert_eq!(json["series"], serde_json::json!(["count"]));
    assert_eq!(json["cache_hit"], false);
    assert_eq!(plugin.digest().len(), 64);
    assert!(plugin.inspection().memory_bytes > 0);
}

/// The same bytes in each run.
fn random(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(step).take(count).collect()
}
