//! A file with every defect is taken over, told about, and loads.

use super::*;

const OLD: &str = "\u{feff}# What the system says.
KERNEL_ERROR (kernel\\serror|oops) 5.0 It's the kernel's.

DISK_FULL no space left 4.0 A disk is full.
APP_ERROR nginx.*error|fail 2.5 Wide.
APP_ERROR \"quoted\"\\ttab 2.5 The same name.
LOOK fail(?!ed) 2.0 Looks ahead.
BACK (\\w+)\\s\\1 2.0 Refers back.
OPEN (a|b 2.0 No end.
HUGE lost 57 Out of range.
";

fn import(file: &str, category: &str, text: &str) -> Import {
    let mut import = Import::default();
    import.names.insert("disk-full".to_owned());
    import.add(file, category, text);
    import
}

#[test]
fn every_defect_is_told_with_its_place() {
    let import = import("old.patterns", "system", OLD);
    let expected = [
        "old.patterns:4: disk-full-2: \"disk-full\" is the name of another pattern",
        "old.patterns:4: disk-full-2: the expression has a blank",
        "old.patterns:5: app-error: no brackets hold the alternatives together, so each of `fail` matches",
        "old.patterns:6: app-error-2: \"app-error\" is the name of another pattern",
        "old.patterns:7: left out: the expression looks ahead or behind",
        "old.patterns:8: left out: the expression refers back",
        "old.patterns:9: left out: character 1 of the expression: unclosed group",
        "old.patterns:10: huge: score 57 is not from 0 to 10",
    ];
    assert_eq!(import.report.len(), expected.len(), "{:?}", import.report);
    for (line, beginning) in import.report.iter().zip(expected) {
        assert!(line.starts_with(beginning), "{line}");
    }
    assert_eq!((import.taken, import.left_out), (5, 3));
}

#[test]
fn what_is_written_loads_and_nothing_is_lost() {
    let yaml = import("old.patterns", "system", OLD).yaml();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.yaml");
    std::fs::write(&path, &yaml).unwrap();
    let patterns = config::load_patterns(std::slice::from_ref(&path)).unwrap();
    let names: Vec<_> = patterns.iter().map(|pattern| pattern.name()).collect();
    assert_eq!(names, ["kernel-error", "disk-full-2", "app-error", "app-error-2", "huge"]);
    assert!(patterns.iter().all(|pattern| !pattern.is_proven()));
    assert_eq!(patterns[0].description(), "It's the kernel's.");
    assert_eq!((patterns[0].score(), patterns[1].score()), (100, 80));
    assert!(patterns[1].matches(b"write: No space left on device"));
    assert!(!patterns[1].matches(b"no way"), "the whole expression counts");
    assert!(patterns[3].matches(b"a \"Quoted\"\ttab"));
    let comments = [
        "# What the system says.",
        "# LOOK fail(?!ed) 2.0 Looks ahead.",
        "# OPEN (a|b 2.0 No end.",
    ];
    assert!(comments.iter().all(|comment| yaml.contains(comment)), "{yaml}");
}

#[test]
fn odd_texts_are_quoted() {
    let control =
        import("old.patterns", "system", "A'B: a'b\u{7}c 1 It's\u{1b} one: # two\n#\u{1b}c\n");
    let empty = import("old.patterns", "system", "# nothing\n");
    let folder = tempfile::tempdir().unwrap();
    for (import, count) in [(control, 1), (empty, 0)] {
        let path = folder.path().join(format!("{count}.yaml"));
        std::fs::write(&path, import.yaml()).unwrap();
        let patterns = config::load_patterns(std::slice::from_ref(&path)).unwrap();
        assert_eq!(patterns.len(), count);
        assert!(
            patterns.iter().all(|pattern| pattern.name() == "a-b-" && pattern.matches(b"A'b\x07C"))
        );
    }
}

#[test]
fn names_and_categories_are_ours() {
    assert_eq!(name_of("KERNEL_Error.2"), "kernel-error-2");
    assert_eq!(name_of(&"x".repeat(80)).len(), NAME_BYTES_MAX);
    assert_eq!(category_of(Path::new("old/Docker_Host.patterns")), "docker-host");
    assert_eq!(category_of(Path::new("/")), "imported");
    assert!(parse_category("Web").is_err() && parse_category("web").is_ok());
    let mut import =
        import("a", "web", &format!("{0} lost 1 One.\n{0} found 1 Two.\n", "x".repeat(80)));
    import.add("b", "web", "Y lost 1 Three.\n");
    let names: Vec<_> = import.names.iter().filter(|name| name.ends_with("x-2")).collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].len(), NAME_BYTES_MAX);
}
