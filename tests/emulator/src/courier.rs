//! Stands in for EventBridge, Lambda's queue and the API destination: takes each event to the function,
//! and each answer of the function to the CRM.
//!
//! An answer that names parked patches is an event for the function that carries them out, and that one's answer
//! goes the same way, as on the bus of the template.

use std::error::Error;
use std::time::Duration;
use std::{fmt, iter};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::destination::{Delivered, Destination};
use crate::endpoint::Endpoint;
use crate::events::{Errand, EventFault};
use crate::journal::{Happening, Journal};
use crate::request::or_dash;

/// The number of attempts: as often as Lambda runs a function that fails on an event.
const ATTEMPTS: usize = 3;
/// The pause before another attempt. Lambda waits a minute and more; EventBridge retries for a day.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest that a function may run on Lambda; here the first answer may wait for a compiler.
const FUNCTION_TIMEOUT: Duration = Duration::from_mins(15);
/// The time limit of a CRM (AWS's page "API destinations").
const CRM_TIMEOUT: Duration = Duration::from_secs(5);
/// The statuses besides 5xx after which EventBridge retries (the same page, "Error codes").
const TRIED_AGAIN: [StatusCode; 4] = [
    StatusCode::UNAUTHORIZED,
    StatusCode::PROXY_AUTHENTICATION_REQUIRED,
    StatusCode::CONFLICT,
    StatusCode::TOO_MANY_REQUESTS,
];
/// The member that marks an answer as a function error. `cargo lambda watch` 1.9.2 sends it with HTTP
/// status 500, Lambda with 200. A CloudEvent never has it: its names are lower-case.
const ERROR_TYPE: &str = "errorType";

/// What happened to an event.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event's id; duplicates have ids of their own. Empty if the function was invoked with
    /// something other than an event.
    pub event: String,
    /// The name of the function, unless it is the one that gets Partner Central's events.
    pub function: Option<String>,
    /// When the function was invoked first.
    pub started: Timestamp,
    /// The id of the opportunity; empty if an invocation's payload names none.
    pub identifier: String,
    /// The function's answer; empty if there was none.
    pub answer: Bytes,
    /// Whether the function answered and the CRM, if there is one, accepted the answer.
    pub outcome: Result<(), Undelivered>,
}

impl fmt::Display for Delivery {
    /// One line: `event`, its id, identifier, outcome.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (event, identifier) = (or_dash(&self.event), or_dash(&self.identifier));
        write!(formatter, "event {event} {identifier} ")?;
        match &self.outcome {
            Ok(()) => formatter.write_str("delivered"),
            Err(reason) => write!(formatter, "undelivered: {reason}"),
        }
    }
}

/// Why the last attempt to deliver an event failed.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
pub enum Undelivered {
    /// The function reported an error, by its `errorType`.
    #[error("the function reported `{0}`")]
    FunctionError(String),
    /// The event was dropped: see [`EventFault::Lost`].
    #[error("the event was lost on purpose")]
    Lost,
    /// The record was to be delivered, but the function's answer has none.
    #[error("`/data/crm` is missing in the function's answer, expected the CRM's record")]
    NoRecord,
    /// The status of the answer is not a success.
    #[error("`{0}` answered `{1}`, expected success")]
    Status(Endpoint, StatusCode),
    /// There was no answer in time.
    #[error("`{0}` did not answer: {1}")]
    Silent(Endpoint, String),
}

/// Whether EventBridge retries. Lambda always does: whatever failed, it was the function.
fn is_tried_again(failure: &Undelivered) -> bool {
    match failure {
        Undelivered::Status(_, status) => status.is_server_error() || TRIED_AGAIN.contains(status),
        _ => true,
    }
}

/// Takes events to the function, and the function's answers to the CRM.
pub(crate) struct Courier {
    http: Client<HttpConnector, Full<Bytes>>,
    function: Endpoint,
    /// The name of the function that carries out parked patches.
    on_parked: Option<String>,
    crm: Option<Destination>,
}

impl Courier {
    pub(crate) fn new(
        function: Endpoint,
        on_parked: Option<String>,
        crm: Option<Destination>,
    ) -> Self {
        // One connection for each request: a connection kept open can close under the next request.
        let http = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http();
        Self {
            http,
            function,
            on_parked,
            crm,
        }
    }

    /// Delivers events one after the other, and records the outcomes.
    pub(crate) async fn carry(self, mut errands: UnboundedReceiver<Errand>, journal: Journal) {
        let mut late = JoinSet::new();
        loop {
            let errand = tokio::select! {
                biased;
                Some(errand) = errands.recv() => match errand.fault {
                    Some(EventFault::Late(time)) => {
                        late.spawn(async move {
                            sleep(time).await;
                            errand
                        });
                        continue;
                    }
                    _ => errand,
                },
                Some(Ok(errand)) = late.join_next() => errand,
                else => return,
            };
            let mut next = Some(errand);
            while let Some(errand) = next {
                let started = Timestamp::now();
                let mut answer = Bytes::new();
                let outcome = self.deliver(&errand, &mut answer).await;
                next = self.woken_by(&answer);
                journal.record(Happening::Delivery(Delivery {
                    event: errand.event,
                    function: errand.function,
                    started,
                    identifier: errand.identifier,
                    answer,
                    outcome,
                }));
            }
        }
    }

    /// What the template's rule about parked patches makes of an answer.
    fn woken_by(&self, answer: &Bytes) -> Option<Errand> {
        let name = self.on_parked.clone()?;
        let event: Value = serde_json::from_slice(answer).ok()?;
        event.pointer("/data/parked")?;
        let text = |name| event.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Errand {
            event: text("id").unwrap_or_default(),
            identifier: text("subject").unwrap_or_default(),
            function: Some(name),
            body: answer.clone(),
            fault: None,
        })
    }

    async fn deliver(&self, errand: &Errand, answer: &mut Bytes) -> Result<(), Undelivered> {
        if errand.fault == Some(EventFault::Lost) {
            return Err(Undelivered::Lost);
        }
        let name = errand.function.as_deref();
        let function = name.map_or_else(
            || self.function.clone(),
            |name| self.function.of_function(name),
        );
        *answer = retried(|| self.invoke(&function, &errand.body), |_| true).await?;
        let is_woken = name.is_some() && self.on_parked.as_deref() == name;
        match &self.crm {
            // An API that takes records is not told how patches end.
            Some(crm) if is_woken && (crm.body == Delivered::Record || is_null(answer)) => Ok(()),
            // The answers of other functions are not CloudEvents.
            Some(crm) if is_woken || function == self.function => {
                let body = crm.body.of(answer).ok_or(Undelivered::NoRecord)?;
                let endpoint = crm.endpoint.filled(&errand.identifier);
                retried(|| self.notify(crm, &endpoint, &body), is_tried_again).await
            }
            _ => Ok(()),
        }
    }

    /// The function's answer to an event.
    async fn invoke(&self, function: &Endpoint, event: &Bytes) -> Result<Bytes, Undelivered> {
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
        let request = request(Method::POST, function, headers, event);
        let answer = self.send(function, request, FUNCTION_TIMEOUT).await?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        match body.get(ERROR_TYPE).and_then(Value::as_str) {
            Some(kind) => Err(Undelivered::FunctionError(kind.to_owned())),
            None if answer.status() == StatusCode::OK => Ok(answer.into_body()),
            None => Err(Undelivered::Status(function.clone(), answer.status())),
        }
    }

    /// Sends the function's answer, or the CRM's part of it, to the CRM.
    async fn notify(
        &self,
        crm: &Destination,
        endpoint: &Endpoint,
        body: &Bytes,
    ) -> Result<(), Undelivered> {
        let request = request(crm.method.clone(), endpoint, crm.headers(), body);
        let answer = self.send(endpoint, request, CRM_TIMEOUT).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Undelivered::Status(endpoint.clone(), answer.status()))
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        request: Request<Full<Bytes>>,
        limit: Duration,
    ) -> Result<Response<Bytes>, Undelivered> {
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

fn request(
    method: Method,
    endpoint: &Endpoint,
    headers: HeaderMap,
    body: &Bytes,
) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = method;
    *request.uri_mut() = endpoint.uri();
    *request.headers_mut() = headers;
    request
}

/// Whether no patch was there to be carried out.
fn is_null(answer: &Bytes) -> bool {
    &**answer == b"null"
}

/// An error with its causes: hyper alone says no more than `client error (Connect)`.
pub(crate) fn told(error: &impl Error) -> String {
    let causes = iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}

/// The first success among [`ATTEMPTS`], or the failure that is final or last.
async fn retried<T, Attempt>(
    attempt: impl Fn() -> Attempt,
    is_tried_again: impl Fn(&Undelivered) -> bool,
) -> Result<T, Undelivered>
where
    Attempt: Future<Output = Result<T, Undelivered>>,
{
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(failure) if is_tried_again(&failure) => sleep(PAUSE).await,
            done => return done,
        }
    }
    attempt().await
}
