//! Reads, stops and advances the emulator's clock.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::control::problem::{Problem, parse};
use crate::fault::milliseconds;
use crate::server::Server;

type Shared = State<Arc<Server>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default, with = "milliseconds")]
    advance: Duration,
    stopped: Option<bool>,
}

pub(crate) async fn read(State(server): Shared) -> Json<Value> {
    Json(shown(&server.state().store.clock))
}

/// Stops or resumes the clock, then advances it.
pub(crate) async fn change(State(server): Shared, body: Bytes) -> Result<Json<Value>, Problem> {
    let change: Change = parse(&body)?;
    let clock = &mut server.state().store.clock;
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
