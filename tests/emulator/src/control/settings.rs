//! Returns the settings that a page needs to play a CRM.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::server::Server;

/// The function's URL, or null, whether patches can wait for a review, and the secrets, which were made up for
/// this emulator.
pub(crate) async fn read(State(server): State<Arc<Server>>) -> Json<Value> {
    let bridge = server.playground.bridge().map(ToString::to_string);
    let is_parking = server.playground.is_parking;
    let secrets = &server.state().secrets;
    Json(json!({ "bridge": bridge, "isParking": is_parking, "secrets": secrets }))
}
