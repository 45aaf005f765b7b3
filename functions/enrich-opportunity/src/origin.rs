//! Finds out whose the changes are that an event tells: the bridge's own, AWS's, or somebody else's.

use memory::{Before, Documents, Write};
use model::{Change, CloudEvent, Object, Origin};
use serde_json::Value;

/// Whose the changes are that lead from one state to the next.
pub(crate) fn of(before: &Before, now: &Documents, writes: &[Write]) -> Origin {
    let date = last_modified_date(&now.opportunity);
    let last = writes
        .iter()
        .find(|write| Some(write.date.as_str()) == date);
    match (before, last) {
        (Before::Documents(before), Some(last))
            if is_by_the_bridge(last_modified_date(&before.opportunity), date, writes) =>
        {
            Origin::Bridge {
                request_id: last.request_id.clone(),
            }
        }
        (Before::Documents(before), _) => {
            let changes = between(before.clone(), now.clone());
            if !changes.is_empty() && changes.iter().all(CloudEvent::is_of_aws) {
                Origin::Aws
            } else {
                Origin::Other
            }
        }
        (Before::Nothing | Before::TooLarge, Some(last)) => Origin::Bridge {
            request_id: last.request_id.clone(),
        },
        (Before::Nothing | Before::TooLarge, None) => Origin::Other,
    }
}

/// Whether the bridge's own writes, and no others, lead from one `LastModifiedDate` to another.
fn is_by_the_bridge(before: Option<&str>, now: Option<&str>, writes: &[Write]) -> bool {
    let mut date = now;
    // One step for each write at most: no chain of them is longer.
    for _ in writes {
        let write = writes
            .iter()
            .find(|write| Some(write.date.as_str()) == date);
        date = match write {
            Some(write) => Some(write.before.as_str()),
            None => return false,
        };
        if date == before {
            return true;
        }
    }
    false
}

fn last_modified_date(opportunity: &Object) -> Option<&str> {
    opportunity.get("LastModifiedDate").and_then(Value::as_str)
}

/// What differs between the documents of two events.
pub(crate) fn between(before: Documents, now: Documents) -> Vec<Change> {
    CloudEvent::changes_between(
        (before.opportunity, before.summary),
        (now.opportunity, now.summary),
    )
}
