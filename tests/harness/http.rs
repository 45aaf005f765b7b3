//! Speaks HTTP as a Function URL does: turns requests into events, and events' answers into responses.

use std::{sync::LazyLock, time::Duration};

use serde_json::{Map, Value, json};

use crate::{Function, memory, runtime_api::TIMEOUT};

/// A request to a Function URL.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    query: String,
    headers: Map<String, Value>,
    body: Option<(String, bool)>,
}

/// The response to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u64,
    /// The headers, by their lower-case names.
    pub headers: Map<String, Value>,
    /// The body as JSON; null if it is empty.
    pub body: Value,
}

impl Request {
    /// A request without a body; `target` is a path, optionally with a query after `?`.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        Self {
            method: method.to_owned(),
            path,
            query,
            headers: Map::new(),
            body: None,
        }
    }

    /// A merge patch for an opportunity.
    #[must_use]
    pub fn patch(identifier: &str, patch: &Value) -> Self {
        Self::new("PATCH", &format!("/opportunities/{identifier}"))
            .header("content-type", "application/merge-patch+json")
            .body(&patch.to_string())
    }

    /// The same headers and body with another method and path.
    #[must_use]
    pub fn sent_as(self, method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self {
            method,
            path,
            ..self
        }
    }

    /// Adds a query.
    #[must_use]
    pub fn query(self, query: &str) -> Self {
        let query = query.to_owned();
        Self { query, ..self }
    }

    /// Adds a header; its name in lower case, as Function URLs write them.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// Sets the body as text.
    #[must_use]
    pub fn body(self, text: &str) -> Self {
        Self {
            body: Some((text.to_owned(), false)),
            ..self
        }
    }

    /// Sets the body as Base64, in which a Function URL passes content types other than text.
    #[must_use]
    pub fn base64_body(self, base64: &str) -> Self {
        Self {
            body: Some((base64.to_owned(), true)),
            ..self
        }
    }

    /// The event that Lambda makes of the request, payload version 2.0.
    #[must_use]
    pub fn event(&self) -> Value {
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": self.headers,
            "requestContext": {
                "accountId": "anonymous",
                "apiId": "abc",
                "domainName": "abc.lambda-url.us-east-1.on.aws",
                "domainPrefix": "abc",
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1", "userAgent": "test",
                },
                "requestId": "1f0e9d8c-7b6a-4594-8372-6150f4e3d2c1",
                "routeKey": "$default",
                "stage": "$default",
                "time": "04/Mar/2026:06:07:08 +0000",
                "timeEpoch": 1_772_604_428_000_u64,
            },
            "isBase64Encoded": self.body.as_ref().is_some_and(|(_, is_base64)| *is_base64),
        });
        if let (Some((text, _)), Some(event)) = (&self.body, event.as_object_mut()) {
            event.insert("body".to_owned(), text.as_str().into());
        }
        event
    }
}

const OPENAPI: &str = include_str!("../../functions/patch-opportunity/openapi.json");

impl Response {
    /// Fails the test if the answer is a problem that the OpenAPI document lacks under its status:
    /// callers must be able to rely on the document alone.
    fn assert_documented(&self) {
        static RESPONSES: LazyLock<Value> = LazyLock::new(|| {
            let mut document: Value = OPENAPI.parse().expect("the document is JSON");
            document["components"]["responses"].take()
        });
        let is_problem = |media_type: &Value| *media_type == "application/problem+json";
        let has_body = !self.body.is_null(); // an answer to `HEAD` has none
        if !(has_body && self.headers.get("content-type").is_some_and(is_problem)) {
            return;
        }
        let responses = RESPONSES.as_object().expect("responses").values();
        let problems = responses.filter_map(|response| {
            let examples = response.pointer("/content/application~1problem+json/examples");
            Some(
                examples?
                    .as_object()?
                    .values()
                    .map(|example| &example["value"]),
            )
        });
        let faces = ["type", "status", "title"];
        let is_documented = problems
            .flatten()
            .any(|problem| faces.iter().all(|face| problem[face] == self.body[face]));
        assert!(is_documented, "not in the OpenAPI document: {}", self.body);
        assert_eq!(self.body["status"], self.status, "{}", self.body);
    }
}

impl Function {
    /// The event that a request comes as: with a key, if that is to be tested.
    #[must_use]
    pub fn event(&self, request: &Request) -> Value {
        match self.table() {
            Some(_) => memory::keyed(request).event(),
            None => request.event(),
        }
    }

    /// Sends a request to the function's URL. A problem in the answer must be in the OpenAPI document.
    pub async fn send(&self, request: &Request) -> Response {
        self.send_within(request, TIMEOUT).await
    }

    /// Like [`Self::send`], with this much time for the invocation.
    pub async fn send_within(&self, request: &Request, time: Duration) -> Response {
        let answer = self
            .invoke_within(self.event(request), time)
            .await
            .expect("no function error");
        let body = match answer.get("body").and_then(Value::as_str) {
            None | Some("") => Value::Null,
            Some(text) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
        };
        let answer = Response {
            status: answer
                .get("statusCode")
                .and_then(Value::as_u64)
                .expect("a status"),
            headers: answer
                .get("headers")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
            body,
        };
        answer.assert_documented();
        answer
    }
}
