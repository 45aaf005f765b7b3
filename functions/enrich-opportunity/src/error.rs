//! Lists why an event cannot be enriched. Each is a function error, which AWS retries.

use lambda_runtime::Diagnostic;
use model::{EventError, Identifier, ProblemCode};
use partner_central::Error as Cause;

/// An event that could not be enriched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// This function does not take such an event.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The event is from another catalog than the configured one.
    #[error(
        "the event is from catalog `{found}`, expected `{expected}` (`PARTNER_CENTRAL_CATALOG`)"
    )]
    Catalog {
        /// The event's catalog.
        found: String,
        /// The configured catalog.
        expected: String,
    },
    /// The opportunity could not be read.
    #[error(
        "opportunity `{identifier}` could not be read: {cause}{}",
        advice(cause)
    )]
    Read {
        /// Which opportunity.
        identifier: String,
        /// The reason.
        cause: Cause,
    },
}

impl Error {
    pub(crate) fn read(identifier: &Identifier, cause: Cause) -> Self {
        Self::Read {
            identifier: identifier.to_string(),
            cause,
        }
    }

    /// Which opportunity could not be read.
    pub(crate) fn identifier(&self) -> Option<&str> {
        match self {
            Self::Read { identifier, .. } => Some(identifier),
            Self::Event(_) | Self::Catalog { .. } => None,
        }
    }

    pub(crate) fn is_throttled(&self) -> bool {
        matches!(
            self,
            Self::Read {
                cause: Cause::Throttled,
                ..
            }
        )
    }

    /// The error's stable name, as Lambda's `errorType`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Event(_) => "EventRefused",
            Self::Catalog { .. } => "CatalogRefused",
            Self::Read { cause, .. } => kind(cause),
        }
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self {
            error_type: error.kind().to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// The stable name of a failed read.
fn kind(cause: &Cause) -> &'static str {
    match cause {
        Cause::NotFound => "NotFound",
        Cause::Denied { .. } => "AccessDenied",
        Cause::Throttled => "Throttled",
        Cause::Conflict | Cause::Invalid { .. } => "Refused",
        Cause::Unavailable { .. } => "Unavailable",
    }
}

/// The same, as the event's receiver sees it.
pub(crate) fn code(cause: &Cause) -> ProblemCode {
    match cause {
        Cause::NotFound => ProblemCode::NotFound,
        Cause::Denied { .. } => ProblemCode::AccessDenied,
        Cause::Throttled => ProblemCode::Throttled,
        Cause::Conflict | Cause::Invalid { .. } => ProblemCode::Refused,
        Cause::Unavailable { .. } => ProblemCode::Unavailable,
    }
}

/// Why there is no summary, in words for the event's receiver: without internal details.
pub(crate) fn reason(cause: &Cause) -> &'static str {
    match cause {
        Cause::NotFound => "AWS has no summary of this opportunity",
        Cause::Denied { .. } => "AWS does not let the bridge read the summary",
        Cause::Throttled => "AWS throttled the read of the summary",
        Cause::Conflict | Cause::Invalid { .. } => "AWS refused the read of the summary",
        Cause::Unavailable { .. } => "AWS did not answer with a summary",
    }
}

/// What the operator can do.
fn advice(cause: &Cause) -> &'static str {
    match cause {
        Cause::Denied { .. } => {
            ": the function's role lacks `partnercentral:GetOpportunity` on this catalog, or the AWS account is \
             not linked to Partner Central"
        }
        _ => "",
    }
}
