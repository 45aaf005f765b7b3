//! Settles a patched document: removed members become null, and no empty object is added.

use serde_json::Value;

use crate::{
    change::{self, Beside},
    equal::equal,
    update,
    value::Object,
};

/// Brings `after`, which was made from `before`, into the form that is sent:
///
/// - A removed member becomes null, in its place. `UpdateOpportunity` takes an omitted
///   `Project.ExpectedContractDuration` for "no change", and only null clears it. For all other fields the
///   two mean the same.
/// - An object that holds no value never replaces null or an absent member. It would carry no information,
///   and AWS would ask for the fields that it requires there.
///
/// So a patch that only removes leaves null and absent members alone; RFC 7396 would make empty objects.
pub(crate) fn settle(before: &Object, after: &mut Object) {
    restore(before, after);
    drop_empty(before, after);
}

/// Puts the members of `before` first and in their order, as null if they are gone. A replaced list is a
/// new list: its items get nothing back.
fn restore(before: &Object, after: &mut Object) {
    if !before.keys().eq(after.keys().take(before.len())) {
        let mut left = std::mem::take(after);
        for name in before.keys() {
            let value = left.get_mut(name).map(Value::take).unwrap_or_default();
            after.insert(name.clone(), value);
        }
        for (name, value) in left {
            after.entry(name).or_insert(value);
        }
    }
    for (before, after) in before.values().zip(after.values_mut()) {
        if let (Value::Object(before), Value::Object(after)) = (before, after) {
            restore(before, after);
        }
    }
}

/// Removes the objects that hold no value and replaced null or an absent member.
fn drop_empty(before: &Object, after: &mut Object) {
    let mut beside = Beside::new(before);
    after.retain(|name, value| match beside.get(name) {
        Some(before) => {
            if is_empty(before, value) {
                *value = Value::Null;
            }
            true
        }
        None => !is_empty(&Value::Null, value),
    });
}

/// Whether `after` is an object that holds no value, where `before` was null or absent. Removes such
/// objects inside it first.
fn is_empty(before: &Value, after: &mut Value) -> bool {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            drop_empty(before, after);
            false
        }
        (before, Value::Object(after)) => {
            drop_empty(&Object::new(), after);
            before.is_null() && after.iter().all(says_nothing)
        }
        (Value::Array(before), Value::Array(after)) if change::pair_up(before, after) => {
            for (before, after) in before.iter().zip(after) {
                is_empty(before, after);
            }
            false
        }
        (before, Value::Array(after)) => {
            // An item that existed before stays unchanged, wherever it is now.
            let before = before.as_array().map_or(&[][..], Vec::as_slice);
            for item in after {
                if !before.iter().any(|before| equal(before, item)) {
                    is_empty(&Value::Null, item);
                }
            }
            false
        }
        _ => false,
    }
}

/// Whether a member is sent without content. (Type tags are dropped.)
fn says_nothing((name, value): (&String, &Value)) -> bool {
    value.is_null() || name == update::TYPE_TAG
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settled(before: &Value, after: &Value) -> String {
        let before = before.as_object().unwrap();
        let mut after = after.as_object().unwrap().clone();
        settle(before, &mut after);
        serde_json::to_string(&after).unwrap()
    }

    #[test]
    fn an_object_that_holds_no_value_never_replaces_null_or_an_absent_member() {
        for (before, after, expected) in [
            (json!({"a": null}), json!({"a": {}}), r#"{"a":null}"#),
            (json!({}), json!({"a": {}}), "{}"),
            (
                json!({"a": null}),
                json!({"a": {"b": {"c": null}, "d": {}}}),
                r#"{"a":null}"#,
            ),
            (
                json!({"a": {"b": null}}),
                json!({"a": {"b": {}, "c": {"d": {}}}}),
                r#"{"a":{"b":null}}"#,
            ),
            (
                json!({}),
                json!({"a": {"b": 1, "c": {"d": null}, "e": null}}),
                r#"{"a":{"b":1,"e":null}}"#,
            ),
            (
                json!({"a": null}),
                json!({"a": {"__type": "t"}}),
                r#"{"a":null}"#,
            ),
            // In a list, new or paired with an earlier item.
            (
                json!({"a": []}),
                json!({"a": [{"b": {}, "c": 1}, [{"d": {}}]]}),
                r#"{"a":[{"c":1},[{}]]}"#,
            ),
            (
                json!({"a": [{"b": null}]}),
                json!({"a": [{"b": {}}]}),
                r#"{"a":[{"b":null}]}"#,
            ),
            // An object that holds a value stays.
            (json!({"a": null}), json!({"a": []}), r#"{"a":[]}"#),
            (
                json!({"a": null}),
                json!({"a": {"b": []}}),
                r#"{"a":{"b":[]}}"#,
            ),
            (json!({"a": "x"}), json!({"a": {}}), r#"{"a":{}}"#),
        ] {
            assert_eq!(settled(&before, &after), expected, "{before} {after}");
        }
    }

    #[test]
    fn empty_objects_that_aws_sent_stay() {
        for document in [
            json!({"a": {}, "b": {"c": {}, "d": {"e": null}}, "f": [{"g": {}}, [{}]]}),
            json!({"a": [{"b": {}}, 1]}),
        ] {
            assert_eq!(settled(&document, &document), document.to_string());
        }
        // Another item was inserted before it.
        assert_eq!(
            settled(
                &json!({"a": [{"b": {}}]}),
                &json!({"a": [{"c": {}}, {"b": {}}]})
            ),
            r#"{"a":[{},{"b":{}}]}"#
        );
    }

    #[test]
    fn a_removed_member_becomes_null_in_its_place() {
        for (before, after, expected) in [
            (
                json!({"a": 1, "b": {"c": 2, "d": 3}}),
                json!({"new": 4, "b": {"d": 5}}),
                r#"{"a":null,"b":{"c":null,"d":5},"new":4}"#,
            ),
            (
                json!({"a": [{"b": 1, "c": 2}]}),
                json!({"a": [{"c": 2}]}),
                r#"{"a":[{"c":2}]}"#,
            ),
            (
                json!({"a": 1, "b": 2}),
                json!({"b": 2, "a": 3}),
                r#"{"a":3,"b":2}"#,
            ),
            (
                json!({"a": {"b": 1}}),
                json!({"a": {}}),
                r#"{"a":{"b":null}}"#,
            ),
        ] {
            assert_eq!(settled(&before, &after), expected, "{before} {after}");
        }
    }
}
