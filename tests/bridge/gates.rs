//! As few connections to AWS as there can be: one more costs a TLS handshake at every start.
//!
//! A dependency can change this unnoticed, so `make check` runs these too.

use bridge_tests::{Function, Request};
use partner_central_emulator::Emulator;
use serde_json::{Value, json};

use crate::{documents, patch};

#[tokio::test]
async fn patches_go_over_the_connection_of_the_start() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    for step in 0..5 {
        let patch = json!({"LifeCycle": {"NextSteps": format!("Step {step}")}});
        let request = Request::patch("O7654321", &patch);
        assert_eq!(function.send(&request).await.status, 200);
    }
    assert_eq!((emulator.requests().len(), emulator.connections()), (10, 1));
}

/// Partner Central and Lambda are at one address here, and the function's one HTTP client keeps one
/// connection for it. In AWS they are two.
#[tokio::test]
async fn a_sweep_goes_over_one_connection_for_each_address() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("ENRICH_FUNCTION", "enrich"),
        ("SWEEP_MINUTES", "60"),
    ];
    let function = Function::start("sweep-opportunities", &emulator, &variables).await;
    for _ in 0..3 {
        let fill = json!({"since": "2020-01-01T00:00:00Z"});
        function.invoke(fill).await.unwrap();
    }
    assert_eq!((emulator.requests().len(), emulator.connections()), (6, 1));
}

/// HTTP/1.1 has one request at a time on a connection.
#[tokio::test]
async fn events_are_answered_over_as_many_connections_as_there_are_reads_at_a_time() {
    for (include_aws_summary, events, connections) in [("false", 10, 1), ("true", 5, 2)] {
        let emulator = Emulator::start().await;
        emulator.seed(documents::sample());
        let variables = [
            ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
            ("INCLUDE_AWS_SUMMARY", include_aws_summary),
        ];
        let function = Function::start("enrich-opportunity", &emulator, &variables).await;
        let event: Value = include_str!("../../events/opportunity-updated.json")
            .parse()
            .unwrap();
        for _ in 0..events {
            function.invoke(event.clone()).await.unwrap();
        }
        let made = (emulator.requests().len(), emulator.connections());
        assert_eq!(made, (10, connections), "{include_aws_summary}");
    }
}
