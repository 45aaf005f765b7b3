//! Builds Partner Central's events: one for each change of an opportunity.
//!
//! AWS sends them only once the bridge is deployed. Without this, a circle of two systems that write to
//! each other would first show in production. AWS also says that it loses events in rare cases, and was
//! seen to send some twice: the emulator can do both.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::Settings;
use crate::fault::{Faults, milliseconds};
use crate::journal::{Happening, Journal};
use crate::operations::ACCOUNT;
use crate::store::{Document, text};

/// A change of an opportunity.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    Created,
    Updated,
}

impl Change {
    fn detail_type(self) -> &'static str {
        match self {
            Self::Created => "Opportunity Created",
            Self::Updated => "Opportunity Updated",
        }
    }
}

/// Something that goes wrong with the event of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventFault {
    /// It is sent twice under different ids, as AWS was seen to do.
    Doubled,
    /// It is sent this much later than the change, behind the events of later changes.
    #[serde(with = "milliseconds")]
    Late(Duration),
    /// It is dropped: AWS delivers "best effort" (its page on Partner Central's events).
    Lost,
}

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

/// A payload on its way to a function.
pub(crate) struct Errand {
    /// The event's id; empty if an invocation names none.
    pub(crate) event: String,
    /// The opportunity's id; empty if an invocation names none.
    pub(crate) identifier: String,
    /// The name of the function, unless it is the one that gets Partner Central's events.
    pub(crate) function: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) fault: Option<EventFault>,
}

impl Errand {
    /// An event about a change that happens now, in the shape of a recorded one.
    fn new(change: Change, document: &Document, now: Timestamp) -> Self {
        let (event, identifier) = (unused_id(), text(document, "Id").to_owned());
        let body = json!({
            "version": "0",
            "id": event,
            "detail-type": change.detail_type(),
            "source": "aws.partnercentral-selling",
            "account": ACCOUNT,
            "time": format!("{now:.0}"),
            "region": "us-east-1",
            "resources": [],
            "detail": {
                "schemaVersion": "1",
                "catalog": text(document, "Catalog"),
                "opportunity": { "identifier": identifier },
            },
        });
        Self {
            event,
            identifier,
            function: None,
            body: Bytes::from(body.to_string()),
            fault: None,
        }
    }
}

/// A random UUID, as EventBridge gives events.
fn unused_id() -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        fastrand::u32(..),
        fastrand::u16(..),
        fastrand::u16(..0x1000),
        fastrand::u16(0x8000..0xc000),
        fastrand::u64(..1 << 48),
    )
}

/// Where the store announces its changes.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Absent if nobody listens. Unbounded, so that no change ever waits.
    queue: Option<UnboundedSender<Errand>>,
    is_doubling: bool,
    pub(crate) faults: Faults<EventFault>,
    journal: Journal,
}

impl Outbox {
    /// An outbox and its other end.
    pub(crate) fn new(settings: &Settings, journal: Journal) -> (Self, UnboundedReceiver<Errand>) {
        let (sender, errands) = mpsc::unbounded_channel();
        let mut faults = Faults::default();
        faults.add("", settings.lose_events, EventFault::Lost);
        let outbox = Self {
            queue: settings.on_change.is_some().then_some(sender),
            is_doubling: settings.duplicate_events,
            faults,
            journal,
        };
        (outbox, errands)
    }

    pub(crate) fn announce(&mut self, change: Change, document: &Document, now: Timestamp) {
        let fault = self.faults.take("");
        let is_doubled = match fault {
            Some(EventFault::Doubled) => true,
            Some(EventFault::Lost) => false,
            Some(EventFault::Late(_)) | None => self.is_doubling,
        };
        for _ in 0..=usize::from(is_doubled) {
            let mut errand = Errand::new(change, document, now);
            errand.fault = fault;
            self.journal.record(Happening::Event(Announcement {
                event: errand.event.clone(),
                identifier: errand.identifier.clone(),
                detail_type: change.detail_type(),
                fault,
            }));
            self.send(errand);
        }
    }

    /// Hands a payload to the courier, if there is one.
    pub(crate) fn send(&self, errand: Errand) {
        if let Some(queue) = &self.queue {
            // It fails only if the emulator is stopping.
            let _ = queue.send(errand);
        }
    }
}
