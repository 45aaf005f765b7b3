//! What a caller wants changed: a patch in AWS's names, or a record in the CRM's own.
//!
//! Both are kept as they came and applied to each fresh read. What differs between the two is here, and
//! the order of things in [`crate::carry_out`] is the same for both.

use std::sync::Arc;

use mapping::{Locked, Mapping, Put};
use model::{Finding, Object, Opportunity, Patch};
use serde_json::Value;

use crate::problem::{Kind, Problem};

/// What is to be changed.
#[derive(Debug)]
pub(crate) enum Edit {
    /// A patch in AWS's names.
    Patch(Patch),
    /// A record in the CRM's own names.
    Record {
        /// What the names stand for.
        mapping: Arc<Mapping>,
        /// The record as it came.
        record: Value,
    },
}

/// What is told of a record besides what is told of every edit.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    mapping: &'a Mapping,
    put: Put,
}

impl Edit {
    /// The opportunity as it would be with the edit.
    pub(crate) fn apply(&self, read: &Opportunity) -> Result<Object, Problem> {
        match self {
            Self::Patch(patch) => Ok(patch.apply(read)?),
            Self::Record { mapping, record } => match mapping.put(read.document(), record) {
                Ok(put) => Ok(put.document),
                Err(findings) => Err(Problem::unmapped(findings)),
            },
        }
    }

    /// Whether the edit says how the opportunity should be, and not what to do: then it does no harm a
    /// second time.
    pub(crate) fn is_declarative(&self) -> bool {
        !matches!(self, Self::Patch(Patch::Operations(_)))
    }

    /// A refusal as the sender takes it: with its own names, and worth another try if the mapping has it
    /// so for a locked opportunity.
    pub(crate) fn refused(&self, problem: Problem) -> Problem {
        let Self::Record { mapping, .. } = self else {
            return problem;
        };
        let problem = problem.with_fields(|pointer| mapping.field(pointer));
        match (problem.kind(), mapping.locked()) {
            (Kind::OpportunityLocked, Locked::Retry) => problem.locked_for_now(),
            _ => problem,
        }
    }

    /// What is told of a record that was put into the opportunity as it was read; `None` for a patch.
    pub(crate) fn told(&self, read: &Opportunity) -> Option<Told<'_>> {
        let Self::Record { mapping, record } = self else {
            return None;
        };
        let put = mapping.put(read.document(), record).ok()?;
        Some(Told { mapping, put })
    }
}

impl Told<'_> {
    /// The field that stands for a place: the one that has changed it, if one has.
    pub(crate) fn field(&self, pointer: &str) -> Option<&str> {
        let changed_by = self.put.field(pointer);
        changed_by.or_else(|| self.mapping.field(pointer))
    }

    /// How many fields of the record the mapping does not name.
    pub(crate) fn ignored(&self) -> usize {
        self.put.ignored
    }

    /// What was left alone, or added, and should be known.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Finding> {
        self.put.notices.iter().cloned().map(Finding::from)
    }
}
