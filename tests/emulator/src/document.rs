//! A document: an opportunity or a request as JSON.
//!
//! It keeps what it came with: the order of its members, the digits of numbers, and members that no model
//! knows.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A JSON object.
pub(crate) type Document = Map<String, Value>;

/// A member's text; empty if it is absent or not text.
pub(crate) fn text<'a>(document: &'a Document, member: &str) -> &'a str {
    document
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A member as an object, which replaces anything else.
pub(crate) fn object_mut<'a>(document: &'a mut Document, member: &str) -> Option<&'a mut Document> {
    let value = document.entry(member).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}

/// An instant in milliseconds, the precision at which AWS writes and compares it.
///
/// Compared as an instant, because clients rewrite it: botocore sends `.149000Z` for `.149Z`.
pub(crate) fn instant(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_equal_however_a_client_writes_them() {
        let milliseconds = instant("2025-12-15T10:20:30.149Z");
        assert!(milliseconds.is_some());
        for text in [
            "2025-12-15T10:20:30.149000Z",
            "2025-12-15T10:20:30.149+00:00",
        ] {
            assert_eq!(instant(text), milliseconds, "{text}");
        }
        for text in [
            "2025-12-15T10:20:30.15Z",
            "2025-12-15T10:20:30Z",
            "2025-12-15",
        ] {
            assert_ne!(instant(text), milliseconds, "{text}");
        }
    }
}
