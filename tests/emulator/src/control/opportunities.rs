//! Opportunities and AWS's side of them: put in, looked at, edited as AWS's seller does, reviewed.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::problem::{Problem, parse};
use crate::events::Change;
use crate::review::{Step, status};
use crate::samples;
use crate::server::Server;
use crate::store::{Document, SeedError, Store};

type Shared = State<Arc<Server>>;
type Answer = Result<Json<Value>, Problem>;

/// What an edit leaves alone: by these an opportunity is found, and AWS dates its own edits.
const NOT_EDITED: [&str; 3] = ["Catalog", "Id", "LastModifiedDate"];

pub(crate) async fn list(State(server): Shared) -> Json<Value> {
    let state = server.state();
    Json(state.store.all().cloned().map(Value::Object).collect())
}

/// One opportunity or an array of them, all or none.
pub(crate) async fn seed(State(server): Shared, body: Bytes) -> Answer {
    let content: Value = parse(&body)?;
    let (documents, is_array) = match content {
        Value::Array(documents) => (documents, true),
        document => (vec![document], false),
    };
    let refused = |position: usize, error: &SeedError| {
        let member = error.member().map(|member| format!("/{member}"));
        let item = is_array.then(|| format!("/{position}"));
        let pointer = item.unwrap_or_default() + &member.unwrap_or_default();
        Problem::body(&pointer, error.to_string())
    };
    for (position, document) in documents.iter().enumerate() {
        Store::check(document).map_err(|error| refused(position, &error))?;
    }
    let mut state = server.state();
    let seeded = documents.into_iter().enumerate().map(|(position, it)| {
        let seeded = state.store.seed(it);
        seeded.map_err(|error| refused(position, &error))
    });
    let ids = seeded.collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({ "seeded": ids })))
}

pub(crate) async fn seed_samples(State(server): Shared) -> Json<Value> {
    let ids = samples::seed(&mut server.state());
    Json(json!({ "seeded": ids }))
}

/// Takes all opportunities and summaries away.
pub(crate) async fn clear(State(server): Shared) -> StatusCode {
    let mut state = server.state();
    state.store.clear();
    state.summaries.clear();
    StatusCode::NO_CONTENT
}

pub(crate) async fn read(State(server): Shared, Path(id): Path<String>) -> Answer {
    let state = server.state();
    let document = found(&state.store, &id)?;
    Ok(Json(Value::Object(document.clone())))
}

/// AWS's seller edits: a JSON merge patch, written under a new date, announced by an event.
pub(crate) async fn edit(State(server): Shared, Path(id): Path<String>, body: Bytes) -> Answer {
    let patch: Document = parse(&body)?;
    if let Some(member) = NOT_EDITED.iter().find(|name| patch.contains_key(**name)) {
        let what = format!("`{member}` cannot be edited, expected other members");
        return Err(Problem::body(&format!("/{member}"), what));
    }
    write(&server, &id, &Value::Object(patch))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Review {
    step: Step,
    comments: Option<String>,
    reason: Option<String>,
}

/// A step of the review, written and announced like an edit.
pub(crate) async fn review(State(server): Shared, Path(id): Path<String>, body: Bytes) -> Answer {
    let review: Review = parse(&body)?;
    let expected = review.step.from();
    let status = status(found(&server.state().store, &id)?).to_owned();
    if !expected.contains(&status.as_str()) {
        let expected = expected.join("` or `");
        let what = format!("the review status of `{id}` is `{status}`, expected `{expected}`");
        return Err(Problem::conflict(what));
    }
    let patch = json!({ "LifeCycle": {
        "ReviewStatus": review.step.to(),
        "ReviewComments": review.comments,
        "ReviewStatusReason": review.reason,
    } });
    write(&server, &id, &patch)
}

/// Tells of an opportunity as it is, by an event as after a change: a CRM that is new hears of it so.
pub(crate) async fn announce(
    State(server): State<Arc<Server>>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut state = server.state();
    let document = found(&state.store, &id)?.clone();
    let now = state.store.clock.now();
    state.store.outbox.announce(Change::Updated, &document, now);
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn remove(
    State(server): Shared,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut state = server.state();
    found(&state.store, &id)?;
    state.store.remove(&id);
    state.summaries.remove(&id);
    Ok(StatusCode::NO_CONTENT)
}

/// The summary that was put in, or null where AWS has none.
pub(crate) async fn read_summary(State(server): Shared, Path(id): Path<String>) -> Answer {
    let state = server.state();
    found(&state.store, &id)?;
    let summary = state.summaries.get(&id).cloned();
    let nobody = || Problem::not_found(format!("nobody has put in a summary of `{id}`"));
    Ok(Json(summary.ok_or_else(nobody)?.unwrap_or_default()))
}

/// What `GetAwsOpportunitySummary` answers from here on; null for `ResourceNotFoundException`.
pub(crate) async fn seed_summary(
    State(server): Shared,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let summary: Option<Document> = parse(&body)?;
    let mut state = server.state();
    found(&state.store, &id)?;
    state.summaries.insert(id, summary.map(Value::Object));
    Ok(StatusCode::NO_CONTENT)
}

/// From here on AWS shows what it shows of any new opportunity.
pub(crate) async fn forget_summary(State(server): Shared, Path(id): Path<String>) -> StatusCode {
    server.state().summaries.remove(&id);
    StatusCode::NO_CONTENT
}

fn found<'a>(store: &'a Store, id: &str) -> Result<&'a Document, Problem> {
    let nothing = || Problem::not_found(format!("there is no opportunity `{id}`"));
    store.get(id).ok_or_else(nothing)
}

/// Somebody else's write; gives the opportunity as it is then.
fn write(server: &Server, id: &str, patch: &Value) -> Answer {
    let mut state = server.state();
    state.store.edit(id, |it| json_patch::merge(it, patch));
    let document = found(&state.store, id)?;
    Ok(Json(Value::Object(document.clone())))
}
