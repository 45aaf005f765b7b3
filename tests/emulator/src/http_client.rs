//! Calls the functions and the CRM.

use std::error::Error;
use std::iter;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

/// The longest that a function may run on Lambda; here the first answer may wait for a compiler.
pub(crate) const FUNCTION_TIMEOUT: Duration = Duration::from_mins(15);

/// A client that opens a connection for each request: one kept open can close under the next request.
pub(crate) struct HttpClient(Client<HttpConnector, Full<Bytes>>);

impl HttpClient {
    pub(crate) fn new() -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http();
        Self(client)
    }

    /// The answer within a time limit, or why there is none.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<Response<Bytes>, String> {
        let exchange = async {
            let answer = self.0.request(request).await;
            let (head, body) = answer.map_err(|error| with_causes(&error))?.into_parts();
            let body = body.collect().await.map_err(|error| with_causes(&error))?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let late = |_| Err(format!("it took longer than {limit:?}"));
        timeout(limit, exchange).await.unwrap_or_else(late)
    }
}

pub(crate) fn request(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request
}

/// An error with its causes: hyper alone says no more than `client error (Connect)`.
fn with_causes(error: &impl Error) -> String {
    let causes = iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}
