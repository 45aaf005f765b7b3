//! The edge: what every request gets and every response goes through.
//!
//! Here a request learns its id and its deadline, a problem is given its `instance`, a panic becomes
//! a 500 for that one request, and the one log line of the request is
//! written, with its metrics.

use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use lambda_http::{
    Context, LambdaEvent, Service,
    lambda_runtime::{self, service_fn},
    request::LambdaRequest,
};
use model::Catalog;
use telemetry::{Metric, Metrics, milliseconds};
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    answer::Outcome,
    problem::{Kind, Problem},
    record::Record,
};

/// Time kept back for the answer before Lambda ends the invocation.
const ANSWER_TIME: Duration = Duration::from_millis(500);
/// What of that is left to tell of a write after the deadline.
pub(crate) const GRACE: Duration = Duration::from_millis(200);
/// The time a request has where no deadline says otherwise: the function's own timeout.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

/// One request's frame.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// Lambda's request id.
    pub(crate) request_id: String,
    /// When waiting for AWS has to end.
    pub(crate) deadline: Instant,
    /// What is noted of the request.
    pub(crate) record: Arc<Record>,
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
            record: Arc::default(),
        }
    }
}

/// Answers requests as Lambda brings them, until the function ends.
///
/// # Errors
/// Where Lambda's Runtime API cannot be reached.
pub async fn serve(routes: Router) -> Result<(), lambda_http::Error> {
    let mut adapter = lambda_http::Adapter::from(routes);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<LambdaRequest>| {
        adapter.call(LambdaEvent::new(escaped(event.payload), event.context))
    }))
    .await
}

/// A request whose path and query are a URI's. `lambda_http` panics where a sender has put a quote or an
/// angle bracket there without escaping it.
fn escaped(request: LambdaRequest) -> LambdaRequest {
    match request {
        LambdaRequest::ApiGatewayV2(mut request) => {
            request.raw_path = request.raw_path.as_deref().map(escape);
            request.raw_query_string = request.raw_query_string.as_deref().map(escape);
            LambdaRequest::ApiGatewayV2(request)
        }
        other => other,
    }
}

fn escape(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut escaped, byte| {
            if byte.is_ascii_graphic() && !br#""<>\^`{|}#"#.contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                let _ = write!(escaped, "%{byte:02X}");
            }
            escaped
        })
}

/// Puts routes behind the edge. Their metrics are told by catalog.
pub fn behind_edge(routes: Router, catalog: &Catalog) -> Router {
    let panicked = |_| {
        Problem::new(Kind::Internal, "the operator finds the reason in the log").into_response()
    };
    routes
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(catalog.clone(), edge))
}

async fn edge(State(catalog): State<Catalog>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let invocation = Invocation::of(request.extensions().get());
    request.extensions_mut().insert(invocation.clone());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();

    let mut response = next.run(request).await;

    let problem = response.extensions_mut().remove::<Problem>();
    let outcome = response
        .extensions()
        .get::<Outcome>()
        .map(|outcome| outcome.name());
    let outcome = problem
        .as_ref()
        .map(Problem::name)
        .or(outcome)
        .unwrap_or_default();
    let record = &invocation.record;
    tracing::info!(
        %method,
        route = route.as_ref().map(MatchedPath::as_str),
        opportunity.id = record.identifier(),
        status = response.status().as_u16(),
        outcome,
        attempts = record.writes(),
        upstream_ms = milliseconds(record.upstream_time()),
        duration_ms = milliseconds(started.elapsed()),
        "answered"
    );
    metrics(&catalog, outcome, record).emit(SystemTime::now());
    match problem {
        Some(problem) => problem.finish(response, &invocation.request_id),
        None => response,
    }
}

fn metrics(catalog: &Catalog, outcome: &str, record: &Record) -> Metrics {
    let mut metrics = Metrics::new("patch-opportunity", catalog.as_str());
    for (name, metric) in [
        (Outcome::Updated.name(), Metric::Updated),
        (Outcome::Unchanged.name(), Metric::Unchanged),
        (Kind::OpportunityLocked.name(), Metric::Locked),
        (Kind::Unauthorized.name(), Metric::Unauthorized),
        (Kind::Throttled.name(), Metric::Throttled),
    ] {
        metrics.count(metric, u64::from(name == outcome));
    }
    metrics.count(Metric::Conflicts, record.conflicts());
    if !record.upstream_time().is_zero() {
        metrics.time(Metric::UpstreamMilliseconds, record.upstream_time());
    }
    metrics
}
