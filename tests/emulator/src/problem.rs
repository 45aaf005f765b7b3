//! The control API's errors: RFC 9457, with a JSON Pointer to the wrong place in a body.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;
use serde_json::json;
use serde_path_to_error::{Path, Segment};

/// Why the control API refuses a request.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    /// The place in the body; null if the body is not at fault.
    pointer: Option<String>,
}

impl Problem {
    pub(crate) fn not_found(detail: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn method_not_allowed(detail: String) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail)
    }

    pub(crate) fn conflict(detail: String) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub(crate) fn forbidden(detail: String) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub(crate) fn bad_gateway(detail: String) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, detail)
    }

    /// The body is wrong at this place; the empty pointer means the whole body.
    pub(crate) fn body(pointer: &str, detail: String) -> Self {
        Self {
            pointer: Some(pointer.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    fn new(status: StatusCode, detail: String) -> Self {
        Self {
            status,
            detail,
            pointer: None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "pointer": self.pointer,
        });
        let headers = [(CONTENT_TYPE, "application/problem+json")];
        (self.status, headers, body.to_string()).into_response()
    }
}

/// Parses a body.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let pointer = pointer(error.path());
        let error = error.into_inner();
        let told = error.to_string();
        // The pointer names the place, unless the body is not JSON.
        let what = told.rsplit_once(" at line ").filter(|_| error.is_data());
        Problem::body(&pointer, what.map_or(&*told, |(what, _)| what).to_owned())
    })?;
    json.end()
        .map_err(|error| Problem::body("", error.to_string()))?;
    Ok(parsed)
}

fn pointer(path: &Path) -> String {
    let parts = path.iter().map(|segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    });
    parts.collect()
}
