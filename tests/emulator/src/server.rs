//! HTTP: connections in, answers out.
//!
//! Served over its own accept loop, because a test wants to count connections, and to see one
//! close without an answer.

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

use crate::answer::Answer;
use crate::control;
use crate::endpoint::function;
use crate::playground::Playground;
use crate::state::State;

/// What the server and the handle on it share.
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
        // A test that panics inside `edit` has said what it had to say.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Accepts connections until it is dropped, and the connections with it.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener) {
        let control = control::router(Arc::clone(&self));
        let mut open = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            self.connections.fetch_add(1, Ordering::Relaxed);
            // Answers are small and each is awaited: held back to fill a packet, they cost 40 ms.
            let _ = stream.set_nodelay(true);
            let (server, control) = (Arc::clone(&self), control.clone());
            open.spawn(async move {
                let answer = service_fn(|request| server.answer(request, &control));
                // An error here is a client that went away, or an answer withheld on purpose.
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
            // Clients send `GET /` to open a connection before they have something to ask.
            _ => Some(Answer::not_found()),
        };
        let answer = answer.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted))?;
        if let Some(delay) = answer.delay {
            tokio::time::sleep(delay).await;
        }
        answer.into_response().map_err(io::Error::other)
    }
}
