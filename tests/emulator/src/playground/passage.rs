//! The way to the bridge: a request below `/_bridge` is handed on to the function's URL as it is.
//!
//! The function knows nothing of browsers, and should not: a page of another origin would need
//! answers to its preflights. What passes is on record, which a function's own log never has.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use tokio::time::timeout;

use crate::control::Problem;
use crate::courier::told;
use crate::endpoint::Endpoint;
use crate::journal::Happening;
use crate::server::Server;

const PREFIX: &str = "/_bridge";
/// The first answer may wait for a compiler.
const TIMEOUT: Duration = Duration::from_mins(15);
/// What is between two hops, and not of the request (RFC 9110, section 7.6.1).
const OF_A_HOP: [HeaderName; 4] = [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING];

/// A request to the bridge, and its answer.
pub(crate) struct Passage {
    pub(crate) started: Timestamp,
    pub(crate) method: Method,
    /// The path below the function's URL, with its query.
    pub(crate) target: String,
    /// Without `Authorization`.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) status: StatusCode,
    pub(crate) answer_headers: HeaderMap,
    pub(crate) answer: Bytes,
}

/// How to get to the function.
pub(crate) struct Way {
    http: Client<HttpConnector, Full<Bytes>>,
    function: Endpoint,
}

impl Way {
    pub(crate) fn new(function: Endpoint) -> Self {
        let http = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http();
        Self { http, function }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.function
    }

    /// The function's answer.
    async fn go(
        &self,
        method: &Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), String> {
        let mut request = Request::new(Full::new(body));
        request.method_mut().clone_from(method);
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let exchange = async {
            let answer = self.http.request(request).await;
            let (head, body) = answer.map_err(|error| told(&error))?.into_parts();
            let body = body.collect().await.map_err(|error| told(&error))?;
            Ok((head.status, end_to_end(head.headers), body.to_bytes()))
        };
        let late = |_| Err(format!("it took longer than {TIMEOUT:?}"));
        timeout(TIMEOUT, exchange).await.unwrap_or_else(late)
    }
}

pub(crate) async fn pass(
    State(server): State<Arc<Server>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let nowhere = || Problem::not_found("there is no bridge: see the option `--bridge`".to_owned());
    let way = server.playground.way.as_ref().ok_or_else(nowhere)?;
    let path_and_query = uri.path_and_query().map_or("", |it| it.as_str());
    let target = path_and_query
        .strip_prefix(PREFIX)
        .unwrap_or_default()
        .to_owned();
    let started = Timestamp::now();
    let headers = end_to_end(headers);
    let to = way.function.below(&target);
    let answer = way.go(&method, to, headers.clone(), body.clone()).await;
    let (status, answer_headers, answer) = answer.map_err(|reason| {
        Problem::bad_gateway(format!("`{}` did not answer: {reason}", way.function))
    })?;
    let mut shown = headers;
    shown.remove(AUTHORIZATION);
    let passage = Passage {
        started,
        method,
        target,
        headers: shown,
        body,
        status,
        answer_headers: answer_headers.clone(),
        answer: answer.clone(),
    };
    let journal = server.state().journal.clone();
    journal.record(Happening::Passage(passage));
    Ok((status, answer_headers, answer).into_response())
}

fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in OF_A_HOP {
        headers.remove(name);
    }
    headers
}
