//! `patch-opportunity` beside another writer: what it answers when somebody else wrote, or when the
//! answer to a write was lost.

use bridge_tests::{Function, Request, Response};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::{documents, patch};

const ID: &str = "O7654321";
const READ: &str = r#""2026-03-04T05:06:07.890Z""#;

type Edit = fn(&mut Value);

async fn sample() -> (Emulator, Function) {
    patch::with_document(documents::sample()).await
}

/// Somebody else edits right before the next write is judged: a clean conflict.
fn meanwhile(emulator: &Emulator, edit: Edit) {
    emulator.inject("UpdateOpportunity", 1, Fault::ConcurrentEdit(edit));
}

/// The next write succeeds and its answer is lost; then somebody edits; then the bridge reads again.
fn landed_then(emulator: &Emulator, edit: Edit) {
    emulator.inject("UpdateOpportunity", 1, Fault::AnswerLost);
    then(emulator, edit);
}

/// The next writes are answered with 500 and not carried out; then somebody edits.
fn not_landed_then(emulator: &Emulator, edit: Edit) {
    emulator.inject("UpdateOpportunity", 3, Fault::InternalServer);
    then(emulator, edit);
}

fn then(emulator: &Emulator, edit: Edit) {
    let first = Fault::Delay(std::time::Duration::ZERO);
    emulator.inject("GetOpportunity", 1, first);
    emulator.inject("GetOpportunity", 1, Fault::ConcurrentEdit(edit));
}

fn merge(patch: &Value) -> Request {
    Request::patch(ID, patch)
}

fn operations(operations: &Value) -> Request {
    Request::new("PATCH", &format!("/opportunities/{ID}"))
        .header("content-type", "application/json-patch+json")
        .body(&operations.to_string())
}

/// The status, with the outcome or the problem's name.
fn told(answer: &Response) -> (u64, &str) {
    let outcome = answer.body["outcome"].as_str();
    let problem = answer.body["type"].as_str();
    let name = problem.and_then(|name| name.rsplit('/').next());
    (
        answer.status,
        outcome.or(name).expect("an outcome or a type"),
    )
}

fn etag(answer: &Response) -> Option<&str> {
    answer.headers.get("etag").and_then(Value::as_str)
}

fn now(emulator: &Emulator) -> Value {
    emulator.opportunity(ID).expect("the opportunity")
}

fn tag_of(document: &Value) -> String {
    format!(
        "\"{}\"",
        document["LastModifiedDate"].as_str().expect("a date")
    )
}

#[tokio::test]
async fn after_a_conflict_every_field_of_the_patch_is_written_not_only_those_that_differed_before()
{
    let (emulator, function) = sample().await;
    // `NextSteps` already has the patch's value, until somebody changes it.
    let steps = now(&emulator)["LifeCycle"]["NextSteps"].clone();
    meanwhile(&emulator, |document| {
        document["LifeCycle"]["Stage"] = json!("Committed");
        document["LifeCycle"]["NextSteps"] = json!("B");
    });
    let patch = json!({"LifeCycle": {"Stage": "Committed", "NextSteps": steps}});
    let answer = function.send(&merge(&patch)).await;
    assert_eq!(told(&answer), (200, "updated"));
    assert_eq!(now(&emulator)["LifeCycle"]["NextSteps"], steps);
    assert_eq!(answer.body["changes"][0]["pointer"], "/LifeCycle/NextSteps");
}

#[tokio::test]
async fn after_a_conflict_an_array_has_the_patchs_items() {
    let (emulator, function) = sample().await;
    meanwhile(&emulator, |document| {
        let mut contact = document["Customer"]["Contacts"][0].clone();
        contact["Phone"] = json!("+4940123456");
        let mut second = contact.clone();
        second["Email"] = json!("second@harbour.example");
        document["Customer"]["Contacts"] = json!([contact, second]);
    });
    let mut contact = documents::sample()["Customer"]["Contacts"][0].clone();
    contact["Phone"] = json!("+4940123456");
    let answer = function
        .send(&merge(&json!({"Customer": {"Contacts": [contact]}})))
        .await;
    assert_eq!(told(&answer), (200, "updated"));
    let contacts = now(&emulator)["Customer"]["Contacts"].clone();
    assert_eq!(contacts.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn after_a_conflict_the_tests_of_a_json_patch_are_tested_again() {
    let (emulator, function) = sample().await;
    meanwhile(&emulator, |document| {
        document["LifeCycle"]["Stage"] = json!("Closed Lost");
        document["LifeCycle"]["NextSteps"] = json!("C");
    });
    let answer = function
        .send(&operations(&json!([
            {"op": "test", "path": "/LifeCycle/Stage", "value": "Qualified"},
            {"op": "replace", "path": "/LifeCycle/NextSteps", "value": "C"},
        ])))
        .await;
    assert_eq!(told(&answer), (409, "test-failed"));
}

#[tokio::test]
async fn after_a_conflict_if_match_fails_even_if_the_other_made_the_same_change() {
    let (emulator, function) = sample().await;
    meanwhile(&emulator, |document| {
        document["LifeCycle"]["Stage"] = json!("Committed");
        document["Project"]["Title"] = json!("Another title");
    });
    let patch = json!({"LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&merge(&patch).header("if-match", READ)).await;
    assert_eq!(told(&answer), (412, "precondition-failed"));
    assert_eq!(etag(&answer), Some(tag_of(&now(&emulator)).as_str()));
    assert_eq!(answer.body["etag"], tag_of(&now(&emulator)));
}

#[tokio::test]
async fn a_later_edit_of_the_same_field_is_not_overwritten_after_a_lost_answer() {
    let (emulator, function) = sample().await;
    landed_then(&emulator, |document| {
        document["LifeCycle"]["NextSteps"] = json!("A person's");
    });
    let answer = function
        .send(&merge(&json!({"LifeCycle": {"NextSteps": "The patch's"}})))
        .await;
    assert_eq!(told(&answer), (503, "unconfirmed"));
    assert_eq!(now(&emulator)["LifeCycle"]["NextSteps"], "A person's");
}

#[tokio::test]
async fn a_write_that_somebody_has_overwritten_has_no_etag() {
    let (emulator, function) = sample().await;
    landed_then(&emulator, |document| {
        document["Project"]["Title"] = json!("A person's");
    });
    let patch = json!({"LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&merge(&patch).header("if-match", READ)).await;
    assert_eq!(told(&answer), (200, "updated"));
    assert_eq!(etag(&answer), None);
    assert_eq!(
        (&answer.body["etag"], &answer.body["lastModifiedDate"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(answer.body["warnings"][0]["code"], "no-etag");
    assert_eq!(answer.body["changes"][0]["pointer"], "/LifeCycle/Stage");
}

#[tokio::test]
async fn a_write_that_nobody_has_touched_has_its_etag_even_with_if_match() {
    let (emulator, function) = sample().await;
    emulator.inject("UpdateOpportunity", 1, Fault::AnswerLost);
    let patch = json!({"LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&merge(&patch).header("if-match", READ)).await;
    assert_eq!(told(&answer), (200, "updated"));
    assert_eq!(etag(&answer), Some(tag_of(&now(&emulator)).as_str()));
}

#[tokio::test]
async fn a_lost_write_is_unconfirmed_once_somebody_else_changes_one_of_its_fields() {
    let (emulator, function) = sample().await;
    not_landed_then(&emulator, |document| {
        document["LifeCycle"]["Stage"] = json!("Committed");
        document["LifeCycle"]["NextSteps"] = json!("Otherwise");
    });
    let patch = json!({"LifeCycle": {"Stage": "Committed", "NextSteps": "As wanted"}});
    let answer = function.send(&merge(&patch)).await;
    assert_eq!(told(&answer), (503, "unconfirmed"));
    assert_eq!(now(&emulator)["LifeCycle"]["NextSteps"], "Otherwise");
    assert_eq!(emulator.writes().len(), 3);
}

#[tokio::test]
async fn a_write_of_two_fields_is_not_repeated_for_the_one_that_somebody_has_edited_since() {
    let (emulator, function) = sample().await;
    landed_then(&emulator, |document| {
        document["LifeCycle"]["NextSteps"] = json!("Edited since");
    });
    let patch = json!({"LifeCycle": {"Stage": "Committed", "NextSteps": "Written"}});
    let answer = function.send(&merge(&patch)).await;
    // The answer reports everything that was written, or claims nothing.
    assert_eq!(told(&answer), (503, "unconfirmed"));
    assert_eq!(now(&emulator)["LifeCycle"]["NextSteps"], "Edited since");
}

#[tokio::test]
async fn a_lost_write_is_tried_again_after_an_edit_of_another_field() {
    for request in [
        merge(&json!({"LifeCycle": {"Stage": "Committed"}})),
        operations(&json!([{"op": "replace", "path": "/LifeCycle/Stage", "value": "Committed"}])),
    ] {
        let (emulator, function) = sample().await;
        not_landed_then(&emulator, |document| {
            document["Project"]["Title"] = json!("A person's");
        });
        let answer = function.send(&request).await;
        assert_eq!(told(&answer), (200, "updated"));
        assert_eq!(etag(&answer), Some(tag_of(&now(&emulator)).as_str()));
        assert_eq!(now(&emulator)["Project"]["Title"], "A person's");
        assert_eq!(now(&emulator)["LifeCycle"]["Stage"], "Committed");
    }
}

#[tokio::test]
async fn operations_are_never_carried_out_twice_even_if_the_answer_is_lost() {
    let (emulator, function) = sample().await;
    landed_then(&emulator, |document| {
        document["Project"]["Title"] = json!("A person's");
    });
    let need = "Co-Sell - Deal Support";
    let append = json!([{"op": "add", "path": "/PrimaryNeedsFromAws/-", "value": need}]);
    let answer = function.send(&operations(&append)).await;
    assert_eq!(told(&answer), (503, "unconfirmed"));
    assert_eq!(answer.headers.get("retry-after"), None);
    let needs = now(&emulator)["PrimaryNeedsFromAws"].clone();
    let appended = needs.as_array().expect("needs").iter();
    assert_eq!(appended.filter(|one| **one == need).count(), 1);
}

#[tokio::test]
async fn after_a_lost_answer_and_a_refusal_the_document_decides_the_outcome() {
    // The first request succeeds, but its answer is lost; the SDK's next one is refused.
    let (emulator, function) = sample().await;
    emulator.inject("UpdateOpportunity", 1, Fault::AnswerLost);
    emulator.inject("UpdateOpportunity", 1, Fault::AccessDenied);
    let patch = json!({"LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&merge(&patch)).await;
    assert_eq!(told(&answer), (200, "updated"));
    assert_eq!(emulator.writes().len(), 2);
}

#[tokio::test]
async fn one_patch_sends_at_most_six_updates_whatever_aws_answers() {
    let faults: [&[(usize, Fault)]; 5] = [
        &[(99, Fault::InternalServer)],
        &[(99, Fault::ConnectionDropped)],
        &[
            (
                2,
                Fault::ConcurrentEdit(|document| document["Project"]["Title"] = json!("Theirs")),
            ),
            (99, Fault::InternalServer),
        ],
        &[
            (1, Fault::InternalServer),
            (1, Fault::Throttling),
            (
                1,
                Fault::ConcurrentEdit(|document| document["Project"]["Title"] = json!("Theirs")),
            ),
            (99, Fault::InternalServer),
        ],
        // The sixth ends in a conflict.
        &[
            (5, Fault::InternalServer),
            (
                1,
                Fault::ConcurrentEdit(|document| document["Project"]["Title"] = json!("Theirs")),
            ),
            (99, Fault::InternalServer),
        ],
    ];
    for faults in faults {
        let (emulator, function) = sample().await;
        for (times, fault) in faults {
            emulator.inject("UpdateOpportunity", *times, fault.clone());
        }
        let patch = json!({"LifeCycle": {"Stage": "Committed"}});
        let answer = function.send(&merge(&patch)).await;
        assert!(matches!(answer.status, 409 | 503), "{faults:?}: {answer:?}");
        let writes = emulator.writes().len();
        assert!((2..=6).contains(&writes), "{writes} writes: {faults:?}");
        assert_eq!(now(&emulator)["LifeCycle"]["Stage"], "Qualified");
    }
}

#[tokio::test]
async fn no_round_begins_that_the_invocation_leaves_no_time_for() {
    let (emulator, function) = sample().await;
    let others: Edit = |document| document["Project"]["Title"] = json!("Theirs");
    emulator.inject("UpdateOpportunity", 99, Fault::ConcurrentEdit(others));
    let request = merge(&json!({"LifeCycle": {"Stage": "Committed"}}));
    let time = std::time::Duration::from_secs(4);
    let answer = function.send_within(&request, time).await;
    assert_eq!(told(&answer), (409, "concurrent-edits"), "{answer:?}");
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn a_write_that_can_no_longer_land_leaves_no_doubt_about_the_next_refusal() {
    let (emulator, function) = sample().await;
    // Three attempts of the SDK's have no answer. Then somebody writes, so that none of them can land.
    emulator.inject("UpdateOpportunity", 3, Fault::ConnectionDropped);
    then(&emulator, |document| {
        document["LifeCycle"]["NextSteps"] = json!("Theirs");
    });
    emulator.inject("UpdateOpportunity", 1, Fault::AccessDenied);
    let patch = json!({"LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&merge(&patch)).await;
    assert_eq!(told(&answer), (502, "access-denied"), "{answer:?}");
}

#[tokio::test]
async fn a_write_that_aws_answered_and_did_not_carry_out_is_unavailable_not_unconfirmed() {
    for (fault, name) in [
        (Fault::InternalServer, "unavailable"),
        // Without an answer it may still be on its way.
        (Fault::ConnectionDropped, "unconfirmed"),
    ] {
        let (emulator, function) = sample().await;
        emulator.inject("UpdateOpportunity", 99, fault.clone());
        let patch = json!({"LifeCycle": {"Stage": "Committed"}});
        let answer = function.send(&merge(&patch)).await;
        assert_eq!(told(&answer), (503, name), "{fault:?}");
        assert_eq!(emulator.writes().len(), 6, "{fault:?}");
    }
}

#[tokio::test]
async fn a_deadline_after_a_clean_conflict_leaves_no_doubt_that_nothing_was_written() {
    let (emulator, function) = sample().await;
    meanwhile(&emulator, |document| {
        document["Project"]["Title"] = json!("Theirs");
    });
    let slow = Fault::Delay(std::time::Duration::from_secs(5));
    emulator.inject("GetOpportunity", 1, Fault::Delay(std::time::Duration::ZERO));
    emulator.inject("GetOpportunity", 9, slow);
    let patch = merge(&json!({"LifeCycle": {"Stage": "Committed"}}));
    let answer = function
        .send_within(&patch, std::time::Duration::from_secs(3))
        .await;
    assert_eq!(told(&answer), (503, "unavailable"));
    assert_eq!(
        answer.body["detail"],
        "nothing was written, try again later"
    );
}

#[tokio::test]
async fn a_deadline_while_a_write_is_on_its_way_is_unconfirmed() {
    let (emulator, function) = sample().await;
    let slow = Fault::Delay(std::time::Duration::from_secs(5));
    emulator.inject("UpdateOpportunity", 9, slow);
    let patch = merge(&json!({"LifeCycle": {"Stage": "Committed"}}));
    let answer = function
        .send_within(&patch, std::time::Duration::from_secs(3))
        .await;
    assert_eq!(told(&answer), (503, "unconfirmed"));
}

#[tokio::test]
async fn a_whole_document_with_one_field_edited_is_a_patch() {
    let (emulator, function) = sample().await;
    let read = function
        .send(&Request::new("GET", &format!("/opportunities/{ID}")))
        .await;
    let mut document = read.body.clone();
    document["LifeCycle"]["Stage"] = json!("Committed");
    let answer = function.send(&merge(&document)).await;
    assert_eq!(told(&answer), (200, "updated"), "{answer:?}");
    assert_eq!(answer.body["changes"].as_array().map(Vec::len), Some(1));

    // Its date is that of the state it was read in, which is stale by now.
    document["LifeCycle"]["NextSteps"] = json!("Stale");
    let answer = function.send(&merge(&document)).await;
    assert_eq!(told(&answer), (412, "precondition-failed"));
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn an_update_opportunity_body_is_a_patch() {
    let (emulator, function) = sample().await;
    let mut body = documents::sample();
    let members = body.as_object_mut().expect("an object");
    for name in [
        "Id",
        "Arn",
        "CreatedDate",
        "OpportunityTeam",
        "RelatedEntityIdentifiers",
    ] {
        members.remove(name);
    }
    members.insert("Identifier".to_owned(), json!(ID));
    members.insert("Catalog".to_owned(), json!("Sandbox"));
    // As botocore writes it.
    members.insert(
        "LastModifiedDate".to_owned(),
        json!("2026-03-04T05:06:07.890000+00:00"),
    );
    body["LifeCycle"]["Stage"] = json!("Committed");
    let request = Request::new("POST", "/opportunities")
        .header("content-type", "application/json")
        .body(&body.to_string());
    assert_eq!(told(&function.send(&request).await), (200, "updated"));
    assert_eq!(now(&emulator)["LifeCycle"]["Stage"], "Committed");
}

#[tokio::test]
async fn identifier_and_catalog_in_a_body_must_agree_with_path_and_configuration() {
    let (emulator, function) = sample().await;
    for (patch, code, pointer) in [
        (json!({"Identifier": "O1"}), "mismatch", "/Identifier"),
        (json!({"Catalog": "AWS"}), "mismatch", "/Catalog"),
        (json!({"Id": "O1"}), "read-only", "/Id"),
        (
            json!({"LastModifiedDate": null}),
            "wrong-type",
            "/LastModifiedDate",
        ),
    ] {
        let answer = function.send(&merge(&patch)).await;
        assert_eq!(told(&answer), (422, "invalid-patch"), "{patch}");
        assert_eq!(answer.body["errors"][0]["code"], code, "{patch}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{patch}");
    }
    assert_eq!(emulator.writes().len(), 0);
}

#[tokio::test]
async fn a_response_without_its_catalog_is_taken_to_be_from_the_configured_one() {
    let mut document = documents::sample();
    document
        .as_object_mut()
        .expect("an object")
        .remove("Catalog");
    let (emulator, function) = sample().await;
    emulator.inject("GetOpportunity", 1, Fault::Answer(document.to_string()));
    let patch = json!({"LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&merge(&patch)).await;
    assert_eq!(told(&answer), (200, "updated"), "{answer:?}");
    assert_eq!(emulator.writes()[0].json()["Catalog"], "Sandbox");
}

#[tokio::test]
async fn awss_summary_can_be_read_on_its_own() {
    let (emulator, function) = sample().await;
    let summary = json!({"RelatedOpportunityId": ID, "AddedTomorrow": 1.10});
    emulator.seed_summary(ID, summary.clone());
    let path = format!("/opportunities/{ID}/aws-summary");
    let answer = function.send(&Request::new("GET", &path)).await;
    assert_eq!((answer.status, answer.body), (200, summary));
    let absent = function
        .send(&Request::new("GET", "/opportunities/O2/aws-summary"))
        .await;
    assert_eq!(told(&absent), (404, "opportunity-not-found"));
}
