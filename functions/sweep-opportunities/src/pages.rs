//! The list, in parts that nothing is missing from, although opportunities change while it is read.
//!
//! A page that is asked for by its date, the oldest first, is complete up to where it ends. So each part
//! begins where the one before ended ([`STEP_BACK`] earlier), and AWS's `NextToken` is not followed: it may
//! be an offset, and one opportunity that moves to the end of the order draws all behind it up by one.
//!
//! Where a page ends on the date that it began with, only the tokens lead on, until there is a later date.
//! Then the part is read again, until two readings agree. That proves that nothing slipped: something slips
//! only where an opportunity that was read leaves the order, and then the next reading is without it. An
//! opportunity that left never comes back, because the time that is listed is over; so the readings come
//! to an end.

use std::collections::HashSet;

use model::Instant;
use partner_central::{Entry, Modified, Page};

use crate::task::STEP_BACK;

/// A part of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// In order, each once.
    pub(crate) entries: Vec<Entry>,
    /// Where the next part begins; `None` where this is the last one.
    pub(crate) next: Option<Instant>,
}

/// Reads the part of the list that begins at `since`. `page` asks for a page, by its token where it has one.
pub(crate) async fn part<E>(
    since: Instant,
    until: Instant,
    page: impl AsyncFn(Modified, Option<String>) -> Result<Page, E>,
) -> Result<Part, E> {
    let modified = Modified {
        after: since.earlier_by(STEP_BACK),
        before: until,
    };
    let mut reading = read(since, &page, modified).await?;
    while reading.used_tokens {
        let again = read(since, &page, modified).await?;
        if again.part == reading.part {
            break;
        }
        tracing::debug!(%since, "the list has changed, reading it again");
        reading = again;
    }
    Ok(reading.part)
}

struct Reading {
    part: Part,
    used_tokens: bool,
}

async fn read<E>(
    since: Instant,
    page: &impl AsyncFn(Modified, Option<String>) -> Result<Page, E>,
    modified: Modified,
) -> Result<Reading, E> {
    let mut known = HashSet::new();
    let mut entries = Vec::new();
    let mut token = None;
    let mut used_tokens = false;
    loop {
        let read = page(modified, token).await?;
        let new = read.entries.into_iter();
        entries.extend(new.filter(|entry| known.insert(entry.clone())));
        let last = entries.iter().map(|entry: &Entry| entry.modified).max();
        let next = last.filter(|last| *last > since);
        token = read.next;
        if token.is_none() || next.is_some() {
            let next = next.filter(|_| token.is_some());
            let part = Part { entries, next };
            return Ok(Reading { part, used_tokens });
        }
        used_tokens = true;
    }
}
