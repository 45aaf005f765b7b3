//! Streams what happens as server-sent events.
//!
//! The stream begins with everything on record, or resumes after an interruption: browsers send the
//! last number that they saw as `Last-Event-ID`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, stream};
use http::HeaderMap;
use serde_json::json;
use tokio::sync::watch;

use crate::control::records::told;
use crate::headers::header;
use crate::journal::{Entries, Entry};
use crate::state::SharedState;

pub(crate) async fn events(
    State(shared): State<SharedState>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let seen: Option<usize> = header(&headers, "last-event-id").parse().ok();
    let reader = Reader {
        entries: shared.lock().journal.subscribe(),
        next: seen.map_or(0, |seen| seen.saturating_add(1)),
        waiting: VecDeque::new(),
    };
    let events = stream::unfold(reader, async |mut reader| {
        let event = reader.next().await?;
        Some((Ok(event), reader))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Reads the record to its end, and waits there.
struct Reader {
    entries: watch::Receiver<Entries>,
    /// The number of the first entry not yet read.
    next: usize,
    waiting: VecDeque<(usize, Arc<Entry>)>,
}

impl Reader {
    /// The next event; `None` once the emulator stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((number, entry)) = self.waiting.pop_front() {
                return Some(event(number, &entry));
            }
            self.read();
            if self.waiting.is_empty() {
                self.entries.changed().await.ok()?;
            }
        }
    }

    fn read(&mut self) {
        let entries = self.entries.borrow_and_update();
        // A number beyond the end comes from an earlier emulator on the same port.
        if self.next > entries.end() {
            self.next = 0;
        }
        let fresh = entries.since(self.next);
        self.waiting = fresh.map(|(number, it)| (number, Arc::clone(it))).collect();
        self.next = entries.end();
    }
}

fn event(number: usize, entry: &Entry) -> Event {
    let (kind, happening) = told(&entry.happening);
    let data = json!({ "at": format!("{:.3}", entry.at), kind: happening });
    Event::default()
        .id(number.to_string())
        .event(kind)
        .data(data.to_string())
}
