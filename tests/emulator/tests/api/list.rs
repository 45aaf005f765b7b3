//! Tests `ListOpportunities`: content, order, and a list that changes while it is read.

use partner_central_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{call, emulator, exchange, request};

/// An emulator with opportunities `O1` to `O5`, each changed an hour after the one before, and one in
/// another catalog.
async fn five() -> Emulator {
    let emulator = Emulator::start().await;
    for hour in 1..=6 {
        emulator.seed(json!({
            "Id": format!("O{hour}"),
            "Catalog": if hour == 6 { "Sandbox" } else { "AWS" },
            "LastModifiedDate": format!("2025-12-15T0{hour}:00:00Z"),
            "CreatedDate": format!("2025-12-0{}T00:00:00Z", 7 - hour),
            "Customer": { "Account": {
                "CompanyName": format!("Company {}", 7 - hour),
                "Duns": "123456789",
            } },
            "LifeCycle": {
                "ReviewStatus": if hour == 3 { "Approved" } else { "In review" },
                "Stage": if hour == 2 { "Launched" } else { "Prospect" },
                "TargetCloseDate": format!("2026-0{}-01", (hour * 2) % 7),
            },
        }));
    }
    emulator
}

async fn listed(emulator: &Emulator, mut request: Value) -> (Vec<String>, Value) {
    request["Catalog"] = json!("AWS");
    let answer = call(emulator, "ListOpportunities", &request).await.json();
    let summaries = answer["OpportunitySummaries"].as_array().unwrap();
    let ids = summaries
        .iter()
        .map(|it| it["Id"].as_str().unwrap().to_owned());
    (ids.collect(), answer["NextToken"].clone())
}

#[tokio::test]
async fn pages_hold_every_opportunity_once_newest_first() {
    let emulator = five().await;
    let (mut ids, mut token) = listed(&emulator, json!({ "MaxResults": 2 })).await;
    let mut pages = 1;
    while token.is_string() {
        let request = json!({ "MaxResults": 2, "NextToken": token });
        let (more, next) = listed(&emulator, request).await;
        ids.extend(more);
        token = next;
        pages += 1;
    }
    assert_eq!(ids, ["O5", "O4", "O3", "O2", "O1"]);
    assert_eq!((pages, token), (3, Value::Null));
    let request = json!({ "Catalog": "AWS", "NextToken": "2" });
    let answer = call(&emulator, "ListOpportunities", &request).await;
    assert_eq!(answer.error(), "ValidationException");
}

#[tokio::test]
async fn a_list_holds_only_what_the_filters_ask_for() {
    let emulator = five().await;
    let dates = |after: &str, before: &str| {
        json!({ "LastModifiedDate": {
            "AfterLastModifiedDate": format!("2025-12-15T{after}Z"),
            "BeforeLastModifiedDate": format!("2025-12-15T{before}Z"),
        } })
    };
    let sorted =
        |order: &str| json!({ "Sort": { "SortBy": "LastModifiedDate", "SortOrder": order } });
    let cases = [
        (dates("02:00:00.000000", "04:00:00"), vec!["O3", "O2"]),
        (dates("02:00:00.001", "04:00:00.001"), vec!["O4", "O3"]),
        (sorted("ASCENDING"), vec!["O1", "O2", "O3", "O4", "O5"]),
        (sorted("DESCENDING"), vec!["O5", "O4", "O3", "O2", "O1"]),
        (
            json!({ "Identifier": ["O1", "O4", "O6"] }),
            vec!["O4", "O1"],
        ),
        (json!({ "LifeCycleStage": ["Launched"] }), vec!["O2"]),
        (
            json!({ "LifeCycleReviewStatus": ["Approved", "Rejected"] }),
            vec!["O3"],
        ),
        (json!({ "CustomerCompanyName": ["Company 3"] }), vec!["O4"]),
        (
            json!({ "LifeCycleStage": [], "CustomerCompanyName": ["Nobody"] }),
            vec![],
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(
            listed(&emulator, request.clone()).await.0,
            expected,
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_summary_in_a_list_omits_the_details() {
    let emulator = five().await;
    let list = request("ListOpportunities", r#"{"Catalog":"Sandbox"}"#);
    let answer = exchange(&emulator, &list).await.unwrap().json();
    let summary = &answer["OpportunitySummaries"][0];
    assert_eq!(summary["LifeCycle"]["Stage"], "Prospect");
    assert_eq!(summary["LifeCycle"]["NextSteps"], Value::Null);
    assert_eq!(summary["Customer"]["Account"]["CompanyName"], "Company 1");
    assert_eq!(summary["Customer"]["Account"].get("Duns"), None);
    assert_eq!(summary["Project"], Value::Null);
}

#[tokio::test]
async fn a_list_is_in_the_order_asked_for() {
    let emulator = five().await;
    let cases = [
        ("LastModifiedDate", ["O1", "O2", "O3", "O4", "O5"]),
        ("Identifier", ["O1", "O2", "O3", "O4", "O5"]),
        ("CreatedDate", ["O5", "O4", "O3", "O2", "O1"]),
        ("CustomerCompanyName", ["O5", "O4", "O3", "O2", "O1"]),
        ("TargetCloseDate", ["O4", "O1", "O5", "O2", "O3"]),
    ];
    for (key, mut expected) in cases {
        for order in ["ASCENDING", "DESCENDING"] {
            let request = json!({ "Sort": { "SortBy": key, "SortOrder": order } });
            assert_eq!(
                listed(&emulator, request).await.0,
                expected,
                "{key} {order}"
            );
            expected.reverse();
        }
    }
}

#[tokio::test]
async fn a_page_holds_twenty_by_default_and_at_most_a_hundred() {
    let emulator = Emulator::start().await;
    for number in 1..=101 {
        emulator.seed(json!({
            "Id": format!("O{number}"),
            "Catalog": "AWS",
            "LastModifiedDate": "2025-12-15T10:20:30Z",
        }));
    }
    for (request, expected) in [(json!({}), 20), (json!({ "MaxResults": 100 }), 100)] {
        assert_eq!(listed(&emulator, request).await.0.len(), expected);
    }
}

/// Each case: a request, and the field that AWS names.
#[tokio::test]
async fn a_request_that_the_model_does_not_allow_is_refused_with_the_field() {
    let emulator = emulator().await;
    let cases = [
        (
            json!({ "MaxResults": 0 }),
            "maxResults",
            "VALUE_OUT_OF_RANGE",
        ),
        (
            json!({ "MaxResults": 101 }),
            "maxResults",
            "VALUE_OUT_OF_RANGE",
        ),
        (json!({ "MaxResults": "9" }), "maxResults", "INVALID_VALUE"),
        (json!({ "NextToken": "20" }), "nextToken", "INVALID_VALUE"),
        (
            json!({ "Identifier": ["1"] }),
            "identifier",
            "INVALID_STRING_FORMAT",
        ),
        (
            json!({ "LifeCycleStage": ["Won"] }),
            "lifeCycleStage",
            "INVALID_ENUM_VALUE",
        ),
        (
            json!({ "LifeCycleReviewStatus": ["Open"] }),
            "lifeCycleReviewStatus",
            "INVALID_ENUM_VALUE",
        ),
        (
            json!({ "CustomerCompanyName": vec!["Example"; 11] }),
            "customerCompanyName",
            "TOO_MANY_VALUES",
        ),
        (
            json!({ "Sort": { "SortBy": "Stage", "SortOrder": "ASCENDING" } }),
            "sort.sortBy",
            "INVALID_ENUM_VALUE",
        ),
        (
            json!({ "Sort": { "SortBy": "Identifier" } }),
            "sort.sortOrder",
            "REQUIRED_FIELD_MISSING",
        ),
        (
            json!({ "LastModifiedDate": { "AfterLastModifiedDate": "yesterday" } }),
            "lastModifiedDate.afterLastModifiedDate",
            "INVALID_STRING_FORMAT",
        ),
    ];
    for (mut request, field, code) in cases {
        request["Catalog"] = json!("AWS");
        let answer = call(&emulator, "ListOpportunities", &request).await;
        assert_eq!(answer.error(), "ValidationException", "{request}");
        let violation = &answer.json()["ErrorList"][0];
        let found = (&violation["FieldName"], &violation["Code"]);
        assert_eq!(found, (&json!(field), &json!(code)), "{request}");
    }
}

/// The trap of paging: a list is no snapshot, and a client that takes it for one misses something.
#[tokio::test]
async fn an_opportunity_that_changes_between_two_pages_moves_and_makes_the_client_miss_another() {
    let emulator = five().await;
    let oldest_first = json!({
        "MaxResults": 2,
        "Sort": { "SortBy": "LastModifiedDate", "SortOrder": "ASCENDING" },
    });
    let (mut ids, mut token) = listed(&emulator, oldest_first.clone()).await;
    emulator.edit("O1", |it| it["LifeCycle"]["Stage"] = json!("Qualified"));
    while token.is_string() {
        let mut next = oldest_first.clone();
        next["NextToken"] = token;
        let (more, following) = listed(&emulator, next).await;
        ids.extend(more);
        token = following;
    }
    // `O1` has moved to the end, and `O3` into the page that was already read.
    assert_eq!(ids, ["O1", "O2", "O4", "O5", "O1"]);
}
