//! Passes what Lambda brings to the routes, or to the patches that wait.
//!
//! A request to the function's URL is escaped so that `lambda_http` cannot panic. An event from the bridge's own bus
//! wakes patches; whoever may invoke the function may send one, and achieves no more than another look.

use std::fmt::Write;

use axum::Router;
use lambda_http::{
    LambdaEvent, Service,
    lambda_runtime::{self, service_fn},
    request::LambdaRequest,
};
use model::PatchEvent;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::value::RawValue;

use crate::{bridge::Bridge, wake::Wake};

/// What Lambda brings: a request to the function's URL, or an event that names patches which may be carried out.
#[derive(Debug)]
enum Brought {
    Request(Box<LambdaRequest>),
    Wake(Wake),
}

/// What Lambda is given for it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Given<R> {
    Response(R),
    Ended(Option<Box<PatchEvent>>),
}

/// Answers what Lambda brings until the function ends: requests by `routes`, events by the patches that wait
/// in the memory of `bridge`.
///
/// # Errors
/// If Lambda's Runtime API cannot be reached.
pub async fn serve(routes: Router, bridge: Option<Bridge>) -> Result<(), lambda_http::Error> {
    let mut adapter = lambda_http::Adapter::from(routes);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Brought>| {
        let LambdaEvent { payload, context } = event;
        let (request, wake) = match payload {
            Brought::Request(request) => (Some(*request), None),
            Brought::Wake(wake) => (None, Some(wake)),
        };
        let answer = request
            .map(|request| adapter.call(LambdaEvent::new(escaped(request), context.clone())));
        let bridge = bridge.clone();
        async move {
            if let Some(answer) = answer {
                let answer = answer.await.map_err(lambda_http::Error::from)?;
                return Ok(Given::Response(answer));
            }
            let ended = match wake.zip(bridge) {
                Some((wake, bridge)) => Box::pin(bridge.wake(wake, &context)).await?,
                None => None,
            };
            Ok::<_, lambda_http::Error>(Given::Ended(ended.map(Box::new)))
        }
    }))
    .await
}

impl<'de> Deserialize<'de> for Brought {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        // A request has neither a source nor a subject; an event of the bridge's is no request.
        match serde_json::from_str(json.get()) {
            Ok(request) => Ok(Self::Request(Box::new(request))),
            Err(error) => match serde_json::from_str(json.get()) {
                Ok(wake) => Ok(Self::Wake(wake)),
                Err(_) => Err(D::Error::custom(error)),
            },
        }
    }
}

/// Escapes the path and the query as a URI requires: `lambda_http` panics on a bare quote or angle
/// bracket from a sender.
fn escaped(request: LambdaRequest) -> LambdaRequest {
    match request {
        LambdaRequest::ApiGatewayV2(mut request) => {
            request.raw_path = request.raw_path.as_deref().map(escape);
            request.raw_query_string = request.raw_query_string.as_deref().map(escape);
            LambdaRequest::ApiGatewayV2(request)
        }
        other => other,
    }
}

fn escape(text: &str) -> String {
    text.bytes()
        .fold(String::with_capacity(text.len()), |mut escaped, byte| {
            if byte.is_ascii_graphic() && !br#""<>\^`{|}#"#.contains(&byte) {
                escaped.push(char::from(byte));
            } else {
                let _ = write!(escaped, "%{byte:02X}");
            }
            escaped
        })
}
