//! The order of a request that changes an opportunity, top to bottom.
//!
//! The caller sends only what it wants changed; the bridge sends everything, because
//! `UpdateOpportunity` sets what it does not get to null.

use axum::{
    extract::{Extension, Path, Request, State, rejection::PathRejection},
    response::Response,
};
use http::request::Parts;

use crate::{
    answer::Answer,
    bridge::Bridge,
    idempotency::{Ended, Once},
    idempotency_key::Named,
    invocation::Invocation,
    park::Parking,
    prefer::Preference,
    problem::Problem,
    representation,
    request::{MalformedRequest, PatchRequest},
    retry::{self, Step},
};

/// Changes an opportunity by a patch.
pub(crate) async fn patch(
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
pub(crate) async fn put_record(
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
        Some(_) if !request.dry_run => Named::of(
            http,
            body,
            request.edit.is_declarative(),
            &bridge.catalog,
            is_signed,
        )
        .map_err(MalformedRequest::from)?,
        _ => None,
    };
    let parking = Parking::of(&request, memory);
    Box::pin(carry_out(bridge, invocation, &request, named, &parking)).await
}

/// Carries out what a caller asks for, once it is let in and understood.
pub(crate) async fn carry_out(
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
            let parked = parking.behind_others(&settled, upstream, request, memory, &once);
            if let Some(parked) = Box::pin(parked).await {
                return Box::pin(once.answer(parked)).await;
            }
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
