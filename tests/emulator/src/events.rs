//! EventBridge and its API destination: each change becomes an event for the function, each answer
//! of the function a delivery to the CRM.
//!
//! AWS does this for the bridge once it is deployed. Before that, somebody else must, or two systems
//! that write to each other in a circle are first seen to do so in production.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, iter};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{sleep, timeout};

use crate::Settings;
use crate::endpoint::Endpoint;
use crate::operations::ACCOUNT;
use crate::server::Server;
use crate::store::{Document, text};

/// How often something is tried: as often as Lambda runs a function that fails on an event.
const ATTEMPTS: usize = 3;
/// The pause before another attempt. Lambda's is a minute and more, EventBridge goes on for a day.
const PAUSE: Duration = Duration::from_millis(500);
/// No function runs longer on Lambda, and here the first answer may wait for a compiler.
const FUNCTION_TIMEOUT: Duration = Duration::from_mins(15);
/// How long a CRM may take to answer (AWS's page "API destinations").
const CRM_TIMEOUT: Duration = Duration::from_secs(5);
/// The member that makes an answer a function error. `cargo lambda watch` 1.9.2 was seen to send it
/// with HTTP status 500, Lambda sends it with 200. No CloudEvent has it: its names are lower-case.
const ERROR_TYPE: &str = "errorType";
const JSON: &str = "application/json";
/// The media type of a CloudEvent in structured mode (CloudEvents, HTTP protocol binding, 3.2).
const CLOUD_EVENT: &str = "application/cloudevents+json";

/// What happened to an opportunity.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    Created,
    Updated,
}

impl Change {
    fn detail_type(self) -> &'static str {
        match self {
            Self::Created => "Opportunity Created",
            Self::Updated => "Opportunity Updated",
        }
    }
}

/// An event as EventBridge hands it to its target.
pub(crate) struct Event {
    id: String,
    /// The opportunity's.
    identifier: String,
    body: Bytes,
}

impl Event {
    /// An event about a change that happens now, in the shape of a recorded one.
    fn new(change: Change, document: &Document) -> Self {
        let (id, identifier) = (unused_id(), text(document, "Id").to_owned());
        let body = json!({
            "version": "0",
            "id": id,
            "detail-type": change.detail_type(),
            "source": "aws.partnercentral-selling",
            "account": ACCOUNT,
            "time": format!("{:.0}", Timestamp::now()),
            "region": "us-east-1",
            "resources": [],
            "detail": {
                "schemaVersion": "1",
                "catalog": text(document, "Catalog"),
                "opportunity": { "identifier": identifier },
            },
        });
        let body = Bytes::from(body.to_string());
        Self {
            id,
            identifier,
            body,
        }
    }
}

/// A random UUID, as EventBridge gives to events.
fn unused_id() -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        fastrand::u32(..),
        fastrand::u16(..),
        fastrand::u16(..0x1000),
        fastrand::u16(0x8000..0xc000),
        fastrand::u64(..1 << 48),
    )
}

/// Where the store announces its changes.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Absent where nobody listens. Without a bound, so that no change ever waits.
    queue: Option<UnboundedSender<Event>>,
    is_doubling: bool,
}

impl Outbox {
    /// An outbox and its other end.
    pub(crate) fn new(settings: &Settings) -> (Self, UnboundedReceiver<Event>) {
        let (sender, events) = mpsc::unbounded_channel();
        let outbox = Self {
            queue: settings.on_change.is_some().then_some(sender),
            is_doubling: settings.duplicate_events,
        };
        (outbox, events)
    }

    pub(crate) fn announce(&self, change: Change, document: &Document) {
        let Some(queue) = &self.queue else {
            return;
        };
        let copies = if self.is_doubling { 2 } else { 1 };
        for _ in 0..copies {
            // An error here is an emulator that is stopping.
            let _ = queue.send(Event::new(change, document));
        }
    }
}

/// What became of an event.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event's id: each event has its own, and so has each duplicate.
    pub event: String,
    /// The id of the opportunity.
    pub identifier: String,
    /// Whether the function answered, and the CRM took the answer where there is a CRM.
    pub outcome: Result<(), Undelivered>,
}

impl fmt::Display for Delivery {
    /// One line: `event`, its id, identifier, outcome.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "event {} {} ", self.event, self.identifier)?;
        match &self.outcome {
            Ok(()) => formatter.write_str("delivered"),
            Err(reason) => write!(formatter, "undelivered: {reason}"),
        }
    }
}

/// Why the last attempt at an event failed.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
pub enum Undelivered {
    /// The function reported an error, by its `errorType`.
    #[error("the function reported `{0}`")]
    FunctionError(String),
    /// The answer is none of success.
    #[error("`{0}` answered `{1}`, expected success")]
    Status(Endpoint, StatusCode),
    /// There is no answer, or none in time.
    #[error("`{0}` did not answer: {1}")]
    Silent(Endpoint, String),
}

/// Takes events to the function, and the function's answers to the CRM.
pub(crate) struct Courier {
    http: Client<HttpConnector, Full<Bytes>>,
    function: Endpoint,
    crm: Option<Endpoint>,
}

impl Courier {
    pub(crate) fn new(function: Endpoint, crm: Option<Endpoint>) -> Self {
        // A connection for each request: one that is kept open can close under the next request.
        let http = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http();
        Self {
            http,
            function,
            crm,
        }
    }

    /// Takes events to where they go, one after the other, and has the outcomes recorded.
    pub(crate) async fn carry(self, mut events: UnboundedReceiver<Event>, server: Arc<Server>) {
        while let Some(event) = events.recv().await {
            let outcome = self.deliver(&event.body).await;
            server.state().record(Delivery {
                event: event.id,
                identifier: event.identifier,
                outcome,
            });
        }
    }

    async fn deliver(&self, event: &Bytes) -> Result<(), Undelivered> {
        let answer = retried(|| self.invoke(event)).await?;
        match &self.crm {
            Some(crm) => retried(|| self.notify(crm, &answer)).await,
            None => Ok(()),
        }
    }

    /// The function's answer to an event.
    async fn invoke(&self, event: &Bytes) -> Result<Bytes, Undelivered> {
        let function = &self.function;
        let answer = self.post(function, JSON, event, FUNCTION_TIMEOUT).await?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        match body.get(ERROR_TYPE).and_then(Value::as_str) {
            Some(kind) => Err(Undelivered::FunctionError(kind.to_owned())),
            None if answer.status() == StatusCode::OK => Ok(answer.into_body()),
            None => Err(Undelivered::Status(function.clone(), answer.status())),
        }
    }

    /// Hands the function's answer to the CRM as it is.
    async fn notify(&self, crm: &Endpoint, event: &Bytes) -> Result<(), Undelivered> {
        let answer = self.post(crm, CLOUD_EVENT, event, CRM_TIMEOUT).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Undelivered::Status(crm.clone(), answer.status()))
    }

    async fn post(
        &self,
        endpoint: &Endpoint,
        content_type: &'static str,
        body: &Bytes,
        limit: Duration,
    ) -> Result<Response<Bytes>, Undelivered> {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.uri();
        let content_type = HeaderValue::from_static(content_type);
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        let exchange = async {
            let answer = self.http.request(request).await;
            let (head, body) = answer.map_err(|error| told(&error))?.into_parts();
            let body = body.collect().await.map_err(|error| told(&error))?;
            Ok(Response::from_parts(head, body.to_bytes()))
        };
        let late = |_| Err(format!("it took longer than {limit:?}"));
        let answer = timeout(limit, exchange).await.unwrap_or_else(late);
        answer.map_err(|reason| Undelivered::Silent(endpoint.clone(), reason))
    }
}

/// An error with its causes: hyper's own words are no more than `client error (Connect)`.
fn told(error: &impl Error) -> String {
    let causes = iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

/// The first success among [`ATTEMPTS`], or the last failure.
async fn retried<T, Attempt>(attempt: impl Fn() -> Attempt) -> Result<T, Undelivered>
where
    Attempt: Future<Output = Result<T, Undelivered>>,
{
    for _ in 1..ATTEMPTS {
        if let Ok(done) = attempt().await {
            return Ok(done);
        }
        sleep(PAUSE).await;
    }
    attempt().await
}
