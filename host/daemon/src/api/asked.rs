//! What requests say, as types that cannot be wrong: parts of the address, questions, bodies.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::desk::TenantName;
use super::problem::Problem;

/// The part behind the `?` of an address.
pub(super) struct Asked<T>(pub(super) T);

/// The variable part of a path.
pub(super) struct Named<T>(pub(super) T);

/// A body in JSON, which no form of a foreign page can send.
pub(super) struct Sent<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::from_request_parts(parts, state).await?;
        Ok(Asked(query))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(name) = Path::from_request_parts(parts, state).await?;
        Ok(Named(name))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // Read as an object first, since a struct would be read from a list of its fields as well.
        let Json(body) = Json::<Map<String, Value>>::from_request(request, state).await?;
        let Json(body) = Json::from_bytes(Value::Object(body).to_string().as_bytes())?;
        Ok(Sent(body))
    }
}

/// Whose it is.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    pub(super) tenant: Option<TenantName>,
}

/// Which rows of a tenant to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Rows {
    /// The tenant; the only one, or `default`.
    #[param(value_type = Option<String>, max_length = 63, example = "default")]
    pub(super) tenant: Option<TenantName>,
    /// Rows at a time.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Limit,
    /// `next` of the rows before.
    #[param(value_type = Option<String>, max_length = 4000)]
    pub(super) cursor: Option<Text<4000>>,
}

/// Who does something, as an address says it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Doer {
    /// The person's name.
    #[param(inline, example = "Ada")]
    pub(super) by: Person,
}

/// Who does something, as a body says it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct By {
    /// The person's name.
    #[schema(schema_with = Person::schema)]
    pub(super) by: Person,
}

/// A text of at most so many characters.
#[derive(Debug, Clone)]
pub(super) struct Text<const CHARACTERS_MAX: usize>(pub(super) String);

impl<'de, const CHARACTERS_MAX: usize> Deserialize<'de> for Text<CHARACTERS_MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let characters = text.chars().count();
        if characters > CHARACTERS_MAX {
            let message = format!("{characters} characters, at most {CHARACTERS_MAX} are allowed");
            return Err(D::Error::custom(message));
        }
        Ok(Text(text))
    }
}

/// What a person wrote: not only blanks, at most 1000 characters.
#[derive(Debug, Clone)]
pub(super) struct Words(pub(super) String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text::<1000>(text) = Text::deserialize(deserializer)?;
        if text.trim().is_empty() {
            return Err(D::Error::custom("nothing in it; write some words"));
        }
        Ok(Words(text))
    }
}

/// Who says something: one line, not only blanks, at most 200 characters.
#[derive(Debug, Clone)]
pub(super) struct Person(pub(super) String);

/// What a name must look like, in the description of the API.
const PERSON_PATTERN: &str =
    r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

/// How persons may be called.
impl PartialSchema for Person {
    fn schema() -> RefOr<Schema> {
        let name = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(200))
            .pattern(Some(PERSON_PATTERN))
            .description(Some("The person's name."))
            .examples(["Ada"]);
        name.into()
    }
}

impl ToSchema for Person {}

impl<'de> Deserialize<'de> for Person {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text::<200>(name) = Text::deserialize(deserializer)?;
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            return Err(D::Error::custom("not the name of a person; write one line with letters"));
        }
        Ok(Person(name))
    }
}

/// Rows of a page: 1 to 200.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(pub(super) u32);

impl Default for Limit {
    fn default() -> Self {
        Limit(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = u32::deserialize(deserializer)?;
        if !(1..=200).contains(&limit) {
            return Err(D::Error::custom(format!("{limit} is not between 1 and 200")));
        }
        Ok(Limit(limit))
    }
}

/// Milliseconds since 1970: a number, or a time as RFC 3339 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub(super) u64);

/// How times may be written.
impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0))
            .maximum(Some(MOMENT_MS_MAX));
        let time = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        OneOfBuilder::new().item(number).item(time).into()
    }
}

impl ToSchema for Moment {}

/// The last millisecond of the year 9999.
const MOMENT_MS_MAX: u64 = 253_402_300_799_999;

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || {
            let shown: String = text.chars().take(60).collect();
            D::Error::custom(format!(
                "`{shown}` is no time; write milliseconds since 1970, or 2026-11-21T03:12:00Z with every `+` as %2B"
            ))
        };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = text.parse().ok().filter(|number| *number <= MOMENT_MS_MAX);
            return number.map(Moment).ok_or_else(wrong);
        }
        let stamp: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        // Nothing is older than 1970, so what begins before begins then.
        Ok(Moment(u64::try_from(stamp.as_millisecond()).unwrap_or(0)))
    }
}

/// A small whole number, which may be written as `45.0`: for JSON that is the same number.
pub(super) fn whole<'de, R: Deserializer<'de>>(reader: R) -> Result<u8, R::Error> {
    let number = f64::deserialize(reader)?;
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u8::MAX)).contains(&number);
    let unfit = || Error::custom(format!("{number} is no whole number from 0 to 255"));
    is_whole.then_some(number as u8).ok_or_else(unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: DeserializeOwned + std::fmt::Debug>(cases: &[(&str, Result<T, &str>)]) {
        for (json, expected) in cases {
            let found = serde_json::from_str::<T>(json);
            match (found, expected) {
                (Ok(found), Ok(expected)) => {
                    assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{json}");
                }
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{json}: {error}");
                }
                (found, _) => panic!("{json}: {found:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn moments_are_numbers_or_times() {
        check(&[
            (r#""0""#, Ok(Moment(0))),
            (r#""1795262400000""#, Ok(Moment(1_795_262_400_000))),
            (r#""2026-11-21T12:00:00Z""#, Ok(Moment(1_795_262_400_000))),
            (r#""2026-11-21T13:00:00.5+01:00""#, Ok(Moment(1_795_262_400_500))),
            (r#""1969-12-31T00:00:00Z""#, Ok(Moment(0))),
            (r#""253402300800000""#, Err("is no time")),
            (r#""99999999999999999999999""#, Err("is no time")),
            (r#""""#, Err("is no time")),
            (r#""-1""#, Err("is no time")),
            (r#""yesterday""#, Err("`yesterday` is no time")),
            (r#""2026-11-21T13:00:00 01:00""#, Err("%2B")),
        ]);
    }

    #[test]
    fn limits_persons_and_words_have_bounds() {
        check(&[
            ("1", Ok(Limit(1))),
            ("200", Ok(Limit(200))),
            ("0", Err("0 is not between 1 and 200")),
            ("201", Err("201 is not")),
        ]);
        let long = |count: usize| format!("\"{}\"", "ä".repeat(count));
        check(&[
            (r#""Ada""#, Ok(Person("Ada".into()))),
            (&long(200), Ok(Person("ä".repeat(200)))),
            (&long(201), Err("201 characters, at most 200")),
            (r#""""#, Err("not the name")),
            (r#"" ""#, Err("not the name")),
            (r#""A\nB""#, Err("not the name")),
        ]);
        check(&[
            (r#""a\nb""#, Ok(Words("a\nb".into()))),
            (&long(1001), Err("at most 1000")),
            (r#""\n ""#, Err("nothing in it")),
        ]);
    }
}
