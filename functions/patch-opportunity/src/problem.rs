//! What a refusal is: `application/problem+json` (RFC 9457).
//!
//! A problem has two faces: what the caller is told, and the cause, which is for the operator's log
//! alone. 5xx tell the caller nothing about the inside.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use model::{Code, Finding, Source};
use serde::Serialize;

use crate::etag::{self, etag};

/// The media type of a problem.
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What all problem types begin with; `docs/problems.md` explains each.
const TYPE_BASE: &str = "urn:opportunity-bridge:problems/";

/// How many findings an answer tells one by one: a body of 256 KiB can hold tens of thousands, and a
/// function's answer no more than 6 MB.
pub(crate) const MAX_TOLD: usize = 1_000;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal, $status:ident, $title:literal;)+) => {
        /// The kinds of problems: each a stable type, a status and a title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The last part of its type; the log calls it by this name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$kind => StatusCode::$status,)+
                }
            }

            /// The same for people.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$kind => $title,)+
                }
            }
        }
    };
}

kinds! {
    /// The path, the query, a header or the body cannot be read.
    MalformedRequest = "malformed-request", BAD_REQUEST, "The request is malformed";
    /// The request is not authenticated.
    Unauthorized = "unauthorized", UNAUTHORIZED, "The request is not authenticated";
    /// There is no such route.
    RouteNotFound = "route-not-found", NOT_FOUND, "There is no such route";
    /// There is no such opportunity in this catalog.
    OpportunityNotFound = "opportunity-not-found", NOT_FOUND, "There is no such opportunity";
    /// No patch of this id waits.
    ParkedPatchNotFound = "parked-patch-not-found", NOT_FOUND, "There is no such parked patch";
    /// The route does not take this method.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The route does not take this method";
    /// Others kept changing the opportunity; nothing was written.
    ConcurrentEdits = "concurrent-edits", CONFLICT, "Others kept changing the opportunity";
    /// The review status closes a field.
    OpportunityLocked = "opportunity-locked", CONFLICT, "The opportunity's review status closes what was to change";
    /// The same request is being carried out.
    RequestRunning = "request-running", CONFLICT, "The same request is being carried out";
    /// The same, for a sender that gives up on 4xx: the mapping has it told to try again.
    LockedForNow = "locked-for-now", SERVICE_UNAVAILABLE, "The opportunity's review status closes what was to change, for now";
    /// A `test` operation failed.
    TestFailed = "test-failed", CONFLICT, "The opportunity is not as the patch tests it";
    /// The opportunity is in another state than the write depends on.
    PreconditionFailed = "precondition-failed", PRECONDITION_FAILED, "The opportunity was changed since it was read";
    /// The body is too large.
    ContentTooLarge = "content-too-large", PAYLOAD_TOO_LARGE, "The request's content is too large";
    /// The body is no form of a patch.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The request's content type is not supported";
    /// The patch cannot be applied, or its result would not be valid.
    InvalidPatch = "invalid-patch", UNPROCESSABLE_ENTITY, "The patch cannot be applied";
    /// Another request had the same key.
    KeyReused = "key-reused", UNPROCESSABLE_ENTITY, "The key was used for another request";
    /// AWS refused the change.
    RefusedByAws = "refused-by-aws", UNPROCESSABLE_ENTITY, "AWS Partner Central refused the change";
    /// AWS's quota is used up; nothing was written.
    Throttled = "throttled", TOO_MANY_REQUESTS, "AWS Partner Central's quota is used up";
    /// The bridge failed.
    InternalError = "internal-error", INTERNAL_SERVER_ERROR, "Something went wrong here";
    /// AWS does not let the bridge in.
    AccessDenied = "access-denied", BAD_GATEWAY, "AWS Partner Central does not let the bridge in";
    /// AWS gave no usable answer; nothing was written.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "AWS Partner Central does not answer";
    /// There is no usable secret to check a request against.
    AuthenticationUnavailable = "authentication-unavailable", SERVICE_UNAVAILABLE, "Nobody can be authenticated at the moment";
    /// The memory gave no answer; nothing was written.
    MemoryUnavailable = "memory-unavailable", SERVICE_UNAVAILABLE, "The bridge's memory does not answer";
    /// Whether the change was written is not known.
    Unconfirmed = "unconfirmed", SERVICE_UNAVAILABLE, "It is not known whether the change was written";
}

/// A refusal, before it knows which request it answers.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Box<str>,
    errors: Vec<Finding>,
    etag: Option<Box<str>>,
    retry_after: Option<u64>,
    /// It stays for as long as the opportunity is there.
    is_final: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What the operator is told and the caller is not. It holds nothing of what the opportunity holds.
    cause: Option<Box<str>>,
}

/// The first of many findings, and a last one that says how many more there are.
pub(crate) fn at_most(most: usize, mut findings: Vec<Finding>) -> Vec<Finding> {
    if let Some(more) = findings.len().checked_sub(most).filter(|more| *more > 0) {
        let source = findings.last().map_or(Source::Patch, |last| last.source);
        findings.truncate(most);
        let detail = format!("and {more} more");
        findings.push(Finding::new("", Code::More, detail, source));
    }
    findings
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            etag: None,
            retry_after: None,
            is_final: false,
            headers: Vec::new(),
            cause: None,
        }
    }

    pub(crate) fn with_errors(self, errors: Vec<Finding>) -> Self {
        Self {
            errors: at_most(MAX_TOLD, errors),
            ..self
        }
    }

    /// With the CRM's name for each place, where it has one.
    pub(crate) fn with_fields<'a>(mut self, field: impl Fn(&str) -> Option<&'a str>) -> Self {
        for error in self.errors.iter_mut().filter(|error| error.field.is_none()) {
            error.field = field(&error.pointer).map(str::to_owned);
        }
        self
    }

    /// The same, told as a problem of another kind.
    pub(crate) fn with_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With a further sentence of detail.
    pub(crate) fn and(self, more: &str) -> Self {
        let detail = format!("{}; {more}", self.detail).into();
        Self { detail, ..self }
    }

    /// With the state that the opportunity was found in.
    pub(crate) fn with_etag(self, last_modified_date: &str) -> Self {
        Self {
            etag: Some(etag(last_modified_date).into()),
            ..self
        }
    }

    /// With the advice to try again after this many seconds.
    pub(crate) fn with_retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// Marked as one that no waiting helps against.
    pub(crate) fn with_finality(self, is_final: bool) -> Self {
        Self { is_final, ..self }
    }

    /// With the cause, for the log.
    pub(crate) fn because(self, cause: impl Into<Box<str>>) -> Self {
        Self {
            cause: Some(cause.into()),
            ..self
        }
    }

    /// What the operator is told and the caller is not.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Whether the review closes the change now, and may open it again.
    pub(crate) fn is_locked_for_now(&self) -> bool {
        self.kind == Kind::OpportunityLocked && !self.is_final
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Gives `response`, which this problem began, its body.
    pub(crate) fn finish(&self, response: Response, request_id: &str) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            r#type: String,
            title: &'static str,
            status: u16,
            detail: &'a str,
            instance: String,
            errors: &'a [Finding],
            #[serde(skip_serializing_if = "Option::is_none")]
            etag: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            retry_after: Option<u64>,
        }
        let body = Body {
            r#type: format!("{TYPE_BASE}{}", self.kind.name()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: &self.detail,
            instance: format!("urn:request-id:{request_id}"),
            errors: &self.errors,
            etag: self.etag.as_deref(),
            retry_after: self.retry_after,
        };
        let (mut parts, _) = response.into_parts();
        parts.headers.insert(header::CONTENT_TYPE, MEDIA_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, serde_json::to_vec(&body).unwrap_or_default().into())
    }
}

/// The response is finished in `observe`, where the request's id is known.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        let headers = response.headers_mut();
        headers.extend(self.headers.iter().cloned());
        let tag = self.etag.as_deref().and_then(etag::header);
        headers.extend(tag.map(|tag| (header::ETAG, tag)));
        let retry_after = self.retry_after.map(HeaderValue::from);
        headers.extend(retry_after.map(|seconds| (header::RETRY_AFTER, seconds)));
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_more_findings_than_are_told_the_last_says_how_many_more_there_are() {
        let told = |count: usize| {
            let found = (0..count).map(|number| {
                Finding::new("", Code::Locked, number.to_string(), Source::Opportunity)
            });
            let told = at_most(2, found.collect());
            let details = told.iter().map(|finding| finding.detail.clone());
            details.collect::<Vec<_>>()
        };
        assert_eq!(told(2), ["0", "1"]);
        assert_eq!(told(4), ["0", "1", "and 2 more"]);
    }
}
