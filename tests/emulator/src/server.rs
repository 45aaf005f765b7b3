//! Serves HTTP.
//!
//! It has its own accept loop, because tests count connections, and want to see one close without an
//! answer.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

use crate::control;
use crate::endpoint::function;
use crate::playground::Playground;
use crate::response::PreparedResponse;
use crate::state::State;

/// What the server shares with the handle on it.
#[derive(Default)]
pub(crate) struct Server {
    state: Mutex<State>,
    connections: AtomicUsize,
    pub(crate) playground: Playground,
}

impl Server {
    pub(crate) fn new(state: State, playground: Playground) -> Self {
        let state = Mutex::new(state);
        Self {
            state,
            playground,
            ..Self::default()
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked inside `edit` has already failed; carry on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Accepts connections until it is dropped; that also closes the connections.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener) {
        let control = control::router(Arc::clone(&self));
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
            let (server, control) = (Arc::clone(&self), control.clone());
            open.spawn(async move {
                let answer = service_fn(|request| server.answer(request, &control));
                // An error means that the client went away, or that a fault withheld the answer.
                let _ = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer)
                    .await;
            });
            while open.try_join_next().is_some() {}
        }
    }

    /// An error closes the connection without a response.
    async fn answer(
        &self,
        request: Request<Incoming>,
        control: &Router,
    ) -> io::Result<Response<Body>> {
        if control::is_for(request.uri().path()) {
            let Ok(answer) = control.clone().oneshot(request).await;
            return Ok(answer);
        }
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let is_post = head.method == Method::POST;
        let answer = match function(head.uri.path()) {
            Some(name) if is_post => self.state().invoke(name, head.headers, body),
            None if is_post && head.uri.path() == "/" => self.state().judge(head.headers, body),
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
