//! What the log lines of requests and deliveries have in common.

/// A word of a log line; a dash if it is empty.
pub(crate) fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
