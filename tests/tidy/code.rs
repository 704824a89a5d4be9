//! Rust files as tokens, so that text in strings and comments cannot be taken for code.

use proc_macro2::{Delimiter, Group, Punct, Spacing, Span, TokenStream, TokenTree};

use super::tree::File;

/// A path as it is written, `use` groups taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Such as `std`, `time`, `Instant`; `*` for a glob.
    pub(crate) segments: Vec<String>,
    /// Where it stands.
    pub(crate) line: usize,
}

impl Path {
    /// Whether these segments follow one another somewhere in it.
    pub(crate) fn has(&self, segments: &[&str]) -> bool {
        self.segments.windows(segments.len()).any(|window| window == segments)
    }
}

/// The tokens of a file.
pub(crate) fn tokens(file: &File) -> TokenStream {
    match file.text.parse() {
        Ok(tokens) => tokens,
        Err(error) => panic!("{}: not Rust: {error}; mend the file", file.path),
    }
}

/// The line of a token, counted from 1.
pub(crate) fn line(span: Span) -> usize {
    span.start().line
}

/// The tokens themselves, then those inside each of their groups, at any depth.
pub(crate) fn streams(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut inner = Vec::new();
    for token in &tokens {
        if let TokenTree::Group(group) = token {
            inner.extend(streams(group.stream()));
        }
    }
    let mut found = vec![tokens];
    found.extend(inner);
    found
}

/// Every path of at least two segments.
pub(crate) fn paths(tokens: TokenStream) -> Vec<Path> {
    let mut reader = Reader::below(Vec::new());
    reader.read(tokens);
    reader.found
}

/// Puts paths together from tokens.
struct Reader {
    /// What stands before a `use` group.
    prefix: Vec<String>,
    path: Vec<String>,
    /// Whether `::` came last, so that the next word continues the path.
    joined: bool,
    line: usize,
    found: Vec<Path>,
}

impl Reader {
    fn below(prefix: Vec<String>) -> Self {
        let joined = !prefix.is_empty();
        Reader { path: prefix.clone(), prefix, joined, line: 0, found: Vec::new() }
    }

    fn read(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(ident) => self.word(ident.to_string(), line(ident.span())),
                TokenTree::Punct(colon) if is_colon(&colon) => {
                    let is_joint = colon.spacing() == Spacing::Joint;
                    if is_joint && tokens.next_if(is_colon_token).is_some() {
                        self.joined = true;
                    } else {
                        self.end(false);
                    }
                }
                TokenTree::Punct(star) if star.as_char() == '*' && self.joined => {
                    self.word("*".to_owned(), line(star.span()));
                }
                TokenTree::Punct(comma) if comma.as_char() == ',' => self.end(true),
                TokenTree::Group(group) => self.group(&group),
                TokenTree::Punct(_) | TokenTree::Literal(_) => self.end(false),
            }
        }
        self.end(false);
    }

    fn word(&mut self, word: String, line: usize) {
        if !self.joined {
            self.end(false);
        }
        if self.path.len() == self.prefix.len() {
            self.line = line;
        }
        self.path.push(word);
        self.joined = false;
    }

    fn group(&mut self, group: &Group) {
        let is_use = self.joined && group.delimiter() == Delimiter::Brace;
        let prefix = if is_use { std::mem::take(&mut self.path) } else { Vec::new() };
        self.end(false);
        let mut inner = Reader::below(prefix);
        inner.read(group.stream());
        self.found.append(&mut inner.found);
    }

    /// Ends a path; in a `use` group, the next one may start with the prefix again.
    fn end(&mut self, again: bool) {
        let segments = std::mem::take(&mut self.path);
        if segments.len() > self.prefix.len() && segments.len() > 1 {
            self.found.push(Path { segments, line: self.line });
        }
        if again {
            self.path.clone_from(&self.prefix);
        }
        self.joined = again && !self.prefix.is_empty();
    }
}

fn is_colon(punct: &Punct) -> bool {
    punct.as_char() == ':'
}

fn is_colon_token(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if is_colon(punct))
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let cases: &[(&str, &[&str])] = &[
        ("use a::b;", &["1 a::b"]),
        ("use a::{b, c::{self, d}, e::*};", &["1 a::b", "1 a::c::self", "1 a::c::d", "1 a::e::*"]),
        ("use a::{\n    b,\n    c,\n};", &["2 a::b", "3 a::c"]),
        ("fn f(x: a::B) -> c::D { e::f(g::h, 1) }", &["1 a::B", "1 c::D", "1 e::f", "1 g::h"]),
        ("macro_rules! m { () => { a::b!(\"c::d\") } } // e::f", &["1 a::b"]),
        ("use a::b as c; let x = d * e::f;", &["1 a::b", "1 e::f"]),
        ("let x: u8 = y; struct S { z:&b, c: ::d }", &[]),
        ("::a::b(); c::<d>::e()", &["1 a::b"]),
    ];
    for (text, expected) in cases {
        let found = paths(tokens(&File::new("x.rs", text)));
        let found: Vec<String> = found
            .iter()
            .map(|path| format!("{} {}", path.line, path.segments.join("::")))
            .collect();
        assert_eq!(&found, expected, "{text}");
    }
}

#[test]
fn a_path_has_its_neighbouring_segments() {
    let path = Path { segments: ["std", "time", "Instant"].map(str::to_owned).into(), line: 1 };
    assert!(path.has(&["time", "Instant"]) && path.has(&["std", "time"]));
    assert!(!path.has(&["std", "Instant"]) && !path.has(&["Instant", "now"]));
}
