//! JSON Pointers (RFC 6901), by which every change, adjustment and error names its place.

use std::{
    borrow::Cow,
    fmt::{self, Display, Formatter, Write},
};

use serde_json::Value;

use crate::value::Object;

/// A place in a document, while walking it. The pointer is its `Display`, so it is written only when
/// needed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The document itself.
    Root,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An item of an array.
    Item(&'a Place<'a>, usize),
}

impl Display for Place<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(parent, name) => {
                parent.fmt(formatter)?;
                write_token(formatter, name)
            }
            Self::Item(parent, index) => {
                parent.fmt(formatter)?;
                write!(formatter, "/{index}")
            }
        }
    }
}

/// The pointer to a member of the place `parent`: `child("/A", "b/c")` is `/A/b~1c`.
#[must_use]
pub fn child(parent: &str, token: &str) -> String {
    let mut pointer = String::with_capacity(parent.len() + 1 + token.len());
    pointer.push_str(parent);
    let _ = write_token(&mut pointer, token);
    pointer
}

/// Writes a token, preceded by a slash.
fn write_token(to: &mut impl Write, token: &str) -> fmt::Result {
    to.write_char('/')?;
    let mut rest = token;
    while let Some((plain, special)) = rest.find(['~', '/']).map(|at| rest.split_at(at)) {
        to.write_str(plain)?;
        to.write_str(if special.starts_with('~') { "~0" } else { "~1" })?;
        rest = special.get(1..).unwrap_or_default();
    }
    to.write_str(rest)
}

/// The value at a pointer: `find(document, "/LifeCycle/Stage")`.
#[must_use]
pub fn find<'a>(document: &'a Object, pointer: &str) -> Option<&'a Value> {
    let mut tokens = pointer.strip_prefix('/')?.split('/').map(unescaped);
    let first = document.get(&*tokens.next()?)?;
    tokens.try_fold(first, |value, token| match value {
        Value::Object(members) => members.get(&*token),
        Value::Array(items) => items.get(token.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Puts the value at a pointer back to what it was, `None` where there was none. An object on the way
/// that has become null is made again.
pub(crate) fn put_back(document: &mut Object, pointer: &str, value: Option<&Value>) {
    let Some((holder, last)) = pointer.rsplit_once('/') else {
        return;
    };
    let last = unescaped(last);
    let Some(holder) = object_at(document, holder) else {
        return;
    };
    match value {
        Some(value) => drop(holder.insert(last.into_owned(), value.clone())),
        None => drop(holder.shift_remove(&*last)),
    }
}

/// The object at a pointer, made where there is null or nothing; `None` where there is something else.
fn object_at<'a>(document: &'a mut Object, pointer: &str) -> Option<&'a mut Object> {
    let mut tokens = pointer.split('/').skip(1).map(unescaped);
    let Some(first) = tokens.next() else {
        return Some(document);
    };
    let mut slot = document.entry(&*first).or_insert(Value::Null);
    for token in tokens {
        slot = match slot {
            Value::Array(items) => items.get_mut(token.parse::<usize>().ok()?)?,
            slot => members(slot)?.entry(&*token).or_insert(Value::Null),
        };
    }
    members(slot)
}

fn members(slot: &mut Value) -> Option<&mut Object> {
    if slot.is_null() {
        *slot = Value::Object(Object::new());
    }
    slot.as_object_mut()
}

fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        return token.replace("~1", "/").replace("~0", "~").into();
    }
    token.into()
}

/// Turns AWS's `FieldName` into a pointer, with each name spelt as `document` spells it.
///
/// AWS writes field names in lowerCamel with dots (`project.expectedCustomerSpend.estimationUrl`), the
/// document in PascalCase. So names are matched without regard to case; if the document has no such member,
/// the first letter becomes upper case. An array without an index stays without one.
#[must_use]
pub fn from_field_name(field_name: &str, document: &Object) -> String {
    let mut pointer = String::new();
    let mut members = Some(document);
    let mut items: Option<&Vec<Value>> = None;
    let tokens = field_name
        .split(['.', '/', '[', ']'])
        .filter(|token| !token.is_empty() && *token != "$");
    for token in tokens {
        let (spelling, found) = match (members, items) {
            (Some(members), _) => members
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(token))
                .map_or_else(
                    || (capitalised(token), None),
                    |(name, value)| (name.clone(), Some(value)),
                ),
            (None, Some(items)) => match token.parse::<usize>() {
                Ok(index) => (token.to_owned(), items.get(index)),
                Err(_) => (capitalised(token), None),
            },
            (None, None) => (capitalised(token), None),
        };
        pointer = child(&pointer, &spelling);
        members = found.and_then(Value::as_object);
        items = found.and_then(Value::as_array);
    }
    pointer
}

/// Whether the two pointers are equal, or one points into the other.
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    is_within(one, other) || is_within(other, one)
}

/// Whether `pointer` is `outer` or points into it.
pub(crate) fn is_within(pointer: &str, outer: &str) -> bool {
    pointer
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn capitalised(token: &str) -> String {
    let mut letters = token.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_name_is_spelt_as_the_document_spells_it() {
        let document = serde_json::json!({
            "LifeCycle": {"Stage": "Prospect"},
            "Customer": {"Contacts": [{"Email": "a@b.c"}]},
            "Project": {"ExpectedCustomerSpend": [{"EstimationUrl": null}]},
        });
        for (field_name, pointer) in [
            ("lifecycle.stage", "/LifeCycle/Stage"),
            ("lifeCycle.closedLostReason", "/LifeCycle/ClosedLostReason"),
            (
                "project.expectedCustomerSpend.estimationUrl",
                "/Project/ExpectedCustomerSpend/EstimationUrl",
            ),
            ("customer.contacts[0].email", "/Customer/Contacts/0/Email"),
            ("$.customer.contacts.1.email", "/Customer/Contacts/1/Email"),
            ("Tomorrow.new/thing", "/Tomorrow/New/Thing"),
            ("", ""),
        ] {
            assert_eq!(
                from_field_name(field_name, document.as_object().unwrap()),
                pointer
            );
        }
    }

    #[test]
    fn a_pointer_finds_the_value_it_was_made_from() {
        assert_eq!(child("/A", "b/c~d"), "/A/b~1c~0d");
        let (root, member) = (Place::Root, Place::Member(&Place::Root, "A"));
        let place = Place::Item(&Place::Member(&member, "~b/c~/"), 7);
        assert_eq!(format!("{root}, {place}"), ", /A/~0b~1c~0~1/7");
        let document = serde_json::json!({"A": {"b/c~d": [{"e": 1}], "": 2}});
        let document = document.as_object().unwrap();
        for (pointer, value) in [
            ("/A/b~1c~0d/0/e", Some(1)),
            ("/A/", Some(2)),
            ("/A/b~1c~0d/1", None),
            ("/B", None),
            ("", None),
        ] {
            assert_eq!(
                find(document, pointer).cloned(),
                value.map(Value::from),
                "{pointer}"
            );
        }
    }
}
