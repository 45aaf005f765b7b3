//! A webhook that takes *what should change* about an opportunity and writes it to Partner Central.
//!
//! The caller sends only what it wants changed; the bridge sends everything, because
//! `UpdateOpportunity` sets what it does not get to null. A request goes through: authenticate,
//! parse, read, `If-Match`, apply, compare, locks, schema, write; the first of these that refuses
//! answers. Once the change is written, it is told as written.

mod answer;
mod auth;
mod auth_header;
mod config;
mod edge;
mod merged;
mod precondition;
mod prefer;
mod problem;
mod record;
mod request;
mod secrets;
mod signature;
mod token;
mod write;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{Extension, Path, State, rejection::PathRejection},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use http::{HeaderMap, Uri, header};
use model::{Catalog, Identifier, Opportunity, Update};
use partner_central::{Error, NotConfirmed, PartnerCentral, Updated};
use serde_json::json;
use tokio::time::timeout_at;

use answer::Answer;
pub use auth::Auth;
pub use config::{AuthConfig, Config, ConfigError};
use edge::{GRACE, Invocation};
pub use edge::{behind_edge, serve};
use problem::{Kind, Problem};
use record::Record;
use request::PatchRequest;
pub use secrets::{SecretSource, SecretsError};

/// What every request is answered with.
#[derive(Debug, Clone)]
pub struct Bridge {
    partner_central: PartnerCentral,
    catalog: Catalog,
    auth: Arc<Auth>,
}

impl Bridge {
    /// A bridge to a catalog, for whom `auth` lets in.
    #[must_use]
    pub fn new(partner_central: PartnerCentral, catalog: Catalog, auth: Auth) -> Self {
        Self {
            partner_central,
            catalog,
            auth: Arc::new(auth),
        }
    }

    async fn get(&self, identifier: &Identifier, record: &Record) -> Result<Opportunity, Error> {
        record
            .upstream(self.partner_central.get(&self.catalog, identifier))
            .await
            .inspect_err(report)
    }

    async fn update(&self, update: &Update, record: &Record) -> Result<Updated, NotConfirmed> {
        record.write();
        let updated = record.upstream(self.partner_central.update(update)).await;
        updated.inspect_err(|error| report(&error.cause))
    }
}

/// Tells the operator what the caller is not told. What AWS says of content stays out of the log: it may
/// quote it.
fn report(error: &Error) {
    match error {
        Error::Denied { .. } => tracing::error!(%error, "access denied"),
        Error::Throttled | Error::Unavailable { .. } => tracing::warn!(%error, "no usable answer"),
        Error::NotFound | Error::Conflict | Error::Invalid { .. } => {}
    }
}

/// The function as a service: all routes, with every refusal a problem.
pub fn router(bridge: Bridge) -> Router {
    let catalog = bridge.catalog.clone();
    let authenticated =
        middleware::from_fn_with_state(Arc::clone(&bridge.auth), auth::authenticate);
    let routes = Router::new()
        .route(
            "/opportunities/{identifier}",
            patch(write).post(write).get(read),
        )
        .route("/opportunities", post(write))
        .route_layer(authenticated)
        .route("/openapi.json", get(openapi))
        .route("/healthz", get(async || Json(json!({"status": "ok"}))))
        .fallback(async || {
            Problem::new(Kind::RouteNotFound, "`/openapi.json` describes the routes")
        })
        .method_not_allowed_fallback(async || {
            Problem::new(Kind::MethodNotAllowed, "`Allow` tells what it takes")
        })
        .with_state(bridge);
    behind_edge(routes, &catalog)
}

/// The description of all this, for people and for generators of clients.
const OPENAPI: &str = include_str!("../openapi.json");

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

async fn write(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    identifier: Result<Option<Path<String>>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer, Problem> {
    let identifier = identifier
        .map_err(|error| malformed(&error))?
        .map(|Path(identifier)| identifier);
    let request = PatchRequest::parse(identifier.as_deref(), &uri, &headers, body).await?;
    invocation.record.about(&request.identifier);
    let written = timeout_at(
        invocation.deadline + GRACE,
        write::write(&bridge, &request, &invocation),
    )
    .await;
    written.unwrap_or_else(|_| {
        tracing::warn!(opportunity.id = %request.identifier, "no answer of AWS before the deadline");
        Err(if invocation.record.writes() > 0 { Problem::unconfirmed() } else { Problem::unavailable() })
    })
}

async fn read(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    identifier: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(identifier) = identifier.map_err(|error| malformed(&error))?;
    let identifier = request::identifier(&identifier)?;
    invocation.record.about(&identifier);
    let read = timeout_at(
        invocation.deadline,
        bridge.get(&identifier, &invocation.record),
    )
    .await;
    Ok(answer::document(read.map_err(|_| Problem::unavailable())??))
}

/// An extractor's refusal, which is no problem of its own.
fn malformed(_: &PathRejection) -> Problem {
    Problem::new(
        Kind::MalformedRequest,
        "the path is not UTF-8 once it is decoded",
    )
}
