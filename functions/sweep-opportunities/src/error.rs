//! The errors of a run, as Lambda reports them. Nothing retries a run: the next one covers its window,
//! and an alarm tells the operator.

use lambda_runtime::Diagnostic;
use model::Instant;
use partner_central::Error as Cause;

use crate::{invoke::NotInvoked, pace::MOST_OF_A_FILL, span::PayloadError};

/// A run that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The payload is wrong.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A part of the list could not be read.
    #[error(
        "what was modified since `{since}` could not be listed: {cause}{}",
        advice(cause)
    )]
    List {
        /// Nothing modified from here on was handed on.
        since: Instant,
        /// The reason.
        cause: Cause,
    },
    /// Some opportunities were not handed on; all others were.
    #[error(
        "{failed} of {listed} opportunities could not be handed on, the log has each with its reason"
    )]
    HandOn {
        /// How many were not handed on.
        failed: u64,
        /// How many were listed.
        listed: u64,
    },
    /// Time was up, and no other run could be started for the rest.
    #[error("what was modified since `{since}` is left, and no run goes on with it: {cause}")]
    Continue {
        /// Nothing modified from here on was handed on.
        since: Instant,
        /// Why no other run was started.
        cause: NotInvoked,
    },
    /// Time was up before anything was done: another run would get no further.
    #[error("time was up before anything that was modified since `{0}` could be handed on")]
    NoProgress(Instant),
    /// A backfill has used up its share of the day's reads.
    #[error(
        "this fill has handed on {MOST_OF_A_FILL} opportunities, which takes about half of the reads that an \
         account has in 24 hours: go on tomorrow with `since` `{0}`"
    )]
    DayIsUsedUp(Instant),
}

impl Error {
    /// The error's stable name, as Lambda's `errorType`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Payload(_) => "PayloadRefused",
            Self::List { cause, .. } => match cause {
                Cause::Denied { .. } => "AccessDenied",
                Cause::Throttled => "Throttled",
                Cause::NotFound | Cause::Conflict | Cause::Invalid { .. } => "Refused",
                Cause::Unavailable { .. } => "Unavailable",
            },
            Self::HandOn { .. } => "NotHandedOn",
            Self::Continue { .. } => "NotContinued",
            Self::NoProgress(_) => "NoProgress",
            Self::DayIsUsedUp(_) => "DayIsUsedUp",
        }
    }

    pub(crate) fn is_throttled(&self) -> bool {
        matches!(
            self,
            Self::List {
                cause: Cause::Throttled,
                ..
            }
        )
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

/// What the operator can do.
fn advice(cause: &Cause) -> &'static str {
    match cause {
        Cause::Denied { .. } => {
            ": the function's role lacks `partnercentral:ListOpportunities` on this catalog, or the AWS account \
             is not linked to Partner Central"
        }
        _ => "",
    }
}
