//! Checks one value against AWS's model at one place, before there is a document.
//!
//! A mapping names fields ahead of time, and is checked with this.

use serde_json::{Value, json};

use crate::{finding::Finding, schema::judge, value::Object};

/// What is wrong with `value` at the pointer `at`; empty if AWS takes it.
///
/// A place that AWS does not know is a finding too, at the first unknown name. Findings write the index of
/// every item as `0`. A value that only AWS's documentation does not list is the last finding,
/// `undocumented-value`.
#[must_use]
pub fn misfits(at: &str, value: &Value) -> Vec<Finding> {
    let mut place = String::new();
    let tokens: Vec<_> = at.split('/').skip(1).collect();
    for token in &tokens {
        place.push('/');
        place.push_str(if is_index(token) { "0" } else { token });
    }
    let document = tokens.iter().rev().fold(value.clone(), |value, token| {
        if is_index(token) {
            json!([value])
        } else {
            json!({token.replace("~1", "/").replace("~0", "~"): value})
        }
    });
    let Value::Object(document) = document else {
        return Vec::new();
    };
    let judgement = judge(&Object::new(), &document);
    let found = judgement.errors.into_iter().chain(judgement.warnings);
    let is_of_it = |finding: &Finding| is_within(&finding.pointer, &place);
    found
        .filter(|finding| is_of_it(finding) || is_within(&place, &finding.pointer))
        .collect()
}

fn is_index(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_within(place: &str, outer: &str) -> bool {
    place
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(at: &str, value: &Value) -> Vec<(String, &'static str)> {
        let findings = misfits(at, value).into_iter();
        findings
            .map(|finding| (finding.pointer, finding.code.as_str()))
            .collect()
    }

    #[test]
    fn a_value_is_checked_without_the_rest_of_the_document() {
        for (at, value, found) in [
            ("/LifeCycle/Stage", json!("Qualified"), None),
            ("/LifeCycle/Stage", json!(null), None),
            ("/PrimaryNeedsFromAws", json!([]), None),
            ("/Project/ExpectedCustomerSpend/3/Amount", json!("1"), None),
            ("/Customer/Account/Address/City", json!("Delft"), None),
            (
                "/LifeCycle/Stage",
                json!("Won"),
                Some(("/LifeCycle/Stage", "unlisted-value")),
            ),
            (
                "/Lifecycle/Stage",
                json!(""),
                Some(("/Lifecycle", "unknown-member")),
            ),
            (
                "/LifeCycle/Stage/0",
                json!(""),
                Some(("/LifeCycle/Stage", "wrong-type")),
            ),
            (
                "/Project/ExpectedCustomerSpend/3/Amount",
                json!("x"),
                Some(("/Project/ExpectedCustomerSpend/0/Amount", "wrong-format")),
            ),
            (
                "/Customer/Account/CompanyName",
                json!(null),
                Some(("/Customer/Account/CompanyName", "required-member")),
            ),
            (
                "/Project/CustomerUseCase",
                json!("Databases"),
                Some(("/Project/CustomerUseCase", "undocumented-value")),
            ),
        ] {
            let found = found.map(|(at, code)| (at.to_owned(), code));
            assert_eq!(codes(at, &value), Vec::from_iter(found), "{at} {value}");
        }
    }
}
