//! `patch-opportunity`: what is refused for its content, what is only told, and what `lenient` does.

use bridge_tests::{Answer, Request};
use serde_json::{Value, json};

use crate::{documents, patch};

fn told<'a>(answer: &'a Answer, member: &str) -> Vec<[&'a str; 3]> {
    let entries = answer.body[member].as_array().expect("a list");
    let text = |entry: &'a Value, name| entry[name].as_str().expect("a text");
    entries
        .iter()
        .map(|entry| {
            [
                text(entry, "pointer"),
                text(entry, "code"),
                text(entry, "source"),
            ]
        })
        .collect()
}

#[tokio::test]
async fn all_that_is_wrong_with_a_patch_is_told_at_once_and_nothing_is_written() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let patch = json!({
        "Lifecycle": {"Stage": "Committed"},
        "LifeCycle": {"Stage": "Won", "TargetCloseDate": "tomorrow"},
        "Customer": {"Account": {"CompanyName": null, "Duns": 7, "Address": {"StreetAddress": "x".repeat(256)}}},
        "SoftwareRevenue": {"Value": {"Amount": "1.00"}},
    });
    let answer = function.send(&Request::patch("O7654321", &patch)).await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.body["type"],
        "urn:opportunity-bridge:problems/invalid-patch"
    );
    let mut errors = told(&answer, "errors");
    errors.sort_unstable();
    assert_eq!(
        errors,
        [
            [
                "/Customer/Account/Address/StreetAddress",
                "too-long",
                "patch"
            ],
            ["/Customer/Account/CompanyName", "required-member", "patch"],
            ["/Customer/Account/Duns", "wrong-type", "patch"],
            ["/LifeCycle/Stage", "unlisted-value", "patch"],
            ["/LifeCycle/TargetCloseDate", "wrong-format", "patch"],
            ["/Lifecycle", "unknown-member", "patch"],
            [
                "/SoftwareRevenue/Value/CurrencyCode",
                "required-member",
                "patch"
            ],
        ]
    );
    let unknown = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .find(|error| error["code"] == "unknown-member");
    assert_eq!(unknown.unwrap()["suggestion"], "LifeCycle");
    assert_eq!(emulator.writes().len(), 0);
}

#[tokio::test]
async fn of_very_many_errors_the_first_are_told_and_the_rest_are_counted() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let answer = function
        .send(&Request::patch(
            "O7654321",
            &json!({"PrimaryNeedsFromAws": vec![7; 20_000]}),
        ))
        .await;
    assert_eq!(answer.status, 422);
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.ends_with("/PrimaryNeedsFromAws/9 and 19990 more"),
        "{detail}"
    );
    let errors = answer.body["errors"].as_array().unwrap();
    assert_eq!(
        (errors.len(), &errors[1_000]["detail"]),
        (1_001, &json!("and 19000 more"))
    );
    assert_eq!(emulator.writes().len(), 0);
}

#[tokio::test]
async fn what_was_wrong_before_is_a_warning_and_does_not_stop_the_patch() {
    let (emulator, function) = patch::with_document(documents::of_tomorrow()).await;
    let patch = json!({"PrimaryNeedsFromAws": ["Do Not Need Support from AWS Sales Rep", "Co-Sell - Deal Support"]});
    let answer = function.send(&Request::patch("O1", &patch)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let warnings = told(&answer, "warnings");
    assert!(
        warnings.contains(&["/PrimaryNeedsFromAws/0", "unlisted-value", "opportunity"]),
        "{warnings:?}"
    );
    assert!(
        warnings.contains(&[
            "/Project/ExpectedCustomerSpend/0/Frequency",
            "unlisted-value",
            "opportunity"
        ]),
        "{warnings:?}"
    );
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn a_value_that_aws_only_documents_is_a_warning_of_the_patch() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let answer = function
        .send(&Request::patch(
            "O7654321",
            &json!({"Project": {"CustomerUseCase": "Juggling"}}),
        ))
        .await;
    assert_eq!((answer.status, emulator.writes().len()), (200, 1));
    assert_eq!(
        told(&answer, "warnings"),
        [["/Project/CustomerUseCase", "undocumented-value", "patch"]]
    );
}

#[tokio::test]
async fn lenient_passes_on_what_this_release_does_not_know() {
    let (emulator, function) = patch::with_document(documents::of_tomorrow()).await;
    let patch = r#"{"AddedTomorrow": 1.20, "AddedNextWeek": {"x": null, "y": []}}"#
        .parse()
        .unwrap();
    let answer = function.send(&Request::patch("O1", &patch)).await;
    assert_eq!(answer.status, 422);

    let answer = function
        .send(&Request::patch("O1", &patch).header("prefer", "handling=lenient"))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["preference-applied"], "handling=lenient");
    let warnings = told(&answer, "warnings");
    assert!(
        warnings.contains(&["/AddedTomorrow", "unknown-member", "patch"]),
        "{warnings:?}"
    );
    assert!(
        warnings.contains(&["/AddedNextWeek", "unknown-member", "patch"]),
        "{warnings:?}"
    );
    let sent = String::from_utf8(emulator.writes()[0].body.to_vec()).unwrap();
    assert!(sent.contains(r#""AddedTomorrow":1.20"#), "{sent}");

    // What is malformed by any vocabulary is refused all the same.
    let patch = Request::patch("O1", &json!({"LifeCycle": {"Stage": 7}}))
        .header("prefer", "handling=lenient");
    assert_eq!(function.send(&patch).await.status, 422);
}

#[tokio::test]
async fn a_locked_opportunity_is_not_written_and_every_blocked_path_is_named() {
    let title = json!({"Project": {"Title": "New"}, "LifeCycle": {"NextSteps": "New"}, "PartnerOpportunityIdentifier": "X"});
    let steps = json!({"LifeCycle": {"NextSteps": "New"}});
    let date = json!({"LifeCycle": {"TargetCloseDate": "2030-01-31"}});
    for (status, patch, blocked) in [
        (
            "Approved",
            &title,
            vec!["/PartnerOpportunityIdentifier", "/Project/Title"],
        ),
        ("Approved", &steps, vec![]),
        ("Action Required", &steps, vec!["/LifeCycle/NextSteps"]),
        ("Action Required", &date, vec![]),
        ("Submitted", &date, vec!["/LifeCycle/TargetCloseDate"]),
        ("In review", &date, vec!["/LifeCycle/TargetCloseDate"]),
        ("Rejected", &date, vec!["/LifeCycle/TargetCloseDate"]),
        ("Pending Submission", &title, vec![]),
    ] {
        let mut document = documents::sample();
        document["LifeCycle"]["ReviewStatus"] = json!(status);
        let (emulator, function) = patch::with_document(document).await;
        let answer = function.send(&Request::patch("O7654321", patch)).await;
        if blocked.is_empty() {
            assert_eq!(answer.status, 200, "{status} {patch}: {answer:?}");
            continue;
        }
        assert_eq!(answer.status, 409, "{status} {patch}");
        assert_eq!(
            answer.body["type"],
            "urn:opportunity-bridge:problems/opportunity-locked"
        );
        assert_eq!(
            answer.body["detail"],
            format!("the review status `{status}` closes {}", blocked.join(", "))
        );
        let expected: Vec<_> = blocked
            .iter()
            .map(|pointer| [*pointer, "locked", "patch"])
            .collect();
        assert_eq!(told(&answer, "errors"), expected);
        assert_eq!(answer.headers["etag"], r#""2026-03-04T05:06:07.890Z""#);
        assert_eq!(emulator.writes().len(), 0);

        // Leniently, AWS is asked, and it refuses.
        let answer = function
            .send(&Request::patch("O7654321", patch).header("prefer", "handling=lenient"))
            .await;
        assert_eq!(
            (answer.status, emulator.writes().len()),
            (422, 1),
            "{status} {patch}"
        );
        assert_eq!(told(&answer, "errors").len(), blocked.len());
        assert_eq!(answer.body["errors"][0]["code"], "ACTION_NOT_PERMITTED");
    }
}

#[tokio::test]
async fn the_review_belongs_to_aws_but_in_the_sandbox_its_status_can_be_set() {
    let mut document = documents::sample();
    document["LifeCycle"]["ReviewStatus"] = json!("Submitted");
    let (emulator, function) = patch::with_document(document).await;
    let comments = json!({"LifeCycle": {"ReviewComments": "Fine", "NextStepsHistory": []}});
    let answer = function.send(&Request::patch("O7654321", &comments)).await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        told(&answer, "errors"),
        [
            ["/LifeCycle/NextStepsHistory", "read-only", "patch"],
            ["/LifeCycle/ReviewComments", "read-only", "patch"]
        ]
    );
    assert_eq!(emulator.writes().len(), 0);

    let approved = json!({"LifeCycle": {"ReviewStatus": "Approved"}});
    let answer = function.send(&Request::patch("O7654321", &approved)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        emulator.opportunity("O7654321").unwrap()["LifeCycle"]["ReviewStatus"],
        "Approved"
    );
}

#[tokio::test]
async fn what_aws_does_in_silence_is_said_aloud() {
    let mut document = documents::sample();
    let estimate = "https://calculator.aws/#/estimate?id=0123456789abcdef0123456789abcdef";
    document["Project"]["ExpectedCustomerSpend"][0]["EstimationUrl"] = json!(estimate);
    let (_emulator, function) = patch::with_document(document.clone()).await;
    document["Project"]["ExpectedCustomerSpend"][0]["Amount"] = json!("13000.00");
    let spend =
        json!({"Project": {"ExpectedCustomerSpend": document["Project"]["ExpectedCustomerSpend"]}});
    let answer = function.send(&Request::patch("O7654321", &spend)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let warnings = told(&answer, "warnings");
    assert!(
        warnings
            .iter()
            .any(|[pointer, ..]| pointer.starts_with("/Project/ExpectedCustomerSpend/0")),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn where_several_refusals_apply_the_first_in_the_pipeline_answers() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let merge = |patch: Value| Request::patch("O7654321", &patch);
    let (read_only, of_aws, locked, invalid) = (
        json!({"Id": "O1"}),
        json!({"LifeCycle": {"ReviewComments": "x"}}),
        json!({"Project": {"Title": "x"}}),
        json!({"LifeCycle": {"Stage": "Won"}}),
    );
    let all = |patches: &[&Value]| {
        let mut merged = json!({});
        for patch in patches {
            for (name, value) in patch.as_object().unwrap() {
                if merged.get(name).is_none() {
                    merged[name] = json!({});
                }
                match value {
                    Value::Object(members) => merged[name]
                        .as_object_mut()
                        .unwrap()
                        .extend(members.clone()),
                    value => merged[name] = value.clone(),
                }
            }
        }
        merged
    };
    let stale = "\"2020-01-01T00:00:00Z\"";
    let everything = all(&[&read_only, &of_aws, &locked, &invalid]);
    for (request, status, code) in [
        (
            merge(everything.clone())
                .header("if-match", stale)
                .header("content-type", "text/plain"),
            415,
            None,
        ),
        (
            merge(everything.clone()).header("if-match", stale),
            412,
            None,
        ),
        (merge(everything), 422, Some("read-only")),
        (
            merge(all(&[&of_aws, &locked, &invalid])),
            422,
            Some("read-only"),
        ),
        (merge(all(&[&locked, &invalid])), 409, Some("locked")),
        (merge(invalid), 422, Some("unlisted-value")),
    ] {
        let answer = function.send(&request).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(
            answer.body["errors"][0]["code"].as_str(),
            code,
            "{answer:?}"
        );
    }
    assert_eq!(emulator.writes().len(), 0);
}
