//! Takes invocations from the Lambda Runtime API.

use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::connection::Connection;

/// The invocations of this function.
pub(crate) struct Invocations {
    connection: Connection,
    host: String,
}

/// An invocation.
pub(crate) struct Invocation {
    pub(crate) id: String,
    pub(crate) event: Value,
}

impl Invocations {
    /// The invocations at `host`, an address and a port.
    pub(crate) async fn of(host: &str) -> Self {
        let stream = TcpStream::connect(host).await.expect("the Runtime API");
        stream.set_nodelay(true).expect("no delay");
        Self {
            connection: Connection::over(stream).await,
            host: host.to_owned(),
        }
    }

    /// Waits for an event.
    pub(crate) async fn next(&mut self) -> Invocation {
        let answer = self.send("GET", "next", Bytes::new()).await;
        let id = &answer.headers()["lambda-runtime-aws-request-id"];
        Invocation {
            id: id.to_str().expect("an id").to_owned(),
            event: serde_json::from_slice(answer.body()).expect("an event"),
        }
    }

    /// Answers an event.
    pub(crate) async fn answer(&mut self, id: &str, answer: Value) {
        let body = answer.to_string().into();
        self.send("POST", &format!("{id}/response"), body).await;
    }

    async fn send(&mut self, method: &str, path: &str, body: Bytes) -> http::Response<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/2018-06-01/runtime/invocation/{path}"))
            .header("host", &self.host)
            .body(Full::new(body))
            .expect("a request");
        self.connection.send(request).await
    }
}
