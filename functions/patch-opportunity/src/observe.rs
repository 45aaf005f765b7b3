//! What is told of every request around its handling: one log line, its metrics, the end of a problem.
//!
//! A panic becomes a 500 for the one request that it happened in.

use std::time::SystemTime;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use lambda_http::request::RequestContext;
use model::Catalog;
use telemetry::{Metric, Metrics, milliseconds};
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    answer::Outcome,
    invocation::Invocation,
    notes::Notes,
    problem::{Kind, Problem},
};

/// Observes routes. Their metrics are told by catalog.
pub fn observed(routes: Router, catalog: &Catalog) -> Router {
    let panicked = |_| {
        Problem::new(
            Kind::InternalError,
            "the operator finds the reason in the log",
        )
        .because("the function panicked: the plain line before this one says where")
        .into_response()
    };
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(catalog.clone(), observe))
}

async fn observe(State(catalog): State<Catalog>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let invocation = Invocation::of(request.extensions().get());
    request.extensions_mut().insert(invocation.clone());
    let address = address(request.extensions().get());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();

    let mut response = next.run(request).await;

    let problem = response.extensions_mut().remove::<Problem>();
    let outcome = response.extensions().get::<Outcome>().copied();
    let name = match (&problem, outcome) {
        (Some(problem), _) => problem.kind().name(),
        (None, Some(outcome)) => outcome.name(),
        (None, None) => "",
    };
    let notes = &invocation.notes;
    let is_unauthorized = matches!(&problem, Some(problem) if problem.kind() == Kind::Unauthorized);
    let status = response.status();
    // One line says all of a request. The level of a line has to be a constant.
    macro_rules! answered {
        ($level:ident) => {
            tracing::$level!(
                %method,
                route = route.as_ref().map(MatchedPath::as_str),
                caller.address = address.as_deref().filter(|_| is_unauthorized),
                opportunity.id = notes.identifier(),
                status = status.as_u16(),
                outcome = name,
                cause = problem.as_ref().and_then(Problem::cause),
                attempts = notes.writes(),
                upstream_ms = milliseconds(notes.upstream_time()),
                duration_ms = milliseconds(started.elapsed()),
                "answered"
            )
        };
    }
    if status.is_server_error() {
        answered!(error);
    } else if is_unauthorized {
        answered!(warn);
    } else {
        answered!(info);
    }
    metrics(
        &catalog,
        outcome,
        problem.as_ref().map(Problem::kind),
        notes,
    )
    .emit(SystemTime::now());
    match problem {
        Some(problem) => problem.finish(response, &invocation.request_id),
        None => response,
    }
}

/// The address that a request came from, as AWS saw it. Only of one that was not let in is it told: an
/// operator has to find who is guessing.
fn address(context: Option<&RequestContext>) -> Option<String> {
    match context {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
        _ => None,
    }
}

fn metrics(
    catalog: &Catalog,
    outcome: Option<Outcome>,
    problem: Option<Kind>,
    notes: &Notes,
) -> Metrics {
    let mut metrics = Metrics::new("patch-opportunity", catalog.as_str());
    let counted = match (outcome, problem) {
        (Some(Outcome::Updated | Outcome::UpdatedInPart), _) => Some(Metric::Updated),
        (Some(Outcome::Unchanged), _) => Some(Metric::Unchanged),
        (Some(Outcome::Parked), _) => Some(Metric::Parked),
        (Some(Outcome::Replayed), _) => Some(Metric::Replayed),
        (_, Some(Kind::OpportunityLocked | Kind::LockedForNow)) => Some(Metric::Locked),
        (_, Some(Kind::Unauthorized)) => Some(Metric::Unauthorized),
        (_, Some(Kind::Throttled)) => Some(Metric::Throttled),
        _ => None,
    };
    if let Some(metric) = counted {
        metrics.count(metric, 1);
    }
    metrics.count(Metric::Conflicts, notes.conflicts());
    metrics.count(Metric::MemoryUnavailable, notes.memory_unavailable());
    metrics.count(Metric::UnknownFields, notes.unknown_fields());
    if !notes.upstream_time().is_zero() {
        metrics.time(Metric::UpstreamMilliseconds, notes.upstream_time());
    }
    metrics
}
