//! Records everything that happens, in order.
//!
//! There is one record for all readers: tests read it afterwards, by kind; the control API streams it
//! while it grows.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::crm::Receipt;

mod announcement;
mod bridge_request;
mod delivery;
mod invocation;
mod log_line;
mod request;

pub(crate) use announcement::Announcement;
pub(crate) use bridge_request::BridgeRequest;
pub use delivery::{Delivery, Undelivered};
pub use invocation::Invocation;
pub use request::{Outcome, Request};

/// Something that happened.
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) happening: Happening,
}

pub(crate) enum Happening {
    /// A request has been answered, or left without an answer on purpose.
    Request(Request),
    /// Partner Central has sent an event.
    Event(Announcement),
    /// An event has been delivered or given up.
    Delivery(Delivery),
    /// A function has been invoked through Lambda's API.
    Invocation(Invocation),
    /// The bridge has answered a request that was forwarded to it.
    BridgeRequest(BridgeRequest),
    /// The playground's CRM has received an event.
    Receipt(Receipt),
}

/// The record; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Journal {
    entries: Arc<watch::Sender<Entries>>,
    is_logging: bool,
}

/// The entries of the record.
#[derive(Default)]
pub(crate) struct Entries {
    /// How many entries were there when the record was cleared: numbers are never reused.
    cleared: usize,
    kept: Vec<Arc<Entry>>,
}

impl Entries {
    /// The entries from a number on, each with its number; the first one ever is 0.
    pub(crate) fn since(&self, number: usize) -> impl Iterator<Item = (usize, &Arc<Entry>)> {
        let skipped = number.saturating_sub(self.cleared);
        (self.cleared..).zip(&self.kept).skip(skipped)
    }

    /// The number of the next entry.
    pub(crate) fn end(&self) -> usize {
        self.cleared + self.kept.len()
    }
}

impl Journal {
    /// An empty record; with logging, each request and delivery is also a line on standard error.
    pub(crate) fn new(is_logging: bool) -> Self {
        Self {
            is_logging,
            ..Self::default()
        }
    }

    pub(crate) fn record(&self, happening: Happening) {
        match &happening {
            Happening::Request(request) => self.log(request),
            Happening::Delivery(delivery) => self.log(delivery),
            Happening::Event(_)
            | Happening::Invocation(_)
            | Happening::BridgeRequest(_)
            | Happening::Receipt(_) => {}
        }
        let at = Timestamp::now();
        let entry = Arc::new(Entry { at, happening });
        self.entries.send_modify(|entries| entries.kept.push(entry));
    }

    /// The values that `pick` takes from the entries, in order.
    pub(crate) fn pick<T>(&self, pick: impl Fn(&Happening) -> Option<&T>) -> Vec<T>
    where
        T: Clone,
    {
        let entries = self.entries.borrow();
        let picked = entries.kept.iter().filter_map(|it| pick(&it.happening));
        picked.cloned().collect()
    }

    /// Announces every entry from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Entries> {
        self.entries.subscribe()
    }

    /// Forgets all entries.
    pub(crate) fn clear(&self) {
        self.entries.send_modify(|entries| {
            entries.cleared += entries.kept.len();
            entries.kept.clear();
        });
    }

    /// Writes a whole line at once, so that it stays one line when others write to the same file.
    fn log(&self, line: &impl Display) {
        if self.is_logging {
            let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
        }
    }
}

impl Happening {
    pub(crate) fn request(&self) -> Option<&Request> {
        match self {
            Self::Request(request) => Some(request),
            _ => None,
        }
    }

    pub(crate) fn delivery(&self) -> Option<&Delivery> {
        match self {
            Self::Delivery(delivery) => Some(delivery),
            _ => None,
        }
    }

    pub(crate) fn invocation(&self) -> Option<&Invocation> {
        match self {
            Self::Invocation(invocation) => Some(invocation),
            _ => None,
        }
    }
}
