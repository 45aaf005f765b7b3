//! A payload on its way to a function: an event, or what an invocation carries.

use bytes::Bytes;

use crate::fault::EventFault;

pub(crate) struct Payload {
    /// The event's id; empty if an invocation names none.
    pub(crate) event: String,
    /// The opportunity's id; empty if an invocation names none.
    pub(crate) identifier: String,
    /// The name of the function, unless it is the one that gets Partner Central's events.
    pub(crate) function: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) fault: Option<EventFault>,
}
