//! The part of a change that the opportunity's review leaves open.
//!
//! A caller may ask for it in the place of a refusal. Two things make it more than leaving out the
//! closed fields. Fields that AWS judges together are written together or not at all: an `OtherIndustry`
//! without its `Industry` would say something that nobody meant. And what is left is a change of its own,
//! so it is reviewed anew.

use serde::Serialize;
use serde_json::Value;

use super::{Review, review};
use crate::{
    Change, Code, Finding, Object, Opportunity, companions,
    patch::settle,
    pointer::{find, is_within, put_back},
};

/// A change that was wanted and is not made:
/// `{"pointer": "/Project/Title", "code": "locked", …, "before": "Berths", "wanted": "Berth planner"}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Skipped {
    /// Where, and why it is not made.
    #[serde(flatten)]
    pub finding: Finding,
    /// The value that stays; null where there is none.
    pub before: Value,
    /// The value that was wanted; null where the field was to be cleared.
    pub wanted: Value,
}

/// Reviews what the review status leaves open of a change; `skipped` names the rest. Where it leaves
/// nothing open, or part of the change is not the partner's to make, the review is that of the whole
/// change, and refuses it even if locks are left to AWS otherwise.
#[must_use]
pub fn review_open_part(before: &Opportunity, after: Object, today: &str) -> Review {
    let whole = review(before, after.clone(), today);
    let skipped = whole.skips();
    let is_divided = !skipped.is_empty() && skipped.len() < whole.changes.len();
    if !is_divided || whole.refuse_owned().is_err() {
        return Review {
            skipped: Some(Vec::new()),
            ..whole
        };
    }
    let mut part = after;
    for Skipped { finding, .. } in &skipped {
        let as_read = find(before.document(), &finding.pointer);
        put_back(&mut part, &finding.pointer, as_read);
    }
    settle(before.document(), &mut part);
    Review {
        skipped: Some(skipped),
        ..review(before, part, today)
    }
}

impl Review {
    /// Whether a change to this place was wanted and is not made.
    #[must_use]
    pub fn is_skipped(&self, pointer: &str) -> bool {
        let mut skipped = self.skipped.iter().flatten();
        skipped.any(|skipped| is_within(pointer, &skipped.finding.pointer))
    }

    /// The changes that are closed, and those that belong to one of these.
    fn skips(&self) -> Vec<Skipped> {
        let skips = |change: &Change| {
            let pointer = change.pointer.as_str();
            let is_it = |finding: &&Finding| finding.pointer == pointer;
            let closed = self.locked.iter().find(is_it).cloned();
            let finding = closed.or_else(|| self.belongs_to_closed(pointer))?;
            Some(Skipped {
                finding,
                before: change.before.clone(),
                wanted: change.after.clone(),
            })
        };
        self.changes.iter().filter_map(skips).collect()
    }

    fn belongs_to_closed(&self, pointer: &str) -> Option<Finding> {
        let is_companion =
            |finding: &&Finding| companions::belong_together(pointer, &finding.pointer);
        let closed = &self.locked.iter().find(is_companion)?.pointer;
        let detail = format!("`{pointer}` belongs to `{closed}`, which is locked");
        Some(Finding::of_patch(pointer, Code::CompanionLocked, detail))
    }
}

#[cfg(test)]
mod tests;
