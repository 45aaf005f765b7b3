//! A webhook that takes *what should change* about an opportunity and writes it to Partner Central.
//!
//! `PATCH /opportunities/{id}` with a merge patch: read, apply, compare, write. The caller sends
//! only what it wants changed; the bridge sends everything, because `UpdateOpportunity` sets what
//! it does not get to null.

mod answer;
mod config;
mod edge;
mod problem;
mod request;
mod write;

use axum::{
    Router,
    body::Body,
    extract::{Extension, Path, State},
    routing,
};
use http::HeaderMap;
use model::Catalog;
use partner_central::PartnerCentral;
use tokio::time::timeout_at;

use answer::Answer;
pub use config::{Config, ConfigError};
use edge::Invocation;
pub use edge::behind_edge;
use problem::{Kind, Problem};
use request::PatchRequest;

/// What every request is answered with: the client and the configuration.
#[derive(Debug, Clone)]
pub struct Bridge {
    partner_central: PartnerCentral,
    catalog: Catalog,
}

impl Bridge {
    /// A bridge to the configured catalog.
    #[must_use]
    pub fn new(partner_central: PartnerCentral, config: Config) -> Self {
        Self {
            partner_central,
            catalog: config.catalog,
        }
    }
}

/// The function as a service: all routes, with every refusal a problem.
pub fn router(bridge: Bridge) -> Router {
    let routes = Router::new()
        .route("/opportunities/{identifier}", routing::patch(patch))
        .fallback(async || {
            Problem::new(
                Kind::RouteNotFound,
                "expected `/opportunities/{identifier}`",
            )
        })
        .method_not_allowed_fallback(async || {
            Problem::new(Kind::MethodNotAllowed, "see `Allow` for what it takes")
        })
        .with_state(bridge);
    behind_edge(routes)
}

async fn patch(
    State(bridge): State<Bridge>,
    Path(identifier): Path<String>,
    Extension(invocation): Extension<Invocation>,
    headers: HeaderMap,
    body: Body,
) -> Result<Answer, Problem> {
    let request = PatchRequest::parse(&identifier, &headers, body).await?;
    timeout_at(
        invocation.deadline,
        write::write(&bridge, &request, invocation.deadline),
    )
    .await
    .unwrap_or_else(|_| Err(Problem::unavailable()))
}
