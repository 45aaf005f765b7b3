//! What is said when the table does not answer.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// The table did not answer, or not as it should. A write may have been made all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the memory did not answer: {cause}")]
pub struct Unavailable {
    /// What happened, for the log; nothing of what is remembered.
    pub cause: String,
}

/// What happened to a call: AWS's name for it, and none of its words.
pub(crate) fn outline<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be made".to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => format!("DynamoDB answered `{code}`"),
            None => "DynamoDB answered with an error that has no name".to_owned(),
        },
        _ => "an answer that cannot be read".to_owned(),
    }
}

impl Unavailable {
    pub(crate) fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        Self {
            cause: outline(error),
        }
    }

    /// An item that this release cannot read.
    pub(crate) fn unreadable(attribute: &str) -> Self {
        Self {
            cause: format!("an item whose `{attribute}` cannot be read"),
        }
    }
}
