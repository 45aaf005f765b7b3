//! Reads the list without gaps, although opportunities change while it is read.
//!
//! A page asked for by date, oldest first, is complete up to its last entry. So each part begins where
//! the one before ended ([`STEP_BACK`] earlier), and AWS's `NextToken` is not followed: it may be an
//! offset, and when one opportunity moves to the end of the order, all behind it move up by one.
//!
//! If a page ends on the date that it began with, only tokens lead on, until a later date appears. Then
//! the part is read again, until two readings agree. That proves that nothing was skipped: an opportunity
//! is skipped only if one read before it leaves the order, and then the next reading lacks that one. An
//! opportunity that left never comes back, because the listed span is in the past; so the readings come
//! to an end.

use std::collections::HashSet;

use model::Instant;
use partner_central::{Entry, Modified, Page};

use crate::span::STEP_BACK;

/// A part of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The entries in order, each once.
    pub(crate) entries: Vec<Entry>,
    /// Where the next part begins; `None` if this is the last one.
    pub(crate) next: Option<Instant>,
}

/// Reads the part of the list that begins at `since`. `page` fetches a page, by its token if it has one.
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
