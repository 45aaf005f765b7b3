//! `enrich-opportunity`: every event becomes the whole opportunity, or an error that AWS retries.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bridge_tests::{Function, Invoked};
use partner_central_emulator::{Emulator, Fault, Settings};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::documents;

const VARIABLES: [(&str, &str); 1] = [("PARTNER_CENTRAL_CATALOG", "Sandbox")];

async fn with_document(document: Value) -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(document);
    let function = Function::start("enrich-opportunity", &emulator, &VARIABLES).await;
    (emulator, function)
}

fn event(identifier: &str) -> Value {
    let mut event: Value = include_str!("../../events/opportunity-updated.json")
        .parse()
        .unwrap();
    event["detail"]["opportunity"]["identifier"] = json!(identifier);
    event
}

fn created(identifier: &str) -> Value {
    let mut event = event(identifier);
    event["detail-type"] = json!("Opportunity Created");
    event
}

#[tokio::test]
async fn the_whole_opportunity_is_handed_on_with_the_whole_summary() {
    let (emulator, function) = with_document(documents::of_tomorrow()).await;
    let summary: Value =
        r#"{"RelatedOpportunityId": "O1", "Tomorrow": [1.10, null, {"b": 18446744073709551617}]}"#
            .parse()
            .unwrap();
    emulator.seed_summary("O1", summary.clone());

    let cloud_event = function.invoke(event("O1")).await.unwrap();
    assert_eq!(
        cloud_event["data"],
        json!({"opportunity": documents::of_tomorrow(), "awsSummary": summary})
    );
    assert_eq!(cloud_event["specversion"], "1.0");
    assert_eq!(
        cloud_event["type"],
        "aws.partnercentral.opportunity.updated"
    );
    assert_eq!(
        cloud_event["source"],
        "arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox"
    );
    assert_eq!(cloud_event["subject"], "O1");
    assert_eq!(cloud_event["time"], "2026-03-04T05:06:08Z");
    assert_eq!(cloud_event["datacontenttype"], "application/json");
    assert_eq!(
        cloud_event["eventid"],
        "7d1e9a60-5f4b-4c8d-8e72-1a2b3c4d5e6f"
    );
    assert_eq!(
        cloud_event["traceparent"],
        "00-5e1b41515ac6c58f3e9d3b4d12345678-53995c3f42cd8ad8-01"
    );
}

#[tokio::test]
async fn both_reads_wait_at_the_same_time() {
    let (emulator, function) = with_document(documents::sample()).await;
    function.invoke(event("O7654321")).await.unwrap();
    for operation in ["GetOpportunity", "GetAwsOpportunitySummary"] {
        emulator.inject(operation, 1, Fault::Delay(Duration::from_millis(600)));
    }
    let started = Instant::now();
    function.invoke(event("O7654321")).await.unwrap();
    let elapsed = started.elapsed();
    assert!(
        elapsed >= Duration::from_millis(600) && elapsed < Duration::from_millis(1_100),
        "{elapsed:?}"
    );
}

#[tokio::test]
async fn a_summary_that_fails_is_told_and_never_loses_the_event() {
    for (fault, code) in [
        (Fault::NotFound, "NotFound"),
        (Fault::AccessDenied, "AccessDenied"),
        (Fault::Throttling, "Throttled"),
        (Fault::InternalServer, "Unavailable"),
        (Fault::ConnectionDropped, "Unavailable"),
        (Fault::Answer("[]".to_owned()), "Unavailable"),
    ] {
        let (emulator, function) = with_document(documents::sample()).await;
        emulator.inject("GetAwsOpportunitySummary", 9, fault.clone());
        let data = function.invoke(event("O7654321")).await.unwrap()["data"].clone();
        assert_eq!(data["opportunity"], documents::sample(), "{fault:?}");
        assert_eq!(data.get("awsSummary"), None, "{fault:?}");
        let [problem] = &data["problems"].as_array().unwrap()[..] else {
            panic!("one problem: {data}")
        };
        assert_eq!(
            (&problem["pointer"], &problem["code"]),
            (&json!("/awsSummary"), &json!(code)),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn the_summary_can_be_turned_off() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [VARIABLES[0], ("INCLUDE_AWS_SUMMARY", "false")];
    let function = Function::start("enrich-opportunity", &emulator, &variables).await;
    let data = function.invoke(event("O7654321")).await.unwrap()["data"].clone();
    assert_eq!(
        (data, emulator.requests().len()),
        (json!({"opportunity": documents::sample()}), 1)
    );
}

#[tokio::test]
async fn an_opportunity_that_was_just_created_is_looked_for_a_while() {
    let (emulator, function) = with_document(documents::sample()).await;
    emulator.inject("GetOpportunity", 2, Fault::NotFound);
    let cloud_event = function.invoke(created("O7654321")).await.unwrap();
    assert_eq!(
        cloud_event["type"],
        "aws.partnercentral.opportunity.created"
    );

    let started = Instant::now();
    assert_eq!(
        function.invoke(created("O1")).await.unwrap_err().kind,
        "NotFound"
    );
    assert!(
        (4..6).contains(&started.elapsed().as_secs()),
        "{:?}",
        started.elapsed()
    );

    // One that was updated is there, or never will be.
    let reads = emulator.requests().len();
    assert_eq!(
        function.invoke(event("O1")).await.unwrap_err().kind,
        "NotFound"
    );
    assert_eq!(emulator.requests().len(), reads + 2);
}

#[tokio::test]
async fn duplicates_have_equal_ids_and_a_change_in_either_read_gives_another() {
    let (emulator, function) = with_document(documents::sample()).await;
    emulator.seed_summary("O7654321", json!({"Insights": {"EngagementScore": "High"}}));
    let id = async || function.invoke(event("O7654321")).await.unwrap()["id"].clone();

    let first = id().await;
    assert_eq!(id().await, first);
    emulator.seed_summary("O7654321", json!({"Insights": {"EngagementScore": "Low"}}));
    let second = id().await;
    assert_ne!(second, first);
    emulator.edit("O7654321", |document| {
        document["LifeCycle"]["NextSteps"] = json!("Other");
    });
    let third = id().await;
    assert!(third != second && third != first);
    emulator.seed(documents::sample());
    emulator.seed_summary("O7654321", json!({"Insights": {"EngagementScore": "High"}}));
    assert_eq!(id().await, first);
}

/// A log as Partner Central writes it: changes, each told by two events within a second, with events
/// of other kinds between them.
#[tokio::test]
async fn a_replayed_log_gives_an_id_for_each_content() {
    let (emulator, function) = with_document(documents::sample()).await;
    let mut ids = Vec::new();
    let mut refused = 0;
    for (number, kind) in [
        "Opportunity Created",
        "Opportunity Created",
        "Opportunity Updated",
        "Opportunity Updated",
        "Engagement Resource Snapshot Created",
        "Opportunity Updated",
        "Opportunity Updated",
        "Engagement Resource Snapshot Created",
        "Opportunity Updated",
        "Opportunity Updated",
    ]
    .into_iter()
    .enumerate()
    {
        if number % 3 == 2 {
            emulator.edit("O7654321", |document| {
                document["LifeCycle"]["NextSteps"] = json!(format!("Step {number}"));
            });
        }
        let mut event = event("O7654321");
        event["id"] = json!(format!("event {number}"));
        event["detail-type"] = json!(kind);
        match function.invoke(event).await {
            Ok(cloud_event) => ids.push(cloud_event["id"].as_str().unwrap().to_owned()),
            Err(error) => {
                assert_eq!(error.kind, "EventRefused");
                assert!(
                    error
                        .message
                        .contains("`Engagement Resource Snapshot Created`"),
                    "{}",
                    error.message
                );
                refused += 1;
            }
        }
    }
    assert_eq!((ids.len(), refused), (8, 2));
    // Created twice; then the states after the edits at 2, 5 and 8, told by two events each but for
    // the last, whose edit comes between its two.
    let mut distinct = ids.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), 4, "{ids:#?}");
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[2], ids[3]);
    assert_eq!(ids[4], ids[5]);
    assert_eq!(ids[6], ids[7]);
}

#[tokio::test]
async fn an_event_of_a_large_opportunity_is_delivered_without_what_does_not_fit() {
    let mut document = documents::sample();
    document["LifeCycle"]["NextStepsHistory"] =
        json!([{"Time": "2026-03-03T08:00:00.000Z", "Value": "x".repeat(400_000)}]);
    let (_emulator, function) = with_document(document.clone()).await;
    let data = function.invoke(event("O7654321")).await.unwrap()["data"].clone();
    let left_out: Vec<_> = data["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| &problem["pointer"])
        .collect();
    assert_eq!(
        left_out,
        ["/awsSummary", "/opportunity/LifeCycle/NextStepsHistory"]
    );
    document["LifeCycle"]
        .as_object_mut()
        .unwrap()
        .remove("NextStepsHistory");
    assert_eq!(data["opportunity"], document);
}

/// Lambda runs as many instances as its reserved concurrency allows, and invokes again what failed.
#[tokio::test]
async fn a_burst_over_the_quota_is_delivered_or_tried_again_and_ends_with_the_last_state() {
    const EVENTS: usize = 500;
    const INSTANCES: usize = 10;
    let settings = Settings {
        reads_per_second: Some(10),
        ..Settings::default()
    };
    let emulator = Arc::new(Emulator::start_with(settings).await.unwrap());
    emulator.seed(documents::sample());

    // Without the SDK's own retries, which would only make it take longer.
    let variables = [VARIABLES[0], ("AWS_MAX_ATTEMPTS", "1")];
    let begun = Arc::new(AtomicUsize::new(0));
    let mut instances = JoinSet::new();
    for _ in 0..INSTANCES {
        let function = Function::start("enrich-opportunity", &emulator, &variables).await;
        let (emulator, begun) = (Arc::clone(&emulator), Arc::clone(&begun));
        instances.spawn(async move {
            let mut outcomes = Vec::new();
            loop {
                let number = begun.fetch_add(1, Ordering::Relaxed);
                if number >= EVENTS {
                    return (function, outcomes);
                }
                let steps = json!(format!("Step {number}"));
                emulator.edit("O7654321", |document| {
                    document["LifeCycle"]["NextSteps"] = steps;
                });
                outcomes.push(function.invoke(event("O7654321")).await);
            }
        });
    }
    let (functions, outcomes): (Vec<_>, Vec<_>) = instances.join_all().await.into_iter().unzip();
    let (delivered, failed): (Vec<Invoked>, Vec<_>) =
        outcomes.into_iter().flatten().partition(Result::is_ok);

    assert_eq!(delivered.len() + failed.len(), EVENTS);
    assert!(
        delivered.len() >= 10 && !failed.is_empty(),
        "{} delivered",
        delivered.len()
    );
    for error in failed {
        assert_eq!(error.unwrap_err().kind, "Throttled");
    }
    // What AWS's retry of any of them brings is the state of then, and not of the event.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let last = functions[0].invoke(event("O7654321")).await.unwrap();
    assert_eq!(
        last["data"]["opportunity"],
        emulator.opportunity("O7654321").unwrap()
    );
}

#[tokio::test]
async fn the_sample_events_are_taken() {
    let (_emulator, function) = with_document(documents::sample()).await;
    for (event, kind) in [
        (
            include_str!("../../events/opportunity-created.json"),
            "aws.partnercentral.opportunity.created",
        ),
        (
            include_str!("../../events/opportunity-updated.json"),
            "aws.partnercentral.opportunity.updated",
        ),
    ] {
        assert_eq!(
            function.invoke(event.parse().unwrap()).await.unwrap()["type"],
            kind
        );
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_acted_on_is_an_error_that_says_why() {
    let (emulator, function) = with_document(documents::sample()).await;
    let mut other_catalog = event("O7654321");
    other_catalog["detail"]["catalog"] = json!("AWS");
    let mut nameless = event("O7654321");
    nameless["detail"]["opportunity"] = json!({"arn": "x"});
    for (event, kind, message) in [
        (
            other_catalog,
            "CatalogRefused",
            "the event is from catalog `AWS`, expected `Sandbox` (`PARTNER_CENTRAL_CATALOG`)",
        ),
        (
            nameless,
            "EventRefused",
            "the event's `detail.opportunity.identifier` is missing beside `arn`, expected a string",
        ),
        (
            json!([]),
            "EventRefused",
            "the event's `detail-type` is missing, its parent is an array, expected `Opportunity Created` or `Opportunity Updated`",
        ),
    ] {
        let error = function.invoke(event).await.unwrap_err();
        assert_eq!(
            (error.kind.as_str(), error.message.as_str()),
            (kind, message)
        );
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn a_failed_read_is_an_error_and_the_next_event_is_taken() {
    for (fault, kind) in [
        (Fault::NotFound, "NotFound"),
        (Fault::AccessDenied, "AccessDenied"),
        (Fault::Throttling, "Throttled"),
        (Fault::InternalServer, "Unavailable"),
        (Fault::ConnectionDropped, "Unavailable"),
        (Fault::Answer("[]".to_owned()), "Unavailable"),
    ] {
        let (emulator, function) = with_document(documents::sample()).await;
        // Three attempts are the SDK's own.
        let attempts = if matches!(kind, "Throttled")
            || matches!(fault, Fault::InternalServer | Fault::ConnectionDropped)
        {
            3
        } else {
            1
        };
        emulator.inject("GetOpportunity", attempts, fault.clone());
        assert_eq!(
            function.invoke(event("O7654321")).await.unwrap_err().kind,
            kind,
            "{fault:?}"
        );
        assert_eq!(
            function.invoke(event("O7654321")).await.unwrap()["subject"],
            "O7654321",
            "{fault:?}"
        );
    }
}
