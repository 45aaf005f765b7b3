//! A webhook that takes *what should change* about an opportunity and writes it to Partner Central.
//!
//! `pipeline.rs` is the order of such a request. Here are the routes, and the requests that only read.

mod answer;
mod auth;
mod auth_header;
mod bridge;
mod config;
mod edit;
mod etag;
mod idempotency;
mod idempotency_key;
mod invocation;
mod notes;
mod observe;
mod park;
mod pipeline;
mod precondition;
mod prefer;
mod problem;
mod problem_of;
mod representation;
mod request;
mod retry;
mod secrets;
mod serve;
mod settled;
mod signature;
mod token;
mod upstream;
mod wake;

use axum::{
    Json, Router,
    extract::{Extension, Path, Request, State, rejection::PathRejection},
    response::{Html, IntoResponse, Response},
    routing,
};
use http::header;
use model::Identifier;
use serde_json::json;
use tokio::time::timeout_at;

pub use answer::Outcome;
pub use auth::Auth;
pub use bridge::Bridge;
pub use config::{AuthConfig, Config, ConfigError};
use invocation::Invocation;
pub use observe::observed;
pub use problem::Kind;
use problem::Problem;
use request::MalformedRequest;
pub use secrets::{SecretSource, SecretsError};
pub use serve::serve;
pub use wake::{Wake, WakeError};

/// The function as a service: all routes, with every refusal a problem.
pub fn router(bridge: Bridge) -> Router {
    let catalog = bridge.catalog.clone();
    let routes = Router::new()
        .route(
            "/opportunities/{identifier}",
            routing::patch(pipeline::patch)
                .post(pipeline::patch)
                .get(read),
        )
        .route(
            "/opportunities/{identifier}/aws-summary",
            routing::get(read_summary),
        )
        .route(
            "/opportunities/{identifier}/parked",
            routing::get(list_parked),
        )
        .route(
            "/opportunities/{identifier}/parked/{patch}",
            routing::get(read_parked).delete(withdraw_parked),
        )
        .route("/opportunities", routing::post(pipeline::patch))
        .route("/crm", routing::post(pipeline::put_record))
        .route("/", routing::get(page))
        .route("/openapi.json", routing::get(async || json_text(OPENAPI)))
        .route(
            "/openapi-3.0.json",
            routing::get(async || json_text(OPENAPI_3_0)),
        )
        .route(
            "/healthz",
            routing::get(async || Json(json!({"status": "ok"}))),
        )
        .fallback(async || {
            Problem::new(Kind::RouteNotFound, "`/openapi.json` describes the routes")
        })
        .method_not_allowed_fallback(async || {
            Problem::new(Kind::MethodNotAllowed, "`Allow` tells what it takes")
        })
        .with_state(bridge);
    observed(routes, &catalog)
}

/// Lists the patches that wait for an opportunity's review.
async fn list_parked(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    in_path: Result<Path<String>, PathRejection>,
    http: Request,
) -> Result<Response, Problem> {
    let (http, body) = http.into_parts();
    bridge.auth.admit(&http, body).await?;
    let identifier = about(in_path, &invocation)?;
    bridge.parked(&invocation, identifier)?.list().await
}

/// Reads a patch that waits, or how it ended.
async fn read_parked(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    in_path: Result<Path<(String, String)>, PathRejection>,
    http: Request,
) -> Result<Response, Problem> {
    let (http, body) = http.into_parts();
    bridge.auth.admit(&http, body).await?;
    let (identifier, id) = about_parked(in_path, &invocation)?;
    bridge.parked(&invocation, identifier)?.show(&id).await
}

/// Withdraws a patch that waits.
async fn withdraw_parked(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    in_path: Result<Path<(String, String)>, PathRejection>,
    http: Request,
) -> Result<Response, Problem> {
    let (http, body) = http.into_parts();
    let body = bridge.auth.admit(&http, body).await?;
    let (identifier, id) = about_parked(in_path, &invocation)?;
    park::refuse_unsigned_target(bridge.auth.is_signed(), &body, &id)?;
    bridge.parked(&invocation, identifier)?.withdraw(&id).await
}

/// Reads an opportunity.
async fn read(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    in_path: Result<Path<String>, PathRejection>,
    http: Request,
) -> Result<Response, Problem> {
    let (http, body) = http.into_parts();
    bridge.auth.admit(&http, body).await?;
    let identifier = about(in_path, &invocation)?;
    let upstream = bridge.upstream(&invocation);
    let read = timeout_at(invocation.deadline, upstream.get(&identifier)).await;
    Ok(answer::document(read.map_err(|_| Problem::too_late())??))
}

/// Reads AWS's summary of an opportunity: what an event has to leave out where it cannot be read.
async fn read_summary(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    in_path: Result<Path<String>, PathRejection>,
    http: Request,
) -> Result<Response, Problem> {
    let (http, body) = http.into_parts();
    bridge.auth.admit(&http, body).await?;
    let identifier = about(in_path, &invocation)?;
    let upstream = bridge.upstream(&invocation);
    let read = timeout_at(invocation.deadline, upstream.summary(&identifier)).await;
    Ok(answer::summary(read.map_err(|_| Problem::too_late())??))
}

/// The opportunity that a path names.
fn about(
    in_path: Result<Path<String>, PathRejection>,
    invocation: &Invocation,
) -> Result<Identifier, MalformedRequest> {
    let Path(text) = in_path?;
    let identifier = Identifier::parse(&text)?;
    invocation.notes.about(&identifier);
    Ok(identifier)
}

/// The opportunity that a path names, and the id of a patch that waits for it.
fn about_parked(
    in_path: Result<Path<(String, String)>, PathRejection>,
    invocation: &Invocation,
) -> Result<(Identifier, String), MalformedRequest> {
    let Path((identifier, id)) = in_path?;
    Ok((about(Ok(Path(identifier)), invocation)?, id))
}

/// The description of all this, for people and for generators of clients.
const OPENAPI: &str = include_str!("../openapi.json");
/// The same for importers that do not take OpenAPI 3.1; made of it by `make schema`.
const OPENAPI_3_0: &str = include_str!("../openapi-3.0.json");

/// For people who open the URL in a browser: what this is, and nothing about the deployment.
const PAGE: &str = include_str!("page.html");

async fn page() -> impl IntoResponse {
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(PAGE))
}

fn json_text(text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], text)
}
