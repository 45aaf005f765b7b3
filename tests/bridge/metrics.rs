//! Each metric counts what its name on the dashboard says.

use std::time::Duration;

use bridge_tests::{Cut, Function, Request};
use partner_central_emulator::Fault;
use serde_json::{Value, json};

use crate::{
    documents,
    ground::{Ground, ID, ONE_ATTEMPT, OPEN},
};

const READ: &str = "GetOpportunity";
const SUMMARY: &str = "GetAwsOpportunitySummary";
const WRITE: &str = "UpdateOpportunity";

async fn ground(auth: &[(&str, &str)]) -> Ground {
    Ground::with(documents::sample(), &[auth, &[ONE_ATTEMPT]].concat()).await
}

fn sample_event() -> Value {
    include_str!("../../events/opportunity-updated.json")
        .parse()
        .unwrap()
}

/// The counts of each line of metrics, and whether it tells how long AWS took.
async fn counts(function: Function) -> Vec<Value> {
    let log = function.finish().await;
    let lines = log.lines().filter_map(|line| line.parse::<Value>().ok());
    lines
        .filter_map(|line| {
            let metrics = line.pointer("/_aws/CloudWatchMetrics/0/Metrics")?;
            let names = metrics.as_array()?.iter().map(|it| it["Name"].as_str());
            let told = names
                .flatten()
                .filter(|name| *name != "EventAgeMilliseconds");
            let value = |name| match name {
                "UpstreamMilliseconds" => line[name].is_number().into(),
                name => line[name].clone(),
            };
            Some(told.map(|name| (name, value(name))).collect())
        })
        .collect()
}

/// The metrics of what has waited for AWS.
fn waited(mut counts: Value) -> Value {
    counts["UpstreamMilliseconds"] = json!(true);
    counts
}

#[tokio::test]
async fn an_event_counts_as_enriched_and_what_is_missing_from_it_counts_too() {
    let ground = ground(&[OPEN]).await;
    let function = &ground.enrich;
    let event = sample_event();
    let told = async || function.invoke(event.clone()).await.map(drop);
    let inject = |operation, fault| ground.emulator.inject(operation, 1, fault);

    told().await.unwrap();
    inject(SUMMARY, Fault::AccessDenied);
    told().await.unwrap();
    ground.emulator.inject(SUMMARY, 99, Fault::Throttling);
    let time = Duration::from_secs(3);
    function.invoke_within(event.clone(), time).await.unwrap();
    ground.emulator.clear_faults();
    inject(READ, Fault::Throttling);
    told().await.unwrap_err();
    inject(READ, Fault::NotFound);
    told().await.unwrap_err();
    ground.table.cut_all(Cut::Before, 2);
    told().await.unwrap();
    assert_eq!(
        counts(ground.enrich).await,
        [
            // This release does not know the summary's `Score`.
            waited(json!({"Enriched": 1, "UnknownFields": 1})),
            waited(json!({"Enriched": 1, "WithoutSummary": 1})),
            waited(json!({"Enriched": 1, "WithoutSummary": 1, "Throttled": 1})),
            waited(json!({"Throttled": 1})),
            waited(json!({})),
            waited(json!({"Enriched": 1, "UnknownFields": 1, "MemoryUnavailable": 1})),
        ]
    );
}

#[tokio::test]
async fn a_request_counts_by_how_it_ended() {
    let tokens = [("WEBHOOK_AUTH", "bearer"), ("WEBHOOK_SECRETS", "token")];
    let ground = ground(&tokens).await;
    let function = &ground.patch;
    let send = async |request: Request, status: u64| {
        let request = request.header("authorization", "Bearer token");
        let answer = function.send(&request).await;
        assert_eq!(answer.status, status, "{answer:?}");
    };
    let steps = |steps: &str| Request::patch(ID, &json!({"LifeCycle": {"NextSteps": steps}}));
    let inject = |operation, fault| ground.emulator.inject(operation, 1, fault);

    send(Request::new("GET", &format!("/opportunities/{ID}")), 200).await;
    send(steps("One").header("idempotency-key", "k-1"), 200).await;
    send(steps("One").header("idempotency-key", "k-1"), 200).await;
    send(steps("One"), 200).await;
    let other = Fault::ConcurrentEdit(|document| {
        document["Project"]["OtherSolutionDescription"] = json!("Theirs");
    });
    inject(WRITE, other);
    send(steps("Two"), 200).await;
    inject(READ, Fault::Throttling);
    send(steps("Three"), 429).await;
    let answer = function.send(&steps("Three")).await;
    assert_eq!(answer.status, 401, "{answer:?}");
    ground.table.cut_all(Cut::Before, 4);
    send(steps("Three").header("idempotency-key", "k-2"), 503).await;
    ground.table.mend();

    // `Approved` leaves the next steps open, and `In review` nothing.
    let both = json!({"Project": {"Title": "Berths"}, "LifeCycle": {"NextSteps": "Four"}});
    let both = Request::patch(ID, &both);
    send(both.clone().header("prefer", "locked=skip"), 200).await;
    send(both, 409).await;
    ground.emulator.edit(ID, |document| {
        document["LifeCycle"]["ReviewStatus"] = json!("In review");
    });
    send(steps("Five").header("prefer", "respond-async"), 202).await;

    // What waited counts when it is carried out.
    ground.emulator.edit(ID, |document| {
        document["LifeCycle"]["ReviewStatus"] = json!("Approved");
    });
    let event = ground.event().await;
    inject(
        WRITE,
        Fault::ConcurrentEdit(|document| {
            document["Project"]["OtherSolutionDescription"] = json!("Others'");
        }),
    );
    let ended = function.invoke(event).await.unwrap();
    assert_eq!(ended["data"]["outcome"], "applied", "{ended}");
    assert_eq!(
        counts(ground.patch).await,
        [
            waited(json!({})),
            waited(json!({"Updated": 1})),
            waited(json!({"Replayed": 1})),
            waited(json!({"Unchanged": 1})),
            waited(json!({"Updated": 1, "Conflicts": 1})),
            waited(json!({"Throttled": 1})),
            json!({"Unauthorized": 1}),
            waited(json!({"MemoryUnavailable": 1})),
            waited(json!({"Updated": 1})),
            waited(json!({"Locked": 1})),
            waited(json!({"Parked": 1})),
            waited(json!({"Updated": 1, "Conflicts": 1})),
        ]
    );
}

#[tokio::test]
async fn a_sweep_counts_what_it_handed_on_and_that_the_schedule_was_kept() {
    let ground = ground(&[OPEN]).await;
    let function = ground.sweep().await;
    let fill = json!({"since": "2020-01-01T00:00:00Z"});
    // The SDK makes three attempts.
    let inject = |operation, fault| ground.emulator.inject(operation, 3, fault);

    function.invoke(json!({})).await.unwrap();
    function.invoke(fill.clone()).await.unwrap();
    inject("Invoke", Fault::InternalServer);
    function.invoke(fill.clone()).await.unwrap_err();
    inject("ListOpportunities", Fault::Throttling);
    function.invoke(fill.clone()).await.unwrap_err();
    inject("ListOpportunities", Fault::AccessDenied);
    function.invoke(fill).await.unwrap_err();
    assert_eq!(
        counts(function).await,
        [
            waited(json!({"Swept": 1})),
            waited(json!({"HandedOn": 1})),
            waited(json!({})),
            waited(json!({"Throttled": 1})),
            waited(json!({})),
        ]
    );
}
