//! What a sweep does with a memory: it leaves out what has been handed on, begins where the last one ended, and
//! finds the patches that wait and that no event has woken.
//!
//! A memory that does not answer stops nothing: the run is then one without a memory, and hands on more.

use std::time::Duration;

use memory::{Memory, Unavailable};
use model::{Catalog, Identifier, Instant};
use partner_central::Entry;

/// A memory as one run sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recall<'a> {
    pub(crate) memory: Option<&'a Memory>,
    pub(crate) catalog: &'a Catalog,
    pub(crate) now: Instant,
    /// Where the last run ended is not known: it may have been before this one begins, and the next one has to
    /// begin there.
    pub(crate) may_have_gap: bool,
}

impl Recall<'_> {
    /// Where a run of the schedule begins: where the last one ended, less an overlap, for what AWS's list shows
    /// late. Else `window`.
    pub(crate) async fn since(&mut self, window: Instant, overlap: Duration) -> Instant {
        let Some(memory) = self.memory else {
            return window;
        };
        match memory.watermark(self.catalog).await {
            Ok(Some(until)) => until.earlier_by(overlap),
            Ok(None) => window,
            Err(error) => {
                note(&error);
                self.may_have_gap = true;
                window
            }
        }
    }

    /// Whether this change, or a later one, has been handed on.
    pub(crate) async fn has(&self, entry: &Entry) -> bool {
        let Some(memory) = self.memory else {
            return false;
        };
        let identifier = entry.identifier.as_str();
        let found = memory.handed_on(self.catalog, identifier, self.now).await;
        match found {
            Ok(found) => found.is_some_and(|found| found.modified >= latest(entry.modified)),
            Err(error) => {
                note(&error);
                false
            }
        }
    }

    /// Remembers how far the run came.
    pub(crate) async fn swept(&self, until: Instant) {
        if let Some(memory) = self.memory
            && !self.may_have_gap
            && let Err(error) = memory.swept(self.catalog, until).await
        {
            note(&error);
        }
    }

    /// The opportunities for which patches wait that can end now: the review is over, as far as is known, or
    /// they have waited for too long.
    pub(crate) async fn waiting(&self) -> Vec<Identifier> {
        let Some(memory) = self.memory else {
            return Vec::new();
        };
        let waiting = match memory.all_waiting(self.catalog, self.now).await {
            Ok(waiting) => waiting,
            Err(error) => {
                note(&error);
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for (identifier, ids) in waiting {
            let has_expired = ids.iter().any(|id| id.has_expired(self.now));
            if !has_expired && self.is_in_review(memory, &identifier).await {
                continue;
            }
            // The function that parked it may have died before this step.
            for id in &ids {
                let name = memory.name_as_waiting(self.catalog, &identifier, id, self.now);
                if let Err(error) = name.await {
                    note(&error);
                }
            }
            found.extend(Identifier::parse(&identifier));
        }
        found.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        found
    }

    /// Whether the opportunity was in review when it was handed on last. If the review has ended since, there is
    /// an event, or the list of what was modified.
    async fn is_in_review(&self, memory: &Memory, identifier: &str) -> bool {
        match memory.handed_on(self.catalog, identifier, self.now).await {
            Ok(found) => found.and_then(|found| found.is_in_review).unwrap_or(false),
            Err(error) => {
                note(&error);
                false
            }
        }
    }
}

/// The last millisecond that a date in the list can stand for: one that ends on a whole second may have been
/// cut to it.
fn latest(modified: Instant) -> u64 {
    let milliseconds = modified.unix_milliseconds();
    if milliseconds.is_multiple_of(1_000) {
        milliseconds + 999
    } else {
        milliseconds
    }
}

fn note(error: &Unavailable) {
    tracing::warn!(cause = error.cause, "the memory does not answer");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_on_a_whole_second_may_stand_for_any_millisecond_of_it() {
        for (date, expected) in [
            ("2026-03-04T05:06:08Z", 1_772_600_768_999),
            ("2026-03-04T05:06:08.001Z", 1_772_600_768_001),
            ("2026-03-04T05:06:08.120Z", 1_772_600_768_120),
        ] {
            assert_eq!(latest(Instant::parse(date).unwrap()), expected, "{date}");
        }
    }
}
