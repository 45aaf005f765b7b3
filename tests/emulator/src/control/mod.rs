//! The control API: the Rust API over HTTP, for tests in any language and for pages.
//!
//! It shares the port, under a path that no AWS client uses. `README.md` beside `src` describes it.

use axum::Router;
use axum::routing::{get, patch, post};

use crate::state::SharedState;

mod clock;
mod faults;
mod opportunities;
mod records;
mod settings;
mod stream;

/// The path of the control API.
pub(crate) const PREFIX: &str = "/_control";

pub(crate) fn router(shared: SharedState) -> Router {
    let all = Router::new()
        .route(
            "/opportunities",
            get(opportunities::list)
                .post(opportunities::seed)
                .delete(opportunities::clear),
        )
        .route(
            "/opportunities/{id}",
            get(opportunities::read)
                .patch(opportunities::edit)
                .delete(opportunities::remove),
        )
        .route(
            "/opportunities/{id}/announce",
            post(opportunities::announce),
        )
        .route("/opportunities/{id}/review", post(opportunities::review))
        .route(
            "/opportunities/{id}/summary",
            get(opportunities::read_summary)
                .put(opportunities::seed_summary)
                .delete(opportunities::forget_summary),
        )
        .route("/samples", post(opportunities::seed_samples))
        .route(
            "/faults",
            get(faults::list).post(faults::inject).delete(faults::clear),
        )
        .route(
            "/event-faults",
            get(faults::list_for_events)
                .post(faults::inject_into_events)
                .delete(faults::clear_for_events),
        )
        .route("/requests", get(records::requests))
        .route("/writes", get(records::writes))
        .route("/deliveries", get(records::deliveries))
        .route("/invocations", get(records::invocations))
        .route("/deals", get(records::deals))
        .route("/settings", get(settings::read))
        .route("/records", axum::routing::delete(records::clear))
        .route("/events", get(stream::events))
        .route("/clock", patch(clock::change).get(clock::read));
    Router::new().nest(PREFIX, all).with_state(shared)
}
