//! Everything that has happened, in order.
//!
//! One record for all who look at it: tests afterwards, by kind, and the stream of the control API
//! while it grows.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::courier::Delivery;
use crate::events::Announcement;
use crate::lambda::Invocation;
use crate::playground::{Passage, Receipt};
use crate::request::Request;

/// Something that happened.
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) happening: Happening,
}

pub(crate) enum Happening {
    /// A request has been answered, or left without an answer on purpose.
    Request(Request),
    /// Partner Central has an event to tell.
    Event(Announcement),
    /// An event has been delivered or given up.
    Delivery(Delivery),
    /// A function has been invoked through Lambda's API.
    Invocation(Invocation),
    /// A request has passed to the bridge, and its answer back.
    Passage(Passage),
    /// The playground's CRM has heard of an event.
    Receipt(Receipt),
}

/// The record; its clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Journal {
    entries: Arc<watch::Sender<Entries>>,
    is_logging: bool,
}

/// What is in the record.
#[derive(Default)]
pub(crate) struct Entries {
    /// How many there were before the record was cleared: numbers are never used again.
    cleared: usize,
    kept: Vec<Arc<Entry>>,
}

impl Entries {
    /// Those from a number on, each with its number; the first ever is 0.
    pub(crate) fn since(&self, number: usize) -> impl Iterator<Item = (usize, &Arc<Entry>)> {
        let skipped = number.saturating_sub(self.cleared);
        (self.cleared..).zip(&self.kept).skip(skipped)
    }

    /// The number of the next one.
    pub(crate) fn end(&self) -> usize {
        self.cleared + self.kept.len()
    }
}

impl Journal {
    /// An empty record; when logging, requests and deliveries are lines on standard error too.
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
            | Happening::Passage(_)
            | Happening::Receipt(_) => {}
        }
        let at = Timestamp::now();
        let entry = Arc::new(Entry { at, happening });
        self.entries.send_modify(|entries| entries.kept.push(entry));
    }

    /// What `pick` takes out of the entries, in order.
    pub(crate) fn pick<T>(&self, pick: impl Fn(&Happening) -> Option<&T>) -> Vec<T>
    where
        T: Clone,
    {
        let entries = self.entries.borrow();
        let picked = entries.kept.iter().filter_map(|it| pick(&it.happening));
        picked.cloned().collect()
    }

    /// Tells of every entry from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Entries> {
        self.entries.subscribe()
    }

    /// Forgets what has happened so far.
    pub(crate) fn clear(&self) {
        self.entries.send_modify(|entries| {
            entries.cleared += entries.kept.len();
            entries.kept.clear();
        });
    }

    /// Writes a line as a whole, so that it stays one where others write to the same file.
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
