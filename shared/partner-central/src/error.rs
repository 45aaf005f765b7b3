//! What can go wrong with a call, sorted by what the caller does next.
//!
//! All of AWS's client errors are HTTP 400: they are told apart by the error's modeled name, which
//! the SDK reads from `x-amzn-ErrorType` or `__type`, and never by message text.

use aws_sdk_partnercentralselling::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use model::{Object, pointer};
use serde::Deserialize;

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
        /// `REQUEST_VALIDATION_FAILED`, `BUSINESS_VALIDATION_FAILED`, or a later addition of AWS's.
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
    /// Sorts a failed call. `answer` is the last attempt's answer, where there was one;
    /// `sent` is the request's body, whose spelling the members of field errors take.
    pub(crate) fn of<E, R>(
        error: Option<SdkError<E, R>>,
        answer: Option<Answer>,
        sent: Option<&Object>,
    ) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        let Some(error) = error else {
            return Self::Unavailable {
                cause: "the answer was neither success nor error".to_owned(),
            };
        };
        let (code, message) = (
            error.code().unwrap_or_default(),
            error.message().unwrap_or_default(),
        );
        match (code, answer) {
            ("ResourceNotFoundException", _) => Self::NotFound,
            ("ConflictException", _) => Self::Conflict,
            ("ValidationException", Some(Answer { body, .. })) => {
                Self::invalid(&body, message, sent)
            }
            ("ThrottlingException", _) | (_, Some(Answer { status: 429, .. })) => Self::Throttled,
            (code, Some(Answer { status, .. }))
                if DENIED.contains(&code) || matches!(status, 401 | 403) =>
            {
                Self::Denied {
                    code: code.to_owned(),
                    message: message.to_owned(),
                }
            }
            _ => Self::Unavailable {
                cause: DisplayErrorContext(&error).to_string(),
            },
        }
    }

    /// Reads the error list from the raw body, because codes and reasons grow with AWS.
    fn invalid(body: &[u8], message: &str, sent: Option<&Object>) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Body {
            reason: Option<String>,
            error_list: Option<Vec<Entry>>,
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Entry {
            field_name: Option<String>,
            code: Option<String>,
            message: Option<String>,
        }
        let body: Body = serde_json::from_slice(body).unwrap_or_default();
        let none = Object::new();
        let field = |entry: Entry| FieldError {
            pointer: pointer::from_field_name(
                &entry.field_name.unwrap_or_default(),
                sent.unwrap_or(&none),
            ),
            code: entry.code.unwrap_or_default(),
            message: entry.message.unwrap_or_default(),
        };
        Self::Invalid {
            reason: body.reason.unwrap_or_default(),
            message: message.to_owned(),
            fields: body
                .error_list
                .unwrap_or_default()
                .into_iter()
                .map(field)
                .collect(),
        }
    }
}
