//! Records what became of an event.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;

use crate::endpoint::Endpoint;
use crate::journal::log_line::or_dash;

/// What happened to an event.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event's id; duplicates have ids of their own. Empty if the function was invoked with
    /// something other than an event.
    pub event: String,
    /// The name of the function, unless it is the one that gets Partner Central's events.
    pub function: Option<String>,
    /// When the function was invoked first.
    pub started: Timestamp,
    /// The id of the opportunity; empty if an invocation's payload names none.
    pub identifier: String,
    /// The function's answer; empty if there was none.
    pub answer: Bytes,
    /// Whether the function answered and the CRM, if there is one, accepted the answer.
    pub outcome: Result<(), Undelivered>,
}

impl fmt::Display for Delivery {
    /// One line: `event`, its id, identifier, outcome.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (event, identifier) = (or_dash(&self.event), or_dash(&self.identifier));
        write!(formatter, "event {event} {identifier} ")?;
        match &self.outcome {
            Ok(()) => formatter.write_str("delivered"),
            Err(reason) => write!(formatter, "undelivered: {reason}"),
        }
    }
}

/// Why the last attempt to deliver an event failed.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
pub enum Undelivered {
    /// The function reported an error, by its `errorType`.
    #[error("the function reported `{0}`")]
    FunctionError(String),
    /// The event was dropped: see [`EventFault::Lost`](crate::EventFault::Lost).
    #[error("the event was lost on purpose")]
    Lost,
    /// The record was to be delivered, but the function's answer has none.
    #[error("`/data/crm` is missing in the function's answer, expected the CRM's record")]
    NoRecord,
    /// The status of the answer is not a success.
    #[error("`{0}` answered `{1}`, expected success")]
    Status(Endpoint, StatusCode),
    /// There was no answer in time.
    #[error("`{0}` did not answer: {1}")]
    Silent(Endpoint, String),
}
