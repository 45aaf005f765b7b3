//! The edge: what every request gets and every response goes through.
//!
//! Here a request learns its id and its deadline, a problem is given its `instance`, a panic becomes
//! a 500 for that one request, and the one log line of the request is written.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use lambda_http::Context;
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    answer::Outcome,
    problem::{Kind, Problem},
};

/// Time kept back for the answer before Lambda ends the invocation.
const ANSWER_TIME: Duration = Duration::from_millis(500);
/// The time a request has where no deadline says otherwise: the function's own timeout.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

/// One request's frame.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// Lambda's request id.
    pub(crate) request_id: String,
    /// When the answer has to be ready.
    pub(crate) deadline: Instant,
}

impl Invocation {
    /// A deadline that has passed is none: no invocation begins after its end, but local runtimes
    /// send a constant (`cargo lambda watch` 600 000 ms after 1970) and clocks may be off.
    fn of(context: Option<&Context>) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let time = context
            .and_then(|context| Duration::from_millis(context.deadline).checked_sub(now))
            .unwrap_or(DEFAULT_TIME);
        Self {
            request_id: context.map_or_else(String::new, |context| context.request_id.clone()),
            deadline: Instant::now() + time.saturating_sub(ANSWER_TIME),
        }
    }
}

/// Puts routes behind the edge.
pub fn behind_edge(routes: Router) -> Router {
    let panicked = |_| {
        Problem::new(Kind::Internal, "the operator finds the reason in the log").into_response()
    };
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(edge))
}

async fn edge(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let invocation = Invocation::of(request.extensions().get());
    request.extensions_mut().insert(invocation.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());

    let mut response = next.run(request).await;

    let problem = response.extensions_mut().remove::<Problem>();
    let outcome = match &problem {
        Some(problem) => problem.name(),
        None => response
            .extensions()
            .get::<Outcome>()
            .map_or("", |outcome| outcome.name()),
    };
    tracing::info!(
        %method,
        path,
        status = response.status().as_u16(),
        outcome,
        duration_ms = started.elapsed().as_millis(),
        "answered"
    );
    match problem {
        Some(problem) => problem.finish(response, &invocation.request_id),
        None => response,
    }
}
