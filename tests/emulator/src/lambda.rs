//! Lambda's `Invoke`, for functions that invoke other functions.
//!
//! An invocation travels like an event: the same courier takes it to the function of that name, beside
//! the one that gets Partner Central's events. Only asynchronous invocations are accepted.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::call::{header, signed_service};
use crate::events::Errand;
use crate::journal::Happening;
use crate::refusal::Refusal;
use crate::request::Exchange;
use crate::response::PreparedResponse;
use crate::state::State;

/// The operation's name among the requests and the faults.
pub(crate) const INVOKE: &str = "Invoke";

/// An invocation of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The function's name.
    pub function: String,
    /// The payload as received, byte for byte.
    pub payload: Bytes,
}

impl Invocation {
    /// The payload as JSON, or null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap_or_default()
    }
}

/// The function's name, taken from what `Invoke` accepts: a name, a partial or whole ARN, a qualifier.
pub(crate) fn name(function: &str) -> String {
    let function = function.replace("%3A", ":").replace("%3a", ":");
    let name = function.split_once("function:").map(|(_, name)| name);
    let name = name.unwrap_or(&function);
    name.split(':').next().unwrap_or_default().to_owned()
}

impl State {
    /// Accepts an invocation, records it, and returns the answer; `None` means no answer at all.
    pub(crate) fn invoke(
        &mut self,
        function: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Option<PreparedResponse> {
        let function = name(function);
        let refused = judge(&headers, &body).err();
        let fault = match refused {
            Some(_) => None,
            None => self.faults.take(INVOKE),
        };
        let exchange = Exchange {
            operation: INVOKE.to_owned(),
            identifier: function.clone(),
            headers,
            body: body.clone(),
        };
        let result = match refused {
            Some(refusal) => Err(refusal),
            None => self.carry_out(&function, fault.as_ref(), |state| {
                state.hand_on(&function, body);
                Ok(Value::Null)
            }),
        };
        let answer = match &result {
            Ok(_) => PreparedResponse::new(StatusCode::ACCEPTED, "application/json", String::new()),
            Err(refusal) => refused_by_lambda(refusal),
        };
        let name = result.as_ref().err().map(|refusal| told(refusal).1);
        self.conclude(exchange, fault.as_ref(), name, answer)
    }

    fn hand_on(&mut self, function: &str, payload: Bytes) {
        let invocation = Invocation {
            function: function.to_owned(),
            payload: payload.clone(),
        };
        let event = invocation.json();
        let text = |pointer| {
            let text = event.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let errand = Errand {
            event: text("/id"),
            identifier: text("/detail/opportunity/identifier"),
            function: Some(function.to_owned()),
            body: payload,
            fault: None,
        };
        self.journal.record(Happening::Invocation(invocation));
        self.store.outbox.send(errand);
    }
}

fn judge(headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    let scope = signed_service(headers).ok_or(Refusal::MissingAuthenticationToken)?;
    if scope != "lambda" {
        let what = format!("the signature is for `{scope}`, expected `lambda`");
        return Err(Refusal::InvalidSignature(what));
    }
    let kind = header(headers, "x-amz-invocation-type");
    if kind != "Event" {
        let what = format!("the invocation type is `{kind}`, expected `Event`");
        return Err(Refusal::Serialization(what));
    }
    serde_json::from_slice::<Value>(body)
        .map_err(|error| Refusal::Serialization(format!("the payload is not JSON: {error}")))?;
    Ok(())
}

/// Lambda's status and name for a refusal (AWS's page on `Invoke`, "Errors").
fn told(refusal: &Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::AccessDenied => (StatusCode::FORBIDDEN, "AccessDeniedException"),
        Refusal::InternalServer => (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException"),
        Refusal::NotFound(_) => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
        Refusal::Serialization(_) => (StatusCode::BAD_REQUEST, "InvalidRequestContentException"),
        Refusal::Throttling => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
        other => (other.status(), other.name()),
    }
}

fn refused_by_lambda(refusal: &Refusal) -> PreparedResponse {
    let (status, name) = told(refusal);
    let message = match refusal {
        Refusal::NotFound(function) => format!("Function not found: {function}"),
        other => other.message(),
    };
    let body = json!({ "Type": "User", "Message": message }).to_string();
    PreparedResponse::new(status, "application/json", body)
        .with("x-amzn-ErrorType", name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_found_by_its_name_and_by_its_arn() {
        let texts = [
            "sweep",
            "sweep:live",
            "111122223333:function:sweep",
            "arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Asweep",
            "arn:aws:lambda:us-east-1:111122223333:function:sweep:live",
        ];
        for text in texts {
            assert_eq!(name(text), "sweep", "{text}");
        }
    }
}
