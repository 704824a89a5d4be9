//! The hostile guest with an order of the test's choice, and a filter.

use std::path::Path;
use std::sync::OnceLock;

/// What stands before the order in the module.
const MARK: &[u8] = b"HOSTILE-ORDER:";
const ORDER_BYTES: usize = 50;

/// The hostile guest's core module, without an order.
pub(crate) fn module() -> &'static [u8] {
    &modules()[0]
}

/// A filter that means no harm.
pub(crate) fn filter() -> Vec<u8> {
    guest_build::componentize(&modules()[1]).unwrap()
}

/// A filter that some rows kill.
pub(crate) fn sieve() -> Vec<u8> {
    guest_build::componentize(&modules()[2]).unwrap()
}

/// Built once per test run.
fn modules() -> &'static [Vec<u8>] {
    static MODULES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../guests");
        let paths = guest_build::compile(
            &["guest-hostile", "filter-drop-noise", "guest-sieve"],
            &target_dir,
        );
        let paths = paths.unwrap_or_else(|error| panic!("{error}"));
        paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
    })
}

/// A component that carries out the order; an empty order makes it a well-behaved one.
pub(crate) fn ordered(order: &str) -> Vec<u8> {
    assert!(order.len() <= ORDER_BYTES, "an order has room for {ORDER_BYTES} bytes: {order}");
    let mut module = module().to_vec();
    let marks: Vec<_> = (0..module.len()).filter(|&at| module[at..].starts_with(MARK)).collect();
    assert_eq!(marks.len(), 1, "the module holds one order");
    let start = marks[0] + MARK.len();
    module[start..][..order.len()].copy_from_slice(order.as_bytes());
    guest_build::componentize(&module).unwrap()
}

/// Bytes with every occurrence of a piece replaced by another of the same length.
pub(crate) fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let mut found = 0;
    for at in 0..bytes.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..][..to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "`{from}` occurs");
    bytes
}
