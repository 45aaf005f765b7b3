//! A DynamoDB on this machine with the bridge's table in it, and a wire to it that can be cut.
//!
//! The server is real (`make .venv/dynamodb` installs it); what stands before it only counts the calls,
//! and loses what a test asks it to lose.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::{self, Body},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    task::JoinHandle,
};

/// More attempts than a machine has servers that take a free port between two calls.
const ATTEMPTS: usize = 20;

/// The variable that names a function's table.
pub(crate) const MEMORY_TABLE: &str = "MEMORY_TABLE";

/// What becomes of a call to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It does not arrive.
    Before,
    /// It arrives, and its answer does not.
    After,
}

/// What DynamoDB bills for calls: read and write units of a table on demand.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Units {
    /// Of 4 KB each.
    pub reads: f64,
    /// Of 1 KB each.
    pub writes: f64,
}

/// A table; it is gone when dropped.
#[derive(Debug)]
pub struct Table {
    wire: Arc<Wire>,
    url: String,
    serving: JoinHandle<()>,
    /// Killed when dropped; `None` where the server is somebody else's.
    _server: Option<Child>,
}

#[derive(Debug)]
struct Wire {
    server: String,
    /// Held during a call where the server does not keep simultaneous calls apart.
    turn: Option<tokio::sync::Mutex<()>>,
    name: String,
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    made: Vec<String>,
    /// `None` where nobody asks.
    units: Option<Units>,
    cuts: Vec<Option<Cut>>,
}

impl Table {
    /// Starts a server with an empty table.
    pub async fn start() -> Self {
        let (server, process, turn) = if let Some(address) = other_server() {
            // moto checks a condition and writes in two steps: of two calls at a time, both can succeed.
            (address, None, Some(tokio::sync::Mutex::default()))
        } else {
            let (address, process) = start_server().await;
            (address, Some(process), None)
        };
        let name = format!("memory-{:016x}", fastrand::u64(..));
        let wire = Arc::new(Wire {
            server,
            turn,
            name,
            calls: Mutex::default(),
        });
        let text = json!({
            "TableName": wire.name,
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
        });
        wire.ask("CreateTable", &text).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let routes = Router::new().fallback(hand_on).with_state(wire.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, routes)
                .await
                .expect("the wire serves");
        });
        Self {
            wire,
            url: format!("http://{address}"),
            serving,
            _server: process,
        }
    }

    /// What a function with this table is configured by.
    #[must_use]
    pub fn variables(&self) -> [(&str, &str); 2] {
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.url),
            (MEMORY_TABLE, self.name()),
        ]
    }

    /// Its name on its server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.wire.name
    }

    /// Where the table is reached, by a wire that can be cut.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The operations that arrived since this was last asked, by name.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.wire.calls().made)
    }

    /// What is billed for the calls that `future` leads to.
    ///
    /// # Panics
    /// If one fails: DynamoDB bills it, and does not say how much.
    pub async fn billed(&self, future: impl Future<Output = ()>) -> Units {
        self.wire.calls().units = Some(Units::default());
        future.await;
        self.wire.calls().units.take().unwrap_or_default()
    }

    /// What becomes of the next calls, one after the other; `None` for one that nothing happens to.
    pub fn cut(&self, cuts: &[Option<Cut>]) {
        self.wire.calls().cuts = cuts.iter().rev().copied().collect();
    }

    /// Cuts the wire for this many calls.
    pub fn cut_all(&self, cut: Cut, calls: usize) {
        self.cut(&vec![Some(cut); calls]);
    }

    /// Mends the wire.
    pub fn mend(&self) {
        self.cut(&[]);
    }

    /// Every item, as DynamoDB's JSON has it.
    pub async fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        let mut scan = json!({"TableName": self.name(), "ConsistentRead": true});
        // A page has 1 MB.
        loop {
            let mut page = self.wire.ask("Scan", &scan).await;
            items.extend(page["Items"].as_array().cloned().unwrap_or_default());
            match page["LastEvaluatedKey"].take() {
                Value::Null => return items,
                last => scan["ExclusiveStartKey"] = last,
            }
        }
    }

    /// Lets the time of every item be over, though the table still has it.
    pub async fn expire(&self) {
        for mut item in self.items().await {
            item["expires"] = json!({"N": "1"});
            self.put(&item).await;
        }
    }

    /// Puts an item, as DynamoDB's JSON has it.
    pub async fn put(&self, item: &Value) {
        let put = json!({"TableName": self.name(), "Item": item});
        self.wire.ask("PutItem", &put).await;
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Wire {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call past the wire.
    async fn ask(&self, operation: &str, input: &Value) -> Value {
        let (status, answer) = self
            .send(operation, input.to_string().into())
            .await
            .expect("the server answers");
        let text = String::from_utf8_lossy(&answer);
        assert!(status.is_success(), "{operation}: {status} {text}");
        serde_json::from_slice(&answer).expect("an answer in JSON")
    }

    async fn send(&self, operation: &str, body: Bytes) -> Option<(StatusCode, Bytes)> {
        let _turn = match &self.turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        let stream = TcpStream::connect(&self.server).await.ok()?;
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.ok()?;
        tokio::spawn(connection);
        let request = hyper::Request::post("/")
            .header("host", &self.server)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
            .header("x-amz-date", "20260304T050607Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260304/us-east-1/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=0",
            )
            .body(Full::new(body))
            .ok()?;
        let answer = sender.send_request(request).await.ok()?;
        let status = answer.status();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        Some((status, body))
    }
}

impl Calls {
    fn bill(&mut self, operation: &str, answer: &[u8]) {
        let answer: Value = serde_json::from_slice(answer).expect("an answer in JSON");
        let found = answer["ConsumedCapacity"]["CapacityUnits"].as_f64();
        let Some(units) = &mut self.units else { return };
        let kind = match operation {
            "GetItem" | "Query" | "Scan" => &mut units.reads,
            _ => &mut units.writes,
        };
        *kind += found.expect("the units, which only success has");
    }
}

/// The same call, which asks what it costs.
fn metered(body: &[u8]) -> Bytes {
    let mut input: Value = serde_json::from_slice(body).expect("a call in JSON");
    input["ReturnConsumedCapacity"] = "TOTAL".into();
    input.to_string().into()
}

async fn hand_on(State(wire): State<Arc<Wire>>, request: Request) -> Response {
    let target = request.headers().get("x-amz-target");
    let target = target.and_then(|target| target.to_str().ok()).unwrap_or("");
    let (_, operation) = target.split_once('.').unwrap_or_default();
    let operation = operation.to_owned();
    let (cut, is_metered) = {
        let mut calls = wire.calls();
        calls.made.push(operation.clone());
        (calls.cuts.pop().flatten(), calls.units.is_some())
    };
    let lost = || StatusCode::INTERNAL_SERVER_ERROR.into_response();
    if cut == Some(Cut::Before) {
        return lost();
    }
    let body = body::to_bytes(request.into_body(), usize::MAX).await;
    let mut body = body.expect("the whole body");
    if is_metered {
        body = metered(&body);
    }
    // What has arrived is carried out, also if whoever sent it does not live to see that.
    let sending = tokio::spawn({
        let (wire, operation) = (wire.clone(), operation.clone());
        async move { wire.send(&operation, body).await }
    });
    let answer = sending.await.expect("no panic");
    if let Some((_, answer)) = answer.as_ref().filter(|_| is_metered) {
        wire.calls().bill(&operation, answer);
    }
    match answer.filter(|_| cut.is_none()) {
        Some((status, answer)) => (
            status,
            [("content-type", "application/x-amz-json-1.0")],
            Body::from(answer),
        )
            .into_response(),
        None => lost(),
    }
}

/// The server that runs already, such as moto's, for the same tests on another one.
#[expect(
    clippy::disallowed_methods,
    reason = "a choice of whoever runs the tests, and of nothing that is tested"
)]
fn other_server() -> Option<String> {
    std::env::var("DYNAMODB_SERVER").ok()
}

async fn start_server() -> (String, Child) {
    let program = program();
    for _ in 0..ATTEMPTS {
        let probe = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = probe.local_addr().expect("an address");
        drop(probe);
        let mut process = Command::new(&program)
            .args(["serve", "--host", "127.0.0.1", "--port"])
            .arg(address.port().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the server's binary runs");
        // Somebody else may listen there by now: only its own word counts.
        let output = BufReader::new(process.stderr.take().expect("the output is piped"));
        let line = output.lines().next_line().await.expect("the output");
        if line.is_some_and(|line| line.contains("listening on")) {
            return (address.to_string(), process);
        }
    }
    panic!("{} does not listen", program.display());
}

/// Where `make` installs the server.
fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = root.join(".venv/dynamodb/node_modules/@dynoxide/linux-x64/dynoxide");
    let is_there = program.exists();
    assert!(is_there, "there is no DynamoDB: run `make .venv/dynamodb`");
    program
}
