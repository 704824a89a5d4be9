//! Lines and the records they become.

use super::*;
use crate::frame::{FrameLimits, LineSplitter};

const REFERENCE: Reference = Reference { time_ms: 1_718_452_800_000 };
const STAMPED_BEFORE: &str = "2024-01-02 03:04:05 INFO before";
const STAMPED_AFTER: &str = "2024-01-02 03:04:06 INFO after";

fn assemble(limits: AssemblerLimits, input: &[u8]) -> Vec<Record> {
    let mut assembler = Assembler::new(limits, REFERENCE);
    let mut records = Vec::new();
    let mut sink = |record: &Record| records.push(record.clone());
    let mut splitter = LineSplitter::new(FrameLimits::default());
    splitter.push(input, &mut |line| assembler.line(line, &mut sink));
    splitter.finish(&mut |line| assembler.line(line, &mut sink));
    assembler.flush(&mut sink);
    assert_eq!(assembler.pending_time_ms(), None);
    records
}

fn texts(input: &str) -> Vec<String> {
    let records = assemble(AssemblerLimits::default(), input.as_bytes());
    records.into_iter().map(|record| String::from_utf8(record.text).unwrap()).collect()
}

/// The records of an input, each of them the lines joined.
fn check(input: &str, expected: &[&str]) {
    assert_eq!(texts(input), expected, "{input}");
}

/// A trace between two lines is one record in a source without stamps, and part of the record before it in another.
fn check_trace(trace: &str) {
    check(&format!("before\n{trace}\nafter\n"), &["before", trace, "after"]);
    check(&format!("{trace}\nafter\n"), &[trace, "after"]);
    let glued = format!("{STAMPED_BEFORE}\n{trace}");
    check(&format!("{glued}\n{STAMPED_AFTER}\n"), &[&glued, STAMPED_AFTER]);
}

#[test]
fn java() {
    check_trace(concat!(
        "Exception in thread \"main\" java.lang.IllegalStateException: no\n",
        "\tat com.foo.Bar.run(Bar.java:10)\n",
        "\tSuppressed: java.io.IOException: x\n",
        "\t\tat com.foo.Bar.close(Bar.java:20)\n",
        "Caused by: java.lang.NullPointerException\n",
        "\tat com.foo.Bar.get(Bar.java:30)\n",
        "\t... 12 more",
    ));
    check_trace(concat!(
        "com.foo.AppException: no\n",
        "at com.foo.Bar.run(Bar.java:10)\n",
        "at com.foo.Bar.main(Native Method)\n",
        "... 3 common frames omitted\n",
        "Suppressed: java.io.IOException: x\n",
        "... 12 more",
    ));
}

#[test]
fn python() {
    check_trace(concat!(
        "Traceback (most recent call last):\n",
        "  File \"a.py\", line 1, in <module>\n",
        "    1 / 0\n",
        "ZeroDivisionError: division by zero",
    ));
    check_trace(concat!(
        "Traceback (most recent call last):\n",
        "  File \"a.py\", line 1, in f\n",
        "KeyError\n",
        "\n",
        "During handling of the above exception, another exception occurred:\n",
        "\n",
        "Traceback (most recent call last):\n",
        "  File \"a.py\", line 2, in g\n",
        "app.errors.AppError: x: y\n",
        "\n",
        "The above exception was the direct cause of the following exception:\n",
        "\n",
        "Traceback (most recent call last):\n",
        "  File \"a.py\", line 3, in h\n",
        "ValueError: z",
    ));
    let frames = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f";
    check(&format!("{frames}\nwith no exception\n"), &[frames, "with no exception"]);
    let whole = format!("{frames}\nKeyError: 1");
    check(&format!("{whole}\nValueError: 2\n{whole}\n"), &[&whole, "ValueError: 2", &whole]);
}

#[test]
fn rust() {
    check_trace(concat!(
        "thread 'main' panicked at src/main.rs:2:5:\n",
        "index out of bounds\n",
        "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
    ));
    check_trace(concat!(
        "thread 'main' (77) panicked at src/main.rs:2:5:\n",
        "assertion `left == right` failed\n",
        "  left: 1\n",
        " right: 2\n",
        "stack backtrace:\n",
        "   0: rust_begin_unwind\n",
        "             at /rustc/library/std/src/panicking.rs:1:2\n",
        "note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.",
    ));
    check_trace("thread 'w' panicked at 'no', src/main.rs:2:5\nnote: run with `RUST_BACKTRACE=1`");
    // The message is missing, and what follows has a stamp.
    let header = "thread 'main' panicked at src/main.rs:2:5:";
    check(&format!("{header}\n{STAMPED_AFTER}\n"), &[header, STAMPED_AFTER]);
}

#[test]
fn go() {
    check_trace(concat!(
        "panic: runtime error: index out of range [5] with length 3 [recovered]\n",
        "\tpanic: again\n",
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x49]\n",
        "\n",
        "goroutine 1 [running]:\n",
        "main.(*T).run(0xc000, {0x1, 0x2})\n",
        "\t/app/main.go:8 +0x1d\n",
        "created by main.start in goroutine 1\n",
        "\t/app/main.go:3 +0x2d\n",
        "\n",
        "goroutine 18 [chan receive, 2 minutes]:\n",
        "net/http.Serve(...)\n",
        "\t/go/http.go:1\n",
        "exit status 2",
    ));
    check_trace(concat!(
        "fatal error: all goroutines are asleep - deadlock!\n",
        "\n",
        "runtime stack:\n",
        "runtime.throw({0x1, 0x2})\n",
        "\t/go/panic.go:1\n",
        "\n",
        "goroutine 1 [select (no cases)]:\n",
        "main.main()\n",
        "\t/app/main.go:8 +0x1d\n",
        "\n",
        "rax    0xca\n",
        "rip    0x46",
    ));
}

#[test]
fn node() {
    check_trace(concat!(
        "TypeError: x is not a function\n",
        "    at Object.<anonymous> (/app/index.js:10:9)\n",
        "    at node:internal/main/run_main_module:23:47",
    ));
    check_trace(concat!(
        "node:internal/modules/cjs/loader:1080\n",
        "  throw err;\n",
        "  ^\n",
        "\n",
        "Error [ERR_X]: Cannot find module 'y'\n",
        "    at Module._load (node:internal/modules/cjs/loader:922:27) {\n",
        "  code: 'MODULE_NOT_FOUND'\n",
        "}\n",
        "\n",
        "Node.js v20.1.0",
    ));
    check_trace("/app/index.js:3\n    throw 1;\n    ^\n\nUncaught 1\n    at f (/app/index.js:3:5)");
}

#[test]
fn indented_lines_continue_any_record_and_blank_ones_make_none() {
    check("a\n  b\n\tc\nd\n", &["a\n  b\n\tc", "d"]);
    check("\n \na\n\n\t\n  b\n\nc\n\n", &["a\n  b", "c"]);
    check("  a\nb\n", &["  a", "b"]);
    check("", &[]);
    check(
        "{\"msg\":\"a\"}\n  b\n{\"msg\":\"c\"}\n{\"msg\":\n",
        &["{\"msg\":\"a\"}\n  b", "{\"msg\":\"c\"}", "{\"msg\":"],
    );
}

#[test]
fn what_only_looks_like_a_trace_stays_apart() {
    for line in [
        "at last",
        "at last (really)",
        "... and more",
        "... 3 more to come",
        "Caused by nothing",
        "goroutine 1 [running]:",
        "main.main()",
        "note: x",
        "exit status 2",
        "}",
        "rax    0xca",
        "ValueError: 1",
    ] {
        check(&format!("before\n{line}\n"), &["before", line]);
    }
}

#[test]
fn in_a_stamped_source_lines_without_stamp_continue() {
    let joined = format!("{STAMPED_BEFORE}\nselect *\nfrom x");
    check(
        &format!("{STAMPED_BEFORE}\nselect *\n\nfrom x\n{STAMPED_AFTER}"),
        &[&joined, STAMPED_AFTER],
    );
    check(&format!("banner\n{STAMPED_BEFORE}\nx\n"), &["banner", &format!("{STAMPED_BEFORE}\nx")]);
    // A line of another stamped form is a record of its own.
    let other = "081109 203530 143 INFO dfs.A: text";
    check(
        &format!("{STAMPED_BEFORE}\n{STAMPED_AFTER}\n{other}\nx\n"),
        &[STAMPED_BEFORE, STAMPED_AFTER, &format!("{other}\nx")],
    );
}

#[test]
fn a_record_has_the_place_and_fields_of_its_first_line() {
    let input = format!("first\n{STAMPED_BEFORE}\n  more\n{STAMPED_AFTER}\n");
    let records = assemble(AssemblerLimits::default(), input.as_bytes());
    let expected = [
        (0, None, 1, "first"),
        (6, Some(1_704_164_645_000), 2, "before"),
        (45, Some(1_704_164_646_000), 1, "after"),
    ];
    assert_eq!(records.len(), expected.len());
    for (record, (position, time_ms, lines, body)) in records.iter().zip(expected) {
        assert_eq!((record.position, record.time_ms, record.lines), (position, time_ms, lines));
        assert_eq!((record.body.as_slice(), record.cut), (body.as_bytes(), false));
    }
    assert_eq!(records[1].head, b"INFO");
}

#[test]
fn a_pending_record_shows_its_time_and_can_be_flushed() {
    let mut assembler = Assembler::new(AssemblerLimits::default(), REFERENCE);
    let mut lines = Vec::new();
    let mut sink = |record: &Record| lines.push(record.lines);
    assert_eq!(assembler.pending_time_ms(), None);
    for (bytes, pending) in [
        ("text", None),
        (STAMPED_BEFORE, Some(1_704_164_645_000)),
        ("  x", Some(1_704_164_645_000)),
    ] {
        assembler.line(Line { position: 0, bytes: bytes.as_bytes(), cut: false }, &mut sink);
        assert_eq!(assembler.pending_time_ms(), Some(pending), "{bytes}");
    }
    assembler.flush(&mut sink);
    assembler.flush(&mut sink);
    assert_eq!((assembler.pending_time_ms(), assembler.form()), (None, Form::Iso));
    assembler.line(Line { position: 9, bytes: b"late", cut: true }, &mut sink);
    assembler.flush(&mut sink);
    assert_eq!(lines, [1, 2, 1]);
}

#[test]
fn limits_cut_the_text_and_swallow_the_rest_of_the_record() {
    // Bytes, lines, what is kept of the first record, how many lines it has, whether it is cut.
    let cases = [
        (100, 10, "abc\n d\n e", 3, false),
        (9, 10, "abc\n d\n e", 3, false),
        (8, 10, "abc\n d\n ", 3, true),
        (6, 10, "abc\n d", 3, true),
        (5, 10, "abc\n ", 3, true),
        (2, 10, "ab", 3, true),
        (0, 10, "", 3, true),
        (100, 2, "abc\n d", 3, true),
        (100, 1, "abc", 3, true),
    ];
    for (record_bytes_max, record_lines_max, text, lines, cut) in cases {
        let limits = AssemblerLimits { record_bytes_max, record_lines_max, ..Default::default() };
        let records = assemble(limits, b"abc\n d\n e\nx\n");
        let first = &records[0];
        assert_eq!((first.text.as_slice(), first.lines, first.cut), (text.as_bytes(), lines, cut));
        assert!(first.body.len() <= record_bytes_max);
        assert_eq!(records.len(), 2);
    }
}

#[test]
fn a_cut_line_marks_its_record() {
    for (first, second) in [(true, false), (false, true)] {
        let mut assembler = Assembler::new(AssemblerLimits::default(), REFERENCE);
        let mut cuts = Vec::new();
        let mut sink = |record: &Record| cuts.push(record.cut);
        assembler.line(Line { position: 0, bytes: b"a", cut: first }, &mut sink);
        assembler.line(Line { position: 2, bytes: b" b", cut: second }, &mut sink);
        assembler.line(Line { position: 5, bytes: b"c", cut: false }, &mut sink);
        assembler.flush(&mut sink);
        assert_eq!(cuts, [true, false]);
    }
}

#[test]
fn records_do_not_depend_on_how_the_stream_is_cut() {
    let input = format!(
        "banner\r\n{STAMPED_BEFORE}\n\tat a.B(C.java:1)\n\npanic: x\n\ngoroutine 1 [running]:\r\n{STAMPED_AFTER}"
    );
    let input = input.as_bytes();
    let expected = assemble(AssemblerLimits::default(), input);
    assert_eq!(expected.len(), 3);
    for cut in 0..=input.len() {
        let mut assembler = Assembler::new(AssemblerLimits::default(), REFERENCE);
        let mut records = Vec::new();
        let mut sink = |record: &Record| records.push(record.clone());
        let mut splitter = LineSplitter::new(FrameLimits::default());
        for chunk in [&input[..cut], &input[cut..]] {
            splitter.push(chunk, &mut |line| assembler.line(line, &mut sink));
        }
        splitter.finish(&mut |line| assembler.line(line, &mut sink));
        assembler.flush(&mut sink);
        assert_eq!(records, expected, "cut at {cut}");
    }
}
