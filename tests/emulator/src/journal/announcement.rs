//! Records an event that Partner Central has sent.

use crate::fault::EventFault;

/// An event, as it is announced.
#[derive(Clone)]
pub(crate) struct Announcement {
    /// The event's id.
    pub(crate) event: String,
    /// The opportunity's id.
    pub(crate) identifier: String,
    pub(crate) detail_type: &'static str,
    pub(crate) fault: Option<EventFault>,
}
