//! Finds what differs between two opportunities.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    equal::equal,
    pointer::{self, Place},
    value::Object,
};

/// One difference: `{"pointer": "/LifeCycle/Stage", "before": "Prospect", "after": "Qualified"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The place, as a JSON Pointer.
    pub pointer: String,
    /// The value before; null if the member was absent.
    pub before: Value,
    /// The value after; null if the member is absent.
    pub after: Value,
}

static ABSENT: Value = Value::Null;

impl Change {
    /// The differences between two documents, in document order.
    ///
    /// Absent and null count as equal, as `UpdateOpportunity` treats them; so an object that holds only
    /// nulls equals an absent one. Numbers are equal if their values are (`1` and `1.0`). Objects are
    /// compared member by member, down to the values. An array is compared as one value, unless both sides
    /// hold equally many objects: those are compared one by one.
    #[must_use]
    pub fn between(before: &Object, after: &Object) -> Vec<Self> {
        let mut changes = Vec::new();
        compare_members(before, after, &Place::Root, &mut changes);
        changes
    }

    /// Whether the value in `document` is still the one before this change.
    #[must_use]
    pub fn is_not_made_in(&self, document: &Object) -> bool {
        let found = pointer::find(document, &self.pointer).unwrap_or(&ABSENT);
        are_equal(found, &self.before)
    }

    /// Whether this changes the place from this value.
    #[must_use]
    pub fn is_from(&self, before: &Value) -> bool {
        are_equal(&self.before, before)
    }

    /// Whether the place is in `document` as it is after this change.
    #[must_use]
    pub fn is_made_in(&self, document: &Object) -> bool {
        let found = pointer::find(document, &self.pointer).unwrap_or(&ABSENT);
        are_equal(found, &self.after)
    }
}

/// Whether two values are equal by the rules of [`Change::between`].
pub(crate) fn are_equal(one: &Value, other: &Value) -> bool {
    let mut differences = Vec::new();
    compare(one, other, &Place::Root, &mut differences);
    differences.is_empty()
}

fn compare_members(before: &Object, after: &Object, at: &Place<'_>, changes: &mut Vec<Change>) {
    let mut beside = Beside::new(after);
    for (name, before) in before {
        let after = beside.get(name).unwrap_or(&ABSENT);
        compare(before, after, &Place::Member(at, name), changes);
    }
    let mut beside = Beside::new(before);
    for (name, after) in after {
        if beside.get(name).is_none() {
            compare(&ABSENT, after, &Place::Member(at, name), changes);
        }
    }
}

/// Looks up the members of one object by the names of another, in the other's order. Most stand in the same
/// order in both; those are found without hashing the name.
pub(crate) struct Beside<'a> {
    members: &'a Object,
    next: serde_json::map::Iter<'a>,
}

impl<'a> Beside<'a> {
    pub(crate) fn new(members: &'a Object) -> Self {
        let next = members.iter();
        Self { members, next }
    }

    /// The value of the member with this name.
    pub(crate) fn get(&mut self, name: &str) -> Option<&'a Value> {
        match self.next.next() {
            Some((next, value)) if next == name => Some(value),
            _ => self.members.get(name),
        }
    }
}

fn compare(before: &Value, after: &Value, at: &Place<'_>, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            compare_members(before, after, at, changes);
        }
        (Value::Object(before), Value::Null) => {
            compare_members(before, &Object::new(), at, changes);
        }
        (Value::Null, Value::Object(after)) => compare_members(&Object::new(), after, at, changes),
        (Value::Array(before), Value::Array(after)) if pair_up(before, after) => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                compare(before, after, &Place::Item(at, index), changes);
            }
        }
        _ if equal(before, after) => {}
        _ => changes.push(Change {
            pointer: at.to_string(),
            before: before.clone(),
            after: after.clone(),
        }),
    }
}

/// Whether the items of two arrays are compared one by one.
pub(crate) fn pair_up(before: &[Value], after: &[Value]) -> bool {
    before.len() == after.len() && before.iter().chain(after).all(Value::is_object)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::arbitrary::value;

    fn between(before: Value, after: Value) -> Value {
        let (Value::Object(before), Value::Object(after)) = (before, after) else {
            panic!("objects are compared")
        };
        Change::between(&before, &after)
            .into_iter()
            .map(|change| json!([change.pointer, change.before, change.after]))
            .collect()
    }

    #[test]
    fn changes_are_named_down_to_the_value() {
        for (before, after, changes) in [
            (json!({"a": 1}), json!({"a": 1}), json!([])),
            (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), json!([])),
            (
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": 3, "c": 2}}),
                json!([["/a/b", 1, 3]]),
            ),
            (json!({"a": 1}), json!({"a": "1"}), json!([["/a", 1, "1"]])),
            (
                json!({"a/b": 1}),
                json!({"a/b": 2, "new": []}),
                json!([["/a~1b", 1, 2], ["/new", null, []]]),
            ),
        ] {
            assert_eq!(between(before, after), changes);
        }
    }

    #[test]
    fn absent_and_null_are_equal() {
        for (before, after, changes) in [
            (json!({"a": null}), json!({}), json!([])),
            (json!({}), json!({"a": null}), json!([])),
            (
                json!({"a": null}),
                json!({"a": {"b": null, "c": {}}}),
                json!([]),
            ),
            (json!({"a": 1}), json!({}), json!([["/a", 1, null]])),
            (
                json!({"a": {"b": 1, "c": null}}),
                json!({"a": null}),
                json!([["/a/b", 1, null]]),
            ),
            (
                json!({"a": null}),
                json!({"a": []}),
                json!([["/a", null, []]]),
            ),
            (
                json!({"a": null}),
                json!({"a": false}),
                json!([["/a", null, false]]),
            ),
        ] {
            assert_eq!(between(before, after), changes);
        }
    }

    #[test]
    fn a_change_counts_as_not_made_while_the_value_before_is_there_whatever_its_nulls() {
        let change = Change {
            pointer: "/Contacts".to_owned(),
            before: json!([{"Email": "a"}, {"Email": "b", "Age": 1}]),
            after: json!([{"Email": "a"}]),
        };
        for (contacts, is_not_made) in [
            (json!([{"Email": "a"}, {"Email": "b", "Age": 1}]), true),
            (
                json!([{"Email": "a", "Phone": null}, {"Phone": null, "Age": 1.0, "Email": "b"}]),
                true,
            ),
            (json!([{"Email": "a"}]), false),
            (json!([{"Email": "a"}, {"Email": "b"}]), false),
            (
                json!([{"Email": "a"}, {"Email": "b", "Age": 1}, {"Email": "c"}]),
                false,
            ),
            (json!(null), false),
        ] {
            let document = json!({"Contacts": contacts});
            let document = document.as_object().unwrap();
            assert_eq!(change.is_not_made_in(document), is_not_made, "{contacts}");
            let is_made = contacts == change.after;
            assert_eq!(change.is_made_in(document), is_made, "{contacts}");
        }
        assert!(!change.is_not_made_in(&Object::new()));
        let added = Change {
            pointer: "/A/b".to_owned(),
            before: json!(null),
            after: json!(1),
        };
        for (document, is_not_made) in [
            (json!({}), true),
            (json!({"A": {"b": null}}), true),
            (json!({"A": {"b": {"c": null}}}), true),
            (json!({"A": {"b": 2}}), false),
        ] {
            let document = document.as_object().unwrap();
            assert_eq!(added.is_not_made_in(document), is_not_made, "{document:?}");
        }
    }

    #[test]
    fn a_number_written_differently_is_no_change() {
        for (before, after, changes) in [
            (json!({"a": 1}), json!({"a": 1.0}), json!([])),
            (json!({"a": [1, "x"]}), json!({"a": [1.0, "x"]}), json!([])),
            (
                json!({"a": [1, 2]}),
                json!({"a": [1.0, 3]}),
                json!([["/a", [1, 2], [1.0, 3]]]),
            ),
        ] {
            assert_eq!(between(before, after), changes);
        }
    }

    proptest! {
        #[test]
        fn the_order_in_which_members_stand_makes_no_difference(
            before in value(&["a", "b", "c"]), after in value(&["a", "b", "c"]),
        ) {
            let told = |after: &Object| {
                let mut changes = Change::between(&members(&before), after);
                changes.sort_by(|one, other| one.pointer.cmp(&other.pointer));
                changes
            };
            let after = members(&after);
            let reversed = after.iter().rev().map(|(name, value)| (name.clone(), value.clone()));
            prop_assert_eq!(told(&reversed.collect()), told(&after));
            let sorted = after.iter().collect::<BTreeMap<_, _>>().into_iter();
            let sorted = sorted.map(|(name, value)| (name.clone(), value.clone()));
            prop_assert_eq!(told(&sorted.collect()), told(&after));
        }
    }

    /// A document with the value in it, and with the value's own members where it is an object.
    fn members(value: &Value) -> Object {
        let mut members = value.as_object().cloned().unwrap_or_default();
        members.insert("d".to_owned(), value.clone());
        members
    }

    #[test]
    fn an_array_is_one_value_unless_objects_pair_up() {
        for (before, after, changes) in [
            (
                json!({"a": [1, 2]}),
                json!({"a": [1, 3]}),
                json!([["/a", [1, 2], [1, 3]]]),
            ),
            (
                json!({"a": [{"b": 1}]}),
                json!({"a": [{"b": 2}]}),
                json!([["/a/0/b", 1, 2]]),
            ),
            (
                json!({"a": [{"b": 1}]}),
                json!({"a": []}),
                json!([["/a", [{"b": 1}], []]]),
            ),
            (
                json!({"a": [{"b": 1}]}),
                json!({"a": [{"b": 1, "c": null}]}),
                json!([]),
            ),
        ] {
            assert_eq!(between(before, after), changes);
        }
    }
}
