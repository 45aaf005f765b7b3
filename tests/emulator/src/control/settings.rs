//! Returns the settings that a page needs to play a CRM.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::state::SharedState;

/// The function's URL, or null, whether patches can wait for a review, and the secrets, which were made up for
/// this emulator.
pub(crate) async fn read(State(shared): State<SharedState>) -> Json<Value> {
    let state = shared.lock();
    let bridge = state.bridge.as_ref().map(ToString::to_string);
    Json(json!({ "bridge": bridge, "isParking": state.is_parking, "secrets": state.secrets }))
}
