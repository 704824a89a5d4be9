//! Expressions that stay within a line, for peers that are given many lines at once.

use anyhow::Result;
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    Ast, ClassBracketed, ClassPerl, ClassPerlKind, ClassSetItem, Visitor, visit,
};

/// Blanks without the line end.
const BLANKS: &str = r" \t\r\f\x0b";

/// The same expression with classes that have no line end in them.
pub(super) fn inside_lines(source: &str) -> Result<String> {
    let mut changes = visit(&Parser::new().parse(source)?, Changes::default())?;
    changes.sort();
    let (mut made, mut copied) = (String::new(), 0);
    for (start, end, text) in changes {
        made.push_str(&source[copied..start]);
        made.push_str(&text);
        copied = end;
    }
    Ok(made + &source[copied..])
}

/// Start and end of what gives way to another text.
#[derive(Default)]
struct Changes {
    list: Vec<(usize, usize, String)>,
    /// Whether the brackets that are open stand for all but what is in them.
    negated: Vec<bool>,
}

impl Changes {
    fn replace(&mut self, class: &ClassPerl, text: &str) {
        let span = class.span;
        self.list.push((span.start.offset, span.end.offset, text.to_owned()));
    }
}

impl Visitor for Changes {
    type Output = Vec<(usize, usize, String)>;
    type Err = regex_syntax::ast::Error;

    fn finish(self) -> Result<Self::Output, Self::Err> {
        Ok(self.list)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        match ast {
            Ast::ClassPerl(class) => match (&class.kind, class.negated) {
                (ClassPerlKind::Space, false) => self.replace(class, &format!("[{BLANKS}]")),
                (ClassPerlKind::Digit, true) => self.replace(class, r"[^\d\n]"),
                (ClassPerlKind::Word, true) => self.replace(class, r"[^\w\n]"),
                _ => {}
            },
            Ast::ClassBracketed(class) => self.open(class),
            _ => {}
        }
        Ok(())
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), Self::Err> {
        if matches!(ast, Ast::ClassBracketed(_)) {
            self.negated.pop();
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        let is_negated = self.negated.last() == Some(&true);
        if let ClassSetItem::Perl(class) = item
            && (class.kind == ClassPerlKind::Space && !class.negated && !is_negated)
        {
            self.replace(class, BLANKS);
        }
        Ok(())
    }
}

impl Changes {
    fn open(&mut self, class: &ClassBracketed) {
        self.negated.push(class.negated);
        if class.negated {
            let end = class.span.end.offset - 1;
            self.list.push((end, end, r"\n".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_class_has_a_line_end() {
        let cases = [
            (r"a\s+b", r"a[ \t\r\f\x0b]+b"),
            (r#"[^"]*"#, r#"[^"\n]*"#),
            (r"[\s,]x[^\s]", r"[ \t\r\f\x0b,]x[^\s\n]"),
            (r"\S\W\w\D", r"\S[^\w\n]\w[^\d\n]"),
            (r"(?i)plain \[x\] .*", r"(?i)plain \[x\] .*"),
        ];
        for (source, expected) in cases {
            assert_eq!(inside_lines(source).expect("it can be read"), expected);
        }
    }
}
