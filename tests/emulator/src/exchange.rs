//! What the requests to every API have in common: they meet faults, and they are recorded.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::fault::Fault;
use crate::journal::{Happening, Outcome, Request};
use crate::operations::SECRET;
use crate::prepared_response::PreparedResponse;
use crate::refusal::Refusal;
use crate::state::State;

/// A request, to be recorded with its answer.
pub(crate) struct Exchange {
    pub(crate) operation: String,
    pub(crate) identifier: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Exchange {
    /// Records a request with its answer, as the fault changes it, and returns that answer.
    pub(crate) fn conclude(
        self,
        state: &mut State,
        fault: Option<&Fault>,
        refused: Option<&'static str>,
        mut answer: PreparedResponse,
    ) -> Option<PreparedResponse> {
        state.received += 1;
        let mut outcome = refused.map_or(Outcome::Done, Outcome::Refused);
        match fault {
            Some(Fault::AnswerLost | Fault::ConnectionDropped) => outcome = Outcome::NotAnswered,
            Some(Fault::Delay(delay)) => answer.delay = Some(*delay),
            Some(Fault::Status {
                status,
                error_type,
                body,
            }) => {
                outcome = Outcome::Status(*status);
                answer.status =
                    StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                answer.body = Bytes::from(body.clone());
                if !error_type.is_empty() {
                    answer = answer.with("x-amzn-ErrorType", error_type.clone());
                }
            }
            _ => {}
        }
        let request_id = format!("00000000-0000-4000-8000-{:012}", state.received);
        let answer = answer.with("x-amzn-RequestId", request_id);
        let answer = (outcome != Outcome::NotAnswered).then_some(answer);
        let shown = answer.as_ref().filter(|_| self.operation != SECRET);
        state.journal.record(Happening::Request(Request {
            operation: self.operation,
            identifier: self.identifier,
            headers: self.headers,
            body: self.body,
            outcome,
            status: answer.as_ref().map(|answer| answer.status.as_u16()),
            answer: shown.map_or_else(Bytes::new, |answer| answer.body.clone()),
        }));
        answer
    }
}

/// Carries an action out under a fault.
pub(crate) fn carry_out(
    state: &mut State,
    id: &str,
    fault: Option<&Fault>,
    action: impl FnOnce(&mut State) -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    match fault {
        Some(Fault::AccessDenied) => return Err(Refusal::AccessDenied),
        Some(Fault::InternalServer) => return Err(Refusal::InternalServer),
        Some(Fault::NotFound) => return Err(Refusal::NotFound(id.to_owned())),
        Some(Fault::Throttling) => return Err(Refusal::Throttling),
        Some(Fault::ConnectionDropped | Fault::Status { .. }) => return Ok(Value::Null),
        Some(Fault::ConcurrentEdit(change)) => {
            state.store.edit(id, change);
        }
        Some(Fault::ConcurrentPatch(patch)) => {
            state.store.edit(id, |it| json_patch::merge(it, patch));
        }
        Some(Fault::InternalServerAfterLanding) => {
            action(state)?;
            return Err(Refusal::InternalServer);
        }
        Some(Fault::Answer(_) | Fault::AnswerLost | Fault::Delay(_)) | None => {}
    }
    action(state)
}
