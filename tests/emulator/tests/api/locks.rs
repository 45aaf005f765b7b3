//! The emulator locks what the bridge says is locked, and leaves open what it says is open.
//!
//! Both know AWS's list, each from its own reading of AWS's page. What one of them forgets, no other
//! test would notice: the bridge refuses before the emulator is asked.

use model::{Catalog, Change, Opportunity};
use partner_central_emulator::Emulator;
use serde_json::{Map, Value, json};

use crate::client::call;

const STATUSES: [&str; 7] = [
    "Pending Submission",
    "Submitted",
    "In review",
    "Action Required",
    "Approved",
    "Rejected",
    // One that AWS adds one day.
    "Paused",
];
/// What is AWS's whatever the review status, or no part of an update.
const NOT_THE_PARTNERS: [&str; 11] = [
    "/Arn",
    "/Catalog",
    "/CreatedDate",
    "/Id",
    "/LastModifiedDate",
    "/LifeCycle/NextStepsHistory",
    "/LifeCycle/ReviewComments",
    "/LifeCycle/ReviewStatus",
    "/LifeCycle/ReviewStatusReason",
    "/OpportunityTeam",
    "/RelatedEntityIdentifiers",
];
/// Structures whose members come and go together.
const WHOLE: [&str; 2] = [
    "/Project/ExpectedContractDuration",
    "/SoftwareRevenue/Value",
];

/// An opportunity that has whatever any of the samples has.
async fn full(emulator: &Emulator) -> Value {
    emulator.seed_samples();
    let request = json!({ "Catalog": "Sandbox" });
    let list = call(emulator, "ListOpportunities", &request).await.json();
    let mut full = json!({});
    for summary in list["OpportunitySummaries"].as_array().unwrap() {
        let sample = emulator.opportunity(summary["Id"].as_str().unwrap());
        add(&mut full, &sample.unwrap());
    }
    full["Catalog"] = json!("AWS");
    full
}

/// Adds the members of one value that another does not have yet.
fn add(to: &mut Value, from: &Value) {
    match (to, from) {
        (Value::Object(to), Value::Object(from)) => {
            for (name, from) in from {
                add(to.entry(name).or_insert(Value::Null), from);
            }
        }
        (to, from) if to.is_null() => *to = from.clone(),
        _ => {}
    }
}

/// Every place with a value that a partner could change.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        _ if NOT_THE_PARTNERS.contains(&pointer) => {}
        Value::Object(members) if !WHOLE.contains(&pointer) => {
            for (name, value) in members {
                places(value, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Null => {}
        _ => found.push(pointer.to_owned()),
    }
}

fn without(document: &Value, pointer: &str) -> Value {
    let mut document = document.clone();
    let place = document.pointer_mut(pointer).unwrap();
    // The one member that may change and may not go.
    let is_required = pointer == "/Customer/Account/CompanyName";
    *place = if is_required {
        json!("Another")
    } else {
        Value::Null
    };
    document
}

fn members(document: &Value) -> &Map<String, Value> {
    document.as_object().unwrap()
}

#[tokio::test]
async fn the_bridge_and_the_emulator_agree_on_every_place_in_every_review_status() {
    let emulator = Emulator::start().await;
    let mut document = full(&emulator).await;
    let mut pointers = Vec::new();
    places(&document, "", &mut pointers);
    assert!(pointers.len() > 30, "{pointers:?}");
    for status in STATUSES {
        document["LifeCycle"]["ReviewStatus"] = json!(status);
        let catalog = Catalog::parse(document["Catalog"].as_str().unwrap()).unwrap();
        let before = Opportunity::from_document(members(&document).clone(), &catalog).unwrap();
        for pointer in &pointers {
            let mut after = without(&document, pointer);
            let changes = Change::between(members(&document), members(&after));
            let locked = changes.iter().any(|change| before.locks(change));

            emulator.seed(document.clone());
            after["Identifier"] = document["Id"].clone();
            let answer = call(&emulator, "UpdateOpportunity", &after).await;
            let refused = answer.json()["ErrorList"][0]["Code"] == "ACTION_NOT_PERMITTED";
            assert!(
                refused || answer.status == 200,
                "{pointer}: {}",
                answer.body
            );
            assert_eq!(refused, locked, "{pointer} while `{status}`");
        }
    }
}
