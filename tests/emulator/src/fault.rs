//! Faults: what can be made to fail on purpose, once or several times.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::milliseconds;

/// Something that goes wrong with one request.
///
/// As JSON, a fault is its name in kebab case, such as `"throttling"`, or an object with that name
/// and what it holds, such as `{"delay": 250}`; a time is in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Fault {
    /// `AccessDeniedException`; nothing is done.
    AccessDenied,
    /// The request is carried out; on success this text replaces the body of the 200: a changed type,
    /// half a document, text that is not JSON.
    Answer(String),
    /// The request is carried out, and the connection closes without an answer.
    AnswerLost,
    /// Somebody else writes to the same opportunity right before this request is judged.
    #[serde(skip_deserializing, serialize_with = "as_null")]
    ConcurrentEdit(fn(&mut Value)),
    /// The same, as a JSON merge patch (RFC 7396): `{"concurrent-edit": {...}}`.
    #[serde(rename = "concurrent-edit")]
    ConcurrentPatch(Value),
    /// The connection closes without an answer; nothing is done.
    ConnectionDropped,
    /// The request is carried out at once and answered this much later.
    #[serde(with = "milliseconds")]
    Delay(Duration),
    /// `InternalServerException`, HTTP status 500; nothing is done.
    InternalServer,
    /// The request is carried out, but the answer is `InternalServerException`.
    InternalServerAfterLanding,
    /// `ResourceNotFoundException`, even if the opportunity exists: reads lag behind creation.
    NotFound,
    /// An answer of the injector's choice, such as a proxy's; nothing is done.
    Status {
        /// The HTTP status.
        #[serde(deserialize_with = "status")]
        status: u16,
        /// The value of `x-amzn-ErrorType`; empty to omit the header.
        #[serde(default)]
        error_type: String,
        /// The body.
        #[serde(default)]
        body: String,
    },
    /// `ThrottlingException`; nothing is done.
    Throttling,
}

/// JSON cannot hold a function.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for this signature"
)]
fn as_null<S: Serializer>(_: &fn(&mut Value), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit()
}

/// Parses a status that an answer can end with.
fn status<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let status = u16::deserialize(deserializer)?;
    let expected = || format!("`{status}` is no status, expected 200 to 599");
    let is_status = (200..600).contains(&status);
    is_status
        .then_some(status)
        .ok_or_else(|| serde::de::Error::custom(expected()))
}

/// Something that goes wrong with the event of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventFault {
    /// It is sent twice under different ids, as AWS was seen to do.
    Doubled,
    /// It is sent this much later than the change, behind the events of later changes.
    #[serde(with = "milliseconds")]
    Late(Duration),
    /// It is dropped: AWS delivers "best effort" (its page on Partner Central's events).
    Lost,
}

/// The faults still to happen, in the order in which they were injected.
pub(crate) struct Faults<F>(Vec<Pending<F>>);

/// A fault that waits for its turn.
#[derive(Serialize)]
pub(crate) struct Pending<F> {
    #[serde(skip_serializing_if = "String::is_empty")]
    operation: String,
    times: usize,
    fault: F,
}

impl<F> Default for Faults<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F: Clone> Faults<F> {
    pub(crate) fn add(&mut self, operation: &str, times: usize, fault: F) {
        let operation = operation.to_owned();
        self.0.push(Pending {
            operation,
            times,
            fault,
        });
    }

    /// Takes the fault for the next request of this operation.
    pub(crate) fn take(&mut self, operation: &str) -> Option<F> {
        self.0.retain(|pending| pending.times > 0);
        let next = self
            .0
            .iter_mut()
            .find(|pending| pending.operation == operation)?;
        next.times -= 1;
        Some(next.fault.clone())
    }

    /// The faults that have not happened yet.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Pending<F>> {
        self.0.iter().filter(|pending| pending.times > 0)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
