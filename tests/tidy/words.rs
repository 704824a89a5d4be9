//! Words, attributes and file names that may not occur.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::code;
use super::tree::{self, File};
use super::{Expected, Offence, check, demand_none};

/// The one place that may wait by the clock: the thread behind the deadlines of plugins.
const TICKER: &str = "host/plugins/src/ticker.rs";

/// Attributes, and the mend of each.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("ignore", "let the test run, or remove it"),
    ("should_panic", "return an error and compare it"),
    ("allow", "use `#[expect(.., reason = \"..\")]`"),
];

/// Macros that stand for code still to be written.
const MACROS: &[&str] = &["todo", "unimplemented"];

/// Names that say nothing about what is inside.
const MODULES: &[&str] = &["common", "helpers", "types", "utils"];

/// Marks of unfinished work, cut in two so that this file has none.
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

fn attributes(tokens: &[TokenTree], file: &File) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(brackets) = token else { continue };
        let mut before = tokens[..index].iter().rev().map(TokenTree::to_string);
        if brackets.delimiter() != Delimiter::Bracket
            || before.find(|token| token != "!").as_deref() != Some("#")
        {
            continue;
        }
        for (name, line) in names(brackets) {
            if let Some((name, mend)) = ATTRIBUTES.iter().find(|(banned, _)| *banned == name) {
                offences.push(Offence::new(file, line, format!("`{name}` is banned; {mend}")));
            }
        }
    }
    offences
}

/// The attributes that a pair of brackets sets: more than one if a condition stands in front.
fn names(brackets: &Group) -> Vec<(String, usize)> {
    let mut tokens = brackets.stream().into_iter();
    let Some(TokenTree::Ident(first)) = tokens.next() else { return Vec::new() };
    let mut found = vec![(first.to_string(), code::line(first.span()))];
    if first == "cfg_attr"
        && let Some(TokenTree::Group(arguments)) = tokens.next()
    {
        for token in arguments.stream() {
            if let TokenTree::Ident(ident) = token {
                found.push((ident.to_string(), code::line(ident.span())));
            }
        }
    }
    found
}

fn macros(tokens: &[TokenTree], file: &File) -> Vec<Offence> {
    let mut offences = Vec::new();
    for pair in tokens.windows(2) {
        let (TokenTree::Ident(name), TokenTree::Punct(mark)) = (&pair[0], &pair[1]) else {
            continue;
        };
        if mark.as_char() == '!' && MACROS.iter().any(|banned| name == banned) {
            let message = format!("`{name}!` is banned; write the code");
            offences.push(Offence::new(file, code::line(name.span()), message));
        }
    }
    offences
}

fn sleeps(tokens: TokenStream, file: &File) -> Vec<Offence> {
    if file.path == TICKER {
        return Vec::new();
    }
    let message = "`thread::sleep` is banned; wait for the event itself";
    let mut paths = code::paths(tokens);
    paths.retain(|path| path.has(&["thread", "sleep"]) || path.has(&["std", "thread", "*"]));
    paths.iter().map(|path| Offence::new(file, path.line, message)).collect()
}

fn code_offences(file: &File) -> Vec<Offence> {
    let tokens = code::tokens(file);
    let mut offences = Vec::new();
    for stream in code::streams(tokens.clone()) {
        offences.extend(attributes(&stream, file));
        offences.extend(macros(&stream, file));
    }
    offences.extend(sleeps(tokens, file));
    offences
}

fn mark_offences(file: &File) -> Vec<Offence> {
    let mut offences = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        if let Some(mark) = words.find(|word| MARKS.contains(word)) {
            let message = format!("`{mark}` is banned; do it, or take the line out");
            offences.push(Offence::new(file, index + 1, message));
        }
    }
    offences
}

fn name_offences(file: &File) -> Vec<Offence> {
    let parts = file.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    let message = |name| format!("`{name}` names no concept; call the module after what it holds");
    let banned = parts.filter(|part| MODULES.contains(part));
    banned.map(|name| Offence::new(file, 1, message(name))).collect()
}

fn purpose_offences(file: &File) -> Vec<Offence> {
    if file.text.starts_with("//! ") {
        return Vec::new();
    }
    vec![Offence::new(file, 1, "no purpose; begin the file with a line of `//! `")]
}

#[test]
fn the_code_has_no_banned_word() {
    demand_none(&tree::read_rust().iter().flat_map(code_offences).collect::<Vec<_>>());
}

#[test]
fn no_file_has_a_mark_of_unfinished_work() {
    demand_none(&tree::read().iter().flat_map(mark_offences).collect::<Vec<_>>());
}

#[test]
fn every_module_is_named_after_a_concept() {
    demand_none(&tree::read_rust().iter().flat_map(name_offences).collect::<Vec<_>>());
}

#[test]
fn every_rust_file_begins_with_its_purpose() {
    demand_none(&tree::read_rust().iter().flat_map(purpose_offences).collect::<Vec<_>>());
}

#[test]
fn banned_words_are_seen_in_code_only() {
    let cases: &[(&str, Expected<'_>)] = &[
        ("#[test]\n#[ignore]\nfn f() {}", &[(2, "`ignore`")]),
        ("#[ignore = \"slow\"]\nfn f() {}", &[(1, "`ignore`")]),
        (
            "mod m {\n    #[should_panic(expected = \"x\")]\n    fn f() {}\n}",
            &[(2, "`should_panic`")],
        ),
        ("#![allow(dead_code)]", &[(1, "`allow`")]),
        ("#[cfg_attr(test, allow(dead_code))]\nfn f() {}", &[(1, "`allow`")]),
        ("macro_rules! m { () => { #[allow(x)] fn f() {} } }", &[(1, "`allow`")]),
        ("fn f() {\n    todo!()\n}", &[(2, "`todo!`")]),
        ("fn f() { g(|| unimplemented!(\"later\")) }", &[(1, "`unimplemented!`")]),
        ("fn f() {\n    std::thread::sleep(d);\n}", &[(2, "`thread::sleep`")]),
        ("use std::thread;\nfn f() { thread::sleep(d) }", &[(2, "`thread::sleep`")]),
        ("use std::{thread::{self, sleep}};", &[(1, "`thread::sleep`")]),
        ("use std::thread::*;", &[(1, "`thread::sleep`")]),
        ("// #[ignore] todo!() thread::sleep\nconst A: &str = \"#[allow(x)] todo!()\";", &[]),
        (
            "/// Says `#[ignore]`.\nfn ignore(allow: u8, todo: u8) { self::sleep(x[allow] != todo) }",
            &[],
        ),
    ];
    for (text, expected) in cases {
        check(text, &code_offences(&File::new("x.rs", text)), expected);
    }
    let waits = "fn f() { std::thread::sleep(d) }";
    check(TICKER, &code_offences(&File::new(TICKER, waits)), &[]);
}

#[test]
fn marks_are_seen_as_whole_words_in_any_file() {
    let [first, second] = [MARKS[0], MARKS[1]];
    let cases: &[(String, Expected<'_>)] = &[
        (format!("fn f() {{}}\n// {first}: later"), &[(2, first)]),
        (format!("<!-- {second} -->"), &[(1, second)]),
        (format!("{first}S and {second}_AT are other words, {}", first.to_lowercase()), &[]),
    ];
    for (text, expected) in cases {
        check(text, &mark_offences(&File::new("x.md", text)), expected);
    }
}

#[test]
fn empty_names_and_missing_purposes_are_seen() {
    let names: &[(&str, Expected<'_>)] = &[
        ("host/core/src/utils.rs", &[(1, "`utils`")]),
        ("host/core/src/common/mod.rs", &[(1, "`common`")]),
        ("host/core/src/helpers.rs", &[(1, "`helpers`")]),
        ("host/core/src/types.rs", &[(1, "`types`")]),
        ("host/core/src/record.rs", &[]),
    ];
    for (path, expected) in names {
        check(path, &name_offences(&File::new(path, "")), expected);
    }
    let purposes: &[(&str, Expected<'_>)] = &[
        ("//! What it is for.\n", &[]),
        ("", &[(1, "no purpose")]),
        ("//!\n", &[(1, "no purpose")]),
        ("use a::b;\n//! Late.", &[(1, "no purpose")]),
        ("// A comment.", &[(1, "no purpose")]),
    ];
    for (text, expected) in purposes {
        check(text, &purpose_offences(&File::new("x.rs", text)), expected);
    }
}
