//! Finds what AWS sends but this release does not know: fields, and values of closed lists.
//!
//! The bridge passes all of it on. But a receiver's form may lack it, a patch of it is refused unless it is
//! lenient, and AWS may have changed more, so an operator has to hear of it. `make drift` records what is
//! known from AWS's service model.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;
use serde_json::Value;

use crate::{pointer::Place, value::Object};

const FILE: &str = include_str!("../schema/botocore-facts.json");

#[expect(
    clippy::expect_used,
    reason = "the file is compiled in, and no test passes without it"
)]
static FACTS: LazyLock<Facts> =
    LazyLock::new(|| serde_json::from_str(FILE).expect("the facts are well-formed"));

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

#[derive(Debug, Deserialize)]
struct Facts<'a> {
    #[serde(borrow)]
    called: BTreeMap<&'a str, Sides<'a>>,
    #[serde(borrow)]
    shapes: BTreeMap<&'a str, Shape<'a>>,
}

#[derive(Debug, Deserialize)]
struct Sides<'a> {
    output: &'a str,
}

#[derive(Debug, Deserialize)]
struct Shape<'a> {
    #[serde(borrow, default)]
    members: BTreeMap<&'a str, &'a str>,
    items: Option<&'a str>,
    /// The values of a closed list.
    #[serde(borrow, default)]
    values: Vec<&'a str>,
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
    let operation = match kind {
        AwsDocument::Opportunity => "GetOpportunity",
        AwsDocument::Summary => "GetAwsOpportunitySummary",
    };
    let mut found = BTreeSet::new();
    if let Some(shape) = FACTS
        .called
        .get(operation)
        .and_then(|sides| FACTS.shapes.get(sides.output))
    {
        members(shape, document, &Place::Root, &mut found);
    }
    found.into_iter().collect()
}

fn members(shape: &Shape<'_>, document: &Object, parent: &Place<'_>, found: &mut BTreeSet<String>) {
    for (name, value) in document {
        let at = Place::Member(parent, name);
        match shape.members.get(name.as_str()) {
            Some(shape) => walk(shape, value, &at, found),
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

fn walk(shape: &str, value: &Value, at: &Place<'_>, found: &mut BTreeSet<String>) {
    let Some(shape) = FACTS.shapes.get(shape) else {
        return;
    };
    match (value, shape.items) {
        (Value::Object(document), _) if !shape.members.is_empty() => {
            members(shape, document, at, found);
        }
        // All items count as one place.
        (Value::Array(items), Some(shape)) => {
            for item in items {
                walk(shape, item, at, found);
            }
        }
        (Value::String(text), _) if !shape.values.is_empty() => {
            let (at, text) = (at.to_string(), text.as_str());
            if !shape.values.contains(&text) && !SEEN.contains(&(at.as_str(), text)) {
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
