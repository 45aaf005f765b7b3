//! Reads, stops and advances the emulator's clock.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::milliseconds;
use crate::problem::{Problem, parse};
use crate::state::SharedState;

type Shared = State<SharedState>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default, with = "milliseconds")]
    advance: Duration,
    stopped: Option<bool>,
}

pub(crate) async fn read(State(shared): Shared) -> Json<Value> {
    Json(shown(&shared.lock().store.clock))
}

/// Stops or resumes the clock, then advances it.
pub(crate) async fn change(State(shared): Shared, body: Bytes) -> Result<Json<Value>, Problem> {
    let change: Change = parse(&body)?;
    let clock = &mut shared.lock().store.clock;
    match change.stopped {
        Some(true) => clock.stop(),
        Some(false) => clock.resume(),
        None => {}
    }
    clock.advance(change.advance);
    Ok(Json(shown(clock)))
}

fn shown(clock: &Clock) -> Value {
    json!({ "now": format!("{:.3}", clock.now()), "stopped": clock.is_stopped() })
}
