//! JSON Pointers (RFC 6901): how every change, adjustment and error names its place.

use std::{
    borrow::Cow,
    fmt::{self, Display, Formatter, Write},
};

use serde_json::Value;

use crate::Object;

/// A place in a document on the way through it. Its pointer, which is its `Display`, is written only
/// where there is something to say of the place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The document.
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

/// The pointer to a member of what `parent` points to: `child("/A", "b/c")` is `/A/b~1c`.
#[must_use]
pub fn child(parent: &str, token: &str) -> String {
    let mut pointer = String::with_capacity(parent.len() + 1 + token.len());
    pointer.push_str(parent);
    let _ = write_token(&mut pointer, token);
    pointer
}

/// Writes a token with the slash before it.
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

/// The value that a pointer points to: `find(document, "/LifeCycle/Stage")`.
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

fn unescaped(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        return token.replace("~1", "/").replace("~0", "~").into();
    }
    token.into()
}

/// The pointer that AWS's `FieldName` means, with each name spelt as `document` spells it.
///
/// AWS writes field names in lowerCamel with dots (`project.expectedCustomerSpend.estimationUrl`),
/// the document in PascalCase: a name is matched without regard to case, and where the document
/// has no such member its first letter is made upper case. An array without an index stays without.
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

/// Whether one pointer is the other, or points into what the other points to.
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    is_within(one, other) || is_within(other, one)
}

/// Whether `pointer` is `outer`, or points into what `outer` points to.
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
    fn a_pointer_finds_what_it_was_made_for() {
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
