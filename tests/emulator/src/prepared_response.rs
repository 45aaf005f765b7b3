//! A response in AWS's wire form.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};

use crate::refusal::Refusal;

/// A response that has yet to be sent.
pub(crate) struct PreparedResponse {
    pub(crate) status: StatusCode,
    content_type: &'static str,
    /// Headers that not every response has.
    headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// How long to hold it back.
    pub(crate) delay: Option<Duration>,
}

impl PreparedResponse {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body: Bytes::from(body),
            delay: None,
        }
    }

    /// The answer of an operation: a body, or a refusal.
    pub(crate) fn of(result: Result<String, &Refusal>, content_type: &'static str) -> Self {
        match result {
            Ok(body) => Self::new(StatusCode::OK, content_type, body),
            Err(refusal) => {
                let body = refusal.body().to_string();
                let answer = Self::new(refusal.status(), content_type, body);
                answer.with("x-amzn-ErrorType", refusal.error_type())
            }
        }
    }

    /// The answer to a request that belongs to no API.
    pub(crate) fn not_found() -> Self {
        let body = "expected `POST /`\n".to_owned();
        Self::new(StatusCode::NOT_FOUND, "text/plain", body)
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn into_response(self) -> http::Result<Response<Body>> {
        let mut response = Response::builder().status(self.status);
        response = response.header(CONTENT_TYPE, self.content_type);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Body::from(self.body))
    }
}
