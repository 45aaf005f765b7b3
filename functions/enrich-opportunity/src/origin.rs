//! Finds out whose the changes are that an event tells: the bridge's own, AWS's, or somebody else's.

use memory::Write;
use model::{Change, CloudEvent, Origin};

/// Whose the changes are between two events; `None` where those are not known. `from` and `to` are the
/// `LastModifiedDate` that the two events tell.
pub(crate) fn of(
    changes: Option<&[Change]>,
    from: Option<&str>,
    to: Option<&str>,
    writes: &[Write],
) -> Origin {
    let last = writes.iter().find(|write| Some(write.date.as_str()) == to);
    let by_the_bridge = |last: &Write| Origin::Bridge {
        request_id: last.request_id.clone(),
    };
    match (changes, last) {
        (None, last) => last.map_or(Origin::Other, by_the_bridge),
        (Some(_), Some(last)) if is_by_the_bridge(from, to, writes) => by_the_bridge(last),
        (Some(changes), _) if !changes.is_empty() && changes.iter().all(CloudEvent::is_of_aws) => {
            Origin::Aws
        }
        (Some(_), _) => Origin::Other,
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
