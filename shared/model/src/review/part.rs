//! Picks the part of a change that the opportunity's review leaves open.
//!
//! A caller may ask for it instead of a refusal. Leaving out the closed fields is not enough. Fields that
//! AWS judges together are written together or not at all: nobody means an `OtherIndustry` without its
//! `Industry`. And the part that is left is a change of its own, so it gets its own review.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Review, review};
use crate::{
    code::Code,
    companions,
    finding::Finding,
    opportunity::Opportunity,
    patch::settle,
    pointer::{find, is_within, overlap, put_back},
    value::Object,
};

/// The most changes that may be skipped. An opportunity has about a hundred fields.
const MAX_SKIPPED: usize = 1_000;

/// A change that the caller wanted and the bridge does not make:
/// `{"pointer": "/Project/Title", "code": "locked", …, "before": "Berths", "wanted": "Berth planner"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Skipped {
    /// The place and the reason.
    #[serde(flatten)]
    pub finding: Finding,
    /// The value that stays; null if there is none.
    pub before: Value,
    /// The value wanted; null to clear the field.
    pub wanted: Value,
}

/// Reviews the part of a change that the review status leaves open; `skipped` names the rest. Reviews the
/// whole change if nothing is open, too much would be skipped, or part of it is not the partner's to make.
/// Locks then refuse it, even for a caller that leaves them to AWS.
#[must_use]
pub fn review_open_part(before: &Opportunity, after: Object, today: &str) -> Review {
    let whole = review(before, after.clone(), today);
    let skipped = whole.skips();
    let is_divided =
        (1..=MAX_SKIPPED).contains(&skipped.len()) && skipped.len() < whole.changes.len();
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
    /// Whether a change at this pointer was skipped.
    #[must_use]
    pub fn is_skipped(&self, pointer: &str) -> bool {
        let mut skipped = self.skipped.iter().flatten();
        skipped.any(|skipped| is_within(pointer, &skipped.finding.pointer))
    }

    /// The changes that the review closes, and those that belong to one of them.
    fn skips(&self) -> Vec<Skipped> {
        let closed = self.locked.iter().map(|finding| finding.pointer.as_str());
        let companions = companions::judged_with(closed);
        let mut locked = self.locked.iter().peekable();
        let mut skips = Vec::new();
        for change in &self.changes {
            let pointer = &change.pointer;
            // Both are in document order.
            let finding = locked.next_if(|finding| finding.pointer == *pointer);
            let is_it = |(field, _): &&(&str, &str)| overlap(pointer, field);
            let finding = match (finding, companions.iter().find(is_it)) {
                (Some(finding), _) => finding.clone(),
                (None, Some((_, closed))) => {
                    let detail = format!("`{pointer}` belongs to `{closed}`, which is locked");
                    Finding::of_patch(pointer, Code::CompanionLocked, detail)
                }
                (None, None) => continue,
            };
            skips.push(Skipped {
                finding,
                before: change.before.clone(),
                wanted: change.after.clone(),
            });
        }
        skips
    }
}

#[cfg(test)]
mod tests;
