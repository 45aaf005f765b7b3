//! How the emulator was started, as far as a page needs it to play a CRM.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::server::Server;

/// The function's URL, or null, and the secrets: they were made up for this emulator.
pub(crate) async fn read(State(server): State<Arc<Server>>) -> Json<Value> {
    let bridge = server.playground.bridge().map(ToString::to_string);
    let secrets = &server.state().secrets;
    Json(json!({ "bridge": bridge, "secrets": secrets }))
}
