//! Every refusal, as `application/problem+json` (RFC 9457).
//!
//! A problem has two faces: what the caller is told is all here; what the operator must know beyond
//! that goes to the log where it happens. 5xx say nothing about the inside.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use partner_central::Error;
use serde::Serialize;

use crate::precondition::etag;

/// The media type of a problem.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Seconds after which a throttled or failed request is worth another try. Partner Central allows
/// one write a second for each account.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// What all problem types begin with; `docs/problems.md` explains each.
const TYPE_BASE: &str = "urn:opportunity-bridge:problems/";

/// The kinds of problems: each a stable type, a status and a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MalformedRequest,
    Unauthorized,
    RouteNotFound,
    OpportunityNotFound,
    MethodNotAllowed,
    ConcurrentEdits,
    OpportunityLocked,
    TestFailed,
    PreconditionFailed,
    ContentTooLarge,
    UnsupportedMediaType,
    InvalidPatch,
    RefusedByAws,
    Throttled,
    Internal,
    AccessDenied,
    Unavailable,
    AuthenticationUnavailable,
}

impl Kind {
    /// What the log calls it: the last part of its type.
    pub(crate) fn name(self) -> &'static str {
        self.face().0
    }

    /// Name of the type, status and title.
    fn face(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::MalformedRequest => (
                "malformed-request",
                StatusCode::BAD_REQUEST,
                "The request is malformed",
            ),
            Self::Unauthorized => (
                "unauthorized",
                StatusCode::UNAUTHORIZED,
                "The request is not authenticated",
            ),
            Self::RouteNotFound => (
                "route-not-found",
                StatusCode::NOT_FOUND,
                "There is no such route",
            ),
            Self::OpportunityNotFound => (
                "opportunity-not-found",
                StatusCode::NOT_FOUND,
                "There is no such opportunity",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "The route does not take this method",
            ),
            Self::ConcurrentEdits => (
                "concurrent-edits",
                StatusCode::CONFLICT,
                "Others kept changing the opportunity",
            ),
            Self::OpportunityLocked => (
                "opportunity-locked",
                StatusCode::CONFLICT,
                "The opportunity's review status closes what was to change",
            ),
            Self::TestFailed => (
                "test-failed",
                StatusCode::CONFLICT,
                "The opportunity is not as the patch tests it",
            ),
            Self::PreconditionFailed => (
                "precondition-failed",
                StatusCode::PRECONDITION_FAILED,
                "The opportunity is not as `If-Match` has it",
            ),
            Self::ContentTooLarge => (
                "content-too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The request's content is too large",
            ),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The request's content type is not supported",
            ),
            Self::InvalidPatch => (
                "invalid-patch",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The patch cannot be applied",
            ),
            Self::RefusedByAws => (
                "refused-by-aws",
                StatusCode::UNPROCESSABLE_ENTITY,
                "AWS Partner Central refused the change",
            ),
            Self::Throttled => (
                "throttled",
                StatusCode::TOO_MANY_REQUESTS,
                "AWS Partner Central's quota is used up",
            ),
            Self::Internal => (
                "internal-error",
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here",
            ),
            Self::AccessDenied => (
                "access-denied",
                StatusCode::BAD_GATEWAY,
                "AWS Partner Central does not let the bridge in",
            ),
            Self::Unavailable => (
                "unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "AWS Partner Central does not answer",
            ),
            Self::AuthenticationUnavailable => (
                "authentication-unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "Nobody can be authenticated at the moment",
            ),
        }
    }
}

/// A refusal, before it knows which request it answers.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<ErrorDetail>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ErrorDetail {
    /// Where, as a JSON Pointer into the opportunity, or into the patch where that is none; empty for
    /// the whole.
    pub(crate) pointer: String,
    /// A stable name for what is wrong; AWS's own where AWS said so.
    pub(crate) code: String,
    /// The same for people.
    pub(crate) detail: String,
    /// Whose it is.
    pub(crate) source: Source,
    /// What was meant, perhaps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suggestion: Option<String>,
}

/// How many errors, or warnings, an answer tells one by one: a body of 256 KiB can hold tens of
/// thousands, and a function's answer no more than 6 MB.
pub(crate) const MAX_TOLD: usize = 1_000;

/// The first of many, and a last one that says how many there are besides.
pub(crate) fn at_most(most: usize, mut errors: Vec<ErrorDetail>) -> Vec<ErrorDetail> {
    if let Some(more) = errors.len().checked_sub(most).filter(|more| *more > 0) {
        let source = errors.last().map_or(Source::Patch, |last| last.source);
        errors.truncate(most);
        errors.push(ErrorDetail::new(
            "",
            "more",
            &format!("and {more} more"),
            source,
        ));
    }
    errors
}

impl ErrorDetail {
    pub(crate) fn new(pointer: &str, code: &str, detail: &str, source: Source) -> Self {
        let (pointer, code, detail) = (pointer.to_owned(), code.to_owned(), detail.to_owned());
        Self {
            pointer,
            code,
            detail,
            source,
            suggestion: None,
        }
    }
}

/// Whose something is: an error, a warning, a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// The patch's.
    Patch,
    /// The opportunity's, before the patch.
    Opportunity,
    /// AWS's.
    Aws,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn with_errors(self, errors: Vec<ErrorDetail>) -> Self {
        Self {
            errors: at_most(MAX_TOLD, errors),
            ..self
        }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With the state that the opportunity has now.
    pub(crate) fn with_etag(self, last_modified_date: &str) -> Self {
        match etag(last_modified_date) {
            Some(tag) => self.with_header(header::ETAG, tag),
            None => self,
        }
    }

    /// What the log calls it: the last part of its type.
    pub(crate) fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Gives `response`, which this problem began, its body.
    pub(crate) fn finish(&self, response: Response, request_id: &str) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: String,
            title: &'static str,
            status: u16,
            detail: &'a str,
            instance: String,
            errors: &'a [ErrorDetail],
        }
        let (name, status, title) = self.kind.face();
        let body = Body {
            r#type: format!("{TYPE_BASE}{name}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            instance: format!("urn:request-id:{request_id}"),
            errors: &self.errors,
        };
        let (mut parts, _) = response.into_parts();
        parts.headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, serde_json::to_vec(&body).unwrap_or_default().into())
    }
}

/// The response is finished at the edge, where the request's id is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.face().1.into_response();
        response.headers_mut().extend(self.headers.iter().cloned());
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::new(
                Kind::OpportunityNotFound,
                "the catalog has no opportunity with this identifier, or the bridge may not see it",
            ),
            Error::Conflict => Self::new(
                Kind::ConcurrentEdits,
                "the opportunity was changed by others between each read and write, nothing was written",
            )
            .with_header(header::RETRY_AFTER, RETRY_AFTER_SECONDS),
            Error::Invalid { reason, message, fields } => {
                let errors = fields
                    .into_iter()
                    .map(|field| ErrorDetail::new(&field.pointer, &field.code, &field.message, Source::Aws))
                    .collect();
                Self::new(Kind::RefusedByAws, format!("{reason}: {message}")).with_errors(errors)
            }
            Error::Throttled => Self::new(Kind::Throttled, "nothing was written, try again later")
                .with_header(header::RETRY_AFTER, RETRY_AFTER_SECONDS),
            Error::Denied { .. } => Self::new(Kind::AccessDenied, "the operator finds the reason in the log"),
            Error::Unavailable { .. } => Self::unavailable(),
        }
    }
}

impl Problem {
    /// No usable answer from AWS to a read, before anything was written.
    pub(crate) fn unavailable() -> Self {
        Self::new(Kind::Unavailable, "nothing was written, try again later")
            .with_header(header::RETRY_AFTER, RETRY_AFTER_SECONDS)
    }

    /// No usable answer from AWS after a write was sent: it may have happened or not.
    pub(crate) fn unconfirmed() -> Self {
        let detail = "whether the change was written is not known; a merge patch can be sent again, a JSON Patch \
                      where it tests what it changes";
        Self::new(Kind::Unavailable, detail).with_header(header::RETRY_AFTER, RETRY_AFTER_SECONDS)
    }
}
