//! `enrich-opportunity`: every event becomes the whole opportunity, or an error that AWS retries.

use bridge_tests::Function;
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::documents;

async fn with_document(document: Value) -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(document);
    let function = Function::start(
        "enrich-opportunity",
        &emulator,
        &[("PARTNER_CENTRAL_CATALOG", "Sandbox")],
    )
    .await;
    (emulator, function)
}

fn event(identifier: &str) -> Value {
    let mut event: Value = include_str!("../../events/opportunity-updated.json")
        .parse()
        .unwrap();
    event["detail"]["opportunity"]["identifier"] = json!(identifier);
    event
}

#[tokio::test]
async fn the_whole_opportunity_is_handed_on() {
    let document = documents::of_tomorrow();
    let (_emulator, function) = with_document(document.clone()).await;
    let cloud_event = function.invoke(event("O1")).await.unwrap();
    assert_eq!(cloud_event["data"], json!({"opportunity": document}));
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
