//! The webhook of the playground's CRM.

use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;

use crate::journal::Happening;
use crate::problem::Problem;
use crate::state::SharedState;

pub(crate) async fn receive(
    State(shared): State<SharedState>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let mut state = shared.lock();
    let receipt = state.crm.receive(&body)?;
    state.journal.record(Happening::Receipt(receipt));
    Ok(StatusCode::NO_CONTENT)
}
