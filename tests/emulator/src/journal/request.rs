//! Records a request, for a test to look at afterwards.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::journal::log_line::or_dash;

/// A request as received, and its outcome.
#[derive(Clone, Debug)]
pub struct Request {
    /// The operation without its service, such as `UpdateOpportunity`; empty if the request names none.
    pub operation: String,
    /// The id of the opportunity or of the secret; empty if the request names none.
    pub identifier: String,
    /// The headers as received.
    pub headers: HeaderMap,
    /// The body as received, byte for byte.
    pub body: Bytes,
    /// What the emulator did with it.
    pub outcome: Outcome,
    /// The status of the answer; absent if there was no answer.
    pub status: Option<u16>,
    /// The body of the answer; empty if there was no answer, or if it was a secret.
    pub answer: Bytes,
}

/// What the emulator did with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded, with status 200, or 202 if the operation returns that.
    Done,
    /// It was refused, with AWS's name for the error, such as `ConflictException`.
    Refused(&'static str),
    /// The connection was closed without an answer: see [`Fault`](crate::Fault).
    NotAnswered,
    /// A fault answered with this status: see [`Fault::Status`](crate::Fault::Status).
    Status(u16),
}

impl Request {
    /// The body as JSON, or null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl fmt::Display for Request {
    /// One line: operation, identifier, outcome.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operation, identifier) = (or_dash(&self.operation), or_dash(&self.identifier));
        write!(formatter, "{operation} {identifier} {}", self.outcome)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => formatter.write_str("done"),
            Self::Refused(name) => formatter.write_str(name),
            Self::NotAnswered => formatter.write_str("not answered"),
            Self::Status(status) => write!(formatter, "{status}"),
        }
    }
}
