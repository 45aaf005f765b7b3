//! A Lambda function as a process: its Runtime API, its environment, its log.

use std::{
    collections::HashMap,
    path::PathBuf,
    process::{Output, Stdio},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
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
};
use partner_central_emulator::Emulator;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// The time that an invocation has, as a function's timeout gives it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a function answered: a document, or a function error.
pub type Invoked = Result<Value, FunctionError>;

/// A function error, as Lambda shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    /// `errorType`.
    pub kind: String,
    /// `errorMessage`.
    pub message: String,
}

/// A running function; it stops when dropped.
#[derive(Debug)]
pub struct Function {
    _process: Child,
    api: JoinHandle<()>,
    invocations: mpsc::UnboundedSender<Invocation>,
    log: Arc<Mutex<String>>,
}

#[derive(Debug)]
struct Invocation {
    event: Value,
    time: Duration,
    answered: oneshot::Sender<Invoked>,
}

struct RuntimeApi {
    invocations: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    pending: Mutex<HashMap<String, oneshot::Sender<Invoked>>>,
    count: AtomicUsize,
}

impl Function {
    /// Starts a function with AWS at the emulator and these variables besides.
    pub async fn start(name: &str, emulator: &Emulator, variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (invocations, receiver) = mpsc::unbounded_channel();
        let api = tokio::spawn(async move {
            axum::serve(listener, RuntimeApi::routes(receiver))
                .await
                .expect("the Runtime API serves");
        });
        let mut process = command(name, emulator, variables)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the function's binary runs");
        let log = Arc::new(Mutex::new(String::new()));
        collect(process.stdout.take(), &log);
        collect(process.stderr.take(), &log);
        Self {
            _process: process,
            api,
            invocations,
            log,
        }
    }

    /// What the function printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Runs a function that is expected to refuse its start, and gives what it printed.
    pub async fn refused_start(
        name: &str,
        emulator: &Emulator,
        variables: &[(&str, &str)],
    ) -> Output {
        command(name, emulator, variables)
            .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .await
            .expect("the function's binary runs")
    }

    /// Invokes the function with an event.
    ///
    /// # Errors
    /// What the function reported as its error.
    pub async fn invoke(&self, event: Value) -> Invoked {
        self.invoke_within(TIMEOUT, event).await
    }

    /// Invokes the function with an event and less time than usual.
    ///
    /// # Errors
    /// What the function reported as its error.
    pub async fn invoke_within(&self, time: Duration, event: Value) -> Invoked {
        let (answered, answer) = oneshot::channel();
        self.invocations
            .send(Invocation {
                event,
                time,
                answered,
            })
            .expect("the Runtime API lives");
        tokio::time::timeout(TIMEOUT, answer)
            .await
            .expect("an answer in time")
            .expect("the function lives")
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.api.abort();
    }
}

/// Collects what a process prints, line by line.
fn collect(output: Option<impl AsyncRead + Unpin + Send + 'static>, log: &Arc<Mutex<String>>) {
    let mut lines = BufReader::new(output.expect("the output is piped")).lines();
    let log = Arc::clone(log);
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.push_str(&line);
            log.push('\n');
        }
    });
}

fn command(name: &str, emulator: &Emulator, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary(name));
    command
        .env_clear()
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_ENDPOINT_URL", emulator.url())
        .envs(variables.iter().copied())
        .kill_on_drop(true);
    command
}

/// The path to a binary of this workspace, built if it is not up to date.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    let directory = DIRECTORY.get_or_init(|| {
        let test = std::env::current_exe().expect("this test's path");
        let directory = test
            .ancestors()
            .nth(2)
            .expect("target/PROFILE/deps/TEST")
            .to_owned();
        let mut build = std::process::Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--workspace", "--bins"]);
        if directory.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.status().expect("cargo runs").success(),
            "the functions build"
        );
        directory
    });
    directory.join(name)
}

impl RuntimeApi {
    fn routes(receiver: mpsc::UnboundedReceiver<Invocation>) -> Router {
        let api = Arc::new(Self {
            invocations: tokio::sync::Mutex::new(receiver),
            pending: Mutex::default(),
            count: AtomicUsize::default(),
        });
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", routing::get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                routing::post(response),
            )
            .route(
                "/2018-06-01/runtime/invocation/{id}/error",
                routing::post(error),
            )
            .with_state(api)
    }

    fn answer(&self, id: &str, answer: Invoked) -> StatusCode {
        let pending = self
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
        match pending.map(|pending| pending.send(answer)) {
            Some(_) => StatusCode::ACCEPTED,
            None => StatusCode::BAD_REQUEST,
        }
    }
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> impl IntoResponse {
    let Some(invocation) = api.invocations.lock().await.recv().await else {
        return std::future::pending().await;
    };
    let id = format!(
        "00000000-0000-4000-8000-{:012}",
        api.count.fetch_add(1, Ordering::Relaxed)
    );
    api.pending
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id.clone(), invocation.answered);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        (
            "lambda-runtime-deadline-ms",
            (now + invocation.time).as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:111122223333:function:f".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5e1b4151-5ac6c58f3e9d3b4d12345678;Parent=53995c3f42cd8ad8;Sampled=1".to_owned(),
        ),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, invocation.event.to_string())
}

async fn response(
    State(api): State<Arc<RuntimeApi>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    api.answer(
        &id,
        Ok(serde_json::from_slice(&body).expect("a function answers in JSON")),
    )
}

async fn error(
    State(api): State<Arc<RuntimeApi>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    let error: Value = serde_json::from_slice(&body).expect("a function error is JSON");
    let text = |member| {
        error
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    api.answer(
        &id,
        Err(FunctionError {
            kind: text("errorType"),
            message: text("errorMessage"),
        }),
    )
}
