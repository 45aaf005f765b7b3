//! An answer in AWS's wire form.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::refusal::Refusal;

/// An answer that is still to be sent.
pub(crate) struct Answer {
    status: StatusCode,
    content_type: &'static str,
    /// Headers that not every answer has.
    headers: Vec<(&'static str, String)>,
    body: String,
    /// How long to hold it back.
    pub(crate) delay: Option<Duration>,
}

impl Answer {
    /// The answer to the `number`th request: a body, or a refusal.
    pub(crate) fn new(
        result: Result<String, Refusal>,
        content_type: &'static str,
        number: usize,
        delay: Option<Duration>,
    ) -> Self {
        let request_id = format!("00000000-0000-4000-8000-{number:012}");
        let mut headers = vec![("x-amzn-RequestId", request_id)];
        let (status, body) = match result {
            Ok(body) => (StatusCode::OK, body),
            Err(refusal @ Refusal::Injected(..)) => (refusal.status(), refusal.message()),
            Err(refusal) => {
                headers.push(("x-amzn-ErrorType", refusal.error_type()));
                (refusal.status(), refusal.body().to_string())
            }
        };
        Self {
            status,
            content_type,
            headers,
            body,
            delay,
        }
    }

    /// The answer to what is no request of the API.
    pub(crate) fn not_found() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            content_type: "text/plain",
            headers: Vec::new(),
            body: "expected `POST /`\n".to_owned(),
            delay: None,
        }
    }

    pub(crate) fn into_response(self) -> http::Result<Response<Full<Bytes>>> {
        let mut response = Response::builder().status(self.status);
        response = response.header(CONTENT_TYPE, self.content_type);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Full::from(self.body))
    }
}
