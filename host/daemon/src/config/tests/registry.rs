//! Keys that sign plugins.

use super::*;
use crate::registry::PrivateKey;

#[test]
fn keys_are_read_with_the_configuration() {
    let key = PrivateKey::generate().unwrap();
    let (private, public) = (key.to_pem().unwrap(), key.public().to_pem());
    let files = [("a.pub", public.as_str()), ("private", &private)];
    let no_key = "not an Ed25519 public key in PEM; `bellwether plugin keygen` writes one to a file that ends in `.pub`";
    let cases = [
        ("keys: [{name: a, path: a.pub}]", String::new()),
        ("keys: [{name: a, path: a.pub}], require_signature: true", String::new()),
        (
            "require_signature: true",
            "1:30: plugins.require_signature: nobody could sign a plugin; name a key under `keys`"
                .into(),
        ),
        (
            "keys: [{name: a, path: private}]",
            format!("1:34: plugins.keys.a.path: `private`: {no_key}"),
        ),
        (
            "keys: [{name: a, path: b.pub}]",
            "1:34: plugins.keys.a.path: cannot read `b.pub`: no such file; check the path".into(),
        ),
        (
            "keys: [{path: a.pub}]",
            "1:18: plugins.keys[0]: `name` is missing; write e.g. name: release".into(),
        ),
        (
            "keys: [{name: a}]",
            "1:18: plugins.keys.a: `path` is missing; write e.g. path: release.pub".into(),
        ),
        (
            "keys: [{name: a, path: a.pub}, {name: a, path: a.pub}]",
            "1:49: plugins.keys.a.name: there is a key `a` already; rename one".into(),
        ),
    ];
    for (settings, mistake) in cases {
        let yaml = format!("plugins: {{{settings}}}");
        let mistake = format!("b.yaml:{mistake}");
        let expected = [mistake.as_str()];
        let expected = if mistake.ends_with(':') { &[][..] } else { &expected[..] };
        let config = check_with(&files, &yaml, expected);
        let keys = config.map(|config| config.plugins.registry.keys);
        assert!(keys.is_none_or(|keys| keys.len() == 1 && keys[0].key == key.public()));
    }
}

#[test]
fn what_lies_beside_a_store_is_its_own() {
    let cases = [
        ("", "bellwether.db"),
        ("store: {path: data/b.db}", "data/b.db"),
        ("store: {path: data/b.sqlite}", "data/b.sqlite"),
        ("store: {path: data/b}", "data/b"),
    ];
    for (yaml, store) in cases {
        let config = check_with(&[], yaml, &[]).unwrap();
        let shown = format!("{:?}", config.registry());
        assert!(shown.contains(&format!("/{store}.plugins\"")), "{yaml}: {shown}");
        let recording = config.recording.folder(&config.store.path, "shop");
        assert!(recording.ends_with(format!("{store}.recording/shop")), "{recording:?}");
    }
    let named = "plugins: {registry_dir: r}\nrecording: {dir: s}";
    let config = check_with(&[], named, &[]).unwrap();
    assert!(format!("{:?}", config.registry()).contains("/r\""));
    assert!(config.recording.folder(&config.store.path, "shop").ends_with("s/shop"));
}
