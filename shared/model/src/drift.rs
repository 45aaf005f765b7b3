//! Finds what AWS sends but this release does not know: fields, and values of closed lists.
//!
//! The bridge passes all of it on. But a receiver's form may lack it, a patch of it is refused unless it is
//! lenient, and AWS may have changed more, so an operator has to hear of it. `make drift` records what is
//! known from AWS's service model.

mod facts;

use std::collections::BTreeSet;

use serde_json::Value;

use self::facts::Shape;
use crate::{pointer::Place, value::Object};

/// Values that AWS's model does not list, but that recorded answers contain.
const SEEN: [(&str, &str); 1] = [(
    "/PrimaryNeedsFromAws",
    "Do Not Need Support from AWS Sales Rep",
)];

/// The kinds of document that AWS sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsDocument {
    /// An opportunity (`GetOpportunity`).
    Opportunity,
    /// AWS's summary of an opportunity (`GetAwsOpportunitySummary`).
    Summary,
}

/// The places in a document from AWS whose name or value this release does not know. Each is a pointer
/// without indexes, such as `/Project/QuantumReadiness`; values are never included.
///
/// ```
/// use model::{AwsDocument, unknown};
///
/// let document = serde_json::json!({"Project": {"Title": "Cranes", "QuantumReadiness": "High"}});
/// let unknown = unknown(AwsDocument::Opportunity, document.as_object().ok_or("an object")?);
/// assert_eq!(unknown, ["/Project/QuantumReadiness"]);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn unknown(kind: AwsDocument, document: &Object) -> Vec<String> {
    let shape = match kind {
        AwsDocument::Opportunity => facts::OPPORTUNITY,
        AwsDocument::Summary => facts::SUMMARY,
    };
    let mut found = BTreeSet::new();
    if let Shape::Structure(known) = shape {
        members(known, document, &Place::Root, &mut found);
    }
    found.into_iter().collect()
}

fn members(
    known: &[(&str, &Shape)],
    document: &Object,
    parent: &Place<'_>,
    found: &mut BTreeSet<String>,
) {
    for (name, value) in document {
        let at = Place::Member(parent, name);
        let shape = known
            .binary_search_by_key(&name.as_str(), |(name, _)| name)
            .ok()
            .and_then(|index| known.get(index));
        match shape {
            Some((_, shape)) => walk(shape, value, &at, found),
            // AWS's protocol adds it; no model has it.
            None if name == "__type" => {}
            None if is_name(name) => {
                found.insert(at.to_string());
            }
            None => {
                found.insert(Place::Member(parent, "(not a name)").to_string());
            }
        }
    }
}

/// Whether AWS would name a field like this: in Pascal case. Any other name may be somebody's content, used
/// as a key.
fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn walk(shape: &Shape, value: &Value, at: &Place<'_>, found: &mut BTreeSet<String>) {
    match (shape, value) {
        (Shape::Structure(known), Value::Object(document)) => members(known, document, at, found),
        // All items count as one place.
        (Shape::List(shape), Value::Array(items)) => {
            for item in items {
                walk(shape, item, at, found);
            }
        }
        (Shape::Values(listed), Value::String(text)) if !listed.contains(&text.as_str()) => {
            let at = at.to_string();
            if !SEEN.contains(&(at.as_str(), text)) {
                found.insert(at);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(kind: AwsDocument, document: &Value) -> Vec<String> {
        unknown(kind, document.as_object().unwrap())
    }

    #[test]
    fn an_unknown_field_is_reported_once_without_indexes_or_content() {
        for (document, places) in [
            (
                json!({"Id": "O1", "OpportunityTeam": [{"Email": "a@b.example"}]}),
                vec![],
            ),
            (json!({"__type": "t", "Project": {"__type": "t"}}), vec![]),
            (
                json!({"Project": {"Quantum": {"PRIVATE": 1}}, "New": null}),
                vec!["/New", "/Project/Quantum"],
            ),
            (
                json!({"Customer": {"Contacts": [{"New": 1}, {}, {"New": 2, "a/b": 3}]}}),
                vec!["/Customer/Contacts/(not a name)", "/Customer/Contacts/New"],
            ),
            (
                json!({"OpportunityTeam": [{"Pager": "1"}]}),
                vec!["/OpportunityTeam/Pager"],
            ),
            (
                json!({"RelatedEntityIdentifiers": {"Robots": []}}),
                vec!["/RelatedEntityIdentifiers/Robots"],
            ),
            (
                json!({"LifeCycle": {"Stage": "PRIVATE"}}),
                vec!["/LifeCycle/Stage"],
            ),
            (
                json!({"LifeCycle": {"Stage": "Qualified", "NextSteps": "any"}}),
                vec![],
            ),
            (
                json!({"Project": {"DeliveryModels": ["Other", "x", "y"]}}),
                vec!["/Project/DeliveryModels"],
            ),
            (
                json!({"PrimaryNeedsFromAws": ["Do Not Need Support from AWS Sales Rep"]}),
                vec![],
            ),
            // A value of another type is not reported here; the code that reads it does that.
            (json!({"LifeCycle": 1, "Project": [1]}), vec![]),
            (json!({"Project": {"Title": {"New": 1}}}), vec![]),
            // What AWS would never name a field may be content.
            (
                json!({"Anna-Smith": 1, "Project": {"anna": 1, "ANNA": 2}}),
                vec!["/(not a name)", "/Project/(not a name)"],
            ),
        ] {
            assert_eq!(
                found(AwsDocument::Opportunity, &document),
                places,
                "{document}"
            );
        }
    }

    #[test]
    fn the_summary_is_compared_with_its_own_fields() {
        let summary =
            json!({"CosellMotionReason": "r", "Insights": {"EngagementScore": "Huge", "New": 1}});
        assert_eq!(
            found(AwsDocument::Summary, &summary),
            ["/Insights/EngagementScore", "/Insights/New"]
        );
        assert_eq!(
            found(AwsDocument::Opportunity, &summary),
            ["/CosellMotionReason", "/Insights"]
        );
    }

    #[test]
    fn the_sample_holds_nothing_unknown() {
        let sample: Value = include_str!("../../../events/opportunity.json")
            .parse()
            .unwrap();
        assert_eq!(found(AwsDocument::Opportunity, &sample), [] as [&str; 0]);
    }
}
