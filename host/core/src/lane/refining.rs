//! What remains of the matches of patterns once fields of the record and rules to ignore have been asked.

use super::PatternSet;
use crate::batch::Batch;
use crate::column::Bitmap;
use crate::matcher::Hits;
use crate::pattern::Pattern;

/// What a pattern of the library wants beside the text.
#[derive(Debug, Clone)]
pub struct Refinement {
    /// Its place in the matcher.
    id: usize,
    pattern: Pattern,
}

impl Refinement {
    /// Those of a library, in its order; most patterns want nothing.
    pub fn of(library: &[Pattern]) -> impl Iterator<Item = Refinement> {
        let wanting = |(_, pattern): &(usize, &Pattern)| {
            pattern.ignores() || !pattern.conditions().is_empty()
        };
        let all = library.iter().enumerate().filter(wanting);
        all.map(|(id, pattern)| Refinement { id, pattern: pattern.clone() })
    }
}

impl PatternSet {
    /// Takes away the rows whose fields do not fit, then those that another pattern says to ignore.
    ///
    /// The rows of whoever ignores stay, so that filters can ask for them. Patterns of plugins are their own matter.
    pub(super) fn refine(&self, batch: &Batch, hits: &mut Hits) {
        if !self.refinements.iter().any(|own| !hits.of(own.id).is_empty()) {
            return;
        }
        let find = |pattern: usize| self.refinements.iter().find(|own| own.id == pattern);
        hits.retain(|pattern, row| find(pattern).is_none_or(|own| own.pattern.suits(batch, row)));
        let ignoring = self.refinements.iter().filter(|own| own.pattern.ignores());
        let mut ignored = Bitmap::new(batch.len());
        ignoring.for_each(|own| ignored.union(&hits.bitmap(own.id)));
        let library = self.scores.len();
        hits.retain(|pattern, row| {
            let ignores = || find(pattern).is_some_and(|own| own.pattern.ignores());
            pattern >= library || !ignored.contains(row) || ignores()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::batch::BatchBuilder;
    use crate::matcher::{Matcher, Scratch};
    use crate::pattern::PatternSpec;
    use crate::plugin::{PatternKind, PluginPattern};
    use crate::record::Record;

    fn pattern(name: &str, change: impl FnOnce(&mut PatternSpec)) -> Pattern {
        let mut spec = PatternSpec {
            name: name.into(),
            category: "test".into(),
            expression: "disk".into(),
            kind: "literal".into(),
            severity: "info".into(),
            unproven: true,
            ..PatternSpec::default()
        };
        change(&mut spec);
        Pattern::new(&spec).unwrap()
    }

    /// The rows in which each of four patterns counts, the last being a plugin's.
    #[test]
    fn fields_and_rules_to_ignore_are_asked() {
        let wants = |key: &str, value: &str| (key.to_owned(), vec![value.to_owned()]);
        let library = [
            pattern("any", |_| {}),
            pattern("severe", |spec| spec.conditions = vec![wants("severity", ">= error")]),
            pattern("tests", |spec| {
                spec.ignore = true;
                spec.conditions = vec![wants("attributes.host", "test-1")];
            }),
        ];
        let own =
            PluginPattern { name: "own".into(), kind: PatternKind::Literal, expr: "disk".into() };
        let set = PatternSet {
            matcher: Arc::new(Matcher::new(&library, &[own]).unwrap()),
            names: ["any", "severe", "tests", "fake:own"].map(String::from).into(),
            scores: Arc::new([0; 3]),
            severities: Arc::new([9; 3]),
            refinements: Refinement::of(&library).collect(),
        };
        let mut builder = BatchBuilder::default();
        for (text, severity, host) in
            [("disk", 9, "a"), ("disk", 17, "a"), ("disk", 21, "test-1"), ("tape", 21, "test-1")]
        {
            let mut record = Record { text: text.into(), severity, ..Record::default() };
            record.attributes.push(b"host", host.as_bytes());
            builder.push(0, 0, &record);
        }
        let batch = builder.seal();
        let mut hits = Hits::default();
        set.matcher.scan(&batch, &mut Scratch::default(), &mut hits);
        set.refine(&batch, &mut hits);
        let found = [(0, 0), (0, 1), (1, 1), (2, 2), (3, 0), (3, 1), (3, 2)];
        assert_eq!(hits.pairs(), found);
    }
}
