//! Tests the mappings that ship: what their CRMs send and take, with the sample opportunity.

use model::{Change, Object};
use serde_json::{Value, json};

use crate::mapping::{Facts, Locked, Mapping};

const FACTS: Facts<'static> = Facts {
    sequence: "1772600767890-1772600768000",
    id: "9f2c",
};

/// HubSpot's requirements for one request to `batch/upsert`: at least `inputs`, each with a text `id` and
/// only texts in `properties`.
fn upsert() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object", "required": ["inputs"], "additionalProperties": false,
        "properties": {"inputs": {"type": "array", "maxItems": 100, "items": {
            "type": "object", "required": ["id", "properties"], "additionalProperties": false,
            "properties": {
                "id": text, "idProperty": text, "objectWriteTraceId": text,
                "properties": {"type": "object", "additionalProperties": text},
            },
        }}},
    })
}

fn hubspot() -> Mapping {
    Mapping::parse(include_bytes!("../../../mappings/hubspot.json")).unwrap()
}

fn salesforce() -> Mapping {
    Mapping::parse(include_bytes!("../../../mappings/salesforce.json")).unwrap()
}

fn sample() -> Object {
    let sample: Value = include_str!("../../../events/opportunity.json")
        .parse()
        .unwrap();
    sample.as_object().unwrap().clone()
}

#[test]
fn the_hubspot_mapping_builds_bodies_that_hubspot_takes() {
    let validator = jsonschema::draft202012::new(&upsert()).unwrap();
    let mapping = hubspot();
    for document in [sample(), Object::new()] {
        let heard = mapping.get(&document, &FACTS);
        assert_eq!(heard.problems, []);
        let body = mapping.body("O7654321", heard.record);
        let errors: Vec<_> = validator.iter_errors(&body).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let input = &body["inputs"][0];
        assert_eq!(
            (&input["id"], &input["idProperty"]),
            (&json!("O7654321"), &json!("aws_opportunity_id"))
        );
    }
}

/// Salesforce's upsert by an external id refuses a body that repeats that id, and takes numbers as
/// numbers.
#[test]
fn the_salesforce_mapping_builds_bodies_that_salesforce_takes() {
    let mapping = salesforce();
    let body = mapping.body("O7654321", mapping.get(&sample(), &FACTS).record);
    assert_eq!(body["AWS_Monthly_Spend__c"].to_string(), "12500.50");
    assert_eq!(body["AWS_Close_Date__c"], json!("2029-11-30"));
    assert_eq!(body["AWS_Comments__c"], Value::Null);
    assert!(!body.to_string().contains("O7654321"), "{body}");
}

/// AWS's advice: AWS may override the partner's stage, close date and revenue.
#[test]
fn the_crms_own_stage_close_date_and_revenue_are_never_written() {
    for (mapping, own) in [
        (hubspot(), ["dealstage", "closedate", "amount"]),
        (salesforce(), ["StageName", "CloseDate", "Amount"]),
    ] {
        let record = mapping.get(&sample(), &FACTS).record;
        for field in own {
            assert_eq!(record.get(field), None, "{field}");
        }
    }
}

#[test]
fn a_record_that_the_crm_sends_back_unchanged_changes_nothing() {
    for mapping in [hubspot(), salesforce()] {
        let heard = mapping.get(&sample(), &FACTS);
        let put = mapping.put(&sample(), &heard.record).unwrap();
        assert_eq!((put.document, put.fields), (sample(), vec![]));
        assert_eq!((put.ignored, put.notices), (0, vec![]));
    }
}

/// Many webhooks send the whole record, whichever field was edited. Its stage, close date and revenue may
/// then be older than the AWS seller's edits.
#[test]
fn a_whole_record_does_not_undo_an_aws_sellers_edits() {
    for (mapping, own, edited) in [
        (
            hubspot(),
            json!({"dealstage": "appointmentscheduled", "closedate": "1893456000000", "amount": "1"}),
            "hs_next_step",
        ),
        (
            salesforce(),
            json!({"StageName": "Prospecting", "CloseDate": "2030-01-31", "Amount": 1}),
            "NextStep",
        ),
    ] {
        let mut record = mapping.get(&sample(), &FACTS).record;
        record[edited] = json!("Call");
        let fields = record.as_object_mut().unwrap();
        fields.extend(own.as_object().unwrap().clone());
        let put = mapping.put(&sample(), &record).unwrap();
        let changes = Change::between(&sample(), &put.document);
        let pointers: Vec<_> = changes.iter().map(|change| &*change.pointer).collect();
        assert_eq!(pointers, ["/LifeCycle/NextSteps"]);
        assert_eq!(put.ignored, 3);
    }
}

#[test]
fn a_hubspot_deal_changes_the_opportunity() {
    let mapping = hubspot();
    assert_eq!(mapping.locked(), Locked::Retry);
    let deal = json!({
        "aws_opportunity_id": "O7654321", "dealname": "Berths", "changed_dealstage": "presentationscheduled",
        "changed_closedate": "1893456000123", "changed_amount": "160000", "hs_next_step": "", "aws_needs": "Co-Sell - Deal Support",
        "aws_stage": "Qualified", "aws_comments": null, "pipeline": "default",
    });
    let received = mapping.receive(deal.to_string().as_bytes()).unwrap();
    assert_eq!(received.identifier.as_str(), "O7654321");
    let put = mapping.put(&sample(), &received.record).unwrap();
    let changes: Vec<_> = Change::between(&sample(), &put.document)
        .into_iter()
        .map(|change| json!([change.pointer, put.field(&change.pointer), change.after]))
        .collect();
    assert_eq!(
        Value::from(changes),
        json!([
            ["/LifeCycle/NextSteps", "hs_next_step", null],
            [
                "/LifeCycle/Stage",
                "changed_dealstage",
                "Technical Validation"
            ],
            [
                "/LifeCycle/TargetCloseDate",
                "changed_closedate",
                "2030-01-01"
            ],
            [
                "/PrimaryNeedsFromAws",
                "aws_needs",
                ["Co-Sell - Deal Support"]
            ],
            [
                "/Project/ExpectedCustomerSpend/0/Amount",
                "changed_amount",
                "13333.33"
            ],
        ])
    );
    assert_eq!(put.field(""), None);
    assert_eq!((put.ignored, put.notices), (2, vec![]));
    assert_eq!(mapping.field("/LifeCycle/Stage"), Some("changed_dealstage"));
    assert_eq!(
        mapping.field("/LifeCycle/ReviewStatus"),
        Some("aws_review_status")
    );
    for of_no_field in ["/Marketing", "/LifeCycle", ""] {
        assert_eq!(mapping.field(of_no_field), None);
    }
}

#[test]
fn a_message_without_a_record_says_what_is_missing() {
    let mapping = hubspot();
    for (body, error) in [
        (
            "{",
            "the body is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            "[]",
            "the body's `/aws_opportunity_id` is missing, expected the opportunity's identifier",
        ),
        (
            r#"{"aws_opportunity_id": null}"#,
            "the body's `/aws_opportunity_id` is null, expected the opportunity's identifier",
        ),
        (
            r#"{"aws_opportunity_id": "7"}"#,
            "the body's `/aws_opportunity_id`: `7` is not an opportunity identifier, expected `O` and 1 to 19 digits",
        ),
        (
            r#"{"amount": 1, "amount": 2}"#,
            "the body's `/amount` appears twice, expected once",
        ),
    ] {
        let told = mapping.receive(body.as_bytes()).unwrap_err();
        assert_eq!(told.to_string(), error);
    }
    let file = include_str!("../../../mappings/salesforce.json");
    let file = file.replace(r#""record": "" }"#, r#""record": "/deal" }"#);
    let mapping = Mapping::parse(file.as_bytes()).unwrap();
    let told = mapping.receive(br#"{"AWS_Opportunity_Id__c": "O1", "deal": []}"#);
    assert_eq!(
        told.unwrap_err().to_string(),
        "the body's `/deal` is an array, expected an object, the record"
    );
}
