//! Parses a request in the awsJson protocol.
//!
//! The signature itself is not verified, because there is no key to verify it with. That there is one,
//! made for the right service, is what a client can get wrong.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;

use crate::operations::{OPERATIONS, Operation};
use crate::refusal::Refusal;
use crate::store::{Document, text};

/// A service that the emulator answers for.
pub(crate) struct Api {
    /// The beginning of `X-Amz-Target`, before the dot.
    target: &'static str,
    /// The service in the credential scope of a signature.
    scope: &'static str,
    pub(crate) content_type: &'static str,
}

pub(crate) static PARTNER_CENTRAL: Api = Api {
    target: "AWSPartnerCentralSelling",
    scope: "partnercentral-selling",
    content_type: "application/x-amz-json-1.0",
};
pub(crate) static SECRETS_MANAGER: Api = Api {
    target: "secretsmanager",
    scope: "secretsmanager",
    content_type: "application/x-amz-json-1.1",
};

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
            target.split_once('.') == Some((operation.api.target, operation.name))
        };
        let operation = OPERATIONS.iter().find(is_target);
        let operation = operation.ok_or_else(|| {
            Refusal::UnknownOperation(format!("there is no operation `{target}` here"))
        })?;
        let api = operation.api;
        if scope != api.scope {
            let what = format!("the signature is for `{scope}`, expected `{}`", api.scope);
            return Err(Refusal::InvalidSignature(what));
        }
        let content_type = header(headers, CONTENT_TYPE.as_str());
        if content_type != api.content_type {
            let expected = api.content_type;
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

/// The service in `AWS4-HMAC-SHA256 Credential=AKID/20251215/us-east-1/SERVICE/aws4_request, ...`.
pub(crate) fn signed_service(headers: &HeaderMap) -> Option<&str> {
    let signature = header(headers, AUTHORIZATION.as_str()).strip_prefix("AWS4-HMAC-SHA256 ")?;
    let (_, credential) = signature.split_once("Credential=")?;
    let credential = credential.split([',', ' ']).next()?;
    let mut scope = credential.rsplit('/');
    scope.next().filter(|end| *end == "aws4_request")?;
    scope.next()
}

/// A header's text; empty if the header is absent or not text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
