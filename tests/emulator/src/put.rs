//! Applies an update to an opportunity as AWS does.
//!
//! `UpdateOpportunity` does not merge: a client that sends less than the whole opportunity loses the
//! rest. The bridge exists because of this trap, so the emulator sets it as AWS does.

use serde_json::Value;

use crate::document::{Document, object_mut, text};
use crate::shape::{SHAPES, Shape, Structure};

/// What an update cannot change, whatever it says: these keep the stored value, as recorded.
const READ_ONLY: [&str; 7] = [
    "Arn",
    "Catalog",
    "CreatedDate",
    "Id",
    "LastModifiedDate",
    "OpportunityTeam",
    "RelatedEntityIdentifiers",
];

/// The opportunity after an update: everything that the request omits is null.
///
/// Two members are exceptions. `Project.ExpectedContractDuration` stays if it is omitted, and goes if
/// it is null or all of `Project` is omitted (AWS's page "Deal sizing" describes the first two).
/// `LifeCycle.ReviewStatus` is AWS's own, except in the sandbox, where changing it simulates the
/// review.
pub(crate) fn put(stored: &Document, request: &Document) -> Document {
    let mut request = request.clone();
    request.shift_remove("Identifier");
    for name in READ_ONLY {
        match stored.get(name) {
            Some(value) => request.insert(name.to_owned(), value.clone()),
            None => request.shift_remove(name),
        };
    }
    keep_contract_duration(stored, &mut request);
    keep_review_status(stored, &mut request);
    let mut document = replaced(stored, &request);
    complete(&mut document);
    document
}

fn keep_contract_duration(stored: &Document, request: &mut Document) {
    let name = "ExpectedContractDuration";
    let before = stored.get("Project").and_then(|project| project.get(name));
    if let (Some(before), Some(Value::Object(project))) = (before, request.get_mut("Project")) {
        project.entry(name).or_insert_with(|| before.clone());
    }
}

fn keep_review_status(stored: &Document, request: &mut Document) {
    let name = "ReviewStatus";
    let status = |document: &Document| document.get("LifeCycle")?.get(name).cloned();
    let is_asked_for = status(request).is_some_and(|status| status.is_string());
    if is_asked_for && text(stored, "Catalog") == "Sandbox" {
        return;
    }
    let kept = status(stored).filter(|status| !status.is_null());
    if (is_asked_for || kept.is_some())
        && let Some(life_cycle) = object_mut(request, "LifeCycle")
    {
        life_cycle.insert(name.to_owned(), kept.unwrap_or_default());
    }
}

/// The request in the stored member order, with null for everything that it omits.
fn replaced(stored: &Document, request: &Document) -> Document {
    let mut document = Document::new();
    for (name, before) in stored {
        let after = match (before, request.get(name)) {
            (Value::Object(before), Some(Value::Object(after))) => {
                Value::Object(replaced(before, after))
            }
            (_, after) => after.cloned().unwrap_or_default(),
        };
        document.insert(name.clone(), after);
    }
    for (name, after) in request {
        document.entry(name).or_insert_with(|| after.clone());
    }
    document
}

/// Adds null for every member that the model has and the document lacks, as AWS's responses do.
pub(crate) fn complete(document: &mut Document) {
    complete_structure(document, &SHAPES.opportunity);
}

fn complete_structure(object: &mut Document, shape: &Structure) {
    for (name, shape) in &shape.members {
        complete_value(object.entry(name).or_insert(Value::Null), shape);
    }
}

fn complete_value(value: &mut Value, shape: &Shape) {
    match (value, shape) {
        (Value::Object(object), Shape::Structure(shape)) => complete_structure(object, shape),
        (Value::Array(items), Shape::List { item, .. }) => {
            for value in items {
                complete_value(value, item);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(text: &str) -> Document {
        serde_json::from_str(text).unwrap()
    }

    const STORED: &str = r#"{
        "Tomorrow": { "Depth": [1.50, 1e3], "Width": 1.0 },
        "Id": "O1",
        "Catalog": "AWS",
        "LastModifiedDate": "2025-12-15T10:20:30.149Z",
        "CreatedDate": "2025-12-01T00:00:00Z",
        "RelatedEntityIdentifiers": { "Solutions": ["S-1"] },
        "Customer": { "Account": { "CompanyName": "Example", "Mood": "good", "Duns": null } },
        "Project": {
            "Title": "Migration",
            "ExpectedContractDuration": { "Term": "Months", "Value": "12" }
        },
        "LifeCycle": { "Stage": "Qualified", "ReviewStatus": "Approved" }
    }"#;

    /// Each case: a request, a pointer, and the value there after the update.
    #[test]
    fn an_update_sets_everything_to_null_that_the_request_omits() {
        let cases = [
            ("{}", "/Tomorrow", "null"),
            ("{}", "/Customer", "null"),
            ("{}", "/Project", "null"),
            ("{}", "/Marketing", "null"),
            (
                r#"{"Tomorrow":{"Width":1.0}}"#,
                "/Tomorrow",
                r#"{"Depth":null,"Width":1.0}"#,
            ),
            (r#"{"Tomorrow":{"Width":1.00}}"#, "/Tomorrow/Width", "1.00"),
            (r#"{"Tomorrow":5}"#, "/Tomorrow", "5"),
            (
                r#"{"Customer":{}}"#,
                "/Customer",
                r#"{"Account":null,"Contacts":null}"#,
            ),
            (
                r#"{"Customer":{"Account":{"CompanyName":"New"}}}"#,
                "/Customer/Account/CompanyName",
                r#""New""#,
            ),
            (
                r#"{"Customer":{"Account":{"CompanyName":"New"}}}"#,
                "/Customer/Account/Mood",
                "null",
            ),
            (
                r#"{"Customer":{"Account":{"CompanyName":"New"}}}"#,
                "/Customer/Account/Industry",
                "null",
            ),
            (
                r#"{"Customer":{"Account":{"New":{"Deep":[{}]}}}}"#,
                "/Customer/Account/New",
                r#"{"Deep":[{}]}"#,
            ),
            (
                r#"{"Marketing":{"Source":"None"}}"#,
                "/Marketing/Channels",
                "null",
            ),
            (
                r#"{"Customer":{"Contacts":[{"Phone":"+4912345","Pager":"1"}]}}"#,
                "/Customer/Contacts/0",
                r#"{"Phone":"+4912345","Pager":"1","BusinessTitle":null,"Email":null,"FirstName":null,"LastName":null}"#,
            ),
            (r#"{"Project":{}}"#, "/Project/Title", "null"),
            (
                r#"{"Project":{}}"#,
                "/Project/ExpectedContractDuration/Value",
                r#""12""#,
            ),
            (
                r#"{"Project":{"ExpectedContractDuration":null}}"#,
                "/Project/ExpectedContractDuration",
                "null",
            ),
            (
                r#"{"Project":{"ExpectedContractDuration":{"Value":"6"}}}"#,
                "/Project/ExpectedContractDuration",
                r#"{"Term":null,"Value":"6"}"#,
            ),
        ];
        for (request, pointer, expected) in cases {
            let updated = Value::Object(put(&parsed(STORED), &parsed(request)));
            let found = updated.pointer(pointer).map(Value::to_string);
            assert_eq!(
                found.as_deref(),
                Some(expected),
                "{pointer} after {request}"
            );
        }
    }

    #[test]
    fn an_update_never_changes_what_belongs_to_aws() {
        let request = r#"{
            "Identifier": "O1",
            "Id": "O2",
            "Arn": "arn:aws:mine",
            "Catalog": "Sandbox",
            "CreatedDate": "1999-01-01T00:00:00Z",
            "OpportunityTeam": [{}],
            "RelatedEntityIdentifiers": null
        }"#;
        let stored = parsed(STORED);
        let updated = put(&stored, &parsed(request));
        for name in ["Identifier", "Arn", "OpportunityTeam"] {
            assert_eq!(updated.get(name), None, "{name}");
        }
        for name in ["Id", "Catalog", "CreatedDate", "RelatedEntityIdentifiers"] {
            assert_eq!(updated.get(name), stored.get(name), "{name}");
        }
    }

    #[test]
    fn members_keep_their_order_and_new_ones_follow() {
        let stored = parsed(STORED);
        let updated = put(
            &stored,
            &parsed(r#"{ "Zeal": 1, "LifeCycle": {}, "Ardour": 2 }"#),
        );
        let names: Vec<&String> = updated.keys().collect();
        let (old, new) = names.split_at(stored.len());
        assert_eq!(old, stored.keys().collect::<Vec<_>>());
        assert_eq!(new.first().map(|name| name.as_str()), Some("Zeal"));
        assert_eq!(new.get(1).map(|name| name.as_str()), Some("Ardour"));
    }

    #[test]
    fn an_update_changes_the_review_status_only_in_the_sandbox() {
        let asking = r#"{"LifeCycle":{"ReviewStatus":"Submitted"}}"#;
        let cases = [
            ("AWS", asking, "Approved"),
            ("AWS", "{}", "Approved"),
            ("Sandbox", asking, "Submitted"),
            ("Sandbox", "{}", "Approved"),
            (
                "Sandbox",
                r#"{"LifeCycle":{"ReviewStatus":null}}"#,
                "Approved",
            ),
        ];
        for (catalog, request, expected) in cases {
            let mut stored = parsed(STORED);
            stored.insert("Catalog".to_owned(), json!(catalog));
            let updated = Value::Object(put(&stored, &parsed(request)));
            assert_eq!(
                updated["LifeCycle"]["ReviewStatus"], expected,
                "{request} in {catalog}"
            );
            assert_eq!(updated["LifeCycle"]["Stage"], json!(null));
        }
    }
}
