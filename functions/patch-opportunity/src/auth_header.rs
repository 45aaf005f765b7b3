//! Reads the headers that authenticate a request.
//!
//! Anybody can send them, so it ignores long ones.

use http::{HeaderMap, HeaderName};

/// The longest header that is read, in bytes. It fits about a hundred signatures, or the longest
/// password with a user name.
pub(crate) const MAX_HEADER: usize = 8 * 1024;

/// A header's text; `None` if it is missing, too long or not ASCII.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers
        .get(name)
        .filter(|value| value.len() <= MAX_HEADER)?;
    value.to_str().ok()
}
