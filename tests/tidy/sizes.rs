//! The sizes of files and functions: their limits, and the table that `make sizes` prints.

use std::collections::BTreeMap;
use std::fmt::Write;

use syn::visit::{self, Visit};

use super::tree::{self, File};
use super::{Expected, Offence, check, demand_none};

/// The longest file, in lines.
const FILE_LINES_MAX: usize = 400;
/// The longest function, in lines, from `fn` to its last brace.
const FUNCTION_LINES_MAX: usize = 70;
/// The largest median of the files' lines, tests apart.
const MEDIAN_LINES_MAX: usize = 160;
/// Endings of files that are source and not prose or data.
const SOURCES: &[&str] = &[".rs", ".py", ".sh", ".html", ".js", ".css"];

/// A function with its size.
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Collects the functions of a file, those inside others as well.
#[derive(Default)]
struct Functions(Vec<Function>);

impl Functions {
    fn note(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = body.brace_token.span.close().end().line;
        let name = signature.ident.to_string();
        self.0.push(Function { name, line: first, lines: last - first + 1 });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.note(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }
}

fn functions(file: &File) -> Vec<Function> {
    let parsed = match syn::parse_file(&file.text) {
        Ok(parsed) => parsed,
        Err(error) => panic!("{}: not Rust: {error}; mend the file", file.path),
    };
    let mut functions = Functions::default();
    functions.visit_file(&parsed);
    functions.0
}

fn file_offences(file: &File) -> Vec<Offence> {
    let lines = file.text.lines().count();
    if !SOURCES.iter().any(|ending| file.path.ends_with(ending)) || lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    let message = format!("{lines} lines; split it by concept into files of {FILE_LINES_MAX}");
    vec![Offence::new(file, FILE_LINES_MAX + 1, message)]
}

fn function_offences(file: &File) -> Vec<Offence> {
    let mut offences = Vec::new();
    for Function { name, line, lines } in functions(file) {
        if lines > FUNCTION_LINES_MAX {
            let mend = format!("give its steps names, {FUNCTION_LINES_MAX} is the limit");
            offences.push(Offence::new(file, line, format!("`{name}` has {lines} lines; {mend}")));
        }
    }
    offences
}

/// The crate that a file belongs to, or `None` for tests, whose sizes say little.
fn group(file: &File) -> Option<String> {
    let path = file.path.strip_suffix(".rs")?;
    if path.starts_with("tests/") || path.ends_with("/tests") || path.contains("/tests/") {
        return None;
    }
    Some(path.split('/').take(2).collect::<Vec<_>>().join("/"))
}

/// The value below which that part of sorted sizes lies; 0 if there are none.
fn quantile(sorted: &[usize], percent: usize) -> usize {
    sorted
        .get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)))
        .map_or(0, |size| *size)
}

/// One line per crate and one for all of them, then the functions that are too long.
fn table(files: &[File]) -> String {
    let mut groups: BTreeMap<String, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for file in files {
        let Some(group) = group(file) else { continue };
        for name in [group, "all".to_owned()] {
            let (lines, lengths) = groups.entry(name).or_default();
            lines.push(file.text.lines().count());
            lengths.extend(functions(file).iter().map(|function| function.lines));
        }
    }
    let mut text = format!(
        "{:<20} {:>6} {:>7} {:>5} {:>5} {:>10} {:>5}\n",
        "tests apart", "files", "median", "p90", "max", "functions", "> 70"
    );
    for (name, (mut lines, lengths)) in groups {
        lines.sort_unstable();
        let long = lengths.iter().filter(|length| **length > FUNCTION_LINES_MAX).count();
        let (median, p90, max) =
            (quantile(&lines, 50), quantile(&lines, 90), quantile(&lines, 100));
        let (files, functions) = (lines.len(), lengths.len());
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{name:<20} {files:>6} {median:>7} {p90:>5} {max:>5} {functions:>10} {long:>5}"
        );
    }
    for offence in files.iter().flat_map(function_offences) {
        let _ = writeln!(text, "{offence}");
    }
    text
}

#[test]
fn no_file_is_too_long() {
    demand_none(&tree::read().iter().flat_map(file_offences).collect::<Vec<_>>());
}

#[test]
fn no_function_is_too_long() {
    demand_none(&tree::read_rust().iter().flat_map(function_offences).collect::<Vec<_>>());
}

#[test]
fn sizes_of_the_project() {
    let files = tree::read_rust();
    println!("{}", table(&files));
    let own = files.iter().filter(|file| group(file).is_some());
    let mut lines: Vec<usize> = own.map(|file| file.text.lines().count()).collect();
    lines.sort_unstable();
    let median = quantile(&lines, 50);
    assert!(
        (1..=MEDIAN_LINES_MAX).contains(&median),
        "the median file has {median} lines, {MEDIAN_LINES_MAX} is the limit; split files by concept"
    );
}

#[test]
fn a_file_may_have_so_many_lines_and_no_more() {
    let cases: &[(&str, usize, Expected<'_>)] = &[
        ("x.rs", FILE_LINES_MAX, &[]),
        ("x.rs", FILE_LINES_MAX + 1, &[(401, "401 lines")]),
        ("demo/x.py", 900, &[(401, "900 lines")]),
        ("x.sh", 900, &[(401, "900 lines")]),
        ("x.html", 900, &[(401, "900 lines")]),
        ("x.js", 900, &[(401, "900 lines")]),
        ("README.md", 900, &[]),
        ("Cargo.lock", 900, &[]),
    ];
    for (path, lines, expected) in cases {
        let file = File::new(path, &"\n".repeat(*lines));
        check(&format!("{path} with {lines} lines"), &file_offences(&file), expected);
    }
}

#[test]
fn a_function_may_have_so_many_lines_and_no_more() {
    let body = |lines: usize| format!("{{{}}}", "\n".repeat(lines - 1));
    let (most, more) = (body(FUNCTION_LINES_MAX), body(FUNCTION_LINES_MAX + 1));
    let cases: &[(String, Expected<'_>)] = &[
        (format!("fn f() {most}"), &[]),
        (format!("fn f() {more}"), &[(1, "`f` has 71 lines")]),
        (format!("/// Words.\n#[test]\npub async fn f(\n) {more}"), &[(3, "`f` has 72 lines")]),
        (format!("impl A {{\nfn g(&self) {more} }}"), &[(2, "`g`")]),
        (format!("trait A {{ fn g(); fn h() {more} }}"), &[(1, "`h`")]),
        (format!("mod m {{ fn f() {{ fn inner() {more} }} }}"), &[(1, "`f`"), (1, "`inner`")]),
        (format!("const A: &str = \"fn f() {more}\";"), &[]),
    ];
    for (text, expected) in cases {
        check(text, &function_offences(&File::new("x.rs", text)), expected);
    }
}

#[test]
fn the_table_counts_files_and_functions() {
    let long = format!("fn long() {{{}}}\n", "\n".repeat(99));
    let files = [
        File::new("host/core/src/a.rs", "fn a() {}\n"),
        File::new("host/core/src/b.rs", &long),
        File::new("host/core/src/b/tests.rs", &long),
        File::new("tests/all.rs", &long),
    ];
    let table = table(&files);
    let columns = |line: &str| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    let core = table.lines().find(|line| line.starts_with("host/core ")).map(columns);
    assert_eq!(core.as_deref(), Some("2 100 100 100 2 1"), "{table}");
    assert!(table.contains("host/core/src/b.rs:1: `long` has 100 lines"), "{table}");
}

#[test]
fn quantiles_are_sizes_that_occur() {
    let cases: &[(&[usize], usize, usize)] =
        &[(&[], 50, 0), (&[7], 50, 7), (&[1, 2, 3], 50, 2), (&[1, 2, 3], 100, 3), (&[1, 2], 0, 1)];
    for (sizes, percent, expected) in cases {
        assert_eq!(quantile(sizes, *percent), *expected, "{percent} % of {sizes:?}");
    }
}
