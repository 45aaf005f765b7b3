//! The Lambda Runtime API with a view of when: a function that asks, a function that answers.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
    routing,
    serve::ListenerExt,
};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// More than anything takes here: a process that has died says nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// The API for one process; it stops when dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    asked: mpsc::UnboundedReceiver<oneshot::Sender<String>>,
    answered: mpsc::UnboundedReceiver<Bytes>,
    serving: JoinHandle<()>,
}

/// A function that waits for an event.
#[derive(Debug)]
pub(crate) struct Waiting(oneshot::Sender<String>);

struct Ends {
    asked: mpsc::UnboundedSender<oneshot::Sender<String>>,
    answered: mpsc::UnboundedSender<Bytes>,
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (asked_end, asked) = mpsc::unbounded_channel();
        let (answered_end, answered) = mpsc::unbounded_channel();
        let ends = Arc::new(Ends {
            asked: asked_end,
            answered: answered_end,
        });
        let base = "/2018-06-01/runtime/invocation";
        let routes = Router::new()
            .route(&format!("{base}/next"), routing::get(next))
            .route(&format!("{base}/{{id}}/response"), routing::post(response))
            .route(&format!("{base}/{{id}}/error"), routing::post(error))
            .with_state(ends);
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("no delay"));
        let serving = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("a server");
        });
        Self {
            address,
            asked,
            answered,
            serving,
        }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits until the function asks for an event.
    pub(crate) async fn next(&mut self) -> Waiting {
        let asked = tokio::time::timeout(PATIENCE, self.asked.recv()).await;
        Waiting(
            asked
                .expect("the function to ask in time")
                .expect("the API"),
        )
    }

    /// Waits until the function has answered.
    pub(crate) async fn answer(&mut self) -> Value {
        let answered = tokio::time::timeout(PATIENCE, self.answered.recv()).await;
        let body = answered.expect("an answer in time").expect("the API");
        serde_json::from_slice(&body).expect("an answer in JSON")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Waiting {
    /// Gives the function an event.
    pub(crate) fn give(self, event: &Value) {
        self.0.send(event.to_string()).expect("the API");
    }
}

async fn next(State(ends): State<Arc<Ends>>) -> impl IntoResponse {
    let (give, given) = oneshot::channel();
    let _ = ends.asked.send(give);
    let Ok(event) = given.await else {
        return std::future::pending().await;
    };
    let deadline = SystemTime::now() + PATIENCE;
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    let arn = "arn:aws:lambda:us-east-1:111122223333:function:f";
    let trace = "Root=1-5e1b4151-5ac6c58f3e9d3b4d12345678;Parent=53995c3f42cd8ad8;Sampled=1";
    let headers = [
        ("content-type", "application/json".to_owned()),
        (
            "lambda-runtime-aws-request-id",
            "00000000-0000-4000-8000-000000000000".to_owned(),
        ),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", arn.to_owned()),
        ("lambda-runtime-trace-id", trace.to_owned()),
    ];
    (headers, event)
}

async fn response(State(ends): State<Arc<Ends>>, Path(_): Path<String>, body: Bytes) -> StatusCode {
    let _ = ends.answered.send(body);
    StatusCode::ACCEPTED
}

async fn error(Path(_): Path<String>, body: Bytes) -> StatusCode {
    eprintln!("a function error: {}", String::from_utf8_lossy(&body));
    StatusCode::ACCEPTED
}
