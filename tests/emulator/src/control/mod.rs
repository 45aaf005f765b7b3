//! The control API: what the Rust API can do, by HTTP, for tests in any language and for pages.
//!
//! Under a path that no AWS client asks for, on the same port. `README.md` beside `src` describes it.

use std::sync::Arc;

use axum::routing::{get, patch, post};
use axum::{Router, middleware};
use http::{Method, Uri};

use crate::playground;
use crate::server::Server;
pub(crate) use problem::{Problem, parse};

mod clock;
mod faults;
mod opportunities;
mod origin;
mod problem;
mod records;
mod settings;
mod stream;

const PREFIX: &str = "/_control";

/// Whether a path is one of the control API, or of the playground.
pub(crate) fn is_for(path: &str) -> bool {
    let rest = path.strip_prefix(PREFIX);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) || playground::is_for(path)
}

pub(crate) fn router(server: Arc<Server>) -> Router {
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
    Router::new()
        .nest(PREFIX, all)
        .merge(playground::router())
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
        .layer(middleware::from_fn(origin::check))
        .with_state(server)
}

async fn nothing(uri: Uri) -> Problem {
    Problem::not_found(format!("there is no `{}` here", uri.path()))
}

async fn not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::method_not_allowed(format!("`{}` takes no `{method}`", uri.path()))
}
