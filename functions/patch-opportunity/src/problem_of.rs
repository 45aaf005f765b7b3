//! Which error becomes which problem: the one table of it.

use axum::extract::rejection::PathRejection;
use http::{HeaderName, HeaderValue, header};
use mapping::ReceiveError;
use model::{Code, Finding, ParsePatchError, PatchError, Refusal, Source};
use partner_central::{Error, FieldError};

use crate::{
    auth,
    edit::Edit,
    precondition::Stale,
    problem::{Kind, Problem},
    request::{MAX_BODY, MalformedRequest},
};

/// `Accept-Patch` (RFC 5789): the media types that a patch may have.
const ACCEPT_PATCH: (HeaderName, HeaderValue) = (
    HeaderName::from_static("accept-patch"),
    HeaderValue::from_static(
        "application/merge-patch+json, application/json, application/json-patch+json",
    ),
);

/// Seconds after which a throttled or failed request is worth another try. Partner Central allows
/// one write a second for each account.
const RETRY_AFTER_SECONDS: u64 = 1;

/// Seconds after which a request is worth another try while the same one is being carried out.
const RUNNING_RETRY_SECONDS: u64 = 5;

/// Seconds after which a request is worth another try if there is no usable secret: as often as secrets
/// are asked for then.
const SECRET_RETRY_SECONDS: u64 = 30;

/// Why there is no usable answer from AWS once time is up, for the log.
pub(crate) const TOO_LATE: &str = "AWS did not answer before the request's deadline";
/// Seconds after which a locked opportunity is worth another try, for senders that are to try again: a
/// review takes days.
const LOCK_RETRY_SECONDS: u64 = 3600;

/// How many places a problem's detail names; its errors name them all.
const MAX_NAMED: usize = 10;

impl From<auth::Refusal> for Problem {
    fn from(refusal: auth::Refusal) -> Self {
        match refusal {
            auth::Refusal::TooLarge => Self::new(
                Kind::ContentTooLarge,
                format!("the body is larger than {MAX_BODY} bytes"),
            ),
            auth::Refusal::Unauthenticated { challenge } => {
                Self::new(Kind::Unauthorized, "the request is not authenticated")
                    .with_header(header::WWW_AUTHENTICATE, challenge)
            }
            auth::Refusal::NoSecret { cause } => Self::new(
                Kind::AuthenticationUnavailable,
                "the bridge has no usable secret, the operator finds the reason in the log",
            )
            .with_retry_after(SECRET_RETRY_SECONDS)
            .because(cause),
            auth::Refusal::BodyOfRead => Self::new(
                Kind::MalformedRequest,
                "a read has a body, expected none: a signature covers neither the method nor the path, \
                 so a signed patch must not be good for a read",
            ),
        }
    }
}

impl From<PathRejection> for MalformedRequest {
    fn from(_: PathRejection) -> Self {
        Self::Path
    }
}

impl From<MalformedRequest> for Problem {
    fn from(error: MalformedRequest) -> Self {
        let detail = error.to_string();
        match error {
            MalformedRequest::Path
            | MalformedRequest::Identifier(_)
            | MalformedRequest::Query(_)
            | MalformedRequest::IfMatch(_)
            | MalformedRequest::IdempotencyKey(_) => Self::new(Kind::MalformedRequest, detail),
            MalformedRequest::NoContentType | MalformedRequest::ContentType(_) => {
                let (name, value) = ACCEPT_PATCH;
                Self::new(Kind::UnsupportedMediaType, detail).with_header(name, value)
            }
            MalformedRequest::NotJson(_) => {
                let json = HeaderValue::from_static("application/json");
                Self::new(Kind::UnsupportedMediaType, detail).with_header(header::ACCEPT, json)
            }
            MalformedRequest::Patch(error) => error.into(),
            MalformedRequest::Message(error) => error.into(),
            MalformedRequest::Target(finding) => {
                Self::new(Kind::InvalidPatch, detail).with_errors(vec![finding])
            }
        }
    }
}

impl From<ParsePatchError> for Problem {
    fn from(error: ParsePatchError) -> Self {
        let detail = error.to_string();
        let Some(code) = error.code() else {
            return Self::new(Kind::MalformedRequest, detail);
        };
        let errors = vec![Finding::of_patch(error.pointer(), code, detail.as_str())];
        Self::new(Kind::InvalidPatch, detail).with_errors(errors)
    }
}

/// A message in which there is no record, as the same flaw of a patch is told.
impl From<ReceiveError> for Problem {
    fn from(error: ReceiveError) -> Self {
        let detail = error.to_string();
        let (pointer, code) = match error {
            ReceiveError::NotJson(_) | ReceiveError::Identifier { .. } => {
                return Self::new(Kind::MalformedRequest, detail);
            }
            ReceiveError::Twice { pointer } => (pointer, Code::DuplicateMember),
            ReceiveError::Reserved { pointer } => (pointer, Code::ReservedMember),
            ReceiveError::Misplaced {
                pointer,
                is_missing,
                ..
            } => {
                let code = if is_missing {
                    Code::RequiredMember
                } else {
                    Code::WrongType
                };
                (pointer, code)
            }
        };
        let errors = vec![Finding::of_patch(pointer, code, detail.as_str())];
        Self::new(Kind::InvalidPatch, detail).with_errors(errors)
    }
}

impl From<PatchError> for Problem {
    fn from(error: PatchError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            PatchError::TestFailed { .. } => Kind::TestFailed,
            _ => Kind::InvalidPatch,
        };
        let errors = vec![Finding::of_patch(
            error.pointer(),
            error.code(),
            detail.as_str(),
        )];
        Self::new(kind, detail).with_errors(errors)
    }
}

impl From<Stale> for Problem {
    fn from(error: Stale) -> Self {
        Self::new(Kind::PreconditionFailed, error.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let is_final = matches!(refusal, Refusal::Locked { is_final: true, .. });
        let (kind, why, findings, besides) = match refusal {
            Refusal::Owned(findings) => (
                Kind::InvalidPatch,
                "the patch changes read-only fields:".to_owned(),
                findings,
                Vec::new(),
            ),
            Refusal::Locked {
                review_status,
                findings,
                ..
            } => (
                Kind::OpportunityLocked,
                format!("the review status `{review_status}` closes"),
                findings,
                Vec::new(),
            ),
            Refusal::Invalid { findings, skipped } => (
                Kind::InvalidPatch,
                "the opportunity would not be valid:".to_owned(),
                findings,
                skipped,
            ),
        };
        let pointers = findings.iter().map(|finding| finding.pointer.as_str());
        let detail = format!("{why} {}", listed(pointers));
        Self::new(kind, detail)
            .with_errors([findings, besides].concat())
            .with_finality(is_final)
    }
}

fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(MAX_NAMED);
    let first = names.take(MAX_NAMED).collect::<Vec<_>>().join(", ");
    match more {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// AWS's answer to a call. A write that may have landed is not told by this: see
/// [`Problem::unconfirmed`].
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let cause = error.to_string();
        let problem = match error {
            Error::NotFound => Self::new(
                Kind::OpportunityNotFound,
                "the catalog has no opportunity with this identifier, or the bridge may not see it",
            ),
            Error::Conflict => Self::new(
                Kind::ConcurrentEdits,
                "the opportunity was changed by others between each read and write, nothing was written",
            )
            .with_retry_after(RETRY_AFTER_SECONDS),
            Error::Invalid {
                reason,
                message,
                fields,
            } => {
                let detail = match (reason.as_str(), message.as_str()) {
                    ("", "") => "AWS gave no reason".to_owned(),
                    (text, "") | ("", text) => text.to_owned(),
                    (reason, message) => format!("{reason}: {message}"),
                };
                Self::new(Kind::RefusedByAws, detail)
                    .with_errors(fields.into_iter().map(by_aws).collect())
            }
            Error::Throttled => {
                Self::new(Kind::Throttled, "nothing was written, try again later").with_retry_after(RETRY_AFTER_SECONDS)
            }
            Error::Denied { .. } => Self::new(
                Kind::AccessDenied,
                "the operator finds the reason in the log",
            ),
            Error::Unavailable { .. } => Self::unavailable(),
        };
        problem.because(cause)
    }
}

/// A code that this release does not know stands in the detail.
fn by_aws(field: FieldError) -> Finding {
    let (code, detail) = match Code::of_aws(&field.code) {
        Some(code) => (code, field.message),
        None => (
            Code::RefusedByAws,
            format!("{}: {}", field.code, field.message),
        ),
    };
    Finding::new(field.pointer, code, detail, Source::Aws)
}

impl Problem {
    /// AWS gave no usable answer, and nothing was written.
    fn unavailable() -> Self {
        Self::new(Kind::Unavailable, "nothing was written, try again later")
            .with_retry_after(RETRY_AFTER_SECONDS)
    }

    /// The memory does not answer, and the request must not be carried out without it.
    pub(crate) fn memory_unavailable() -> Self {
        Self::new(
            Kind::MemoryUnavailable,
            "whether the request was carried out before is not known, nothing was written this time, try again \
             later",
        )
        .with_retry_after(RETRY_AFTER_SECONDS)
    }

    /// The memory does not answer where it is all that is asked.
    pub(crate) fn memory_does_not_answer() -> Self {
        Self::new(
            Kind::MemoryUnavailable,
            "nothing was changed, try again later",
        )
        .with_retry_after(RETRY_AFTER_SECONDS)
    }

    /// The same request is being carried out, or its function has just died.
    pub(crate) fn running() -> Self {
        Self::new(
            Kind::RequestRunning,
            "the same request came before and is not answered yet, try again later",
        )
        .with_retry_after(RUNNING_RETRY_SECONDS)
    }

    /// The patch that is to be withdrawn is being carried out.
    pub(crate) fn running_parked() -> Self {
        let detail = "the patch is being carried out, or has been";
        Self::new(Kind::RequestRunning, detail).with_retry_after(RUNNING_RETRY_SECONDS)
    }

    /// Another request had the same key.
    pub(crate) fn key_reused(header: &HeaderName) -> Self {
        let detail = format!(
            "another request had the same `{header}` within 24 hours, expected another key for another method, \
             path, query, preference, condition or body"
        );
        Self::new(Kind::KeyReused, detail)
    }

    /// AWS gave no answer to a read before the deadline, and nothing was written.
    pub(crate) fn too_late() -> Self {
        Self::unavailable().because(TOO_LATE)
    }

    /// A record that the mapping cannot put into the opportunity.
    pub(crate) fn unmapped(findings: Vec<mapping::Finding>) -> Self {
        let fields = findings.iter().map(|finding| finding.field.as_str());
        let detail = format!("the record cannot be mapped: {}", listed(fields));
        let errors = findings.into_iter().map(Finding::from).collect();
        Self::new(Kind::InvalidPatch, detail).with_errors(errors)
    }

    /// A locked opportunity, told to a sender that keeps for later only what fails with 5xx.
    pub(crate) fn locked_for_now(self) -> Self {
        self.with_kind(Kind::LockedForNow)
            .with_retry_after(LOCK_RETRY_SECONDS)
    }

    /// There is no mapping for records.
    pub(crate) fn without_mapping() -> Self {
        Self::new(
            Kind::RouteNotFound,
            "records of a CRM are taken where `CRM_MAPPING` names a mapping, `CrmMapping` in a deployment",
        )
    }

    /// A write was sent, and whether it landed cannot be told. To send a merge patch or a record again is
    /// safe, to send operations again may carry them out twice.
    pub(crate) fn unconfirmed(edit: &Edit, cause: impl Into<Box<str>>) -> Self {
        let problem = if edit.is_declarative() {
            Self::new(
                Kind::Unconfirmed,
                "whether the change was written is not known; the same patch can be sent again (under another key, \
                 if it had one), if it is right whatever others wrote since",
            )
            .with_retry_after(RETRY_AFTER_SECONDS)
        } else {
            Self::new(
                Kind::Unconfirmed,
                "whether the change was written is not known; read the opportunity before the operations are \
                 sent again",
            )
        };
        problem.because(cause)
    }
}
