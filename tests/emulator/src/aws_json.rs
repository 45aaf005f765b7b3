//! Answers requests in the awsJson protocol: those to Partner Central and to Secrets Manager.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::document::{Document, text};
use crate::exchange::{Exchange, carry_out};
use crate::fault::Fault;
use crate::headers::{header, signed_service};
use crate::operations::{OPERATIONS, Operation};
use crate::prepared_response::PreparedResponse;
use crate::quota::Quota;
use crate::refusal::Refusal;
use crate::service::PARTNER_CENTRAL;
use crate::state::State;

/// Carries a request out, records it, and returns the answer; `None` means no answer at all.
pub(crate) fn answer(
    state: &mut State,
    headers: HeaderMap,
    body: Bytes,
) -> Option<PreparedResponse> {
    let mut identifier = String::new();
    let mut service = &PARTNER_CENTRAL;
    let mut fault = None;
    let result = match Call::parse(&headers, &body) {
        Ok(call) => {
            call.identifier().clone_into(&mut identifier);
            service = call.operation.service;
            if grants(state, call.operation.quota) {
                fault = state.faults.take(call.operation.name);
                carry_out(state, &identifier, fault.as_ref(), |state| {
                    (call.operation.carry_out)(state, &call.request)
                })
            } else {
                Err(Refusal::Throttling)
            }
        }
        Err(refusal) => Err(refusal),
    };
    let refused = result.as_ref().err().map(Refusal::name);
    let body_of = |value: Value| match &fault {
        Some(Fault::Answer(body)) => body.clone(),
        _ => value.to_string(),
    };
    let answer = match result {
        Ok(value) => PreparedResponse::of(Ok(body_of(value)), service.content_type),
        Err(refusal) => PreparedResponse::of(Err(&refusal), service.content_type),
    };
    let exchange = Exchange {
        operation: operation_name(&headers).to_owned(),
        identifier,
        headers,
        body,
    };
    exchange.conclude(state, fault.as_ref(), refused, answer)
}

fn grants(state: &mut State, quota: Quota) -> bool {
    let now = state.store.clock.now();
    match quota {
        Quota::Read => state.reads.grants(now),
        Quota::Write => state.writes.grants(now),
        Quota::None => true,
    }
}

/// The members by which a request names its opportunity or secret.
const IDENTIFIERS: [&str; 4] = [
    "Identifier",
    "OpportunityIdentifier",
    "RelatedOpportunityIdentifier",
    "SecretId",
];

/// A well-formed request.
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) request: Document,
}

impl Call {
    pub(crate) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let scope = signed_service(headers).ok_or(Refusal::MissingAuthenticationToken)?;
        let target = header(headers, "x-amz-target");
        let is_target = |operation: &&Operation| {
            target.split_once('.') == Some((operation.service.target, operation.name))
        };
        let operation = OPERATIONS.iter().find(is_target);
        let operation = operation.ok_or_else(|| {
            Refusal::UnknownOperation(format!("there is no operation `{target}` here"))
        })?;
        let service = operation.service;
        if scope != service.scope {
            let what = format!(
                "the signature is for `{scope}`, expected `{}`",
                service.scope
            );
            return Err(Refusal::InvalidSignature(what));
        }
        let content_type = header(headers, CONTENT_TYPE.as_str());
        if content_type != service.content_type {
            let expected = service.content_type;
            let what = format!("the content type is `{content_type}`, expected `{expected}`");
            return Err(Refusal::UnknownOperation(what));
        }
        let request = serde_json::from_slice(body)
            .map_err(|error| Refusal::Serialization(format!("the body is not JSON: {error}")))?;
        let Value::Object(request) = request else {
            let what = "the body is not a JSON object".to_owned();
            return Err(Refusal::Serialization(what));
        };
        Ok(Self { operation, request })
    }

    /// The id that the request is about; empty if it is about none or several.
    pub(crate) fn identifier(&self) -> &str {
        let mut identifiers = IDENTIFIERS.iter().map(|name| text(&self.request, name));
        identifiers.find(|id| !id.is_empty()).unwrap_or_default()
    }
}

/// The operation that a request names, even if it does not exist.
pub(crate) fn operation_name(headers: &HeaderMap) -> &str {
    let target = header(headers, "x-amz-target");
    target.split_once('.').map_or(target, |(_, name)| name)
}
