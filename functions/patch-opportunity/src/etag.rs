//! Builds an opportunity's entity tag (RFC 9110, 8.8.3): its quoted `LastModifiedDate`.

use http::HeaderValue;

/// The entity tag of a `LastModifiedDate`: `"2026-01-02T03:04:05.678Z"`, with its quotes.
pub(crate) fn etag(last_modified_date: &str) -> String {
    format!("\"{last_modified_date}\"")
}

/// The tag as a header value; `None` if the date holds characters that no header may.
pub(crate) fn header(tag: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(tag).ok()
}
