//! A webhook that takes *what should change* about an opportunity and writes it to Partner Central.
//!
//! The caller sends only what it wants changed; the bridge sends everything, because
//! `UpdateOpportunity` sets what it does not get to null. `patch` and `carry_out`, below, are the order of it,
//! top to bottom.

mod answer;
mod auth;
mod auth_header;
mod config;
mod edit;
mod etag;
mod invocation;
mod notes;
mod observe;
mod once;
mod park;
mod precondition;
mod prefer;
mod problem;
mod representation;
mod request;
mod retry;
mod secrets;
mod serve;
mod signature;
mod table;
mod token;
mod upstream;
mod wake;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Extension, Path, Request, State, rejection::PathRejection},
    response::{Html, IntoResponse, Response},
    routing,
};
use http::{header, request::Parts};
use mapping::Mapping;
use memory::Memory;
use model::{Catalog, Identifier};
use partner_central::PartnerCentral;
use serde_json::json;
use tokio::time::timeout_at;

use answer::Answer;
pub use answer::Outcome;
pub use auth::Auth;
pub use config::{AuthConfig, Config, ConfigError};
use invocation::Invocation;
pub use observe::observed;
use once::{Ended, Named, Once};
use park::{ParkedPatches, Parking};
use prefer::Preference;
pub use problem::Kind;
use problem::Problem;
use request::{MalformedRequest, PatchRequest};
use retry::Step;
pub use secrets::{SecretSource, SecretsError};
pub use serve::serve;
use upstream::Upstream;
pub use wake::{Wake, WakeError};

/// What every request is answered with.
#[derive(Debug, Clone)]
pub struct Bridge {
    partner_central: PartnerCentral,
    catalog: Catalog,
    auth: Arc<Auth>,
    mapping: Option<Arc<Mapping>>,
    memory: Option<Memory>,
}

impl Bridge {
    /// A bridge to a catalog, for whom `auth` lets in.
    #[must_use]
    pub fn new(partner_central: PartnerCentral, catalog: Catalog, auth: Auth) -> Self {
        Self {
            partner_central,
            catalog,
            auth: Arc::new(auth),
            mapping: None,
            memory: None,
        }
    }

    /// The same, which takes records of the CRM that the mapping is for.
    #[must_use]
    pub fn with_mapping(self, mapping: Option<Mapping>) -> Self {
        let mapping = mapping.map(Arc::new);
        Self { mapping, ..self }
    }

    /// The same, with a memory: requests with a key are carried out once, and events of the bridge's own
    /// writes are marked as such.
    #[must_use]
    pub fn with_memory(self, memory: Option<Memory>) -> Self {
        Self { memory, ..self }
    }

    fn upstream<'a>(&'a self, invocation: &'a Invocation) -> Upstream<'a> {
        Upstream {
            partner_central: &self.partner_central,
            catalog: &self.catalog,
            invocation,
        }
    }

    fn parked<'a>(
        &'a self,
        invocation: &'a Invocation,
        identifier: Identifier,
    ) -> Result<ParkedPatches<'a>, Problem> {
        let memory = self.memory.as_ref();
        ParkedPatches::of(self.upstream(invocation), memory, identifier)
    }
}

/// The function as a service: all routes, with every refusal a problem.
pub fn router(bridge: Bridge) -> Router {
    let catalog = bridge.catalog.clone();
    let routes = Router::new()
        .route(
            "/opportunities/{identifier}",
            routing::patch(patch).post(patch).get(read),
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
        .route("/opportunities", routing::post(patch))
        .route("/crm", routing::post(put_record))
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

/// Changes an opportunity by a patch.
async fn patch(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    in_path: Result<Option<Path<String>>, PathRejection>,
    http: Request,
) -> Result<Response, Problem> {
    let (http, body) = http.into_parts();
    let body = bridge.auth.admit(&http, body).await?;
    let in_path = in_path.map_err(MalformedRequest::from)?;
    let in_path = in_path.as_deref().map(String::as_str);
    let request = PatchRequest::parse(&http, in_path, &body, &bridge.catalog)?;
    asked(&bridge, &invocation, (&http, &body), request).await
}

/// Changes an opportunity by a record of the CRM's.
async fn put_record(
    State(bridge): State<Bridge>,
    Extension(invocation): Extension<Invocation>,
    http: Request,
) -> Result<Response, Problem> {
    let (http, body) = http.into_parts();
    let body = bridge.auth.admit(&http, body).await?;
    let mapping = bridge.mapping.as_ref();
    let mapping = mapping.ok_or_else(Problem::without_mapping)?;
    let request = PatchRequest::parse_record(&http, &body, mapping)?;
    asked(&bridge, &invocation, (&http, &body), request).await
}

/// Carries out a caller's request: once, where it has a key; and later, where it is to wait for a review.
async fn asked(
    bridge: &Bridge,
    invocation: &Invocation,
    (http, body): (&Parts, &[u8]),
    request: PatchRequest,
) -> Result<Response, Problem> {
    let (memory, is_signed) = (bridge.memory.as_ref(), bridge.auth.is_signed());
    let named = match memory {
        Some(_) if !request.dry_run => Named::of(http, body, &request, &bridge.catalog, is_signed)
            .map_err(MalformedRequest::from)?,
        _ => None,
    };
    let parking = Parking::of(&request, memory);
    Box::pin(carry_out(bridge, invocation, &request, named, &parking)).await
}

/// Carries out what a caller asks for, once it is let in and understood.
async fn carry_out(
    bridge: &Bridge,
    invocation: &Invocation,
    request: &PatchRequest,
    named: Option<Named>,
    parking: &Parking<'_>,
) -> Result<Response, Problem> {
    invocation.notes.about(&request.identifier);

    let upstream = bridge.upstream(invocation);
    let Preference {
        lenient,
        skips_locked,
        ..
    } = request.preference;
    let memory = bridge.memory.as_ref();
    let once = Once::new(request, upstream, memory, named);
    if let Some(before) = parking.before(upstream, request, memory, &once).await {
        return Box::pin(once.answer(before)).await;
    }
    let settled = retry::until_settled(upstream, request, &once, |read| {
        request.precondition.check(read)?;
        let after = request.edit.apply(read)?;
        let review = if skips_locked {
            model::review_open_part(read, after, &invocation.today)
        } else {
            model::review(read, after, &invocation.today)
        };
        if request.dry_run {
            return Ok(Step::Tell(review));
        }
        if review.changes.is_empty() {
            return Ok(Step::Unchanged(review));
        }
        review.refuse_owned()?;
        parking.refuse_locked(read, &review, lenient)?;
        parking.refuse_overtaken(&review)?;
        review.refuse_invalid(lenient)?;
        Ok(Step::Write(review))
    })
    .await;

    let own = match settled {
        Ok(settled) => {
            let representation = representation::read_again(upstream, request, &settled).await;
            let told = request.edit.told(&settled.read, &settled.review);
            let answer = Answer::new(settled, representation, request.preference);
            Ok(answer.with_record(told.as_ref()))
        }
        Err(Ended::Refused(problem)) => {
            let refusal = request.edit.refused(problem);
            let parked = parking.instead_of(refusal, upstream, request, memory, &once);
            Box::pin(parked).await
        }
        Err(before @ Ended::Before(_)) => Err(before),
    };
    Box::pin(once.answer(own)).await
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
