//! A single HTTP/1.1 connection that stays open.

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection for requests sent one after the other.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// Speaks HTTP/1.1 over a stream.
    pub(crate) async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (sender, driver) = handshake(TokioIo::new(stream)).await.expect("a handshake");
        tokio::spawn(driver);
        Self(sender)
    }

    /// Sends a request and returns its whole answer.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        self.0.ready().await.expect("a connection that is open");
        let answer = self.0.send_request(request).await.expect("an answer");
        let (head, body) = answer.into_parts();
        let body = body.collect().await.expect("the whole body").to_bytes();
        Response::from_parts(head, body)
    }
}
