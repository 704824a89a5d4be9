//! What people do about an anomaly: each answers with the anomaly as it then is, or says that nothing would change.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use bellwether_store::{AnomalyDetail, NewSilence, Reader, StoreError, Writer};
use serde::{Deserialize, Deserializer};
use utoipa::{PartialSchema, ToSchema};

use super::detail::{AnomalyId, no_anomaly, read};
use super::view::AnomalyView;
use crate::api::asked::{Asked, By, Named, Person, Sent, Text, Whose, Words};
use crate::api::desk::{Desk, now_ms};
use crate::api::problem::{Problem, ProblemBody};

type Answer = Result<Json<AnomalyView>, Problem>;

/// A note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct NewNote {
    /// The person's name.
    #[schema(schema_with = Person::schema)]
    by: Person,
    /// What there is to say.
    #[schema(value_type = String, min_length = 1, max_length = 1000, pattern = r"\S", example = "The upstream was restarted.")]
    text: Words,
}

/// How long to keep quiet, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Quiet {
    /// The person's name.
    #[schema(schema_with = Person::schema)]
    by: Person,
    /// Minutes from now on, at most a year.
    #[schema(value_type = u64, minimum = 1, maximum = 525_600, example = 60)]
    minutes: Minutes,
    /// Why.
    #[schema(value_type = Option<String>, max_length = 1000, example = "Known, and being mended.")]
    reason: Option<Text<1000>>,
}

struct Minutes(u64);

impl<'de> Deserialize<'de> for Minutes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // JSON has one kind of number: 60.0 is whole as well.
        let minutes = f64::deserialize(deserializer)?;
        if minutes.fract() != 0.0 || !(1.0..=525_600.0).contains(&minutes) {
            let message = format!("{minutes} is not a whole number between 1 and 525600");
            return Err(serde::de::Error::custom(message));
        }
        Ok(Minutes(minutes as u64))
    }
}

/// Says who looks after an anomaly; whoever says so last does.
#[utoipa::path(post, path = "/api/v1/anomalies/{id}/acknowledge", tag = "anomalies",
    params(("id" = String, Path, min_length = 1, max_length = 200, example = "4f2a9c0d11e85b73"), Whose),
    request_body = By, responses(
    (status = 200, description = "The anomaly as it is now.", body = AnomalyView),
    (status = 404, description = "No such anomaly or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "They look after it already.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn acknowledge(
    State(desk): State<Arc<Desk>>,
    Named(id): Named<AnomalyId>,
    Asked(whose): Asked<Whose>,
    Sent(By { by: Person(by) }): Sent<By>,
) -> Answer {
    act(&desk, id, whose, move |writer, _, tenant, anomaly| {
        let summary = &anomaly.summary;
        if summary.acknowledged.as_ref().is_some_and(|said| said.by == by) {
            return Ok(Err(Problem::Conflict(format!("{by} looks after it already"))));
        }
        writer.acknowledge(tenant, &summary.id, &by, now_ms()).map(|_| Ok(()))
    })
    .await
}

/// Adds a note to an anomaly.
#[utoipa::path(post, path = "/api/v1/anomalies/{id}/note", tag = "anomalies",
    params(("id" = String, Path, min_length = 1, max_length = 200, example = "4f2a9c0d11e85b73"), Whose),
    request_body = NewNote, responses(
    (status = 200, description = "The anomaly as it is now.", body = AnomalyView),
    (status = 404, description = "No such anomaly or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It has all the notes it may have.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn note(
    State(desk): State<Arc<Desk>>,
    Named(id): Named<AnomalyId>,
    Asked(whose): Asked<Whose>,
    Sent(NewNote { by: Person(by), text: Words(text) }): Sent<NewNote>,
) -> Answer {
    act(&desk, id, whose, move |writer, _, tenant, anomaly| {
        writer.note(tenant, &anomaly.summary.id, &text, &by, now_ms()).map(|_| Ok(()))
    })
    .await
}

/// Silences the message of an anomaly in its source, for this anomaly and later ones.
#[utoipa::path(post, path = "/api/v1/anomalies/{id}/silence", tag = "anomalies",
    params(("id" = String, Path, min_length = 1, max_length = 200, example = "4f2a9c0d11e85b73"), Whose),
    request_body = Quiet, responses(
    (status = 200, description = "The anomaly as it is now.", body = AnomalyView),
    (status = 404, description = "No such anomaly or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It is silenced for longer already, or there are too many silences.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn silence(
    State(desk): State<Arc<Desk>>,
    Named(id): Named<AnomalyId>,
    Asked(whose): Asked<Whose>,
    Sent(Quiet { by: Person(by), minutes: Minutes(minutes), reason }): Sent<Quiet>,
) -> Answer {
    act(&desk, id, whose, move |writer, _, tenant, anomaly| {
        let at_ms = now_ms();
        let until_ms = at_ms.saturating_add(minutes * 60_000);
        if anomaly.silences.iter().any(|silence| silence.until_ms >= until_ms) {
            return Ok(Err(Problem::Conflict("it is silenced for longer already".into())));
        }
        let summary = &anomaly.summary;
        let silence = NewSilence {
            tenant: tenant.into(),
            source: Some(summary.source.clone()),
            template_id: Some(summary.template_id.clone()),
            until_ms,
            by,
            reason: reason.map(|Text(reason)| reason).unwrap_or_default(),
            at_ms,
        };
        writer.silence(&silence).map(|_| Ok(()))
    })
    .await
}

/// Says that the message of an anomaly is normal in its source: closes this anomaly, and later ones as they open.
#[utoipa::path(post, path = "/api/v1/anomalies/{id}/normal", tag = "anomalies",
    params(("id" = String, Path, min_length = 1, max_length = 200, example = "4f2a9c0d11e85b73"), Whose),
    request_body = By, responses(
    (status = 200, description = "The anomaly as it is now.", body = AnomalyView),
    (status = 404, description = "No such anomaly or tenant.", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "It is normal already, or too much is.", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::api) async fn normal(
    State(desk): State<Arc<Desk>>,
    Named(id): Named<AnomalyId>,
    Asked(whose): Asked<Whose>,
    Sent(By { by: Person(by) }): Sent<By>,
) -> Answer {
    act(&desk, id, whose, move |writer, reader, tenant, anomaly| {
        let (source, template_id) = (&anomaly.summary.source, &anomaly.summary.template_id);
        let normals = reader.normals(tenant)?;
        if normals.iter().any(|one| one.source == *source && one.template_id == *template_id) {
            return Ok(Err(Problem::Conflict("it is normal already".into())));
        }
        writer.normal(tenant, source, template_id, &by, now_ms()).map(|_| Ok(()))
    })
    .await
}

/// Finds the anomaly, does something, and shows what has become of it.
async fn act(
    desk: &Desk,
    Text(id): AnomalyId,
    whose: Whose,
    work: impl FnOnce(
        &mut Writer,
        &Reader,
        &str,
        &AnomalyDetail,
    ) -> Result<Result<(), Problem>, StoreError>
    + Send
    + 'static,
) -> Answer {
    let tenant = desk.tenant(whose.tenant).await?;
    let place = (tenant.clone(), id.clone());
    desk.write(move |writer, reader| {
        let (tenant, id) = place;
        match reader.anomaly(&tenant, &id)? {
            Some(anomaly) => work(writer, reader, &tenant, &anomaly),
            None => Ok(Err(no_anomaly(&id))),
        }
    })
    .await?;
    let window_ms = desk.state.window_ms;
    let view = desk.read(move |reader| read(reader, &tenant, &id, window_ms));
    Ok(Json(view.await?))
}
