//! What can go wrong with a call, sorted by what the caller does next.
//!
//! All of AWS's client errors are HTTP 400: they are told apart by the error's modeled name, which
//! the SDK reads from `x-amzn-ErrorType` or `__type`, and never by message text.

use aws_sdk_partnercentralselling::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use model::{Object, pointer};
use serde_json::Value;

use crate::wire::Answer;

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such opportunity in this catalog, or these credentials may not see it.
    #[error("the opportunity was not found")]
    NotFound,
    /// Somebody changed the opportunity since it was read: read it again. (Or an earlier attempt of
    /// this very write went through and its answer was lost.)
    #[error("the opportunity was changed since it was read")]
    Conflict,
    /// AWS refuses the content: correct it.
    #[error("AWS refused the content: {reason}: {message}")]
    Invalid {
        /// `REQUEST_VALIDATION_FAILED`, `BUSINESS_VALIDATION_FAILED`, or what else AWS calls it.
        reason: String,
        /// AWS's own sentence.
        message: String,
        /// What is wrong, member by member.
        fields: Vec<FieldError>,
    },
    /// These credentials may not do this: correct the role, or link the account to Partner Central.
    #[error("AWS denied the call: {code}: {message}")]
    Denied {
        /// AWS's name for the error.
        code: String,
        /// AWS's own sentence.
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

/// One entry of a `ValidationException`'s `ErrorList`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where, as a JSON Pointer into the opportunity; empty where AWS does not say.
    pub pointer: String,
    /// AWS's code, such as `INVALID_ENUM_VALUE`.
    pub code: String,
    /// AWS's own sentence.
    pub message: String,
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
    pub(crate) fn of<E, R>(
        error: Option<&SdkError<E, R>>,
        answer: Option<Answer>,
        sent: Option<&Object>,
    ) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        let cause = error.map_or_else(
            || "the answer was neither success nor error".to_owned(),
            |error| DisplayErrorContext(error).to_string(),
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

impl Answer {
    /// AWS's name for the error, where the SDK could not tell it: `x-amzn-ErrorType` up to a colon, or
    /// `__type` after a hash.
    fn code(&self, body: &Value) -> Option<String> {
        let told = self.error_type.clone().or_else(|| text(body, "__type"))?;
        let name = told.split(':').next().unwrap_or_default();
        Some(name.rsplit('#').next().unwrap_or_default().to_owned())
    }
}

fn text(json: &Value, member: &str) -> Option<String> {
    json.get(member).and_then(Value::as_str).map(str::to_owned)
}
