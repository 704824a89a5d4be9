//! What a pattern asks of a record beside its text: its severity, and its parsed fields.

use crate::batch::Batch;
use crate::record::severity;

use super::{Problem, severity_number};

/// Most conditions of a pattern, and most values of a condition.
pub const CONDITIONS_MAX: usize = 16;
/// What stands before the name of a field of the record.
const ATTRIBUTE_PREFIX: &str = "attributes.";
/// What stands before the least value.
const AT_LEAST: &str = ">=";

/// A condition on one field; a record without the field does not meet it.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    field: Field,
    wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq)]
enum Field {
    Severity,
    Attribute(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    OneOf(Vec<Vec<u8>>),
    AtLeast(f64),
}

impl Condition {
    /// Reads `severity` or `attributes.NAME` with what it should be: some values, or one that begins with `>=`.
    pub(super) fn new(key: &str, values: &[String]) -> Result<Condition, Problem> {
        let field = match key.strip_prefix(ATTRIBUTE_PREFIX) {
            Some(name) if !name.is_empty() => Field::Attribute(name.as_bytes().to_vec()),
            _ if key == "severity" => Field::Severity,
            _ => return Err(Problem::Field(key.to_owned())),
        };
        if !(1..=CONDITIONS_MAX).contains(&values.len()) {
            return Err(Problem::Values { key: key.to_owned(), count: values.len() });
        }
        let least =
            |value: &String| value.strip_prefix(AT_LEAST).map(|rest| rest.trim().to_owned());
        let wanted = match values.iter().find_map(least) {
            Some(least) if values.len() == 1 => field.at_least(&least),
            Some(_) => None,
            None => field.one_of(values),
        };
        let unfit = || Problem::Wanted { key: key.to_owned(), found: values.join(", ") };
        Ok(Condition { wanted: wanted.ok_or_else(unfit)?, field })
    }

    /// Whether a record meets it.
    pub(crate) fn holds(&self, batch: &Batch, row: usize) -> bool {
        let (text, number) = match &self.field {
            Field::Severity => {
                let number = batch.severity(row);
                (severity::name(number).as_bytes(), Some(f64::from(number)))
            }
            Field::Attribute(name) => {
                let Some(text) = batch.attribute(row, name) else { return false };
                (text, std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()))
            }
        };
        match &self.wanted {
            Wanted::OneOf(values) => values.iter().any(|value| value == text),
            Wanted::AtLeast(least) => number.is_some_and(|number| number >= *least),
        }
    }
}

impl Field {
    fn at_least(&self, text: &str) -> Option<Wanted> {
        let number = match self {
            Field::Severity => severity_number(text).map(f64::from),
            Field::Attribute(_) => text.parse::<f64>().ok().filter(|number| number.is_finite()),
        };
        number.map(Wanted::AtLeast)
    }

    fn one_of(&self, values: &[String]) -> Option<Wanted> {
        let known = |value: &String| *self != Field::Severity || severity_number(value).is_some();
        let bytes = || values.iter().map(|value| value.as_bytes().to_vec()).collect();
        values.iter().all(known).then(|| Wanted::OneOf(bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchBuilder;
    use crate::record::Record;

    fn batch() -> Batch {
        let mut builder = BatchBuilder::default();
        let mut record = Record { text: b"-".to_vec(), severity: 18, ..Record::default() };
        record.attributes.push(b"code", b"503");
        record.attributes.push(b"user", b"bob");
        builder.push(0, 0, &record);
        builder.seal()
    }

    fn check(key: &str, values: &[&str], expected: Result<bool, &str>) {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        let found = Condition::new(key, &values).map(|condition| condition.holds(&batch(), 0));
        let found = found.map_err(|problem| problem.to_string());
        match (found, expected) {
            (Err(problem), Err(beginning)) => assert!(problem.starts_with(beginning), "{problem}"),
            (found, expected) => assert_eq!(found, expected.map_err(str::to_owned), "{key}"),
        }
    }

    #[test]
    fn conditions_hold_or_not() {
        check("severity", &["error"], Ok(true));
        check("severity", &["warn", "fatal"], Ok(false));
        check("severity", &[">= warn"], Ok(true));
        check("severity", &[">=fatal"], Ok(false));
        check("attributes.code", &["500", "503"], Ok(true));
        check("attributes.code", &["50"], Ok(false));
        check("attributes.code", &[">= 500"], Ok(true));
        check("attributes.code", &[">= 503.5"], Ok(false));
        check("attributes.user", &[">= 1"], Ok(false));
        check("attributes.user", &["bob"], Ok(true));
        check("attributes.none", &["bob"], Ok(false));
    }

    #[test]
    fn what_cannot_be_a_condition_is_refused() {
        let field = "expected severity or attributes.NAME";
        check("level", &["error"], Err(field));
        check("attributes.", &["error"], Err(field));
        check("severity", &[], Err("severity: expected 1 to 16 values, found 0"));
        let wanted = "severity: expected";
        check("severity", &["bad"], Err(wanted));
        check("severity", &[">= 13"], Err(wanted));
        check("attributes.code", &[">= many"], Err("attributes.code: expected"));
        check("attributes.code", &[">= 1", "2"], Err("attributes.code: expected"));
        check("attributes.code", &[">= inf"], Err("attributes.code: expected"));
    }
}
