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
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out and answered with 200.
    Done,
    /// It was refused, by AWS's name for the error, such as `ConflictException`.
    Refused(&'static str),
    /// The connection was closed instead of an answer: see [`Fault`](crate::Fault).
    NotAnswered,
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
        let or_dash = |text: &'_ str| {
            if text.is_empty() {
                "-".to_owned()
            } else {
                text.to_owned()
            }
        };
        let outcome = match self.outcome {
            Outcome::Done => "done",
            Outcome::Refused(name) => name,
            Outcome::NotAnswered => "not answered",
        };
        let (operation, identifier) = (or_dash(&self.operation), or_dash(&self.identifier));
        write!(formatter, "{operation} {identifier} {outcome}")
    }
}
