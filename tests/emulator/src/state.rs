//! The emulator's whole state, and the handling of one request against it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::call::{Call, PARTNER_CENTRAL, operation_name};
use crate::fault::{Fault, Faults};
use crate::journal::{Happening, Journal};
use crate::operations::SECRET;
use crate::playground::Deal;
use crate::quota::{Quota, Rate};
use crate::refusal::Refusal;
use crate::request::{Exchange, Outcome, Request};
use crate::response::PreparedResponse;
use crate::store::{Document, Store};

/// The emulator's whole state.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) store: Store,
    /// By opportunity id; `None` if AWS has no summary, absent if none was set.
    pub(crate) summaries: BTreeMap<String, Option<Value>>,
    pub(crate) secrets: BTreeMap<String, String>,
    /// Creations by client token: the request and its answer.
    pub(crate) created: BTreeMap<String, (Document, Value)>,
    /// What the playground's CRM knows, by opportunity id.
    pub(crate) deals: BTreeMap<String, Deal>,
    /// The patches of which that CRM has heard how they ended.
    pub(crate) ended: BTreeSet<String>,
    pub(crate) faults: Faults<Fault>,
    pub(crate) reads: Rate,
    pub(crate) writes: Rate,
    /// The number of requests so far: each answer gets a number.
    pub(crate) received: usize,
    pub(crate) journal: Journal,
}

impl State {
    /// Carries a request out, records it, and returns the answer; `None` means no answer at all.
    pub(crate) fn judge(&mut self, headers: HeaderMap, body: Bytes) -> Option<PreparedResponse> {
        let mut identifier = String::new();
        let mut api = &PARTNER_CENTRAL;
        let mut fault = None;
        let result = match Call::parse(&headers, &body) {
            Ok(call) => {
                call.identifier().clone_into(&mut identifier);
                api = call.operation.api;
                if self.grants(call.operation.quota) {
                    fault = self.faults.take(call.operation.name);
                    self.carry_out(&identifier, fault.as_ref(), |state| {
                        (call.operation.carry_out)(state, &call.request)
                    })
                } else {
                    Err(Refusal::Throttling)
                }
            }
            Err(refusal) => Err(refusal),
        };
        let refused = result.as_ref().err().map(Refusal::name);
        let body_of = |value: Value| match &fault {
            Some(Fault::Answer(body)) => body.clone(),
            _ => value.to_string(),
        };
        let answer = match result {
            Ok(value) => PreparedResponse::of(Ok(body_of(value)), api.content_type),
            Err(refusal) => PreparedResponse::of(Err(&refusal), api.content_type),
        };
        let exchange = Exchange {
            operation: operation_name(&headers).to_owned(),
            identifier,
            headers,
            body,
        };
        self.conclude(exchange, fault.as_ref(), refused, answer)
    }

    fn grants(&mut self, quota: Quota) -> bool {
        let now = self.store.clock.now();
        match quota {
            Quota::Read => self.reads.grants(now),
            Quota::Write => self.writes.grants(now),
            Quota::None => true,
        }
    }

    /// Carries an action out under a fault.
    pub(crate) fn carry_out(
        &mut self,
        id: &str,
        fault: Option<&Fault>,
        action: impl FnOnce(&mut Self) -> Result<Value, Refusal>,
    ) -> Result<Value, Refusal> {
        match fault {
            Some(Fault::AccessDenied) => return Err(Refusal::AccessDenied),
            Some(Fault::InternalServer) => return Err(Refusal::InternalServer),
            Some(Fault::NotFound) => return Err(Refusal::NotFound(id.to_owned())),
            Some(Fault::Throttling) => return Err(Refusal::Throttling),
            Some(Fault::ConnectionDropped | Fault::Status { .. }) => return Ok(Value::Null),
            Some(Fault::ConcurrentEdit(change)) => {
                self.store.edit(id, change);
            }
            Some(Fault::ConcurrentPatch(patch)) => {
                self.store.edit(id, |it| json_patch::merge(it, patch));
            }
            Some(Fault::InternalServerAfterLanding) => {
                action(self)?;
                return Err(Refusal::InternalServer);
            }
            Some(Fault::Answer(_) | Fault::AnswerLost | Fault::Delay(_)) | None => {}
        }
        action(self)
    }

    /// Records a request with its answer, as the fault changes it, and returns that answer.
    pub(crate) fn conclude(
        &mut self,
        exchange: Exchange,
        fault: Option<&Fault>,
        refused: Option<&'static str>,
        mut answer: PreparedResponse,
    ) -> Option<PreparedResponse> {
        self.received += 1;
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
        let request_id = format!("00000000-0000-4000-8000-{:012}", self.received);
        let answer = answer.with("x-amzn-RequestId", request_id);
        let answer = (outcome != Outcome::NotAnswered).then_some(answer);
        let shown = answer.as_ref().filter(|_| exchange.operation != SECRET);
        self.journal.record(Happening::Request(Request {
            operation: exchange.operation,
            identifier: exchange.identifier,
            headers: exchange.headers,
            body: exchange.body,
            outcome,
            status: answer.as_ref().map(|answer| answer.status.as_u16()),
            answer: shown.map_or_else(Bytes::new, |answer| answer.body.clone()),
        }));
        answer
    }
}
