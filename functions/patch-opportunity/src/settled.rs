//! How a change ended: what was read, what was found of it, what was done.

use model::{Opportunity, Review};

/// How a change ended.
#[derive(Debug)]
pub(crate) struct Settled {
    /// The opportunity as the review found it.
    pub(crate) read: Opportunity,
    /// What was found of the change.
    pub(crate) review: Review,
    /// What was done.
    pub(crate) done: Done,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    /// Told, and nothing written.
    Told,
    /// Nothing differed, and nothing was written.
    Unchanged,
    /// Written. `LastModifiedDate` after the write, where the state that the write left is known.
    Updated(Option<String>),
}

impl Settled {
    pub(crate) fn new(read: Opportunity, review: Review, done: Done) -> Self {
        Self { read, review, done }
    }
}
