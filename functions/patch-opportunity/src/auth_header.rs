//! Headers that requests are authenticated by.
//!
//! They are read before anybody is known, so nothing long is looked at.

use http::{HeaderMap, HeaderName};

/// The longest header that is looked at, in bytes: room for some hundred signatures, or for the
/// longest password beside a user's name.
pub(crate) const MAX_HEADER: usize = 8 * 1024;

/// A header's text; `None` where it is missing, too long or not ASCII.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let value = headers
        .get(name)
        .filter(|value| value.len() <= MAX_HEADER)?;
    value.to_str().ok()
}
