//! What a caller asks for, parsed from an HTTP request before anything is read from AWS.

use axum::body::{self, Body};
use http::{HeaderMap, HeaderValue, header};
use model::{Identifier, ParsePatchError, Patch};

use crate::problem::{ErrorDetail, Kind, Problem, Source};

/// The largest body taken, in bytes. A whole opportunity is about 10 KiB; a Function URL itself
/// takes 6 MiB.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// A patch for an opportunity.
#[derive(Debug)]
pub(crate) struct PatchRequest {
    pub(crate) identifier: Identifier,
    pub(crate) patch: Patch,
}

impl PatchRequest {
    pub(crate) async fn parse(
        identifier: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Self, Problem> {
        let identifier = Identifier::parse(identifier)
            .map_err(|error| Problem::new(Kind::MalformedRequest, error.to_string()))?;
        check_content_type(headers.get(header::CONTENT_TYPE))?;
        let body = body::to_bytes(body, MAX_BODY).await.map_err(|_| {
            Problem::new(
                Kind::ContentTooLarge,
                format!("the body is larger than {MAX_BODY} bytes"),
            )
        })?;
        let patch = Patch::parse_merge(&body).map_err(|error| match error {
            ParsePatchError::NotJson(_) => Problem::new(Kind::MalformedRequest, error.to_string()),
            ParsePatchError::NotAnObject { .. } => {
                Problem::new(Kind::InvalidPatch, error.to_string()).with_errors(vec![ErrorDetail {
                    pointer: String::new(),
                    code: "not-an-object".to_owned(),
                    detail: error.to_string(),
                    source: Source::Patch,
                }])
            }
        })?;
        Ok(Self { identifier, patch })
    }
}

/// Parameters such as `charset` are ignored: JSON is UTF-8 and says so itself (RFC 8259, 8.1).
fn check_content_type(content_type: Option<&HeaderValue>) -> Result<(), Problem> {
    let text = content_type.map_or("missing", |value| value.to_str().unwrap_or("not ASCII"));
    let essence = text.split(';').next().unwrap_or_default().trim();
    if ["application/json", "application/merge-patch+json"]
        .iter()
        .any(|right| essence.eq_ignore_ascii_case(right))
    {
        return Ok(());
    }
    Err(Problem::new(
        Kind::UnsupportedMediaType,
        format!(
            "the content type is `{text}`, expected `application/merge-patch+json` or `application/json`"
        ),
    ))
}
