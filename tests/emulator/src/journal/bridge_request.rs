//! Records a request that was forwarded to the bridge.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;

/// A request to the bridge, and its answer.
pub(crate) struct BridgeRequest {
    pub(crate) started: Timestamp,
    pub(crate) method: Method,
    /// The path below the function's URL, with its query.
    pub(crate) target: String,
    /// Without `Authorization`.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) status: StatusCode,
    pub(crate) answer_headers: HeaderMap,
    pub(crate) answer: Bytes,
}
