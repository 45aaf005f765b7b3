//! What can be made to go wrong on purpose, once or a number of times.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// Something that goes wrong with one request.
///
/// As JSON, a fault is its name in kebab case, such as `"throttling"`, or an object with that name
/// and what it holds, such as `{"delay": 250}`; a time is in milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Fault {
    /// `AccessDeniedException`; nothing is done.
    AccessDenied,
    /// The request is carried out, and where that succeeds this is the body of the 200: a changed
    /// type, half a document, no JSON at all.
    Answer(String),
    /// The request is carried out and the connection closes without an answer.
    AnswerLost,
    /// Somebody else's write to the same opportunity lands right before this request is judged.
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
    /// The request is carried out, and the answer is `InternalServerException` all the same.
    InternalServerAfterLanding,
    /// `ResourceNotFoundException`, although it may well be there: reads lag behind creation.
    NotFound,
    /// An answer that is all the injector's, such as a proxy's; nothing is done.
    Status {
        /// The HTTP status.
        #[serde(deserialize_with = "status")]
        status: u16,
        /// What the header `x-amzn-ErrorType` says; empty for no such header.
        #[serde(default)]
        error_type: String,
        /// The body, as it is.
        #[serde(default)]
        body: String,
    },
    /// `ThrottlingException`; nothing is done.
    Throttling,
}

/// A function is nothing that JSON could hold.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for this signature"
)]
fn as_null<S: Serializer>(_: &fn(&mut Value), serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit()
}

/// A status that an answer can end with.
fn status<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let status = u16::deserialize(deserializer)?;
    let expected = || format!("`{status}` is no status, expected 200 to 599");
    let is_status = (200..600).contains(&status);
    is_status
        .then_some(status)
        .ok_or_else(|| serde::de::Error::custom(expected()))
}

/// A time as JSON: a whole number of milliseconds.
pub(crate) mod milliseconds {
    use std::time::Duration;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        time: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        u64::try_from(time.as_millis())
            .unwrap_or(u64::MAX)
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let expected = |_| D::Error::custom("expected a whole number of milliseconds");
        let milliseconds = u64::deserialize(deserializer).map_err(expected)?;
        Ok(Duration::from_millis(milliseconds))
    }
}

/// The faults that are still to happen, in the order in which they were injected.
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

    /// The fault that the next request of this operation meets.
    pub(crate) fn take(&mut self, operation: &str) -> Option<F> {
        self.0.retain(|pending| pending.times > 0);
        let next = self
            .0
            .iter_mut()
            .find(|pending| pending.operation == operation)?;
        next.times -= 1;
        Some(next.fault.clone())
    }

    /// Those that have not happened yet.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Pending<F>> {
        self.0.iter().filter(|pending| pending.times > 0)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
