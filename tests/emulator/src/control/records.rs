//! Returns what has happened, as JSON.

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use crate::crm::Receipt;
use crate::headers::header;
use crate::journal::{Announcement, BridgeRequest, Delivery, Happening, Invocation, Request};
use crate::operations;
use crate::state::SharedState;

type Shared = State<SharedState>;

pub(crate) async fn requests(State(shared): Shared) -> Json<Value> {
    let requests = shared.lock().journal.pick(Happening::request);
    Json(requests.iter().map(request).collect())
}

/// The requests that ask for a change, whether or not it happened.
pub(crate) async fn writes(State(shared): Shared) -> Json<Value> {
    let requests = shared.lock().journal.pick(Happening::request);
    let writes = requests
        .iter()
        .filter(|it| operations::is_write(&it.operation));
    Json(writes.map(request).collect())
}

pub(crate) async fn deliveries(State(shared): Shared) -> Json<Value> {
    let deliveries = shared.lock().journal.pick(Happening::delivery);
    Json(deliveries.iter().map(delivery).collect())
}

pub(crate) async fn invocations(State(shared): Shared) -> Json<Value> {
    let invocations = shared.lock().journal.pick(Happening::invocation);
    Json(invocations.iter().map(invocation).collect())
}

/// What the playground's CRM knows, by opportunity id.
pub(crate) async fn deals(State(shared): Shared) -> Json<Value> {
    Json(json!(shared.lock().crm.deals))
}

pub(crate) async fn clear(State(shared): Shared) -> StatusCode {
    shared.lock().journal.clear();
    StatusCode::NO_CONTENT
}

/// A happening as the name of its kind and as JSON.
pub(crate) fn told(happening: &Happening) -> (&'static str, Value) {
    match happening {
        Happening::Request(it) => ("request", request(it)),
        Happening::Event(it) => ("event", event(it)),
        Happening::Delivery(it) => ("delivery", delivery(it)),
        Happening::Invocation(it) => ("invocation", invocation(it)),
        Happening::BridgeRequest(it) => ("bridgeRequest", bridge_request(it)),
        Happening::Receipt(it) => ("receipt", receipt(it)),
    }
}

fn request(request: &Request) -> Value {
    json!({
        "operation": request.operation,
        "identifier": request.identifier,
        "outcome": request.outcome.to_string(),
        "status": request.status,
        "trace": trace(&request.headers),
        "body": body(&request.body),
        "answer": body(&request.answer),
    })
}

fn event(event: &Announcement) -> Value {
    json!({
        "event": event.event,
        "identifier": event.identifier,
        "detailType": event.detail_type,
        "fault": event.fault,
    })
}

fn delivery(delivery: &Delivery) -> Value {
    json!({
        "event": delivery.event,
        "function": delivery.function,
        "startedAt": format!("{:.3}", delivery.started),
        "identifier": delivery.identifier,
        "isDelivered": delivery.outcome.is_ok(),
        "reason": delivery.outcome.as_ref().err().map(ToString::to_string),
        "answer": body(&delivery.answer),
    })
}

fn invocation(invocation: &Invocation) -> Value {
    json!({
        "function": invocation.function,
        "payload": body(&invocation.payload),
    })
}

fn bridge_request(bridge_request: &BridgeRequest) -> Value {
    json!({
        "startedAt": format!("{:.3}", bridge_request.started),
        "method": bridge_request.method.as_str(),
        "target": bridge_request.target,
        "headers": headers(&bridge_request.headers),
        "body": body(&bridge_request.body),
        "status": bridge_request.status.as_u16(),
        "answerHeaders": headers(&bridge_request.answer_headers),
        "answer": body(&bridge_request.answer),
    })
}

fn receipt(receipt: &Receipt) -> Value {
    json!({ "verdict": receipt.verdict, "event": receipt.event, "before": receipt.before })
}

/// The id that all requests of one invocation share: the root of X-Ray's trace id, as the AWS SDKs send
/// it from Lambda; null if there is none.
fn trace(headers: &HeaderMap) -> Option<&str> {
    let mut parts = header(headers, "x-amzn-trace-id").split(';');
    parts.find_map(|part| part.strip_prefix("Root="))
}

fn headers(headers: &HeaderMap) -> Value {
    let texts = headers.iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), Value::from(text))
    });
    Value::Object(texts.collect::<Map<_, _>>())
}

/// A body as JSON if it is JSON, otherwise as text; null if it is empty.
fn body(bytes: &Bytes) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
}
