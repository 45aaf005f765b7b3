//! The edit that a caller sends: a patch in AWS's names, or a record in the CRM's own.
//!
//! Both stay as they came, and each fresh read gets them applied anew. This module holds all that differs
//! between the two; [`crate::pipeline::carry_out`] treats them alike.

use std::sync::Arc;

use mapping::{Locked, Mapping, Put};
use model::{Code, Finding, Object, Opportunity, Patch, Review};
use serde_json::Value;

use crate::problem::Problem;

/// The edit.
#[derive(Debug)]
pub(crate) enum Edit {
    /// A patch in AWS's names.
    Patch(Patch),
    /// A record in the CRM's own names.
    Record {
        /// What its names stand for.
        mapping: Arc<Mapping>,
        /// The record as it came.
        record: Value,
    },
}

/// What the response says about a record, beyond what it says about every edit.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    mapping: &'a Mapping,
    put: Put,
}

impl Edit {
    /// The opportunity with the edit applied.
    pub(crate) fn apply(&self, read: &Opportunity) -> Result<Object, Problem> {
        match self {
            Self::Patch(patch) => Ok(patch.apply(read)?),
            Self::Record { mapping, record } => match mapping.put(read.document(), record) {
                Ok(put) => Ok(put.document),
                Err(findings) => Err(Problem::unmapped(findings)),
            },
        }
    }

    /// Whether the edit says how the opportunity should be, not what to do; then applying it twice does
    /// no harm.
    pub(crate) fn is_declarative(&self) -> bool {
        !matches!(self, Self::Patch(Patch::Operations(_)))
    }

    /// A refusal in the sender's own names; if the mapping says to retry while a review locks the
    /// opportunity, the refusal says so too.
    pub(crate) fn refused(&self, problem: Problem) -> Problem {
        let Self::Record { mapping, .. } = self else {
            return problem;
        };
        let problem = problem.with_fields(|pointer| mapping.field(pointer));
        if mapping.locked() == Locked::Retry && problem.is_locked_for_now() {
            problem.locked_for_now()
        } else {
            problem
        }
    }

    /// What to say about a record applied to the opportunity as read; `None` for a patch. Leaves out
    /// defaults that were skipped: AWS does not get them.
    pub(crate) fn told(&self, read: &Opportunity, review: &Review) -> Option<Told<'_>> {
        let Self::Record { mapping, record } = self else {
            return None;
        };
        let mut put = mapping.put(read.document(), record).ok()?;
        put.notices
            .retain(|it| it.code != Code::Defaulted || !review.is_skipped(&it.pointer));
        Some(Told { mapping, put })
    }
}

impl Told<'_> {
    /// The CRM's field for a pointer, preferably the one that changed it.
    pub(crate) fn field(&self, pointer: &str) -> Option<&str> {
        let changed_by = self.put.field(pointer);
        changed_by.or_else(|| self.mapping.field(pointer))
    }

    /// How many fields of the record the mapping lacks.
    pub(crate) fn ignored(&self) -> usize {
        self.put.ignored
    }

    /// What the mapping left alone or added, for the sender to know.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Finding> {
        self.put.notices.iter().cloned().map(Finding::from)
    }
}
