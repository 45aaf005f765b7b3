//! `patch-opportunity` writes patches: what it sends to AWS, and how it reports that.

use bridge_tests::{Function, Request, Response};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::documents;

/// The variables of `patch-opportunity` in these tests.
pub(crate) const VARIABLES: [(&str, &str); 2] = [
    ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
    ("WEBHOOK_AUTH", "none"),
];

/// The function, with one document in Partner Central.
pub(crate) async fn with_document(document: Value) -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(document);
    let function = Function::start("patch-opportunity", &emulator, &VARIABLES).await;
    (emulator, function)
}

/// The bodies of the updates sent to Partner Central.
fn updates(emulator: &Emulator) -> Vec<Value> {
    emulator
        .writes()
        .iter()
        .map(partner_central_emulator::Request::json)
        .collect()
}

fn paths(answer: &Response) -> Vec<&str> {
    let changes = answer.body["changes"].as_array().expect("changes");
    changes
        .iter()
        .map(|change| change["pointer"].as_str().expect("a path"))
        .collect()
}

#[tokio::test]
async fn a_patch_of_one_field_sends_every_other_field_as_it_was_read() {
    let document = documents::of_tomorrow();
    let (emulator, function) = with_document(document.clone()).await;

    let answer = function
        .send(&Request::patch(
            "O1",
            &json!({"LifeCycle": {"Stage": "Qualified"}}),
        ))
        .await;

    let mut expected = document;
    for name in [
        "Id",
        "Arn",
        "CreatedDate",
        "RelatedEntityIdentifiers",
        "OpportunityTeam",
    ] {
        expected.as_object_mut().unwrap().remove(name);
    }
    expected["Identifier"] = json!("O1");
    expected["LifeCycle"]["Stage"] = json!("Qualified");
    assert_eq!(updates(&emulator), [expected]);

    let raw = String::from_utf8(emulator.writes()[0].body.to_vec()).unwrap();
    for digits in [
        "18446744073709551617",
        ":1.10,",
        ":0.1000000000000000055511151231257827,",
        ":-0.0,",
        "[1.0,2.50]",
    ] {
        assert!(raw.contains(digits), "{digits} in {raw}");
    }
    assert!(
        raw.contains(r#""LastModifiedDate":"2026-01-02T03:04:05.120Z""#),
        "{raw}"
    );

    let now = emulator.opportunity("O1").unwrap()["LastModifiedDate"].clone();
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        json!({
            "identifier": "O1",
            "outcome": "updated",
            "lastModifiedDate": now,
            "etag": format!("\"{}\"", now.as_str().unwrap()),
            "changes": [{"pointer": "/LifeCycle/Stage", "before": "Prospect", "after": "Qualified", "source": "patch"}],
            "adjustments": [],
            "warnings": documents::warnings_of_tomorrow(),
        })
    );
}

#[tokio::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    let (emulator, function) = with_document(documents::of_tomorrow()).await;
    for patch in [
        json!({}),
        json!({"LifeCycle": {}}),
        json!({"LifeCycle": {"Stage": "Prospect"}}),
        json!({"SoftwareRevenue": null, "NeverThere": null}),
        json!({"SoftwareRevenue": {"DeliveryModel": null}}),
        json!({"Customer": {"Contacts": []}}),
    ] {
        let answer = function.send(&Request::patch("O1", &patch)).await;
        assert_eq!(answer.status, 200, "{patch}");
        assert_eq!(
            answer.body,
            json!({
                "identifier": "O1",
                "outcome": "unchanged",
                "lastModifiedDate": "2026-01-02T03:04:05.120Z",
                "etag": "\"2026-01-02T03:04:05.120Z\"",
                "changes": [],
                "adjustments": [],
                "warnings": documents::warnings_of_tomorrow(),
            }),
            "{patch}"
        );
    }
    assert_eq!(updates(&emulator), [] as [Value; 0]);
}

#[tokio::test]
async fn a_stale_update_is_applied_again_to_a_fresh_read_and_both_edits_are_kept() {
    let (emulator, function) = with_document(documents::sample()).await;
    emulator.inject(
        "UpdateOpportunity",
        1,
        Fault::ConcurrentEdit(|document| {
            document["Customer"]["Account"]["Duns"] = json!("123456789");
            document["LifeCycle"]["NextSteps"] = json!("Somebody else's");
        }),
    );

    let patch = json!({"LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&Request::patch("O7654321", &patch)).await;

    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated"))
    );
    assert_eq!(paths(&answer), ["/LifeCycle/Stage"]);
    let document = emulator.opportunity("O7654321").unwrap();
    assert_eq!(document["LifeCycle"]["Stage"], "Committed");
    assert_eq!(document["LifeCycle"]["NextSteps"], "Somebody else's");
    assert_eq!(document["Customer"]["Account"]["Duns"], "123456789");

    let updates = updates(&emulator);
    assert_eq!(updates.len(), 2);
    assert_eq!(
        updates[0]["LifeCycle"]["NextSteps"],
        "Send the sizing of the pilot"
    );
    assert_eq!(updates[1]["LifeCycle"]["NextSteps"], "Somebody else's");
    assert_ne!(
        updates[0]["LastModifiedDate"],
        updates[1]["LastModifiedDate"]
    );
}

#[tokio::test]
async fn after_a_concurrent_edit_that_makes_the_same_change_nothing_is_written() {
    let (emulator, function) = with_document(documents::sample()).await;
    let edit =
        Fault::ConcurrentEdit(|document| document["LifeCycle"]["Stage"] = json!("Committed"));
    emulator.inject("UpdateOpportunity", 1, edit);

    let answer = function
        .send(&Request::patch(
            "O7654321",
            &json!({"LifeCycle": {"Stage": "Committed"}}),
        ))
        .await;

    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("unchanged"))
    );
    assert_eq!(updates(&emulator).len(), 1);
}

#[tokio::test]
async fn five_conflicts_in_a_row_are_reported_and_nothing_is_written() {
    let (emulator, function) = with_document(documents::sample()).await;
    let edit = Fault::ConcurrentEdit(|document| {
        document["LifeCycle"]["NextSteps"] = json!("Somebody else's");
    });
    emulator.inject("UpdateOpportunity", 9, edit);

    let answer = function
        .send(&Request::patch(
            "O7654321",
            &json!({"LifeCycle": {"Stage": "Committed"}}),
        ))
        .await;

    assert_eq!(answer.status, 409);
    assert_eq!(
        answer.body["type"],
        "urn:opportunity-bridge:problems/concurrent-edits"
    );
    assert_eq!(updates(&emulator).len(), 5);
    assert_eq!(
        emulator.opportunity("O7654321").unwrap()["LifeCycle"]["Stage"],
        "Qualified"
    );
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_found_to_have_happened() {
    let (emulator, function) = with_document(documents::sample()).await;
    for lost in [Fault::AnswerLost, Fault::AnswerLost, Fault::AnswerLost] {
        emulator.inject("UpdateOpportunity", 1, lost);
    }
    let answer = function
        .send(&Request::patch(
            "O7654321",
            &json!({"LifeCycle": {"Stage": "Committed"}}),
        ))
        .await;

    let document = emulator.opportunity("O7654321").unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["outcome"], "updated");
    assert_eq!(
        answer.body["lastModifiedDate"],
        document["LastModifiedDate"]
    );
    assert_eq!(paths(&answer), ["/LifeCycle/Stage"]);
    assert_eq!(document["LifeCycle"]["Stage"], "Committed");
}

#[tokio::test]
async fn only_the_status_of_the_answer_decides_whether_a_write_succeeded() {
    for body in [
        r#"{"Id":"O7654321","LastModifiedDate":1772604428}"#,
        r#"{"Id":7}"#,
        "not JSON",
        "",
    ] {
        let (emulator, function) = with_document(documents::sample()).await;
        emulator.inject("UpdateOpportunity", 1, Fault::Answer(body.to_owned()));
        let answer = function
            .send(&Request::patch(
                "O7654321",
                &json!({"LifeCycle": {"Stage": "Committed"}}),
            ))
            .await;

        let document = emulator.opportunity("O7654321").unwrap();
        assert_eq!(
            (answer.status, &answer.body["outcome"]),
            (200, &json!("updated")),
            "{body}"
        );
        assert_eq!(
            answer.body["lastModifiedDate"], document["LastModifiedDate"],
            "{body}"
        );
        assert_eq!(updates(&emulator).len(), 1, "{body}");
    }
}

#[tokio::test]
async fn the_hazards_of_the_round_trip_are_repaired_and_reported() {
    let document = documents::with(&json!({
        "Project": {
            "CustomerUseCase": "Security &amp; Compliance",
            "Title": "R&amp;D",
            "ExpectedCustomerSpend": [{"__type": "com.amazon#Spend", "Amount": "1", "CurrencyCode": "USD",
                "Frequency": "Monthly", "TargetCompany": "AWS"}],
        },
    }));
    let (emulator, function) = with_document(document).await;

    // The use case that a CRM got in the event is no change, decoded or not.
    for use_case in ["Security &amp; Compliance", "Security & Compliance"] {
        let patch = json!({"Project": {"CustomerUseCase": use_case}});
        assert_eq!(
            function.send(&Request::patch("O1", &patch)).await.body["outcome"],
            "unchanged"
        );
    }

    let answer = function
        .send(&Request::patch(
            "O1",
            &json!({"Project": {"Title": "R&amp;D 2"}}),
        ))
        .await;
    assert_eq!(
        answer.body["adjustments"],
        json!([
            {
                "pointer": "/Project/ExpectedCustomerSpend/0/__type",
                "rule": "type-tag-dropped", "before": "com.amazon#Spend", "after": null,
            },
            {
                "pointer": "/Project/CustomerUseCase",
                "rule": "entity-decoded", "before": "Security &amp; Compliance", "after": "Security & Compliance",
            },
        ])
    );
    let [update] = &updates(&emulator)[..] else {
        panic!("one update")
    };
    assert_eq!(
        update["Project"]["CustomerUseCase"],
        "Security & Compliance"
    );
    assert_eq!(update["Project"]["Title"], "R&amp;D 2");
    assert_eq!(
        update["Project"]["ExpectedCustomerSpend"][0].get("__type"),
        None
    );
}

#[tokio::test]
async fn a_member_that_the_patch_removes_is_sent_as_explicit_null() {
    let (emulator, function) = with_document(documents::of_tomorrow()).await;
    let patch = json!({"Project": {"ExpectedContractDuration": null}, "AddedTomorrow": null});
    let lenient = Request::patch("O1", &patch).header("prefer", "handling=lenient");
    let answer = function.send(&lenient).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    let [update] = &updates(&emulator)[..] else {
        panic!("one update")
    };
    assert_eq!(
        update["Project"].get("ExpectedContractDuration"),
        Some(&Value::Null)
    );
    assert_eq!(update.get("AddedTomorrow"), Some(&Value::Null));
    assert_eq!(
        emulator.opportunity("O1").unwrap()["Project"]["ExpectedContractDuration"],
        Value::Null
    );
}

#[tokio::test]
async fn the_body_of_a_function_url_may_be_base64() {
    let (emulator, function) = with_document(documents::sample()).await;
    let request = Request::new("PATCH", "/opportunities/O7654321")
        .header(
            "content-type",
            "application/merge-patch+json; charset=utf-8",
        )
        .base64_body("eyJMaWZlQ3ljbGUiOnsiTmV4dFN0ZXBzIjoiS8O2bG4ifX0="); // {"LifeCycle":{"NextSteps":"Köln"}}
    assert_eq!(function.send(&request).await.status, 200);
    assert_eq!(
        emulator.opportunity("O7654321").unwrap()["LifeCycle"]["NextSteps"],
        "Köln"
    );
}

#[tokio::test]
async fn the_sample_request_is_accepted() {
    let (_emulator, function) = with_document(documents::sample()).await;
    let event = include_str!("../../events/patch-stage.json")
        .parse()
        .unwrap();
    let answer = function.invoke(event).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    assert_eq!(answer["headers"]["content-type"], "application/json");
}
