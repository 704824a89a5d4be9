//! Bodies of the user's own: JSON in whose texts `{{field}}` stands for a field of the alert.
//!
//! Not a text with holes: the JSON is parsed first and filled in afterwards, so no line of a log, whatever it holds, can
//! change what is a key, a text or a number.

use serde_json::{Map, Value};

use super::body::FIELDS;

/// A body with places for fields.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Shape);

/// Why a body is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A place for a field has no end.
    #[error("`{{{{` without `}}}}`")]
    Unclosed,
    /// Alerts have no such field.
    #[error("unknown field `{0}`")]
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    /// Number, flag or null.
    Fixed(Value),
    Text(Vec<Piece>),
    List(Vec<Shape>),
    Table(Vec<(String, Shape)>),
}

#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Fixed(String),
    Field(&'static str),
}

impl Template {
    /// Takes a body whose texts may hold places.
    pub fn new(body: Value) -> Result<Template, TemplateError> {
        shape(body).map(Template)
    }

    /// The body of an alert. A text that is nothing but a place becomes the field as it is, number or list; elsewhere
    /// fields are written out.
    pub(super) fn fill(&self, alert: &Map<String, Value>) -> Value {
        fill(&self.0, alert)
    }
}

fn shape(body: Value) -> Result<Shape, TemplateError> {
    Ok(match body {
        Value::String(text) => Shape::Text(pieces(&text)?),
        Value::Array(items) => Shape::List(items.into_iter().map(shape).collect::<Result<_, _>>()?),
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| Ok((key, shape(value)?)));
            Shape::Table(entries.collect::<Result<_, _>>()?)
        }
        other => Shape::Fixed(other),
    })
}

fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, behind) = after.split_once("}}").ok_or(TemplateError::Unclosed)?;
        let field = FIELDS.iter().find(|field| **field == name.trim());
        let field = field.ok_or_else(|| TemplateError::Unknown(name.trim().to_owned()))?;
        if !before.is_empty() {
            pieces.push(Piece::Fixed(before.to_owned()));
        }
        pieces.push(Piece::Field(field));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Fixed(rest.to_owned()));
    }
    Ok(pieces)
}

fn fill(shape: &Shape, alert: &Map<String, Value>) -> Value {
    let field = |name: &str| alert.get(name).unwrap_or(&Value::Null);
    match shape {
        Shape::Fixed(value) => value.clone(),
        Shape::List(items) => items.iter().map(|item| fill(item, alert)).collect(),
        Shape::Table(entries) => {
            entries.iter().map(|(key, shape)| (key.clone(), fill(shape, alert))).collect()
        }
        Shape::Text(pieces) => match pieces.as_slice() {
            [Piece::Field(name)] => field(name).clone(),
            pieces => {
                let written = pieces.iter().map(|piece| match piece {
                    Piece::Fixed(text) => text.clone(),
                    Piece::Field("examples") => write_out(field("examples"), "\n"),
                    Piece::Field(name) => write_out(field(name), ", "),
                });
                Value::String(written.collect())
            }
        },
    }
}

/// A field within a text, for people.
fn write_out(value: &Value, separator: &str) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| write_out(item, separator)).collect();
            items.join(separator)
        }
        Value::Object(entries) => {
            let words: Vec<String> =
                entries.values().map(|entry| write_out(entry, separator)).collect();
            words.join(": ")
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What a log can hold at its worst.
    const HOSTILE: &str = "\"},\"a\":{\"\\u0022\\\n\u{0}\u{202e}{{id}} ${PATH} </script>";

    fn alert() -> Map<String, Value> {
        let Value::Object(alert) = json!({
            "severity": "warning",
            "sentence": HOSTILE,
            "bits": 21.5,
            "detectors": ["novelty", "rate"],
            "examples": ["one", HOSTILE],
            "evidence": [{"name": "expected", "value": "1"}, {"name": "seen", "value": "9"}],
            "pattern": null,
        }) else {
            unreachable!("it is an object")
        };
        alert
    }

    #[test]
    fn places_are_filled_whatever_the_log_says() {
        let cases = [
            (json!({"text": "{{sentence}}"}), json!({"text": HOSTILE})),
            (json!({"text": "x{{ sentence }}y"}), json!({"text": format!("x{HOSTILE}y")})),
            (json!(["{{examples}}", 5, null]), json!([["one", HOSTILE], 5, null])),
            (json!({"a": {"b": ["{{bits}}"]}}), json!({"a": {"b": [21.5]}})),
            (json!(["{{bits}} bits"]), json!(["21.5 bits"])),
            (json!(["by {{detectors}}"]), json!(["by novelty, rate"])),
            (json!(["- {{examples}}"]), json!([format!("- one\n{HOSTILE}")])),
            (json!(["{{evidence}}."]), json!(["expected: 1, seen: 9."])),
            (json!(["{{pattern}}", "<{{pattern}}>"]), json!([null, "<>"])),
            (json!(["{{severity}}{{severity}}"]), json!(["warningwarning"])),
            (json!({"{{severity}}": "}} {"}), json!({"{{severity}}": "}} {"})),
        ];
        for (body, expected) in cases {
            let filled = Template::new(body.clone()).unwrap().fill(&alert());
            assert_eq!(filled, expected, "{body}");
            let back: Value = serde_json::from_str(&filled.to_string()).unwrap();
            assert_eq!(back, expected, "{body}");
        }
    }

    #[test]
    fn what_is_no_template_is_told() {
        let cases = [
            (json!({"a": ["{{sevrity}}"]}), TemplateError::Unknown("sevrity".into())),
            (json!(["{{}}"]), TemplateError::Unknown(String::new())),
            (json!(["{{ sentence }"]), TemplateError::Unclosed),
            (json!(["{{sentence}} {{"]), TemplateError::Unclosed),
        ];
        for (body, expected) in cases {
            assert_eq!(Template::new(body.clone()), Err(expected), "{body}");
        }
    }
}
