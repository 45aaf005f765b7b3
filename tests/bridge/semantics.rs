//! `patch-opportunity` follows HTTP: routes, conditional requests, preferences, dry runs, JSON Patch.

use bridge_tests::Request;
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::{documents, patch};

fn committed() -> Request {
    Request::patch("O7654321", &json!({"LifeCycle": {"Stage": "Committed"}}))
}

#[tokio::test]
async fn post_does_what_patch_does_and_the_identifier_may_be_in_the_body() {
    for request in [
        Request::new("POST", "/opportunities/O7654321")
            .body(r#"{"LifeCycle":{"Stage":"Committed"}}"#),
        Request::new("POST", "/opportunities")
            .body(r#"{"Identifier":"O7654321","LifeCycle":{"Stage":"Committed"}}"#),
    ] {
        let (emulator, function) = patch::with_document(documents::sample()).await;
        let answer = function
            .send(&request.header("content-type", "application/json"))
            .await;
        assert_eq!(
            (answer.status, &answer.body["outcome"]),
            (200, &json!("updated"))
        );
        assert_eq!(
            emulator.opportunity("O7654321").unwrap()["LifeCycle"]["Stage"],
            "Committed"
        );
    }
}

#[tokio::test]
async fn an_identifier_in_the_wrong_place_is_refused() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let post = |body: &str| {
        Request::new("POST", "/opportunities")
            .header("content-type", "application/json")
            .body(body)
    };
    let operations = Request::new("POST", "/opportunities")
        .header("content-type", "application/json-patch+json");
    for (request, status, detail) in [
        (
            post("{}"),
            422,
            "the body's `Identifier` is missing, expected the opportunity's identifier as a string, or in the path",
        ),
        (
            post(r#"{"Identifier":7654321}"#),
            422,
            "the body's `Identifier` is not a string",
        ),
        (
            post(r#"{"Identifier":"7"}"#),
            400,
            "`7` is not an opportunity identifier, expected `O` and 1 to 19 digits",
        ),
        (
            operations.body("[]"),
            422,
            "a JSON Patch has no field `Identifier`, expected the opportunity's identifier as a string, or in the path",
        ),
        (
            Request::patch("O7654321", &json!({"Identifier": "O7654322"})),
            422,
            "the body's `Identifier` is `O7654322`, the path's is `O7654321`",
        ),
    ] {
        let answer = function.send(&request).await;
        assert_eq!(
            (answer.status, &answer.body["detail"]),
            (status, &json!(detail))
        );
    }
    let both = Request::patch("O7654321", &json!({"Identifier": "O7654321"}));
    assert_eq!(function.send(&both).await.body["outcome"], "unchanged");
    assert_eq!(emulator.writes().len(), 0);
}

#[tokio::test]
async fn a_read_returns_the_document_as_partner_central_has_it() {
    let (_emulator, function) = patch::with_document(documents::of_tomorrow()).await;
    let answer = function
        .send(&Request::new("GET", "/opportunities/O1"))
        .await;
    assert_eq!(
        (answer.status, answer.body),
        (200, documents::of_tomorrow())
    );
    assert_eq!(answer.headers["etag"], r#""2026-01-02T03:04:05.120Z""#);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(
        function
            .send(&Request::new("GET", "/opportunities/O2"))
            .await
            .status,
        404
    );
    assert_eq!(
        function
            .send(&Request::new("GET", "/opportunities/2"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_write_can_depend_on_the_state_that_was_read() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let read = function
        .send(&Request::new("GET", "/opportunities/O7654321"))
        .await;
    let etag = read.headers["etag"].as_str().unwrap();

    let answer = function.send(&committed().header("if-match", etag)).await;
    assert_eq!(answer.status, 200);
    let now = answer.headers["etag"].as_str().unwrap();
    assert_eq!(
        now,
        format!("\"{}\"", answer.body["lastModifiedDate"].as_str().unwrap())
    );
    assert_ne!(now, etag);

    let stale = Request::patch("O7654321", &json!({"LifeCycle": {"NextSteps": "x"}}));
    for if_match in [etag.to_owned(), format!("W/{now}"), r#""""#.to_owned()] {
        let answer = function
            .send(&stale.clone().header("if-match", &if_match))
            .await;
        assert_eq!(answer.status, 412, "{if_match}");
        assert_eq!(
            answer.body["type"],
            "urn:opportunity-bridge:problems/precondition-failed"
        );
        assert_eq!(answer.headers["etag"], now);
    }
    assert_eq!(
        function
            .send(&stale.clone().header("if-match", "no quotes"))
            .await
            .status,
        400
    );
    assert_eq!(emulator.writes().len(), 1);

    for steps in ["x", "y"] {
        let now = emulator.opportunity("O7654321").unwrap()["LastModifiedDate"].clone();
        let if_match = if steps == "x" {
            "*".to_owned()
        } else {
            format!("{etag}, {now}")
        };
        let request = Request::patch("O7654321", &json!({"LifeCycle": {"NextSteps": steps}}));
        assert_eq!(
            function
                .send(&request.header("if-match", &if_match))
                .await
                .status,
            200,
            "{if_match}"
        );
    }
}

#[tokio::test]
async fn with_if_match_a_conflict_is_412_and_not_tried_again() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let edit = Fault::ConcurrentEdit(|document| {
        document["LifeCycle"]["NextSteps"] = json!("Somebody else's");
    });
    emulator.inject("UpdateOpportunity", 1, edit);
    let answer = function
        .send(&committed().header("if-match", r#""2026-03-04T05:06:07.890Z""#))
        .await;
    assert_eq!((answer.status, emulator.writes().len()), (412, 1));
    let now = emulator.opportunity("O7654321").unwrap();
    assert_eq!(
        answer.headers["etag"],
        format!("\"{}\"", now["LastModifiedDate"].as_str().unwrap())
    );
    assert_eq!(now["LifeCycle"]["Stage"], "Qualified");
}

#[tokio::test]
async fn with_if_match_a_write_whose_answer_was_lost_is_still_found() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    emulator.inject("UpdateOpportunity", 1, Fault::AnswerLost);
    let answer = function
        .send(&committed().header("if-match", r#""2026-03-04T05:06:07.890Z""#))
        .await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated")),
        "{answer:?}"
    );
}

/// The sample under a date far in the future, so that the date of the next write is known: the one
/// after it.
fn ahead() -> Value {
    let mut document = documents::sample();
    document["LastModifiedDate"] = json!("2999-12-31T23:59:59.999Z");
    document
}
const NEXT: &str = "3000-01-01T00:00:00.000Z";

/// Makes the read after the write return `document`.
fn read_after_the_write(emulator: &Emulator, document: &Value) {
    let first = Fault::Delay(std::time::Duration::ZERO);
    emulator.inject("GetOpportunity", 1, first);
    emulator.inject("GetOpportunity", 1, Fault::Answer(document.to_string()));
}

#[tokio::test]
async fn changes_that_aws_made_in_a_write_are_reported_as_awss() {
    let (emulator, function) = patch::with_document(ahead()).await;
    let mut rewritten = ahead();
    rewritten["LastModifiedDate"] = json!(NEXT);
    rewritten["LifeCycle"]["Stage"] = json!("Committed");
    rewritten["Project"]["ExpectedCustomerSpend"][1]["TargetCompany"] = json!("AWS");
    read_after_the_write(&emulator, &rewritten);
    let answer = function
        .send(&committed().header("prefer", "return=representation"))
        .await;

    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["preference-applied"],
        "return=representation"
    );
    assert_eq!(
        answer.body["changes"],
        json!([
            {"pointer": "/LifeCycle/Stage", "before": "Qualified", "after": "Committed", "source": "patch"},
            {"pointer": "/Project/ExpectedCustomerSpend/1/TargetCompany", "before": "Self", "after": "AWS", "source": "aws"},
        ])
    );
    assert_eq!(answer.body["opportunity"], rewritten);
    assert_eq!(answer.headers["etag"], format!("\"{NEXT}\""));
}

#[tokio::test]
async fn after_somebody_elses_edit_the_changes_have_no_known_author_and_the_answer_no_etag() {
    let (emulator, function) = patch::with_document(ahead()).await;
    emulator.inject("GetOpportunity", 1, Fault::Delay(std::time::Duration::ZERO));
    emulator.inject(
        "GetOpportunity",
        1,
        Fault::ConcurrentEdit(|document| document["LifeCycle"]["NextSteps"] = json!("Theirs")),
    );
    let answer = function
        .send(&committed().header("prefer", "return=representation"))
        .await;
    assert_eq!(
        (answer.status, &answer.body["changes"][1]["source"]),
        (200, &json!("unknown"))
    );
    assert_eq!(answer.body["warnings"][0]["code"], "changed-since");
    assert_eq!(
        answer.body["opportunity"],
        emulator.opportunity("O7654321").unwrap()
    );
    // The tag is that of the write, so `If-Match` with it cannot undo an edit that nobody has seen.
    assert_eq!(answer.headers["etag"], format!("\"{NEXT}\""));
    assert_eq!(answer.body["lastModifiedDate"], NEXT);
}

#[tokio::test]
async fn a_read_after_the_write_that_is_stale_is_not_shown() {
    let (emulator, function) = patch::with_document(ahead()).await;
    read_after_the_write(&emulator, &ahead());
    let answer = function
        .send(&committed().header("prefer", "return=representation"))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.get("opportunity"), None);
    assert_eq!(answer.body["warnings"][0]["code"], "no-representation");
    assert_eq!(answer.headers["etag"], format!("\"{NEXT}\""));
    assert_eq!(answer.body["changes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_write_is_reported_even_if_its_representation_cannot_be_read() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    emulator.inject("GetOpportunity", 1, Fault::Delay(std::time::Duration::ZERO));
    emulator.inject("GetOpportunity", 1, Fault::AccessDenied);
    let answer = function
        .send(&committed().header("prefer", "return=representation"))
        .await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated"))
    );
    assert_eq!(answer.headers.get("preference-applied"), None);
    assert_eq!(answer.body.get("opportunity"), None);
    assert_eq!(
        answer.body["lastModifiedDate"],
        emulator.opportunity("O7654321").unwrap()["LastModifiedDate"]
    );
    assert_eq!(answer.body["warnings"][0]["code"], "no-representation");
}

#[tokio::test]
async fn a_minimal_answer_is_empty_and_carries_the_etag() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    for _ in 0..2 {
        let answer = function
            .send(&committed().header("prefer", "return=minimal"))
            .await;
        assert_eq!((answer.status, answer.body), (204, Value::Null));
        assert_eq!(answer.headers["preference-applied"], "return=minimal");
        let now = emulator.opportunity("O7654321").unwrap();
        assert_eq!(
            answer.headers["etag"],
            format!("\"{}\"", now["LastModifiedDate"].as_str().unwrap())
        );
    }
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn an_unchanged_opportunity_has_a_representation_too() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let answer = function
        .send(&Request::patch("O7654321", &json!({})).header("prefer", "return=representation"))
        .await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("unchanged"))
    );
    assert_eq!(answer.body["opportunity"], documents::sample());
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn a_dry_run_does_everything_except_the_write() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let body = r#"{"LifeCycle":{"Stage":"Won"},"Project":{"Title":"New"},"Customer":{"Account":{"Duns":"12"}}}"#;
    let request = Request::new("PATCH", "/opportunities/O7654321?dry_run=true")
        .header("content-type", "application/json")
        .body(body);
    let answer = function.send(&request).await;

    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("dry-run")),
        "{answer:?}"
    );
    let codes: Vec<_> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (&error["pointer"], &error["code"]))
        .collect();
    assert_eq!(
        codes,
        [
            (&json!("/Project/Title"), &json!("locked")),
            (&json!("/Customer/Account/Duns"), &json!("wrong-format")),
            (&json!("/LifeCycle/Stage"), &json!("unlisted-value")),
        ]
    );
    assert_eq!(answer.body["changes"].as_array().unwrap().len(), 3);
    assert_eq!(answer.body["request"]["Identifier"], "O7654321");
    assert_eq!(answer.body["request"]["LifeCycle"]["Stage"], "Won");
    assert_eq!(answer.headers["etag"], r#""2026-03-04T05:06:07.890Z""#);
    assert_eq!(emulator.writes().len(), 0);

    // A dry run shows exactly what a real run sends.
    let dry = Request::new("PATCH", "/opportunities/O7654321?dry_run=true")
        .header("content-type", "application/json")
        .body(r#"{"LifeCycle":{"Stage":"Committed"}}"#);
    let answer = function.send(&dry).await;
    assert_eq!(answer.body["errors"], json!([]));
    function.send(&committed()).await;
    assert_eq!(emulator.writes()[0].json(), answer.body["request"]);
}

#[tokio::test]
async fn a_dry_run_of_a_patch_that_changes_nothing_has_no_errors() {
    let (_emulator, function) = patch::with_document(documents::sample()).await;
    for body in [
        r#"{"SoftwareRevenue":{"Value":{}}}"#,
        r#"{"Customer":{"Foo":{"x":null}}}"#,
    ] {
        for (query, outcome) in [("?dry_run=true", "dry-run"), ("", "unchanged")] {
            let request = Request::new("PATCH", &format!("/opportunities/O7654321{query}"));
            let answer = function
                .send(
                    &request
                        .header("content-type", "application/json")
                        .body(body),
                )
                .await;
            assert_eq!(
                (answer.status, &answer.body["outcome"]),
                (200, &json!(outcome)),
                "{body}"
            );
            assert_eq!(answer.body["changes"], json!([]), "{body}");
            assert!(
                matches!(answer.body.get("errors"), None | Some(Value::Array(_))),
                "{body}"
            );
            assert_eq!(
                answer
                    .body
                    .get("errors")
                    .and_then(Value::as_array)
                    .map_or(0, Vec::len),
                0,
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_query_is_refused_because_it_may_be_a_misspelt_dry_run() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    for query in [
        "dryrun=true",
        "dry_run",
        "dry_run=1",
        "dry_run=true&x=1",
        "dry_run=true&dry_run=false",
    ] {
        let request = Request::new("PATCH", &format!("/opportunities/O7654321?{query}"))
            .header("content-type", "application/json")
            .body(r#"{"LifeCycle":{"Stage":"Committed"}}"#);
        assert_eq!(function.send(&request).await.status, 400, "{query}");
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn a_json_patch_is_applied_if_its_tests_pass() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let operations = |operations: Value| {
        Request::new("PATCH", "/opportunities/O7654321")
            .header("content-type", "application/json-patch+json")
            .body(&operations.to_string())
    };
    let answer = function
        .send(&operations(json!([
            {"op": "test", "path": "/LifeCycle/Stage", "value": "Qualified"},
            {"op": "replace", "path": "/LifeCycle/Stage", "value": "Committed"},
            {"op": "add", "path": "/PrimaryNeedsFromAws/-", "value": "Co-Sell - Deal Support"},
            {"op": "copy", "from": "/Project/Title", "path": "/LifeCycle/NextSteps"},
            {"op": "remove", "path": "/Project/ExpectedContractDuration"},
        ])))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let now = emulator.opportunity("O7654321").unwrap();
    assert_eq!(
        now["LifeCycle"]["NextSteps"],
        "Berth planning on streaming data"
    );
    assert_eq!(now["PrimaryNeedsFromAws"][2], "Co-Sell - Deal Support");
    assert_eq!(now["Project"]["ExpectedContractDuration"], Value::Null);

    for (request, status, name, pointer) in [
        (
            json!([{"op": "test", "path": "/LifeCycle/Stage", "value": "Qualified"}]),
            409,
            "test-failed",
            "/LifeCycle/Stage",
        ),
        (
            json!([{"op": "remove", "path": "/Nowhere"}]),
            422,
            "invalid-patch",
            "/Nowhere",
        ),
        (
            json!([{"op": "replace", "path": "/Id", "value": "O2"}]),
            422,
            "invalid-patch",
            "/Id",
        ),
        (
            json!([{"op": "spam", "path": "/Id"}]),
            422,
            "invalid-patch",
            "/0",
        ),
        (json!({"op": "test"}), 422, "invalid-patch", ""),
    ] {
        let answer = function.send(&operations(request.clone())).await;
        assert_eq!(answer.status, status, "{request}");
        assert_eq!(
            answer.body["type"],
            format!("urn:opportunity-bridge:problems/{name}"),
            "{request}"
        );
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{request}");
    }
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn a_json_patch_is_not_carried_out_twice_if_its_answer_is_lost() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    emulator.inject("UpdateOpportunity", 3, Fault::AnswerLost);
    let request = Request::new("PATCH", "/opportunities/O7654321")
        .header("content-type", "application/json-patch+json")
        .body(r#"[{"op":"test","path":"/LifeCycle/Stage","value":"Qualified"},{"op":"replace","path":"/LifeCycle/Stage","value":"Committed"},{"op":"add","path":"/PrimaryNeedsFromAws/-","value":"Co-Sell - Deal Support"}]"#);
    let answer = function.send(&request).await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated")),
        "{answer:?}"
    );
    assert_eq!(
        emulator.opportunity("O7654321").unwrap()["PrimaryNeedsFromAws"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn an_appended_item_is_recognized_despite_the_nulls_that_aws_adds() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    emulator.inject("UpdateOpportunity", 3, Fault::AnswerLost);
    let request = Request::new("PATCH", "/opportunities/O7654321")
        .header("content-type", "application/json-patch+json")
        .body(r#"[{"op":"add","path":"/Customer/Contacts/-","value":{"Email":"new@harbour.example"}}]"#);
    let answer = function.send(&request).await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated")),
        "{answer:?}"
    );
    let contacts = emulator.opportunity("O7654321").unwrap()["Customer"]["Contacts"].clone();
    assert_eq!(contacts.as_array().unwrap().len(), 2);
}
