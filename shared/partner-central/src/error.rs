//! What can go wrong with a call, sorted by what the caller does next.
//!
//! All of AWS's client errors are HTTP 400: they are told apart by the error's modeled name, which
//! the SDK reads from `x-amzn-ErrorType` or `__type`, and never by message text.
//!
//! AWS's words about content may quote it. The caller, whose content it is, gets them from the
//! fields of [`Error::Invalid`]; what an error displays is for the log and holds none of them. For the
//! same reason nothing here prints an SDK error whole: that prints the answer's body.

use std::{error::Error as StdError, fmt};

use aws_sdk_partnercentralselling::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use model::{Object, pointer};
use serde_json::Value;

use crate::wire::RawResponse;

/// A call that failed.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such opportunity in this catalog, or these credentials may not see it.
    #[error("the opportunity was not found")]
    NotFound,
    /// Somebody changed the opportunity since it was read: read it again. (Or an earlier attempt of
    /// this very write went through and its answer was lost.)
    #[error("the opportunity was changed since it was read")]
    Conflict,
    /// AWS refuses the content: correct it.
    #[error("AWS refused the content: {}", name(reason))]
    Invalid {
        /// `REQUEST_VALIDATION_FAILED`, `BUSINESS_VALIDATION_FAILED`, or what else AWS calls it.
        reason: String,
        /// AWS's own sentence, for the caller alone: it may quote the content.
        message: String,
        /// What is wrong, member by member.
        fields: Vec<FieldError>,
    },
    /// These credentials may not do this: correct the role, or link the account to Partner Central.
    #[error("AWS denied the call: {}: {message}", name(code))]
    Denied {
        /// AWS's name for the error.
        code: String,
        /// AWS's own sentence, for the operator: it names the role and the action.
        message: String,
    },
    /// Over AWS's quota, after the SDK's own retries: wait.
    #[error("AWS throttled the call")]
    Throttled,
    /// No answer, or none that could be used, after the SDK's own retries: try again.
    #[error("AWS Partner Central is unavailable: {cause}")]
    Unavailable {
        /// What happened, for the log.
        cause: String,
    },
}

/// What is displayed: Lambda's runtime logs a function's errors by their `Debug`.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// One entry of a `ValidationException`'s `ErrorList`.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where, as a JSON Pointer into the opportunity; empty where AWS does not say.
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

/// Errors of AWS's front door, before Partner Central itself is asked.
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
    /// What it is called in the log, which never holds AWS's words about content.
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

    /// Sorts a failed call. `answer` is the last attempt's answer, where there was one;
    /// `sent` is the request's body, whose spelling the members of field errors take.
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
            .or_else(|| answer.code(&body))
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
            // Whatever else it is, the same request would be refused again.
            _ => Self::invalid(code, message, &body, sent),
        }
    }

    /// Reads the error list from the raw body, entry by entry, because codes and reasons grow with AWS.
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

impl RawResponse {
    /// AWS's name for the error, where the SDK could not tell it: `x-amzn-ErrorType` up to a colon, or
    /// `__type` after a hash.
    fn code(&self, body: &Value) -> Option<String> {
        let told = self.error_type.clone().or_else(|| text(body, "__type"))?;
        let name = told.split(':').next().unwrap_or_default();
        Some(name.rsplit('#').next().unwrap_or_default().to_owned())
    }
}

/// What became of a call, for the log: how far it came, the HTTP status, AWS's name for the error
/// and AWS's id of the request, and never what the answer's body says, unless that is why access was
/// denied.
///
/// ```text
/// AWS answered request `5f1bcb16-7f8e-4a52-9d3e-2b1c7f8e0a11` with 500 `InternalServerException`
/// ```
pub fn outline<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be made".to_owned(),
        SdkError::TimeoutError(_) => "AWS did not answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => {
            let mut text = "no answer of AWS".to_owned();
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
        // The SDK's parser of a success reports as the service.
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

/// The status of an answer, and AWS's id of the request, by which AWS's support finds it.
fn answered(answer: &HttpResponse) -> String {
    let status = answer.status().as_u16();
    match answer.headers().get("x-amzn-requestid") {
        Some(id) => format!("AWS answered request `{}` with {status}", name(id)),
        None => format!("AWS answered with {status}"),
    }
}

/// A name that AWS gives: letters, digits, hyphens and underscores. Anything else where a name is
/// expected may be content.
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
