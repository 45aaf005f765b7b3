//! What AWS sends and this release does not know: fields, and values of closed lists.
//!
//! The bridge hands all of it on. But a receiver's form may lack it, a patch of it is refused unless it is
//! lenient, and AWS may have changed more: an operator has to hear of it. What is known is recorded from
//! AWS's service model (`make drift`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;
use serde_json::Value;

use crate::{Object, pointer::Place};

const FILE: &str = include_str!("../schema/botocore-facts.json");

#[expect(
    clippy::expect_used,
    reason = "the file is compiled in, and no test passes without it"
)]
static FACTS: LazyLock<Facts> =
    LazyLock::new(|| serde_json::from_str(FILE).expect("the facts are well-formed"));

/// Values that AWS's own model does not list and that recorded answers have all the same.
const SEEN: [(&str, &str); 1] = [(
    "/PrimaryNeedsFromAws",
    "Do Not Need Support from AWS Sales Rep",
)];

/// A document that AWS answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// An opportunity (`GetOpportunity`).
    Opportunity,
    /// AWS's summary of one (`GetAwsOpportunitySummary`).
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
    /// The whole list, where there is one.
    #[serde(borrow, default)]
    values: Vec<&'a str>,
}

/// The places in an answer of AWS's that this release does not know, or whose value it does not. Each is a
/// pointer without indexes, such as `/Project/QuantumReadiness`, and nothing of what is there.
///
/// ```
/// use model::{Answer, unknown};
///
/// let document = serde_json::json!({"Project": {"Title": "Cranes", "QuantumReadiness": "High"}});
/// let unknown = unknown(Answer::Opportunity, document.as_object().ok_or("an object")?);
/// assert_eq!(unknown, ["/Project/QuantumReadiness"]);
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn unknown(answer: Answer, document: &Object) -> Vec<String> {
    let operation = match answer {
        Answer::Opportunity => "GetOpportunity",
        Answer::Summary => "GetAwsOpportunitySummary",
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
            // Of AWS's protocol, and part of no model.
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

/// Whether AWS would call a field so: in Pascal case. Anything else may be content that something is kept by.
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
        // All items are one place.
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

    fn found(answer: Answer, document: &Value) -> Vec<String> {
        unknown(answer, document.as_object().unwrap())
    }

    #[test]
    fn what_is_not_in_the_model_is_named_once_without_indexes_and_without_what_it_holds() {
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
            // Another type is none of these; what depends on it says so itself.
            (json!({"LifeCycle": 1, "Project": [1]}), vec![]),
        ] {
            assert_eq!(found(Answer::Opportunity, &document), places, "{document}");
        }
    }

    #[test]
    fn the_summary_has_fields_of_its_own() {
        let summary =
            json!({"CosellMotionReason": "r", "Insights": {"EngagementScore": "Huge", "New": 1}});
        assert_eq!(
            found(Answer::Summary, &summary),
            ["/Insights/EngagementScore", "/Insights/New"]
        );
        assert_eq!(
            found(Answer::Opportunity, &summary),
            ["/CosellMotionReason", "/Insights"]
        );
    }

    #[test]
    fn the_sample_holds_nothing_unknown() {
        let sample: Value = include_str!("../../../events/opportunity.json")
            .parse()
            .unwrap();
        assert_eq!(found(Answer::Opportunity, &sample), [] as [&str; 0]);
    }
}
