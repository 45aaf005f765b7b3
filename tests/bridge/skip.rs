//! `Prefer: locked=skip` writes the part of a patch that the review leaves open, and names the rest.

use bridge_tests::{Function, Request, Response};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::{crm, documents, patch};

const ID: &str = "O7654321";

/// Edits a title, which `Approved` closes, and next steps, which it leaves open.
fn edit() -> Value {
    json!({"Project": {"Title": "Berth planner"}, "LifeCycle": {"NextSteps": "Call the harbour master"}})
}

async fn sample(status: &str) -> (Emulator, Function) {
    let mut document = documents::sample();
    document["LifeCycle"]["ReviewStatus"] = json!(status);
    patch::with_document(document).await
}

fn skipping(patch: &Value) -> Request {
    Request::patch(ID, patch).header("prefer", "locked=skip")
}

fn operations(operations: &Value) -> Request {
    Request::new("PATCH", &format!("/opportunities/{ID}"))
        .header("content-type", "application/json-patch+json")
        .header("prefer", "locked=skip")
        .body(&operations.to_string())
}

fn told(answer: &Response) -> (u64, &str) {
    let outcome = answer.body["outcome"].as_str();
    let problem = answer.body["type"].as_str();
    let problem = problem.and_then(|name| name.rsplit('/').next());
    (answer.status, outcome.or(problem).unwrap_or_default())
}

fn pointers<'a>(answer: &'a Response, list: &str) -> Vec<&'a str> {
    let items = answer.body[list].as_array().expect(list).iter();
    items
        .map(|item| item["pointer"].as_str().expect("a pointer"))
        .collect()
}

fn now(emulator: &Emulator) -> Value {
    emulator.opportunity(ID).expect("the opportunity")
}

#[tokio::test]
async fn the_open_part_of_a_patch_is_written_and_the_rest_is_named() {
    let (emulator, function) = sample("Approved").await;
    let answer = function.send(&skipping(&edit())).await;
    assert_eq!(told(&answer), (200, "updated-in-part"), "{answer:?}");
    assert_eq!(answer.headers["preference-applied"], "locked=skip");
    assert_eq!(pointers(&answer, "changes"), ["/LifeCycle/NextSteps"]);
    assert_eq!(
        answer.body["skipped"],
        json!([{
            "pointer": "/Project/Title", "code": "locked", "source": "patch",
            "detail": "`/Project/Title` cannot be changed while the review status is `Approved`",
            "before": documents::sample()["Project"]["Title"], "wanted": "Berth planner",
        }])
    );
    assert_eq!(
        now(&emulator)["LifeCycle"]["NextSteps"],
        "Call the harbour master"
    );
    assert_eq!(
        now(&emulator)["Project"]["Title"],
        documents::sample()["Project"]["Title"]
    );
    assert_eq!(answer.body["etag"], answer.headers["etag"]);

    // Sent again, the patch has only its locked part left to change.
    let again = function.send(&skipping(&edit())).await;
    assert_eq!(told(&again), (409, "opportunity-locked"));
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn where_nothing_is_locked_a_patch_is_written_whole() {
    let (_emulator, function) = sample("Pending Submission").await;
    let answer = function.send(&skipping(&edit())).await;
    assert_eq!(told(&answer), (200, "updated"));
    assert_eq!(answer.headers["preference-applied"], "locked=skip");
    assert_eq!(answer.body["skipped"], json!([]));
    let again = function.send(&skipping(&edit())).await;
    assert_eq!(told(&again), (200, "unchanged"));
}

#[tokio::test]
async fn where_nothing_is_open_the_answer_is_the_same_as_without_the_preference() {
    let (emulator, function) = sample("Submitted").await;
    let without = function.send(&Request::patch(ID, &edit())).await;
    assert_eq!(told(&without), (409, "opportunity-locked"));
    for preference in ["locked=skip", "locked=skip, handling=lenient"] {
        let request = Request::patch(ID, &edit()).header("prefer", preference);
        let answer = function.send(&request).await;
        assert_eq!(told(&answer), (409, "opportunity-locked"), "{preference}");
        assert_eq!(answer.body["errors"], without.body["errors"]);
        let dry_run = function.send(&request.query("dry_run=true")).await;
        assert_eq!(told(&dry_run), (200, "dry-run"));
        assert_eq!(dry_run.body["errors"], without.body["errors"]);
    }
    assert_eq!(emulator.writes().len(), 0);
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_written_and_what_would_be_skipped() {
    let (emulator, function) = sample("Approved").await;
    let dry_run = function
        .send(&skipping(&edit()).query("dry_run=true"))
        .await;
    assert_eq!(told(&dry_run), (200, "dry-run"));
    assert_eq!(dry_run.body["errors"], json!([]));
    let title = &documents::sample()["Project"]["Title"];
    assert_eq!(dry_run.body["request"]["Project"]["Title"], *title);
    assert_eq!(emulator.writes().len(), 0);
    let answer = function.send(&skipping(&edit())).await;
    for list in ["changes", "skipped"] {
        assert_eq!(answer.body[list], dry_run.body[list], "{list}");
    }
    assert_eq!(
        emulator.writes()[0].json(),
        dry_run.body["request"],
        "{answer:?}"
    );
}

#[tokio::test]
async fn what_is_skipped_is_told_even_to_who_asks_for_nothing() {
    let minimal = "return=minimal, locked=skip";
    let request = Request::patch(ID, &edit()).header("prefer", minimal);
    let (_emulator, function) = sample("Approved").await;
    let answer = function.send(&request).await;
    assert_eq!(told(&answer), (200, "updated-in-part"));
    assert_eq!(answer.headers["preference-applied"], "locked=skip");
    assert_eq!(pointers(&answer, "skipped"), ["/Project/Title"]);
    let (_emulator, function) = sample("Pending Submission").await;
    let answer = function.send(&request).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["preference-applied"], minimal);
}

#[tokio::test]
async fn a_patch_with_more_locked_changes_than_can_be_named_is_refused_whole() {
    let (emulator, function) = sample("Action Required").await;
    let edit = |locked: usize| {
        let locked = (0..locked).map(|number| (format!("A{number}"), json!(number)));
        let mut edit: Value = locked.collect::<serde_json::Map<_, _>>().into();
        edit["PartnerOpportunityIdentifier"] = json!("deal-7");
        skipping(&edit)
    };
    let answer = function.send(&edit(15_000)).await;
    assert_eq!(told(&answer), (409, "opportunity-locked"));
    assert_eq!(emulator.writes().len(), 0);
    let answer = function.send(&edit(1_000)).await;
    assert_eq!(told(&answer), (200, "updated-in-part"));
    assert_eq!(pointers(&answer, "skipped").len(), 1_000);
}

#[tokio::test]
async fn what_is_left_is_judged_anew_and_a_refusal_names_what_was_skipped_too() {
    let (emulator, function) = sample("Approved").await;
    let mut edit = edit();
    edit["LifeCycle"]["Stage"] = json!("Closed Lost");
    edit["Lifecycle"] = json!({});
    let answer = function.send(&skipping(&edit)).await;
    assert_eq!(told(&answer), (422, "invalid-patch"));
    assert_eq!(
        answer.body["detail"],
        "the opportunity would not be valid: /LifeCycle/ClosedLostReason"
    );
    assert_eq!(
        pointers(&answer, "errors"),
        ["/LifeCycle/ClosedLostReason", "/Project/Title"]
    );
    assert_eq!(emulator.writes().len(), 0);

    // A field that belongs to a locked one is skipped with it.
    let industry = json!({
        "Customer": {"Account": {"Industry": "Other", "OtherIndustry": "Marinas"}},
        "LifeCycle": {"NextSteps": "Call"},
    });
    let answer = function.send(&skipping(&industry)).await;
    assert_eq!(told(&answer), (200, "updated-in-part"));
    let codes = answer.body["skipped"].as_array().expect("a list").iter();
    assert_eq!(
        codes.map(|one| one["code"].clone()).collect::<Vec<_>>(),
        ["locked", "companion-locked"]
    );
}

#[tokio::test]
async fn a_precondition_is_checked_before_anything_is_skipped() {
    let (emulator, function) = sample("Approved").await;
    let stale = skipping(&edit()).header("if-match", "\"stale\"");
    assert_eq!(
        told(&function.send(&stale).await),
        (412, "precondition-failed")
    );
    assert_eq!(emulator.writes().len(), 0);
    let tag = format!(
        "\"{}\"",
        now(&emulator)["LastModifiedDate"].as_str().expect("a date")
    );
    let fresh = skipping(&edit()).header("if-match", &tag);
    assert_eq!(told(&function.send(&fresh).await), (200, "updated-in-part"));
}

#[tokio::test]
async fn of_a_json_patch_the_locked_part_of_what_it_makes_is_skipped() {
    let (emulator, function) = sample("Approved").await;
    let answer = function
        .send(&operations(&json!([
            {"op": "test", "path": "/LifeCycle/Stage", "value": "Qualified"},
            {"op": "replace", "path": "/Project/Title", "value": "Berth planner"},
            {"op": "copy", "from": "/Project/Title", "path": "/LifeCycle/NextSteps"},
        ])))
        .await;
    assert_eq!(told(&answer), (200, "updated-in-part"), "{answer:?}");
    assert_eq!(pointers(&answer, "skipped"), ["/Project/Title"]);
    assert_eq!(now(&emulator)["LifeCycle"]["NextSteps"], "Berth planner");

    // Without its second half a `move` would lose the value.
    let before = now(&emulator);
    let answer = function
        .send(&operations(&json!([
            {"op": "move", "from": "/LifeCycle/NextSteps", "path": "/Project/Title"},
        ])))
        .await;
    assert_eq!(told(&answer), (409, "opportunity-locked"));
    assert_eq!(now(&emulator), before);
}

#[tokio::test]
async fn a_part_whose_answer_was_lost_is_not_written_twice() {
    for request in [
        skipping(&edit()),
        operations(&json!([
            {"op": "replace", "path": "/Project/Title", "value": "Berth planner"},
            {"op": "replace", "path": "/LifeCycle/NextSteps", "value": "Call the harbour master"},
        ])),
    ] {
        let (emulator, function) = sample("Approved").await;
        emulator.inject("UpdateOpportunity", 1, Fault::AnswerLost);
        let answer = function.send(&request).await;
        assert_eq!(told(&answer), (200, "updated-in-part"), "{answer:?}");
        assert_eq!(pointers(&answer, "skipped"), ["/Project/Title"]);
        let date = &now(&emulator)["LastModifiedDate"];
        assert_eq!(answer.body["lastModifiedDate"], *date, "{answer:?}");
    }
}

#[tokio::test]
async fn a_part_that_landed_is_confirmed_though_the_review_has_ended_since() {
    let (emulator, function) = sample("Approved").await;
    emulator.inject("UpdateOpportunity", 1, Fault::AnswerLost);
    emulator.inject("GetOpportunity", 1, Fault::Delay(std::time::Duration::ZERO));
    let reopened = |document: &mut Value| {
        document["LifeCycle"]["ReviewStatus"] = json!("Pending Submission");
    };
    emulator.inject("GetOpportunity", 1, Fault::ConcurrentEdit(reopened));
    let answer = function.send(&skipping(&edit())).await;
    assert_eq!(told(&answer), (200, "updated-in-part"), "{answer:?}");
    let title = &documents::sample()["Project"]["Title"];
    assert_eq!(now(&emulator)["Project"]["Title"], *title);
}

#[tokio::test]
async fn after_a_conflict_the_review_status_of_the_fresh_read_decides() {
    let (emulator, function) = sample("Approved").await;
    let reopened = |document: &mut Value| {
        document["LifeCycle"]["ReviewStatus"] = json!("Pending Submission");
    };
    emulator.inject("UpdateOpportunity", 1, Fault::ConcurrentEdit(reopened));
    let answer = function.send(&skipping(&edit())).await;
    assert_eq!(told(&answer), (200, "updated"), "{answer:?}");
    assert_eq!(now(&emulator)["Project"]["Title"], "Berth planner");
}

#[tokio::test]
async fn what_is_skipped_of_a_record_has_the_crms_name_too() {
    let (emulator, function) = crm::with(crm::HUBSPOT).await;
    emulator.edit(ID, |document| {
        document["LifeCycle"]["ReviewStatus"] = json!("Action Required");
    });
    let record = crm::deal(&json!({"hs_next_step": "Call", "changed_closedate": "2030-01-31"}))
        .header("prefer", "locked=skip");
    let answer = function.send(&record).await;
    assert_eq!(told(&answer), (200, "updated-in-part"), "{answer:?}");
    assert_eq!(pointers(&answer, "changes"), ["/LifeCycle/TargetCloseDate"]);
    let skipped = &answer.body["skipped"][0];
    assert_eq!(
        (&skipped["pointer"], &skipped["field"], &skipped["wanted"]),
        (
            &json!("/LifeCycle/NextSteps"),
            &json!("hs_next_step"),
            &json!("Call")
        )
    );
    assert_eq!(answer.body["changes"][0]["field"], "changed_closedate");
}

#[tokio::test]
async fn a_default_that_is_skipped_is_not_told_as_one_that_aws_gets() {
    let mapping = json!({
        "crm": "example", "receive": {"id": "/id", "record": ""}, "send": {"body": {}, "record": ""},
        "fields": [
            {"aws": "/LifeCycle/TargetCloseDate", "crm": "close", "to": "aws", "as": "date"},
            {"aws": "/Project/AdditionalComments", "crm": "comments", "to": "aws", "default": "From the CRM"},
        ],
    });
    let file = std::env::temp_dir().join(format!("mapping-{}-skip.json", std::process::id()));
    std::fs::write(&file, mapping.to_string()).expect("a file");
    let (emulator, function) = crm::with(("CRM_MAPPING", file.to_str().expect("UTF-8"))).await;
    let record = Request::new("POST", "/crm")
        .header("content-type", "application/json")
        .header("prefer", "locked=skip")
        .body(&json!({"id": ID, "close": "2030-01-31"}).to_string());
    for (status, defaulted, skipped) in [
        ("Action Required", 0, vec!["/Project/AdditionalComments"]),
        ("Approved", 1, vec![]),
    ] {
        emulator.seed(documents::sample());
        emulator.edit(ID, |document| {
            document["LifeCycle"]["ReviewStatus"] = json!(status);
        });
        let answer = function.send(&record).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(pointers(&answer, "skipped"), skipped);
        let warnings = answer.body["warnings"].as_array().expect("a list").iter();
        let told = warnings.filter(|warning| warning["code"] == "defaulted");
        assert_eq!(told.count(), defaulted, "{status}");
    }
    std::fs::remove_file(file).expect("it is there");
}
