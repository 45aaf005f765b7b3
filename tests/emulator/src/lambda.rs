//! Lambda's `Invoke`, for functions that invoke other functions.
//!
//! An invocation travels like an event: EventBridge's stand-in takes it to the function of that name, beside
//! the one that gets Partner Central's events. Only asynchronous invocations are accepted.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::exchange::{Exchange, carry_out};
use crate::headers::{header, signed_service};
use crate::journal::{Happening, Invocation};
use crate::operations::INVOKE;
use crate::payload::Payload;
use crate::prepared_response::PreparedResponse;
use crate::refusal::Refusal;
use crate::state::State;

/// The function's name, taken from what `Invoke` accepts: a name, a partial or whole ARN, a qualifier.
pub(crate) fn name(function: &str) -> String {
    let function = function.replace("%3A", ":").replace("%3a", ":");
    let name = function.split_once("function:").map(|(_, name)| name);
    let name = name.unwrap_or(&function);
    name.split(':').next().unwrap_or_default().to_owned()
}

/// Accepts an invocation, records it, and returns the answer; `None` means no answer at all.
pub(crate) fn answer(
    state: &mut State,
    function: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Option<PreparedResponse> {
    let function = name(function);
    let refused = judge(&headers, &body).err();
    let fault = match refused {
        Some(_) => None,
        None => state.faults.take(INVOKE),
    };
    let exchange = Exchange {
        operation: INVOKE.to_owned(),
        identifier: function.clone(),
        headers,
        body: body.clone(),
    };
    let result = match refused {
        Some(refusal) => Err(refusal),
        None => carry_out(state, &function, fault.as_ref(), |state| {
            hand_on(state, &function, body);
            Ok(Value::Null)
        }),
    };
    let answer = match &result {
        Ok(_) => PreparedResponse::new(StatusCode::ACCEPTED, "application/json", String::new()),
        Err(refusal) => refused_by_lambda(refusal),
    };
    let name = result.as_ref().err().map(|refusal| told(refusal).1);
    exchange.conclude(state, fault.as_ref(), name, answer)
}

fn hand_on(state: &mut State, function: &str, payload: Bytes) {
    let invocation = Invocation {
        function: function.to_owned(),
        payload: payload.clone(),
    };
    let event = invocation.json();
    let text = |pointer| {
        let text = event.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let payload = Payload {
        event: text("/id"),
        identifier: text("/detail/opportunity/identifier"),
        function: Some(function.to_owned()),
        body: payload,
        fault: None,
    };
    state.journal.record(Happening::Invocation(invocation));
    state.store.outbox.send(payload);
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
