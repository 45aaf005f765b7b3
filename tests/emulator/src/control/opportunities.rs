//! Seeds, reads, edits and reviews opportunities and AWS's summaries of them.

use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::document::Document;
use crate::event::Change;
use crate::problem::{Problem, parse};
use crate::review::{Step, status};
use crate::samples;
use crate::state::SharedState;
use crate::store::{SeedError, Store};

type Shared = State<SharedState>;
type Reply = Result<Json<Value>, Problem>;

/// The members that an edit cannot change: two identify the opportunity, and AWS dates its own edits.
const NOT_EDITED: [&str; 3] = ["Catalog", "Id", "LastModifiedDate"];

pub(crate) async fn list(State(shared): Shared) -> Json<Value> {
    let state = shared.lock();
    Json(state.store.all().cloned().map(Value::Object).collect())
}

/// Seeds one opportunity or an array of them, all or none.
pub(crate) async fn seed(State(shared): Shared, body: Bytes) -> Reply {
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
    let mut state = shared.lock();
    let seeded = documents.into_iter().enumerate().map(|(position, it)| {
        let seeded = state.store.seed(it);
        seeded.map_err(|error| refused(position, &error))
    });
    let ids = seeded.collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({ "seeded": ids })))
}

pub(crate) async fn seed_samples(State(shared): Shared) -> Json<Value> {
    let ids = samples::seed(&mut shared.lock());
    Json(json!({ "seeded": ids }))
}

/// Removes all opportunities and summaries.
pub(crate) async fn clear(State(shared): Shared) -> StatusCode {
    let mut state = shared.lock();
    state.store.clear();
    state.summaries.clear();
    StatusCode::NO_CONTENT
}

pub(crate) async fn read(State(shared): Shared, Path(id): Path<String>) -> Reply {
    let state = shared.lock();
    let document = found(&state.store, &id)?;
    Ok(Json(Value::Object(document.clone())))
}

/// Edits as AWS's seller does: a JSON merge patch, written under a new date, with an event.
pub(crate) async fn edit(State(shared): Shared, Path(id): Path<String>, body: Bytes) -> Reply {
    let patch: Document = parse(&body)?;
    if let Some(member) = NOT_EDITED.iter().find(|name| patch.contains_key(**name)) {
        let what = format!("`{member}` cannot be edited, expected other members");
        return Err(Problem::body(&format!("/{member}"), what));
    }
    write(&shared, &id, &Value::Object(patch))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Review {
    step: Step,
    comments: Option<String>,
    reason: Option<String>,
}

/// Takes a step of the review, written like an edit, with an event.
pub(crate) async fn review(State(shared): Shared, Path(id): Path<String>, body: Bytes) -> Reply {
    let review: Review = parse(&body)?;
    let expected = review.step.from();
    let status = status(found(&shared.lock().store, &id)?).to_owned();
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
    write(&shared, &id, &patch)
}

/// Sends an event for an unchanged opportunity, so that a new CRM gets it.
pub(crate) async fn announce(
    State(shared): State<SharedState>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut state = shared.lock();
    let document = found(&state.store, &id)?.clone();
    let now = state.store.clock.now();
    state.store.outbox.announce(Change::Updated, &document, now);
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn remove(
    State(shared): Shared,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let mut state = shared.lock();
    found(&state.store, &id)?;
    state.store.remove(&id);
    state.summaries.remove(&id);
    Ok(StatusCode::NO_CONTENT)
}

/// The seeded summary, or null if AWS has none.
pub(crate) async fn read_summary(State(shared): Shared, Path(id): Path<String>) -> Reply {
    let state = shared.lock();
    found(&state.store, &id)?;
    let summary = state.summaries.get(&id).cloned();
    let nobody = || Problem::not_found(format!("nobody has put in a summary of `{id}`"));
    Ok(Json(summary.ok_or_else(nobody)?.unwrap_or_default()))
}

/// Sets what `GetAwsOpportunitySummary` returns; null for `ResourceNotFoundException`.
pub(crate) async fn seed_summary(
    State(shared): Shared,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let summary: Option<Document> = parse(&body)?;
    let mut state = shared.lock();
    found(&state.store, &id)?;
    state.summaries.insert(id, summary.map(Value::Object));
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the seeded summary: AWS then shows what it shows of any new opportunity.
pub(crate) async fn forget_summary(State(shared): Shared, Path(id): Path<String>) -> StatusCode {
    shared.lock().summaries.remove(&id);
    StatusCode::NO_CONTENT
}

fn found<'a>(store: &'a Store, id: &str) -> Result<&'a Document, Problem> {
    let nothing = || Problem::not_found(format!("there is no opportunity `{id}`"));
    store.get(id).ok_or_else(nothing)
}

/// Writes as somebody else; returns the opportunity after the write.
fn write(shared: &SharedState, id: &str, patch: &Value) -> Reply {
    let mut state = shared.lock();
    state.store.edit(id, |it| json_patch::merge(it, patch));
    let document = found(&state.store, id)?;
    Ok(Json(Value::Object(document.clone())))
}
