//! The record of a request, for a test to look at afterwards.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

/// A request as it came in, and what became of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The operation without its service, such as `UpdateOpportunity`; empty where none was named.
    pub operation: String,
    /// The id of the opportunity, or of the secret; empty where there is none in the request.
    pub identifier: String,
    /// The headers as received.
    pub headers: HeaderMap,
    /// The body as received, byte for byte.
    pub body: Bytes,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the answer; absent where there was none.
    pub status: Option<u16>,
    /// The body of the answer; empty where there was none, and where it was a secret.
    pub answer: Bytes,
}

/// The half of a request that comes in.
pub(crate) struct Exchange {
    pub(crate) operation: String,
    pub(crate) identifier: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out and answered with 200, or 202 where that is the operation's success.
    Done,
    /// It was refused, by AWS's name for the error, such as `ConflictException`.
    Refused(&'static str),
    /// The connection was closed instead of an answer: see [`Fault`](crate::Fault).
    NotAnswered,
    /// It was answered with this status on purpose: see [`Fault::Status`](crate::Fault::Status).
    Status(u16),
}

impl Request {
    /// The body as JSON, or null where it is none.
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

/// A word of a line, which is there even where it is empty.
pub(crate) fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
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
