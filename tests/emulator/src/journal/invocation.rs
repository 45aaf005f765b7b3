//! Records an invocation through Lambda's API.

use bytes::Bytes;
use serde_json::Value;

/// An invocation of a function.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The function's name.
    pub function: String,
    /// The payload as received, byte for byte.
    pub payload: Bytes,
}

impl Invocation {
    /// The payload as JSON, or null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap_or_default()
    }
}
