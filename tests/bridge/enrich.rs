//! `enrich-opportunity`: every event becomes the whole opportunity, or an error that Lambda retries.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Json, Router, extract::State, http::HeaderMap};
use bridge_tests::{Function, has_memory};
use model::ProblemCode;
use partner_central_emulator::{Emulator, Fault, Settings};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Barrier, task::JoinSet};

use crate::{
    cloud_events::{cloud_event, first, valid},
    documents,
};

const CATALOG: (&str, &str) = ("PARTNER_CENTRAL_CATALOG", "Sandbox");
/// Turns off the SDK's own retries, which would only take time.
const ONE_ATTEMPT: (&str, &str) = ("AWS_MAX_ATTEMPTS", "1");
const VARIABLES: [(&str, &str); 1] = [CATALOG];
const SUMMARY: &str = "GetAwsOpportunitySummary";
/// More faults than a function can meet.
const ALWAYS: usize = 1_000;

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

/// The event that a sweep sends for an opportunity.
fn swept(identifier: &str) -> Value {
    json!({
        "detail-type": "Opportunity Updated",
        "source": "opportunity-bridge.sweep",
        "time": "2026-03-04T07:00:00Z",
        "detail": {"schemaVersion": "1", "catalog": "Sandbox", "opportunity": {"identifier": identifier}},
    })
}

/// How often an operation was called.
fn calls(emulator: &Emulator, operation: &str) -> usize {
    let requests = emulator.requests();
    requests
        .iter()
        .filter(|request| request.operation == operation)
        .count()
}

fn created(identifier: &str) -> Value {
    let mut event = event(identifier);
    event["detail-type"] = json!("Opportunity Created");
    event
}

#[tokio::test]
async fn the_event_carries_the_whole_opportunity_and_the_whole_summary() {
    let (emulator, function) = with_document(documents::of_tomorrow()).await;
    let summary: Value =
        r#"{"RelatedOpportunityId": "O1", "Tomorrow": [1.10, null, {"b": 18446744073709551617}]}"#
            .parse()
            .unwrap();
    emulator.seed_summary("O1", summary.clone());

    let cloud_event = cloud_event(&function, event("O1")).await;
    assert_eq!(
        cloud_event["data"],
        first(json!({"opportunity": documents::of_tomorrow(), "awsSummary": summary}))
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
    let sequence = cloud_event["sequence"].as_str().unwrap();
    assert!(sequence.starts_with("001767323045120-"), "{sequence}");
}

/// A Partner Central that answers a read only once it has been asked for both.
async fn answering_both_or_none() -> String {
    async fn answer(State(both): State<Arc<Barrier>>, headers: HeaderMap) -> Json<Value> {
        let target = headers.get("x-amz-target").map(|target| target.to_str());
        let Some(Ok(target)) = target else {
            return Json(Value::Null); // the connection is opened
        };
        both.wait().await;
        Json(if target.ends_with(SUMMARY) {
            json!({"RelatedOpportunityId": "O7654321"})
        } else {
            documents::sample()
        })
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new()
        .fallback(answer)
        .with_state(Arc::new(Barrier::new(2)));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    url
}

#[tokio::test]
async fn both_reads_run_at_the_same_time() {
    let (emulator, url) = (Emulator::start().await, answering_both_or_none().await);
    let variables = [CATALOG, ("AWS_ENDPOINT_URL", &url)];
    let function = Function::start("enrich-opportunity", &emulator, &variables).await;
    let data = cloud_event(&function, event("O7654321")).await["data"].clone();
    assert_eq!(data["opportunity"], documents::sample());
    assert_eq!(data["awsSummary"]["RelatedOpportunityId"], "O7654321");
}

/// The sample, read by a function without the SDK's retries.
async fn with_one_attempt() -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [CATALOG, ONE_ATTEMPT];
    let function = Function::start("enrich-opportunity", &emulator, &variables).await;
    (emulator, function)
}

#[tokio::test]
async fn a_summary_that_cannot_be_read_is_reported_in_the_event_and_never_stops_it() {
    let unanswered = ("unavailable", "AWS did not answer with a summary", true);
    for (fault, (code, reason, may_pass)) in [
        (
            Fault::NotFound,
            ("not-found", "AWS has no summary of this opportunity", false),
        ),
        (
            Fault::AccessDenied,
            (
                "access-denied",
                "AWS does not let the bridge read the summary",
                false,
            ),
        ),
        (
            Fault::Throttling,
            ("throttled", "AWS throttled the read of the summary", true),
        ),
        (Fault::InternalServer, unanswered),
        (Fault::ConnectionDropped, unanswered),
        (Fault::Answer("[]".to_owned()), unanswered),
    ] {
        let (emulator, function) = with_one_attempt().await;
        emulator.inject(SUMMARY, ALWAYS, fault.clone());
        let time = Duration::from_secs(4);
        let event = function.invoke_within(event("O7654321"), time).await;
        let data = valid(event.unwrap())["data"].clone();
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
        let detail = format!(
            "{reason}; `GET /opportunities/O7654321/aws-summary` on the function URL fetches it"
        );
        assert_eq!(problem["detail"], detail);
        // It is read again only if that may help.
        assert_eq!(calls(&emulator, SUMMARY) > 1, may_pass, "{fault:?}");
    }
}

#[tokio::test]
async fn a_failed_read_of_the_summary_is_tried_again() {
    let (emulator, function) = with_one_attempt().await;
    emulator.seed_summary("O7654321", json!({"Insights": {"EngagementScore": "High"}}));
    emulator.inject(SUMMARY, 1, Fault::Throttling);
    emulator.inject(SUMMARY, 1, Fault::ConnectionDropped);
    emulator.inject(SUMMARY, 1, Fault::Answer("[]".to_owned()));
    let data = cloud_event(&function, event("O7654321")).await["data"].clone();
    assert_eq!(
        data,
        first(json!({
            "opportunity": documents::sample(),
            "awsSummary": {"Insights": {"EngagementScore": "High"}},
        }))
    );
    assert_eq!(calls(&emulator, SUMMARY), 4);
    assert_eq!(calls(&emulator, "GetOpportunity"), 1);
}

#[tokio::test]
async fn the_event_is_sent_without_a_summary_that_does_not_arrive_in_time() {
    let (emulator, function) = with_document(documents::sample()).await;
    emulator.inject(SUMMARY, ALWAYS, Fault::Delay(Duration::from_mins(10)));
    let time = Duration::from_secs(3);
    let event = function.invoke_within(event("O7654321"), time).await;
    let data = valid(event.unwrap())["data"].clone();
    assert_eq!(data["opportunity"], documents::sample());
    assert_eq!(data["problems"][0]["code"], "unavailable");
    // An attempt of the SDK's may take longer than this invocation had: it was cut short.
    assert_eq!(calls(&emulator, SUMMARY), 1);
}

#[tokio::test]
async fn without_an_opportunity_the_summary_is_not_waited_for() {
    let (emulator, function) = with_one_attempt().await;
    emulator.inject(SUMMARY, ALWAYS, Fault::Throttling);
    emulator.inject("GetOpportunity", 1, Fault::AccessDenied);
    let error = function.invoke(event("O7654321")).await.unwrap_err();
    assert_eq!(error.kind, "AccessDenied");
    let reads = calls(&emulator, SUMMARY);
    assert!(reads <= 2, "{reads} reads of the summary");
}

#[tokio::test]
async fn the_summary_can_be_turned_off() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [VARIABLES[0], ("INCLUDE_AWS_SUMMARY", "false")];
    let function = Function::start("enrich-opportunity", &emulator, &variables).await;
    let data = cloud_event(&function, event("O7654321")).await["data"].clone();
    assert_eq!(
        (data, emulator.requests().len()),
        (first(json!({"opportunity": documents::sample()})), 1)
    );
}

#[tokio::test]
async fn a_read_of_a_just_created_opportunity_is_tried_again_for_a_while() {
    let (emulator, function) = with_document(documents::sample()).await;
    emulator.inject("GetOpportunity", 2, Fault::NotFound);
    let cloud_event = cloud_event(&function, created("O7654321")).await;
    assert_eq!(
        cloud_event["type"],
        "aws.partnercentral.opportunity.created"
    );
    assert_eq!(calls(&emulator, "GetOpportunity"), 3);
}

#[tokio::test]
async fn a_missing_opportunity_is_looked_for_longer_than_reads_lag_behind_creation() {
    let (emulator, function) = with_document(documents::sample()).await;
    let started = std::time::Instant::now();
    let error = function.invoke(created("O1")).await.unwrap_err();
    assert_eq!(error.kind, "NotFound");
    assert!(started.elapsed() > Duration::from_secs(3));
    // Twice a second, for five seconds.
    let looks = calls(&emulator, "GetOpportunity");
    assert!((4..=10).contains(&looks), "{looks}");

    // An updated opportunity exists, or never will.
    let error = function.invoke(event("O1")).await.unwrap_err();
    assert_eq!(error.kind, "NotFound");
    assert_eq!(calls(&emulator, "GetOpportunity"), looks + 1);
}

#[tokio::test]
async fn duplicates_have_equal_ids_and_a_change_in_either_read_gives_a_new_id() {
    let (emulator, function) = with_document(documents::sample()).await;
    emulator.seed_summary("O7654321", json!({"Insights": {"EngagementScore": "High"}}));
    let id = async || cloud_event(&function, event("O7654321")).await["id"].clone();

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
    let back = id().await;
    if has_memory() {
        // What is older than what was handed on hands that on again.
        assert_eq!(back, third);
    } else {
        assert_eq!(back, first);
    }
}

#[tokio::test]
async fn two_events_whose_summary_could_not_be_read_are_not_duplicates() {
    let (emulator, function) = with_document(documents::sample()).await;
    let id = async || cloud_event(&function, event("O7654321")).await["id"].clone();
    let whole = id().await;
    emulator.inject(SUMMARY, 2, Fault::AccessDenied);
    let (failed, failed_again) = (id().await, id().await);
    assert!(failed != whole && failed_again != whole && failed_again != failed);
    let whole_again = id().await;
    if has_memory() {
        // Each state has an id of its own, also one that comes back.
        assert!(![&whole, &failed, &failed_again].contains(&&whole_again));
    } else {
        assert_eq!(whole_again, whole);
    }
}

#[tokio::test]
async fn a_sweep_gives_the_same_id_as_partner_centrals_event() {
    let (_emulator, function) = with_document(documents::sample()).await;
    let of_event = cloud_event(&function, event("O7654321")).await;
    let of_sweep = cloud_event(&function, swept("O7654321")).await;
    assert_eq!(of_sweep["id"], of_event["id"]);
    assert_eq!(of_sweep["type"], of_event["type"]);
    assert_eq!(of_sweep["data"], of_event["data"]);
    assert_eq!(of_sweep.get("eventid"), None);
}

#[tokio::test]
async fn at_an_equal_date_the_event_read_last_has_the_greatest_sequence() {
    let (emulator, function) = with_document(documents::sample()).await;
    let sequence = async || {
        let event = cloud_event(&function, event("O7654321")).await;
        event["sequence"].as_str().unwrap().to_owned()
    };
    let first = sequence().await;
    let second = sequence().await;
    if has_memory() {
        // It has the same content, and so is the same event.
        assert_eq!(second, first);
    } else {
        assert!(second > first, "{second} {first}");
    }
    assert_eq!(first[..15], second[..15]);
    emulator.seed_summary("O7654321", json!({"Insights": {"EngagementScore": "High"}}));
    let third = sequence().await;
    assert!(third > second, "{third} {second}");
    assert_eq!(second[..15], third[..15]);

    emulator.edit("O7654321", |document| {
        document["LifeCycle"]["NextSteps"] = json!("Other");
    });
    let edited = sequence().await;
    assert!(edited[..15] > third[..15], "{edited} {third}");

    // A read that finds an older state is older, however late it is.
    emulator.seed(documents::sample());
    let stale = sequence().await;
    if has_memory() {
        // What was handed on last is handed on in its place.
        assert_eq!(stale, edited);
    } else {
        assert!(stale < edited && stale > third, "{stale} {edited} {third}");
    }
}

#[tokio::test]
async fn an_unreadable_last_modified_date_is_passed_on_and_reported() {
    let (emulator, function) = with_document(documents::sample()).await;
    let mut document = documents::sample();
    document["LastModifiedDate"] = json!("yesterday");
    emulator.inject("GetOpportunity", 1, Fault::Answer(document.to_string()));
    let event = cloud_event(&function, event("O7654321")).await;
    assert_eq!(event["data"]["opportunity"], document);
    assert_eq!(
        event["data"]["problems"][0]["pointer"],
        "/opportunity/LastModifiedDate"
    );
    assert_eq!(event["data"]["problems"][0]["code"], "malformed");
}

#[tokio::test]
async fn the_log_says_where_an_event_came_from_and_how_long_aws_took() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [CATALOG, ("AWS_LAMBDA_LOG_FORMAT", "JSON")];
    let function = Function::start("enrich-opportunity", &emulator, &variables).await;
    emulator.inject(SUMMARY, 1, Fault::Delay(Duration::from_millis(40)));
    cloud_event(&function, event("O7654321")).await;
    cloud_event(&function, swept("O7654321")).await;
    function.invoke(event("O1")).await.unwrap_err();
    function.invoke(json!({})).await.unwrap_err();

    let lines = lines(&function, 4).await;
    let outcomes: Vec<_> = lines
        .iter()
        .filter(|line| line.get("outcome").is_some())
        .map(|line| {
            (
                &line["event.source"],
                &line["opportunity.id"],
                &line["outcome"],
            )
        })
        .collect();
    assert_eq!(
        json!(outcomes),
        json!([
            ["aws.partnercentral-selling", "O7654321", "enriched"],
            ["opportunity-bridge.sweep", "O7654321", "enriched"],
            ["aws.partnercentral-selling", "O1", "NotFound"],
            [null, null, "EventRefused"],
        ])
    );
    let metrics: Vec<_> = lines
        .iter()
        .filter(|line| line.get("_aws").is_some())
        .collect();
    // An event that is refused at once has nothing to measure.
    assert_eq!(metrics.len(), 3, "{metrics:?}");
    assert!(metrics[0]["UpstreamMilliseconds"].as_u64() >= Some(40));
    assert_eq!(metrics[0]["Enriched"], 1);
    // The sample event is from March 2026.
    assert!(metrics[0]["EventAgeMilliseconds"].as_u64() > Some(1_000));
}

/// The function's log in JSON, once it has this many outcome lines with their metrics.
async fn lines(function: &Function, outcomes: usize) -> Vec<Value> {
    for _ in 0..600 {
        let log = function.log();
        if log.matches(r#""outcome":"#).count() == outcomes {
            return log.lines().map(|line| line.parse().unwrap()).collect();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{outcomes} outcomes expected in {}", function.log())
}

/// A log as Partner Central writes it: two events within a second for each change, with events of other
/// kinds between them.
#[tokio::test]
async fn a_replayed_log_gives_one_id_per_distinct_content() {
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
    // Created twice; then the states after the edits at 2, 5 and 8, with two events each, except for
    // the last edit, which comes between its two events.
    let mut distinct = ids.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), 4, "{ids:#?}");
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[2], ids[3]);
    assert_eq!(ids[4], ids[5]);
    assert_eq!(ids[6], ids[7]);
}

#[tokio::test]
async fn the_event_of_a_too_large_opportunity_is_sent_without_what_does_not_fit() {
    let mut document = documents::sample();
    document["LifeCycle"]["NextStepsHistory"] =
        json!([{"Time": "2026-03-03T08:00:00.000Z", "Value": "x".repeat(400_000)}]);
    let (_emulator, function) = with_document(document.clone()).await;
    let data = cloud_event(&function, event("O7654321")).await["data"].clone();
    let left_out: Vec<_> = data["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| &problem["pointer"])
        .collect();
    let mut expected = vec!["/awsSummary", "/opportunity/LifeCycle/NextStepsHistory"];
    if has_memory() {
        // What is not in the event is not known the next time.
        expected.push("/changes");
    }
    assert_eq!(left_out, expected);
    document["LifeCycle"]
        .as_object_mut()
        .unwrap()
        .remove("NextStepsHistory");
    assert_eq!(data["opportunity"], document);
}

/// A receiver by the README's rule: for each subject the greatest sequence, and its event.
#[derive(Default)]
struct Receiver(HashMap<String, (String, Value)>);

impl Receiver {
    fn receive(&mut self, event: &Value) {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let (subject, sequence) = (text("subject"), text("sequence"));
        let is_newer = |(greatest, _): &(String, Value)| sequence > *greatest;
        if self.0.get(&subject).is_none_or(is_newer) {
            self.0.insert(subject, (sequence, event["data"].clone()));
        }
    }
}

/// Lambda runs as many instances as its reserved concurrency allows, and retries failed invocations.
#[tokio::test]
async fn after_a_burst_over_the_quota_a_receiver_has_the_newest_state_whatever_the_order_of_events()
{
    const EVENTS: usize = 60;
    const INSTANCES: usize = 6;
    let settings = Settings {
        reads_per_second: Some(30),
        ..Settings::default()
    };
    let emulator = Arc::new(Emulator::start_with(settings).await.unwrap());
    emulator.seed(documents::sample());

    let variables = [CATALOG, ONE_ATTEMPT];
    let begun = Arc::new(AtomicUsize::new(0));
    let throttled = Arc::new(AtomicUsize::new(0));
    let mut instances = JoinSet::new();
    for _ in 0..INSTANCES {
        let function = Function::start("enrich-opportunity", &emulator, &variables).await;
        let (emulator, begun) = (Arc::clone(&emulator), Arc::clone(&begun));
        let throttled = Arc::clone(&throttled);
        instances.spawn(async move {
            let mut delivered = Vec::new();
            loop {
                let number = begun.fetch_add(1, Ordering::Relaxed);
                if number >= EVENTS {
                    return delivered;
                }
                // Every other change is in the summary alone, at an equal date.
                if number.is_multiple_of(2) {
                    let steps = json!(format!("Step {number}"));
                    emulator.edit("O7654321", |document| {
                        document["LifeCycle"]["NextSteps"] = steps;
                    });
                } else {
                    emulator.seed_summary("O7654321", json!({"Insights": number}));
                }
                delivered.push(until_delivered(&function, &throttled).await);
            }
        });
    }
    let mut delivered = instances.join_all().await.concat();
    assert_eq!(delivered.len(), EVENTS);
    let throttled = throttled.load(Ordering::Relaxed);
    assert!(throttled > 0, "the burst was not over the quota");

    let newest = emulator.opportunity("O7654321").unwrap();
    for order in 0..50 {
        let half = delivered.len() / 2;
        delivered.rotate_left(order);
        delivered[..half].reverse();
        let mut receiver = Receiver::default();
        for event in &delivered {
            receiver.receive(event);
        }
        assert_eq!(receiver.0["O7654321"].1["opportunity"], newest, "{order}");
    }
}

/// The event that a function finally sends, invoked again for as long as AWS throttles it.
async fn until_delivered(function: &Function, throttled: &AtomicUsize) -> Value {
    loop {
        match function.invoke(event("O7654321")).await {
            Ok(delivered) => return delivered,
            Err(error) => assert_eq!(error.kind, "Throttled"),
        }
        throttled.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_sample_events_are_accepted() {
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
        let (_emulator, function) = with_document(documents::sample()).await;
        assert_eq!(
            cloud_event(&function, event.parse().unwrap()).await["type"],
            kind
        );
    }
}

#[tokio::test]
async fn an_event_that_the_function_cannot_use_is_an_error_with_the_reason() {
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
async fn a_failed_read_is_an_error_and_the_next_event_is_processed() {
    for (fault, kind) in [
        (Fault::NotFound, "NotFound"),
        (Fault::AccessDenied, "AccessDenied"),
        (Fault::Throttling, "Throttled"),
        (Fault::InternalServer, "Unavailable"),
        (Fault::ConnectionDropped, "Unavailable"),
        (Fault::Answer("[]".to_owned()), "Unavailable"),
    ] {
        let (emulator, function) = with_document(documents::sample()).await;
        // The SDK makes three attempts.
        let attempts = if matches!(kind, "Throttled")
            || matches!(fault, Fault::InternalServer | Fault::ConnectionDropped)
        {
            3
        } else {
            1
        };
        emulator.inject("GetOpportunity", attempts, fault.clone());
        let error = function.invoke(event("O7654321")).await.unwrap_err();
        assert_eq!(error.kind, kind, "{fault:?}");
        let told = error
            .message
            .strip_prefix("opportunity `O7654321` could not be read: ");
        let told = told.expect("which opportunity");
        match kind {
            "NotFound" => assert_eq!(told, "the opportunity was not found"),
            "Throttled" => assert_eq!(told, "AWS throttled the call"),
            "AccessDenied" => assert!(
                told.ends_with(
                    ": the function's role lacks `partnercentral:GetOpportunity` on this catalog, or the AWS account is \
                     not linked to Partner Central"
                ),
                "{told}"
            ),
            _ => assert!(
                told.starts_with("AWS Partner Central is unavailable: "),
                "{told}"
            ),
        }
        assert_eq!(
            cloud_event(&function, event("O7654321")).await["subject"],
            "O7654321",
            "{fault:?}"
        );
    }
}

#[test]
fn the_readme_lists_every_problem_for_receivers() {
    let readme = include_str!("../../README.md");
    let section = readme.split("### What a receiver does").nth(1).unwrap();
    let section = section.split("\n### ").next().unwrap();
    for code in ProblemCode::ALL {
        let code = code.as_str();
        assert!(section.contains(&format!("`{code}`")), "{code}");
    }
}
