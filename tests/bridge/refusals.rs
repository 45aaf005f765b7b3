//! `patch-opportunity` refuses requests: with which answer, and without writing anything.

use bridge_tests::{Function, Request};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::{documents, patch};

fn committed() -> Request {
    Request::patch("O7654321", &json!({"LifeCycle": {"Stage": "Committed"}}))
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
async fn bad_input_is_refused_before_anything_is_read() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let target = "/opportunities/O7654321";
    let merge = |body: &str| {
        Request::new("PATCH", target)
            .header("content-type", "application/merge-patch+json")
            .body(body)
    };
    let huge = format!(
        r#"{{"LifeCycle":{{"NextSteps":"{}"}}}}"#,
        "x".repeat(256 * 1024)
    );
    let deep = format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500));
    for (request, status, name, detail) in [
        (
            merge("{"),
            400,
            "malformed-request",
            "the patch is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            merge(""),
            400,
            "malformed-request",
            "the patch is not JSON: EOF while parsing a value at line 1 column 0",
        ),
        (
            merge(&deep),
            400,
            "malformed-request",
            "the patch is not JSON: recursion limit exceeded at line 1 column 636",
        ),
        (
            merge(r#"{"LifeCycle":{"Stage":"Committed","Stage":"Qualified"}}"#),
            422,
            "invalid-patch",
            "the patch names `/LifeCycle/Stage` twice",
        ),
        (
            merge("[]"),
            422,
            "invalid-patch",
            "the patch is an array, expected an object",
        ),
        (
            merge("null"),
            422,
            "invalid-patch",
            "the patch is null, expected an object",
        ),
        (
            merge(&huge),
            413,
            "content-too-large",
            "the body is larger than 262144 bytes",
        ),
        (
            Request::new("PATCH", "/opportunities/7654321")
                .header("content-type", "application/json")
                .body("{}"),
            400,
            "malformed-request",
            "`7654321` is not an opportunity identifier, expected `O` and 1 to 19 digits",
        ),
        (
            Request::new("PATCH", target)
                .header("content-type", "text/plain")
                .body("{}"),
            415,
            "unsupported-media-type",
            "`Content-Type` is `text/plain`, which is not a form of a patch; see `Accept-Patch`",
        ),
        (
            merge("").base64_body("eyJhIjoi//8ifQ=="), // {"a":"\xff\xff"}
            400,
            "malformed-request",
            "the patch is not JSON: invalid unicode code point at line 1 column 7",
        ),
        (
            Request::new("PATCH", "/opportunities/%ff"),
            400,
            "malformed-request",
            "the path is not UTF-8 once it is decoded",
        ),
        (
            Request::new("PATCH", target).body("{}"),
            415,
            "unsupported-media-type",
            "`Content-Type` is missing; see `Accept-Patch`",
        ),
        (
            Request::new("PATCH", "/nowhere"),
            404,
            "route-not-found",
            "`/openapi.json` describes the routes",
        ),
        (
            Request::new("DELETE", target),
            405,
            "method-not-allowed",
            "`Allow` tells what it takes",
        ),
    ] {
        let answer = function.send(&request).await;
        assert_eq!(
            (answer.status, &answer.body["detail"]),
            (status, &json!(detail))
        );
        assert_eq!(
            answer.body["type"],
            format!("urn:opportunity-bridge:problems/{name}")
        );
        assert_eq!(answer.body["status"], status);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let instance = answer.body["instance"].as_str().unwrap();
        assert!(
            instance.starts_with("urn:request-id:00000000-0000-4000-8000-"),
            "{instance}"
        );
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_the_allowed_ones() {
    let (_emulator, function) = patch::with_document(documents::sample()).await;
    let answer = function
        .send(&Request::new("DELETE", "/opportunities/O7654321"))
        .await;
    assert_eq!(answer.headers["allow"], "PATCH,POST,GET,HEAD");
}

#[tokio::test]
async fn every_read_only_field_that_a_patch_changes_is_named_and_nothing_is_written() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let patch = json!({"Id": "O1", "OpportunityTeam": [], "LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&Request::patch("O7654321", &patch)).await;
    assert_eq!(
        (answer.status, &answer.body["detail"]),
        (
            422,
            &json!("the patch changes read-only fields: /Id, /OpportunityTeam")
        )
    );
    assert_eq!(
        answer.body["errors"],
        json!([
            {"pointer": "/Id", "code": "read-only", "detail": "`/Id` belongs to AWS, a patch may not change it", "source": "patch"},
            {
                "pointer": "/OpportunityTeam", "code": "read-only",
                "detail": "`/OpportunityTeam` belongs to AWS, a patch may not change it", "source": "patch",
            },
        ])
    );
    assert_eq!(emulator.writes().len(), 0);
}

#[tokio::test]
async fn each_fault_has_its_own_status_and_nothing_is_written() {
    for (operation, fault, status, name) in [
        (
            "GetOpportunity",
            Fault::NotFound,
            404,
            "opportunity-not-found",
        ),
        ("GetOpportunity", Fault::AccessDenied, 502, "access-denied"),
        ("GetOpportunity", Fault::Throttling, 429, "throttled"),
        ("GetOpportunity", Fault::InternalServer, 503, "unavailable"),
        (
            "GetOpportunity",
            Fault::ConnectionDropped,
            503,
            "unavailable",
        ),
        (
            "GetOpportunity",
            Fault::Answer("{}".to_owned()),
            503,
            "unavailable",
        ),
        (
            "UpdateOpportunity",
            Fault::NotFound,
            404,
            "opportunity-not-found",
        ),
        (
            "UpdateOpportunity",
            Fault::AccessDenied,
            502,
            "access-denied",
        ),
        ("UpdateOpportunity", Fault::Throttling, 429, "throttled"),
        (
            "UpdateOpportunity",
            Fault::InternalServer,
            503,
            "unavailable",
        ),
    ] {
        let (emulator, function) = patch::with_document(documents::sample()).await;
        emulator.inject(operation, 99, fault.clone());
        let answer = function.send(&committed()).await;

        assert_eq!(answer.status, status, "{operation} {fault:?}: {answer:?}");
        assert_eq!(
            answer.body["type"],
            format!("urn:opportunity-bridge:problems/{name}"),
            "{operation} {fault:?}"
        );
        let retry_after = answer.headers.get("retry-after").and_then(Value::as_str);
        assert_eq!(
            retry_after,
            matches!(status, 429 | 503).then_some("1"),
            "{operation} {fault:?}"
        );
        let told = answer.body.to_string();
        assert!(
            !told.contains("127.0.0.1") && !told.contains("arn:"),
            "{told}"
        );
        assert_eq!(
            emulator.opportunity("O7654321").unwrap(),
            documents::sample(),
            "{operation} {fault:?}"
        );
    }
}

#[tokio::test]
async fn a_query_that_is_not_valid_in_a_uri_is_refused_like_any_unknown_one() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    for query in ["a=\"", "<", ">", "dry_run=true `{|}^\\", "ä"] {
        let request = Request::new("PATCH", &format!("/opportunities/O7654321?{query}"));
        let answer = function
            .send(
                &request
                    .header("content-type", "application/json")
                    .body("{}"),
            )
            .await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(
            answer.body["type"], "urn:opportunity-bridge:problems/malformed-request",
            "{query}"
        );
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn the_answer_says_whether_something_was_written_as_far_as_is_known() {
    let unknown = "whether the change was written is not known; the same patch can be sent again (under another key, if it had one), if it is right whatever others wrote since";
    for (reads, writes, detail) in [
        (
            vec![(99, Fault::InternalServer)],
            vec![],
            "nothing was written, try again later",
        ),
        (vec![], vec![(99, Fault::ConnectionDropped)], unknown),
        (
            vec![
                (1, Fault::Delay(std::time::Duration::ZERO)),
                (99, Fault::Throttling),
            ],
            vec![(3, Fault::AnswerLost)],
            unknown,
        ),
    ] {
        let (emulator, function) = patch::with_document(documents::sample()).await;
        for (times, fault) in reads {
            emulator.inject("GetOpportunity", times, fault);
        }
        for (times, fault) in writes {
            emulator.inject("UpdateOpportunity", times, fault);
        }
        let answer = function.send(&committed()).await;
        assert_eq!(
            (answer.status, &answer.body["detail"]),
            (503, &json!(detail))
        );
    }
}

#[tokio::test]
async fn a_write_that_succeeded_before_the_quota_was_used_up_is_found() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    emulator.inject("UpdateOpportunity", 1, Fault::AnswerLost);
    emulator.inject("UpdateOpportunity", 2, Fault::Throttling);
    let answer = function.send(&committed()).await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn awss_refusals_are_reported_field_by_field() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let patch = json!({"LifeCycle": {"Stage": "Won"}, "Project": {"Title": "Locked"}});
    let lenient = Request::patch("O7654321", &patch).header("prefer", "handling=lenient");
    let answer = function.send(&lenient).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert_eq!(
        answer.body["type"],
        "urn:opportunity-bridge:problems/refused-by-aws"
    );
    let [error] = &answer.body["errors"].as_array().unwrap()[..] else {
        panic!("one error: {answer:?}")
    };
    assert_eq!(
        (&error["pointer"], &error["code"], &error["source"]),
        (
            &json!("/LifeCycle/Stage"),
            &json!("INVALID_ENUM_VALUE"),
            &json!("aws")
        )
    );
    assert_eq!(
        emulator.opportunity("O7654321").unwrap(),
        documents::sample()
    );
}

#[tokio::test]
async fn a_refusal_without_a_reason_says_that_there_is_none() {
    for (error_type, body, detail) in [
        ("", "", "AWS gave no reason"),
        ("OddException", "", "OddException"),
        ("OddException", r#"{"message": "no"}"#, "OddException: no"),
    ] {
        let (emulator, function) = patch::with_document(documents::sample()).await;
        let refusal = Fault::Status {
            status: 422,
            error_type: error_type.to_owned(),
            body: body.to_owned(),
        };
        emulator.inject("UpdateOpportunity", 1, refusal);
        let answer = function.send(&committed()).await;
        assert_eq!(
            (answer.status, answer.body["detail"].as_str()),
            (422, Some(detail))
        );
    }
}

#[tokio::test]
async fn a_panic_is_a_500_for_one_request_and_the_process_lives_on() {
    let emulator = Emulator::start().await;
    let function = Function::start("panicking", &emulator, &[]).await;
    for _ in 0..2 {
        let answer = function.send(&Request::new("GET", "/panic")).await;
        assert_eq!(answer.status, 500);
        assert_eq!(
            answer.body["type"],
            "urn:opportunity-bridge:problems/internal-error"
        );
        assert!(
            !answer.body.to_string().contains("on purpose"),
            "{answer:?}"
        );
        assert_eq!(
            function.send(&Request::new("GET", "/fine")).await.body,
            "fine"
        );
    }
}

#[test]
fn the_release_profile_unwinds_so_that_a_panic_is_caught_there_too() {
    let workspace = include_str!("../../Cargo.toml");
    let (_, release) = workspace
        .split_once("[profile.release]")
        .expect("a release profile");
    let release = release.split("\n[").next().unwrap_or_default();
    assert!(
        release.lines().any(|line| line == r#"panic = "unwind""#),
        "{release}"
    );
}
