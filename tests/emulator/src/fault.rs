//! What can be made to go wrong on purpose, once or a number of times.

use std::time::Duration;

use serde_json::Value;

/// Something that goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// `AccessDeniedException`; nothing is done.
    AccessDenied,
    /// The request is carried out, and where that succeeds this is the body of the 200: a changed
    /// type, half a document, no JSON at all.
    Answer(String),
    /// The request is carried out and the connection closes without an answer.
    AnswerLost,
    /// Somebody else's write to the same opportunity lands right before this request is judged.
    ConcurrentEdit(fn(&mut Value)),
    /// The connection closes without an answer; nothing is done.
    ConnectionDropped,
    /// The request is carried out at once and answered this much later.
    Delay(Duration),
    /// An error status with this body, whatever it is, and no `x-amzn-ErrorType`; nothing is done.
    Error {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// `InternalServerException`, HTTP status 500; nothing is done.
    InternalServer,
    /// `ResourceNotFoundException`, although it may well be there: reads lag behind creation.
    NotFound,
    /// `ThrottlingException`; nothing is done.
    Throttling,
}

/// The faults that are still to happen, in the order in which they were injected.
#[derive(Default)]
pub(crate) struct Faults(Vec<Pending>);

struct Pending {
    operation: String,
    times: usize,
    fault: Fault,
}

impl Faults {
    pub(crate) fn add(&mut self, operation: &str, times: usize, fault: Fault) {
        let operation = operation.to_owned();
        self.0.push(Pending {
            operation,
            times,
            fault,
        });
    }

    /// The fault that the next request of this operation meets.
    pub(crate) fn take(&mut self, operation: &str) -> Option<Fault> {
        self.0.retain(|pending| pending.times > 0);
        let next = self
            .0
            .iter_mut()
            .find(|pending| pending.operation == operation)?;
        next.times -= 1;
        Some(next.fault.clone())
    }
}
