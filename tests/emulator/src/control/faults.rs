//! Injects faults into the next requests and events.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::{EventFault, Fault};
use crate::operations;
use crate::problem::{Problem, parse};
use crate::state::SharedState;

type Shared = State<SharedState>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Injection {
    operation: String,
    #[serde(default = "once")]
    times: usize,
    fault: Fault,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventInjection {
    #[serde(default = "once")]
    times: usize,
    fault: EventFault,
}

fn once() -> usize {
    1
}

/// The faults that are still to happen, in order.
pub(crate) async fn list(State(shared): Shared) -> Json<Value> {
    let state = shared.lock();
    Json(state.faults.pending().map(|it| json!(it)).collect())
}

pub(crate) async fn inject(State(shared): Shared, body: Bytes) -> Result<StatusCode, Problem> {
    let injection: Injection = parse(&body)?;
    let operation = &injection.operation;
    if !operations::is_known(operation) {
        let what = format!(
            "there is no operation `{operation}`, expected one such as `UpdateOpportunity`"
        );
        return Err(Problem::body("/operation", what));
    }
    let mut state = shared.lock();
    state
        .faults
        .add(operation, injection.times, injection.fault);
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn clear(State(shared): Shared) -> StatusCode {
    shared.lock().faults.clear();
    StatusCode::NO_CONTENT
}

pub(crate) async fn list_for_events(State(shared): Shared) -> Json<Value> {
    let state = shared.lock();
    let pending = state.store.outbox.faults.pending();
    Json(pending.map(|it| json!(it)).collect())
}

pub(crate) async fn inject_into_events(
    State(shared): Shared,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let EventInjection { times, fault } = parse(&body)?;
    shared.lock().store.outbox.faults.add("", times, fault);
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn clear_for_events(State(shared): Shared) -> StatusCode {
    shared.lock().store.outbox.faults.clear();
    StatusCode::NO_CONTENT
}
