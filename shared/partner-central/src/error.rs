//! The errors of a call, sorted by what the caller does next.
//!
//! All of AWS's client errors are HTTP 400, so they are told apart by the error's modeled name, which the
//! SDK reads from `x-amzn-ErrorType` or `__type`, and never by message text.
//!
//! AWS's messages about content may quote it. The caller, whose content it is, gets them from the fields
//! of [`Error::Invalid`]; the `Display` of an error is for the log and has none of them. For the same
//! reason nothing here prints a whole SDK error, which prints the response's body.

use std::{error::Error as StdError, fmt};

use aws_sdk_partnercentralselling::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use model::{Object, pointer};
use serde_json::Value;

use crate::raw_response::RawResponse;

/// A call that failed.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The catalog has no such opportunity, or these credentials may not see it.
    #[error("the opportunity was not found")]
    NotFound,
    /// Somebody changed the opportunity since it was read: read it again. (Or an earlier attempt of this
    /// very write went through and its response was lost.)
    #[error("the opportunity was changed since it was read")]
    Conflict,
    /// AWS refuses the content: correct it.
    #[error("AWS refused the content: {}", name(reason))]
    Invalid {
        /// `REQUEST_VALIDATION_FAILED`, `BUSINESS_VALIDATION_FAILED`, or another name of AWS's.
        reason: String,
        /// AWS's own sentence, only for the caller: it may quote the content.
        message: String,
        /// What is wrong, member by member.
        fields: Vec<FieldError>,
    },
    /// These credentials lack the permission: correct the role, or link the account to Partner Central.
    #[error("AWS denied the call: {}: {message}", name(code))]
    Denied {
        /// AWS's name for the error.
        code: String,
        /// AWS's own sentence, for the operator: it names the role and the action.
        message: String,
    },
    /// AWS's quota is exceeded, even after the SDK's own retries: wait.
    #[error("AWS throttled the call")]
    Throttled,
    /// AWS gave no response, or no usable one, even after the SDK's own retries: try again.
    #[error("AWS Partner Central is unavailable: {cause}")]
    Unavailable {
        /// What happened, for the log.
        cause: String,
    },
}

/// Same as `Display`, because Lambda's runtime logs a function's errors by their `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// One entry of a `ValidationException`'s `ErrorList`.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The place, as a JSON Pointer into the opportunity; empty if AWS does not say.
    pub pointer: String,
    /// AWS's code, such as `INVALID_ENUM_VALUE`.
    pub code: String,
    /// AWS's own sentence.
    pub message: String,
}

impl fmt::Debug for FieldError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FieldError").finish_non_exhaustive()
    }
}

/// Errors that AWS returns before the call reaches Partner Central.
const DENIED: [&str; 7] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];

impl Error {
    /// The error's name in the log, which never holds AWS's words about content.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::Invalid { .. } => "invalid",
            Self::Denied { .. } => "denied",
            Self::Throttled => "throttled",
            Self::Unavailable { .. } => "unavailable",
        }
    }

    /// Sorts a failed call. `answer` is the response to the last attempt, if there was one; `sent` is the
    /// request's body, by which the names in field errors are spelt.
    pub(crate) fn of<E: ProvideErrorMetadata>(
        error: Option<&SdkError<E, HttpResponse>>,
        answer: Option<RawResponse>,
        sent: Option<&Object>,
    ) -> Self {
        let cause = error.map_or_else(
            || "the answer was neither success nor error".to_owned(),
            outline,
        );
        let Some(answer) = answer else {
            return Self::Unavailable { cause };
        };
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let by_sdk = error.and_then(ProvideErrorMetadata::code);
        let code = by_sdk
            .map(str::to_owned)
            .or_else(|| answer.code(text(&body, "__type")))
            .unwrap_or_default();
        let message = text(&body, "Message")
            .or_else(|| text(&body, "message"))
            .unwrap_or_default();
        match (code.as_str(), answer.status) {
            ("ResourceNotFoundException", _) => Self::NotFound,
            ("ConflictException", _) => Self::Conflict,
            ("ThrottlingException", _) | (_, 429) => Self::Throttled,
            (name, status) if DENIED.contains(&name) || matches!(status, 401 | 403) => {
                Self::Denied { code, message }
            }
            (_, 408 | 500..) => Self::Unavailable { cause },
            // Whatever it means, AWS would refuse the same request again.
            _ => Self::invalid(code, message, &body, sent),
        }
    }

    /// Reads the error list from the raw body, entry by entry, because AWS adds codes and reasons.
    fn invalid(code: String, message: String, body: &Value, sent: Option<&Object>) -> Self {
        let none = Object::new();
        let field = |entry: &Value| FieldError {
            pointer: pointer::from_field_name(
                &text(entry, "FieldName").unwrap_or_default(),
                sent.unwrap_or(&none),
            ),
            code: text(entry, "Code").unwrap_or_default(),
            message: text(entry, "Message").unwrap_or_default(),
        };
        let fields = body.get("ErrorList").and_then(Value::as_array);
        Self::Invalid {
            reason: text(body, "Reason").unwrap_or(code),
            message,
            fields: fields.into_iter().flatten().map(field).collect(),
        }
    }
}

/// Describes a failed call for the log: how far it came, the HTTP status, AWS's name for the error and
/// AWS's id of the request. The body stays out, except for the reason why access was denied.
///
/// ```text
/// AWS answered request `5f1bcb16-7f8e-4a52-9d3e-2b1c7f8e0a11` with 500 `InternalServerException`
/// ```
pub fn outline<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be made".to_owned(),
        SdkError::TimeoutError(_) => "AWS did not answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => {
            let mut text = "no usable answer from AWS".to_owned();
            let mut cause = failure
                .as_connector_error()
                .map(|error| error as &dyn StdError);
            while let Some(error) = cause {
                text = format!("{text}: {error}");
                cause = error.source();
            }
            text
        }
        SdkError::ResponseError(response) => unreadable(response.raw()),
        // A response of success that the SDK cannot parse is reported as a service error.
        SdkError::ServiceError(service) if service.raw().status().is_success() => {
            unreadable(service.raw())
        }
        SdkError::ServiceError(service) => {
            let answered = answered(service.raw());
            match (service.err().code(), service.err().message()) {
                (Some(code), Some(message)) if DENIED.contains(&code) => {
                    format!("{answered} `{code}`: {message}")
                }
                (Some(code), _) => format!("{answered} `{}`", name(code)),
                (None, _) => answered,
            }
        }
        _ => "the call failed".to_owned(),
    }
}

fn unreadable(answer: &HttpResponse) -> String {
    format!("{}, which could not be read", answered(answer))
}

/// The response's status, and AWS's request id, by which AWS's support finds it.
fn answered(answer: &HttpResponse) -> String {
    let status = answer.status().as_u16();
    match answer.headers().get("x-amzn-requestid") {
        Some(id) => format!("AWS answered request `{}` with {status}", name(id)),
        None => format!("AWS answered with {status}"),
    }
}

/// A name from AWS: letters, digits, hyphens and underscores. Anything else in a name's place may be
/// content, so it is hidden.
fn name(text: &str) -> &str {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if text.len() <= 64 && text.bytes().all(is_name) {
        text
    } else {
        "(not a name)"
    }
}

fn text(json: &Value, member: &str) -> Option<String> {
    json.get(member).and_then(Value::as_str).map(str::to_owned)
}

/// Reports text that is not JSON. The parser's own message may quote it, so it stays out.
pub(crate) fn not_json(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    Error::Unavailable {
        cause: format!("the document is not JSON at line {line} column {column}"),
    }
}
