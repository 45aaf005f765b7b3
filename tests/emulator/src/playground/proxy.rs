//! Forwards requests below `/_bridge` unchanged to the function's URL.
//!
//! The function knows nothing of browsers, and should not: a page of another origin would need answers
//! to its preflights. Requests and answers are on record, which a function's own log never has.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, Method, Uri};
use jiff::Timestamp;

use crate::endpoint::Endpoint;
use crate::http_client::{FUNCTION_TIMEOUT, HttpClient, request};
use crate::journal::{BridgeRequest, Happening, Journal};
use crate::problem::Problem;

/// The path below which requests are forwarded.
pub(crate) const PREFIX: &str = "/_bridge";
/// Headers that belong to one hop, not to the request (RFC 9110, section 7.6.1).
const OF_A_HOP: [HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING];

/// The way to the function, if there is a function.
pub(crate) struct Proxy {
    function: Option<Endpoint>,
    http: HttpClient,
    journal: Journal,
}

impl Proxy {
    pub(crate) fn new(function: Option<Endpoint>, journal: Journal) -> Self {
        let http = HttpClient::new();
        Self {
            function,
            http,
            journal,
        }
    }
}

pub(crate) async fn forward(
    State(proxy): State<Arc<Proxy>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let nowhere = || Problem::not_found("there is no bridge: see the option `--bridge`".to_owned());
    let function = proxy.function.as_ref().ok_or_else(nowhere)?;
    let path_and_query = uri.path_and_query().map_or("", |it| it.as_str());
    let target = path_and_query
        .strip_prefix(PREFIX)
        .unwrap_or_default()
        .to_owned();
    let started = Timestamp::now();
    let headers = end_to_end(headers);
    let to = function.below(&target);
    let sent = request(method.clone(), to, headers.clone(), body.clone());
    let answer = proxy.http.send(sent, FUNCTION_TIMEOUT).await;
    let answer = answer
        .map_err(|reason| Problem::bad_gateway(format!("`{function}` did not answer: {reason}")))?;
    let (head, answer) = answer.into_parts();
    let (status, answer_headers) = (head.status, end_to_end(head.headers));
    let mut shown = headers;
    shown.remove(AUTHORIZATION);
    proxy
        .journal
        .record(Happening::BridgeRequest(BridgeRequest {
            started,
            method,
            target,
            headers: shown,
            body,
            status,
            answer_headers: answer_headers.clone(),
            answer: answer.clone(),
        }));
    Ok((status, answer_headers, answer).into_response())
}

fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in OF_A_HOP {
        headers.remove(name);
    }
    headers
}
