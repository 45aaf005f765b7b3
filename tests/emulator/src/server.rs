//! Serves HTTP.
//!
//! It has its own accept loop, because tests count connections, and want to see one close without an
//! answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::ServiceExt;

use crate::endpoint::function;
use crate::prepared_response::PreparedResponse;
use crate::state::SharedState;
use crate::{aws_json, lambda, router};

/// Serves AWS's APIs, and the rest by its router.
pub(crate) struct Server {
    shared: SharedState,
    router: Router,
    connections: AtomicUsize,
}

impl Server {
    pub(crate) fn new(shared: SharedState, router: Router) -> Self {
        Self {
            shared,
            router,
            connections: AtomicUsize::new(0),
        }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Accepts connections until it is dropped; that also closes the connections.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut open = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            self.connections.fetch_add(1, Ordering::Relaxed);
            // Answers are small and clients wait for each: holding one back to fill a packet costs 40
            // ms.
            let _ = stream.set_nodelay(true);
            let server = Arc::clone(&self);
            open.spawn(async move {
                let answer = service_fn(|request| server.answer(request));
                // An error means that the client went away, or that a fault withheld the answer.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
            while open.try_join_next().is_some() {}
        }
    }

    /// An error closes the connection without a response.
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        if router::is_for(request.uri().path()) {
            let Ok(answer) = self.router.clone().oneshot(request).await;
            return Ok(answer);
        }
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let is_post = head.method == Method::POST;
        let answer = match function(head.uri.path()) {
            Some(name) if is_post => {
                lambda::answer(&mut self.shared.lock(), name, head.headers, body)
            }
            None if is_post && head.uri.path() == "/" => {
                aws_json::answer(&mut self.shared.lock(), head.headers, body)
            }
            // Clients send `GET /` to open a connection ahead of their first call.
            _ => Some(PreparedResponse::not_found()),
        };
        let answer = answer.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))?;
        if let Some(delay) = answer.delay {
            tokio::time::sleep(delay).await;
        }
        answer.into_response().map_err(io::Error::other)
    }
}
