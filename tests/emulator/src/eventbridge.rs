//! Stands in for EventBridge, Lambda's queue and the API destination: takes each event to the function,
//! and each answer of the function to the CRM.
//!
//! An answer that names parked patches is an event for the function that carries them out, and that one's answer
//! goes the same way, as on the bus of the template.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::destination::{Delivered, Destination};
use crate::endpoint::Endpoint;
use crate::fault::EventFault;
use crate::http_client::{FUNCTION_TIMEOUT, HttpClient, request};
use crate::journal::{Delivery, Happening, Journal, Undelivered};
use crate::payload::Payload;

/// The number of attempts: as often as Lambda runs a function that fails on an event.
const ATTEMPTS: usize = 3;
/// The pause before another attempt. Lambda waits a minute and more; EventBridge retries for a day.
const PAUSE: Duration = Duration::from_millis(500);
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

/// Whether EventBridge retries. Lambda always does: whatever failed, it was the function.
fn is_tried_again(failure: &Undelivered) -> bool {
    match failure {
        Undelivered::Status(_, status) => status.is_server_error() || TRIED_AGAIN.contains(status),
        _ => true,
    }
}

/// Takes events to the function, and the function's answers to the CRM.
pub(crate) struct EventBridge {
    http: HttpClient,
    function: Endpoint,
    /// The name of the function that carries out parked patches.
    on_parked: Option<String>,
    crm: Option<Destination>,
}

impl EventBridge {
    pub(crate) fn new(
        function: Endpoint,
        on_parked: Option<String>,
        crm: Option<Destination>,
    ) -> Self {
        Self {
            http: HttpClient::new(),
            function,
            on_parked,
            crm,
        }
    }

    /// Delivers events one after the other, and records the outcomes.
    pub(crate) async fn carry(self, mut payloads: UnboundedReceiver<Payload>, journal: Journal) {
        let mut late = JoinSet::new();
        loop {
            let payload = tokio::select! {
                biased;
                Some(payload) = payloads.recv() => match payload.fault {
                    Some(EventFault::Late(time)) => {
                        late.spawn(async move {
                            sleep(time).await;
                            payload
                        });
                        continue;
                    }
                    _ => payload,
                },
                Some(Ok(payload)) = late.join_next() => payload,
                else => return,
            };
            let mut next = Some(payload);
            while let Some(payload) = next {
                let started = Timestamp::now();
                let mut answer = Bytes::new();
                let outcome = self.deliver(&payload, &mut answer).await;
                next = self.woken_by(&answer);
                journal.record(Happening::Delivery(Delivery {
                    event: payload.event,
                    function: payload.function,
                    started,
                    identifier: payload.identifier,
                    answer,
                    outcome,
                }));
            }
        }
    }

    /// What the template's rule about parked patches makes of an answer.
    fn woken_by(&self, answer: &Bytes) -> Option<Payload> {
        let name = self.on_parked.clone()?;
        let event: Value = serde_json::from_slice(answer).ok()?;
        event.pointer("/data/parked")?;
        let text = |name| event.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Payload {
            event: text("id").unwrap_or_default(),
            identifier: text("subject").unwrap_or_default(),
            function: Some(name),
            body: answer.clone(),
            fault: None,
        })
    }

    async fn deliver(&self, payload: &Payload, answer: &mut Bytes) -> Result<(), Undelivered> {
        if payload.fault == Some(EventFault::Lost) {
            return Err(Undelivered::Lost);
        }
        let name = payload.function.as_deref();
        let function = name.map_or_else(
            || self.function.clone(),
            |name| self.function.of_function(name),
        );
        *answer = retried(|| self.invoke(&function, &payload.body), |_| true).await?;
        let is_woken = name.is_some() && self.on_parked.as_deref() == name;
        match &self.crm {
            // An API that takes records is not told how patches end.
            Some(crm) if is_woken && (crm.body == Delivered::Record || is_null(answer)) => Ok(()),
            // The answers of other functions are not CloudEvents.
            Some(crm) if is_woken || function == self.function => {
                let body = crm.body.of(answer).ok_or(Undelivered::NoRecord)?;
                let endpoint = crm.endpoint.filled(&payload.identifier);
                retried(|| self.notify(crm, &endpoint, &body), is_tried_again).await
            }
            _ => Ok(()),
        }
    }

    /// The function's answer to an event.
    async fn invoke(&self, function: &Endpoint, event: &Bytes) -> Result<Bytes, Undelivered> {
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
        let request = request(Method::POST, function.uri(), headers, event.clone());
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
        let request = request(
            crm.method.clone(),
            endpoint.uri(),
            crm.headers(),
            body.clone(),
        );
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
        let answer = self.http.send(request, limit).await;
        answer.map_err(|reason| Undelivered::Silent(endpoint.clone(), reason))
    }
}

/// Whether no patch was there to be carried out.
fn is_null(answer: &Bytes) -> bool {
    &**answer == b"null"
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
