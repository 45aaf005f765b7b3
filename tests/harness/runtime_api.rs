//! Serves the Lambda Runtime API to one process, so that a test controls its events and sees its
//! answers.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>. A stand-in with canned answers
//! (`wiremock`) cannot hold a request for the next event until there is one.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

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
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// The time of an invocation, as a function's timeout sets it.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// A function's answer: a document, or a function error.
pub type Invoked = Result<Value, FunctionError>;

/// A function error, as Lambda shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    /// `errorType`.
    pub kind: String,
    /// `errorMessage`.
    pub message: String,
}

/// The API for one process; stops when dropped.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    asked: tokio::sync::Mutex<mpsc::UnboundedReceiver<Waiting>>,
    serving: JoinHandle<()>,
}

/// A function that waits for an event.
#[derive(Debug)]
pub struct Waiting(oneshot::Sender<Invocation>);

#[derive(Debug)]
struct Invocation {
    event: String,
    time: Duration,
    answered: oneshot::Sender<Invoked>,
}

struct Desk {
    asked: mpsc::UnboundedSender<Waiting>,
    pending: Mutex<HashMap<String, oneshot::Sender<Invoked>>>,
    count: AtomicUsize,
}

impl RuntimeApi {
    /// Serves on a free port of this machine only.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, asked) = mpsc::unbounded_channel();
        let base = "/2018-06-01/runtime/invocation";
        let routes = Router::new()
            .route(&format!("{base}/next"), routing::get(next))
            .route(&format!("{base}/{{id}}/response"), routing::post(response))
            .route(&format!("{base}/{{id}}/error"), routing::post(error))
            .with_state(Arc::new(Desk {
                asked: sender,
                pending: Mutex::default(),
                count: AtomicUsize::default(),
            }));
        // Without this, small packets wait for each other, which costs 40 ms.
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("no delay"));
        let serving = tokio::spawn(async move {
            axum::serve(listener, routes)
                .await
                .expect("the Runtime API serves");
        });
        Self {
            address,
            asked: tokio::sync::Mutex::new(asked),
            serving,
        }
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Waits until the function asks for an event.
    pub async fn next(&self) -> Waiting {
        let asked = async { self.asked.lock().await.recv().await };
        let asked = tokio::time::timeout(TIMEOUT, asked).await;
        asked
            .expect("the function asks for an event in time")
            .expect("the Runtime API lives")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Waiting {
    /// Gives the function an event, and waits for its answer.
    ///
    /// # Errors
    /// The error that the function reported.
    pub async fn give(self, event: &Value) -> Invoked {
        self.give_within(event, TIMEOUT).await
    }

    /// Like [`Self::give`], with this much time for the invocation.
    ///
    /// # Errors
    /// The error that the function reported.
    pub async fn give_within(self, event: &Value, time: Duration) -> Invoked {
        let (answered, answer) = oneshot::channel();
        let event = event.to_string();
        let given = self.0.send(Invocation {
            event,
            time,
            answered,
        });
        given.expect("the function still waits");
        tokio::time::timeout(TIMEOUT, answer)
            .await
            .expect("an answer in time")
            .expect("the Runtime API lives")
    }
}

impl Desk {
    fn pending(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<Invoked>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, id: &str, answer: Invoked) -> StatusCode {
        let pending = self.pending().remove(id);
        match pending.map(|pending| pending.send(answer)) {
            Some(_) => StatusCode::ACCEPTED,
            None => StatusCode::BAD_REQUEST,
        }
    }
}

async fn next(State(desk): State<Arc<Desk>>) -> impl IntoResponse {
    let (give, given) = oneshot::channel();
    let is_heard = desk.asked.send(Waiting(give)).is_ok();
    let Some(invocation) = given.await.ok().filter(|_| is_heard) else {
        return std::future::pending().await;
    };
    let number = desk.count.fetch_add(1, Ordering::Relaxed);
    let id = format!("00000000-0000-4000-8000-{number:012}");
    desk.pending().insert(id.clone(), invocation.answered);
    let deadline = SystemTime::now() + invocation.time;
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    let arn = "arn:aws:lambda:us-east-1:111122223333:function:f";
    let trace = "Root=1-5e1b4151-5ac6c58f3e9d3b4d12345678;Parent=53995c3f42cd8ad8;Sampled=1";
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        ("lambda-runtime-invoked-function-arn", arn.to_owned()),
        ("lambda-runtime-trace-id", trace.to_owned()),
    ];
    (headers, invocation.event)
}

async fn response(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    let answer = serde_json::from_slice(&body).expect("a function answers in JSON");
    desk.answer(&id, Ok(answer))
}

async fn error(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let error: Value = serde_json::from_slice(&body).expect("a function error is JSON");
    let text = |name| {
        let text = error.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    desk.answer(
        &id,
        Err(FunctionError {
            kind: text("errorType"),
            message: text("errorMessage"),
        }),
    )
}
