//! Sends Partner Central's events: one for each change of an opportunity.
//!
//! AWS sends them only once the bridge is deployed. Without this, a circle of two systems that write to
//! each other would first show in production. AWS also says that it loses events in rare cases, and was
//! seen to send some twice: the emulator can do both.

use jiff::Timestamp;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::document::Document;
use crate::event::Change;
use crate::fault::{EventFault, Faults};
use crate::journal::{Announcement, Happening, Journal};
use crate::payload::Payload;
use crate::settings::Settings;

/// Where the store announces its changes.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Absent if nobody listens. Unbounded, so that no change ever waits.
    queue: Option<UnboundedSender<Payload>>,
    is_doubling: bool,
    pub(crate) faults: Faults<EventFault>,
    journal: Journal,
}

impl Outbox {
    /// An outbox and its other end.
    pub(crate) fn new(settings: &Settings, journal: Journal) -> (Self, UnboundedReceiver<Payload>) {
        let (sender, payloads) = mpsc::unbounded_channel();
        let mut faults = Faults::default();
        faults.add("", settings.lose_events, EventFault::Lost);
        let outbox = Self {
            queue: settings.on_change.is_some().then_some(sender),
            is_doubling: settings.duplicate_events,
            faults,
            journal,
        };
        (outbox, payloads)
    }

    pub(crate) fn announce(&mut self, change: Change, document: &Document, now: Timestamp) {
        let fault = self.faults.take("");
        let is_doubled = match fault {
            Some(EventFault::Doubled) => true,
            Some(EventFault::Lost) => false,
            Some(EventFault::Late(_)) | None => self.is_doubling,
        };
        for _ in 0..=usize::from(is_doubled) {
            let mut payload = change.event(document, now);
            payload.fault = fault;
            self.journal.record(Happening::Event(Announcement {
                event: payload.event.clone(),
                identifier: payload.identifier.clone(),
                detail_type: change.detail_type(),
                fault,
            }));
            self.send(payload);
        }
    }

    /// Sends a payload on its way, if anybody listens.
    pub(crate) fn send(&self, payload: Payload) {
        if let Some(queue) = &self.queue {
            // It fails only if the emulator is stopping.
            let _ = queue.send(payload);
        }
    }
}
