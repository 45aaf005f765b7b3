//! The part of a merge patch that is the partner's.

use serde_json::Value;

use crate::{
    owner,
    pointer::{child, overlap},
    value::Object,
};

/// A merge patch without what belongs to AWS or to the bridge and is not changed by it, such as the review status in
/// a document that was sent back as it was read.
#[must_use]
pub fn part_of_the_partner(patch: &Object, changes: &[&str]) -> Object {
    part(patch, "", changes)
}

fn part(patch: &Object, parent: &str, changes: &[&str]) -> Object {
    let kept = patch.iter().filter_map(|(name, value)| {
        let pointer = child(parent, name);
        let is_changed = || changes.iter().any(|change| overlap(change, &pointer));
        let value = match value {
            Value::Object(members) => part(members, &pointer, changes).into(),
            _ if owner::of(&pointer).is_some() && !is_changed() => return None,
            value => value.clone(),
        };
        Some((name.clone(), value))
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_the_partners_is_left_out_unless_it_is_changed() {
        let patch = json!({
            "Arn": "arn",
            "LifeCycle": {"NextSteps": "Call", "ReviewStatus": "Submitted"},
            "Customer": {"Account": {"Address": {"City": null}}, "Contacts": [{"Email": "a@b.example"}]},
        });
        let part = |changes: &[&str]| {
            let patch = patch.as_object().expect("an object");
            Value::from(part_of_the_partner(patch, changes))
        };
        let mut expected = patch.clone();
        expected.as_object_mut().expect("an object").remove("Arn");
        assert_eq!(part(&["/LifeCycle/ReviewStatus"]), expected);
        expected["LifeCycle"] = json!({"NextSteps": "Call"});
        assert_eq!(part(&["/LifeCycle/NextSteps"]), expected);
        // A field of the partner's stays, changed or not.
        assert_eq!(part(&["/Customer/Contacts/0/Email"]), expected);
    }
}
