//! Everything the emulator knows, and how it judges one request.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::answer::Answer;
use crate::call::{Call, PARTNER_CENTRAL, operation_name};
use crate::events::Delivery;
use crate::fault::{Fault, Faults};
use crate::quota::{Quota, Rate};
use crate::refusal::Refusal;
use crate::request::{Outcome, Request};
use crate::store::{Document, Store};

/// Everything the emulator knows.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) store: Store,
    /// By opportunity id; `None` where AWS has no summary, absent where nobody has said.
    pub(crate) summaries: BTreeMap<String, Option<Value>>,
    pub(crate) secrets: BTreeMap<String, String>,
    /// Creations by client token: the request and its answer.
    pub(crate) created: BTreeMap<String, (Document, Value)>,
    pub(crate) faults: Faults,
    pub(crate) requests: Vec<Request>,
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) reads: Rate,
    pub(crate) writes: Rate,
    pub(crate) is_logging: bool,
}

impl State {
    /// Carries a request out, records it, and says how to answer; `None` is no answer at all.
    pub(crate) fn judge(&mut self, headers: HeaderMap, body: Bytes) -> Option<Answer> {
        let mut identifier = String::new();
        let mut content_type = PARTNER_CENTRAL.content_type;
        let mut fault = None;
        let result = match Call::parse(&headers, &body) {
            Ok(call) => {
                call.identifier().clone_into(&mut identifier);
                content_type = call.operation.api.content_type;
                if self.grants(call.operation.quota) {
                    fault = self.faults.take(call.operation.name);
                    self.carry_out(&call, fault.as_ref())
                } else {
                    Err(Refusal::Throttling)
                }
            }
            Err(refusal) => Err(refusal),
        };
        let outcome = match (&fault, &result) {
            (Some(Fault::AnswerLost | Fault::ConnectionDropped), _) => Outcome::NotAnswered,
            (_, Ok(_)) => Outcome::Done,
            (_, Err(refusal)) => Outcome::Refused(refusal.name()),
        };
        let request = Request {
            operation: operation_name(&headers).to_owned(),
            identifier,
            headers,
            body,
            outcome,
        };
        self.log(&request);
        self.requests.push(request);
        if outcome == Outcome::NotAnswered {
            return None;
        }
        let delay = match fault {
            Some(Fault::Delay(delay)) => Some(delay),
            _ => None,
        };
        Some(Answer::new(
            result,
            content_type,
            self.requests.len(),
            delay,
        ))
    }

    /// Records what became of an event.
    pub(crate) fn record(&mut self, delivery: Delivery) {
        self.log(&delivery);
        self.deliveries.push(delivery);
    }

    /// Writes a line as a whole, so that it stays one where others write to the same file.
    fn log(&self, line: &impl Display) {
        if self.is_logging {
            let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
        }
    }

    fn grants(&mut self, quota: Quota) -> bool {
        match quota {
            Quota::Read => self.reads.grants(Instant::now()),
            Quota::Write => self.writes.grants(Instant::now()),
            Quota::None => true,
        }
    }

    fn carry_out(&mut self, call: &Call, fault: Option<&Fault>) -> Result<String, Refusal> {
        let id = call.identifier();
        match fault {
            Some(Fault::AccessDenied) => return Err(Refusal::AccessDenied),
            Some(Fault::Error { status, body }) => {
                return Err(Refusal::Injected(*status, body.clone()));
            }
            Some(Fault::InternalServer) => return Err(Refusal::InternalServer),
            Some(Fault::NotFound) => return Err(Refusal::NotFound(id.to_owned())),
            Some(Fault::Throttling) => return Err(Refusal::Throttling),
            Some(Fault::ConnectionDropped) => return Ok(String::new()),
            Some(Fault::ConcurrentEdit(change)) => {
                self.store.edit(id, change);
            }
            Some(Fault::Answer(_) | Fault::AnswerLost | Fault::Delay(_)) | None => {}
        }
        let answer = (call.operation.carry_out)(self, &call.request)?;
        match fault {
            Some(Fault::Answer(body)) => Ok(body.clone()),
            _ => Ok(answer.to_string()),
        }
    }
}
