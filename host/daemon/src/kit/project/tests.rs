//! What a new project is made of.

use super::*;

#[test]
fn names_must_do_as_package_module_and_type() {
    let good = [
        ("long-lines", "long_lines", "LongLines"),
        ("x2", "x2", "X2"),
        ("a--b", "a__b", "AB"),
        ("detector", "detector", "MyDetector"),
    ];
    for (text, module, type_name) in good {
        let name = Name::parse(text).expect("a name");
        assert_eq!((name.module().as_str(), name.type_name().as_str()), (module, type_name));
    }
    let bad = [
        ("", "a-z"),
        ("Long", "a-z"),
        ("long_lines", "a-z"),
        ("../x", "a-z"),
        ("2fast", "begin with a letter"),
        ("-x", "begin with a letter"),
        ("x-", "not end"),
        ("match", "meaning of its own"),
        ("serde", "meaning of its own"),
        (&"x".repeat(65), "longer than 64"),
    ];
    for (text, part) in bad {
        let error = Name::parse(text).expect_err("no name").to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_project_is_whole_and_has_its_own_name() {
    let name = Name::parse("late-bird").expect("a name");
    for sort in [Sort::Detector, Sort::Filter] {
        let files = files(&name, sort);
        let text = |path: &str| match files.iter().find(|(own, _)| own == path) {
            Some((_, text)) => text.as_str(),
            None => panic!("{sort:?} has no `{path}`"),
        };
        for path in [
            "tests/lines.log",
            "tests/expected.txt",
            "README.md",
            ".gitignore",
            "sdk/wit/types.wit",
            "config.schema.json",
        ] {
            assert!(!text(path).is_empty(), "{path}");
        }
        assert!(text("src/lib.rs").contains("late_bird::LateBird"));
        assert!(text("src/late_bird.rs").contains("struct LateBird"));
        assert!(text("Cargo.toml").contains("name = \"late-bird\""));
        assert!(text("Cargo.toml").contains("[profile.guest]\ninherits = \"release\""));
        assert!(text("sdk/Cargo.toml").contains("wit-bindgen = { version = \"=0."));
        assert!(text("sdk/worlds/detector/src/lib.rs").contains("path: \"../../wit\""));
        let lock = text("Cargo.lock");
        for package in ["bellwether-sdk", "late-bird", "serde_derive", "wit-parser"] {
            assert!(lock.contains(&format!("name = \"{package}\"\n")), "{package}");
        }
        assert!(!lock.contains("wasmtime"), "only what the SDK needs");
        for (path, text) in &files {
            assert!(!text.to_lowercase().contains("template-"), "{path} speaks of its template");
        }
    }
}

#[test]
fn what_exists_is_left_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let name = Name::parse("mine").expect("a name");
    let inside = folder.path().join("mine");
    create(&inside, &name, Sort::Filter).expect("there is nothing yet");
    let error = create(&inside, &name, Sort::Filter).expect_err("there is something now");
    assert!(error.to_string().contains("exists already"), "{error}");
}
