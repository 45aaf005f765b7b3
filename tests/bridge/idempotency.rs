//! `patch-opportunity` with a memory: a request with a key is carried out once.

use std::time::{SystemTime, UNIX_EPOCH};

use bridge_tests::{Cut, Function, Request, Response};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::{
    documents,
    ground::{Ground, ID, OPEN, SECRET},
    patch::VARIABLES,
};

const WRITE: &str = "UpdateOpportunity";

/// Both functions, with the sample.
async fn ground() -> Ground {
    Ground::with(documents::sample(), &[OPEN]).await
}

impl Ground {
    fn stage(&self) -> Value {
        self.at("/LifeCycle/Stage")
    }

    async fn claims(&self) -> usize {
        let items = self.table.items().await;
        let is_claim = |item: &&Value| item["sk"]["S"] == "request";
        items.iter().filter(is_claim).count()
    }
}

fn stage(stage: &str) -> Request {
    Request::patch(ID, &json!({"LifeCycle": {"Stage": stage}}))
}

fn keyed(request: Request) -> Request {
    request.header("idempotency-key", "k-1")
}

fn operations(operations: &Value) -> Request {
    Request::new("PATCH", &format!("/opportunities/{ID}"))
        .header("content-type", "application/json-patch+json")
        .body(&operations.to_string())
}

/// Moves the stage on, from a stage that it is tested for.
fn moved(from: &str, to: &str) -> Request {
    operations(&json!([
        {"op": "test", "path": "/LifeCycle/Stage", "value": from},
        {"op": "replace", "path": "/LifeCycle/Stage", "value": to},
    ]))
}

/// Status and outcome, or status and the problem's name, and whether it is told as a replay.
fn told(answer: &Response) -> (u64, &str, bool) {
    let outcome = answer.body["outcome"].as_str();
    let name = answer.body["type"].as_str();
    let name = name.and_then(|name| name.rsplit('/').next());
    let is_replay = answer.headers.get("idempotent-replayed").is_some();
    (
        answer.status,
        outcome.or(name).unwrap_or_default(),
        is_replay,
    )
}

fn warnings(answer: &Response) -> Vec<&str> {
    let warnings = answer.body["warnings"].as_array().expect("warnings");
    let codes = warnings.iter().map(|warning| warning["code"].as_str());
    codes.map(|code| code.expect("a code")).collect()
}

/// One answer of each problem that there is with a memory alone.
pub(crate) async fn problems() -> Vec<Response> {
    let ground = ground().await;
    let function = &ground.patch;
    let request = keyed(stage("Committed"));
    ground.emulator.inject(WRITE, 1, Fault::NotFound);
    // The claim of what was refused cannot be let go of.
    ground
        .table
        .cut(&[None, Some(Cut::Before), Some(Cut::Before)]);
    function.send(&request).await;
    let running = function.send(&request).await;
    let reused = function.send(&keyed(stage("Launched"))).await;
    ground.table.cut_all(Cut::Before, 2);
    let unavailable = function.send(&request).await;
    vec![running, reused, unavailable]
}

#[tokio::test]
async fn a_retry_gets_the_answer_of_the_first_time_whatever_has_happened_since() {
    let ground = ground().await;
    let function = &ground.patch;
    let first = function.send(&keyed(stage("Committed"))).await;
    assert_eq!(told(&first), (200, "updated", false));
    for edit in [
        |_: &mut Value| {},
        |document: &mut Value| document["LifeCycle"]["Stage"] = json!("Launched"),
        |document: &mut Value| document["LifeCycle"]["ReviewStatus"] = json!("Submitted"),
    ] {
        ground.edit(edit);
        let retry = stage("Committed").header("idempotency-key", "\"k-1\"");
        let retried = function.send(&retry).await;
        assert_eq!(told(&retried), (200, "updated", true));
        assert_eq!(retried.body, first.body);
        assert_eq!(retried.headers["etag"], first.headers["etag"]);
        assert_eq!(
            retried.headers["content-type"],
            first.headers["content-type"]
        );
    }
    assert_eq!(ground.writes(), 1);
}

#[tokio::test]
async fn an_answer_without_a_body_and_one_with_the_opportunity_are_replayed_too() {
    for preference in ["return=minimal", "return=representation"] {
        let ground = ground().await;
        let function = &ground.patch;
        let request = keyed(stage("Committed")).header("prefer", preference);
        let first = function.send(&request).await;
        ground.edit(|document| document["LifeCycle"]["Stage"] = json!("Launched"));
        let retried = function.send(&request).await;
        assert_eq!((retried.status, &retried.body), (first.status, &first.body));
        assert_eq!(retried.headers["preference-applied"], preference);
        assert_eq!(ground.writes(), 1);
    }
}

#[tokio::test]
async fn a_json_patch_whose_answer_was_lost_is_answered_and_not_refused_for_its_test() {
    let ground = ground().await;
    let function = &ground.patch;
    let request = keyed(moved("Qualified", "Committed"));
    let first = function.send(&request).await;
    assert_eq!(told(&first), (200, "updated", false), "{first:?}");
    let retried = function.send(&request).await;
    assert_eq!(told(&retried), (200, "updated", true));
    assert_eq!(retried.body, first.body);
}

#[tokio::test]
async fn a_key_is_for_one_request() {
    let ground = ground().await;
    let function = &ground.patch;
    function.send(&keyed(stage("Committed"))).await;
    for other in [
        keyed(stage("Launched")),
        // It would change nothing, or be refused.
        keyed(Request::patch(ID, &json!({}))),
        keyed(Request::patch(ID, &json!({"Lifecycle": 1}))),
        keyed(stage("Committed")).header("prefer", "return=minimal"),
        keyed(stage("Committed")).header("if-match", "*"),
        keyed(stage("Committed")).sent_as("POST", &format!("/opportunities/{ID}")),
        keyed(stage("Committed")).sent_as("PATCH", "/opportunities/O1"),
    ] {
        let answer = function.send(&other).await;
        assert_eq!(told(&answer), (422, "key-reused", false), "{other:?}");
    }
    assert_eq!(ground.writes(), 1);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let ground = ground().await;
    let function = &ground.patch;
    let request = stage("Committed").header("idempotency-key", "\"k");
    let answer = function.send(&request).await;
    assert_eq!(told(&answer), (400, "malformed-request", false));
    assert_eq!(ground.writes(), 0);
}

#[tokio::test]
async fn reads_refusals_dry_runs_and_no_ops_leave_no_record_and_write_nothing_to_the_table() {
    let ground = ground().await;
    let function = &ground.patch;
    let now = ground.stage();
    let now = now.as_str().unwrap();
    for (request, calls) in [
        (Request::new("GET", &format!("/opportunities/{ID}")), vec![]),
        (stage(now), vec![]),
        (Request::patch(ID, &json!({"Lifecycle": 1})), vec![]),
        (keyed(stage(now)), vec!["GetItem"]),
        (
            keyed(Request::patch(ID, &json!({"Lifecycle": 1}))),
            vec!["GetItem"],
        ),
        (
            keyed(stage("Committed"))
                .sent_as("PATCH", &format!("/opportunities/{ID}?dry_run=true")),
            vec![],
        ),
    ] {
        function.send(&request).await;
        assert_eq!(ground.table.calls(), calls, "{request:?}");
    }
    assert_eq!(ground.table.items().await, [] as [Value; 0]);
    assert_eq!(ground.writes(), 0);
}

#[tokio::test]
async fn a_write_costs_one_call_and_with_a_key_two_more() {
    let ground = ground().await;
    let function = &ground.patch;
    function.send(&stage("Committed")).await;
    assert_eq!(ground.table.calls(), ["UpdateItem"]);
    let answer = function.send(&keyed(stage("Launched"))).await;
    assert_eq!(told(&answer), (200, "updated", false), "{answer:?}");
    let mut calls = ground.table.calls();
    calls[1..].sort();
    assert_eq!(calls, ["PutItem", "PutItem", "UpdateItem"]);
}

#[tokio::test]
async fn what_aws_refuses_leaves_no_record() {
    let ground = ground().await;
    let function = &ground.patch;
    ground.emulator.inject(WRITE, 1, Fault::NotFound);
    let refused = function.send(&keyed(stage("Committed"))).await;
    assert_eq!(told(&refused), (404, "opportunity-not-found", false));
    assert_eq!(ground.claims().await, 0);
    let answer = function.send(&keyed(stage("Committed"))).await;
    assert_eq!(told(&answer), (200, "updated", false));
}

#[tokio::test]
async fn a_conflict_is_settled_under_the_same_key() {
    let ground = ground().await;
    let function = &ground.patch;
    let theirs = |document: &mut Value| document["LifeCycle"]["NextSteps"] = json!("Call");
    ground
        .emulator
        .inject(WRITE, 1, Fault::ConcurrentEdit(theirs));
    let answer = function.send(&keyed(stage("Committed"))).await;
    assert_eq!(told(&answer), (200, "updated", false));
    let again = function.send(&keyed(stage("Committed"))).await;
    assert_eq!(told(&again), (200, "updated", true));
    assert_eq!(ground.at("/LifeCycle/NextSteps"), "Call");
}

/// A claim whose owner died before its write: the write was refused, and the claim could not be let go of.
async fn died_before_the_write(request: &Request) -> Ground {
    let ground = ground().await;
    let function = &ground.patch;
    ground.emulator.inject(WRITE, 1, Fault::NotFound);
    ground
        .table
        .cut(&[None, Some(Cut::Before), Some(Cut::Before)]);
    function.send(request).await;
    assert_eq!(ground.claims().await, 1);
    let running = function.send(request).await;
    assert_eq!(told(&running), (409, "request-running", false));
    ground.pass_leases().await;
    ground
}

/// A claim whose owner died after its write: nothing more of it reached the table. The claim is the call after
/// `calls` others.
async fn died_after_the_write(request: &Request, calls: usize) -> Ground {
    let ground = ground().await;
    let function = &ground.patch;
    let mut cuts = vec![None; calls + 1];
    cuts.extend([Some(Cut::Before); 4]);
    ground.table.cut(&cuts);
    let answer = function.send(request).await;
    ground.table.mend();
    assert!(matches!(answer.status, 200 | 204), "{answer:?}");
    let running = function.send(request).await;
    assert_eq!(told(&running), (409, "request-running", false));
    ground.pass_leases().await;
    ground
}

fn both_forms() -> [Request; 2] {
    [
        keyed(stage("Committed")),
        keyed(moved("Qualified", "Committed")),
    ]
}

#[tokio::test]
async fn what_did_not_land_before_its_function_died_is_carried_out() {
    for request in both_forms() {
        let ground = died_before_the_write(&request).await;
        let function = &ground.patch;
        let answer = function.send(&request).await;
        assert_eq!(told(&answer), (200, "updated", false), "{request:?}");
        assert_eq!(ground.stage(), "Committed");
        let again = function.send(&request).await;
        assert_eq!(told(&again), (200, "updated", true));
        assert_eq!(again.body, answer.body);
    }
}

#[tokio::test]
async fn what_landed_before_its_function_died_is_told_and_not_carried_out_again() {
    for request in both_forms() {
        let ground = died_after_the_write(&request, 0).await;
        let function = &ground.patch;
        for _attempt in 0..2 {
            let answer = function.send(&request).await;
            assert_eq!(told(&answer), (200, "updated", true), "{request:?}");
            let change = &answer.body["changes"][0];
            assert_eq!(change["pointer"], "/LifeCycle/Stage");
            assert_eq!(change["after"], "Committed");
            assert_eq!(warnings(&answer), ["no-etag"]);
            // It stays so, whatever happens next.
            ground.edit(|document| document["LifeCycle"]["Stage"] = json!("Launched"));
        }
        assert_eq!(ground.writes(), 1);
    }
}

#[tokio::test]
async fn what_landed_before_its_function_died_is_told_as_the_request_prefers() {
    // `Approved` closes the title.
    let patch = json!({"Project": {"Title": "Berths"}, "LifeCycle": {"Stage": "Committed"}});
    let part = |prefer| keyed(Request::patch(ID, &patch)).header("prefer", prefer);
    let whole = |prefer| keyed(stage("Committed")).header("prefer", prefer);
    let (none, skip) = (None, Some("locked=skip"));
    for (request, expected, skipped, applied) in [
        (
            whole("return=minimal"),
            (204, ""),
            0,
            Some("return=minimal"),
        ),
        (whole("return=representation"), (200, "updated"), 0, none),
        (whole("respond-async"), (200, "updated"), 0, none),
        (whole("locked=skip"), (200, "updated"), 0, skip),
        (part("locked=skip"), (200, "updated-in-part"), 1, skip),
        (
            part("locked=skip, return=minimal"),
            (200, "updated-in-part"),
            1,
            skip,
        ),
    ] {
        // Whether it waits for a review is asked first.
        let calls = usize::from(request.event()["headers"]["prefer"] == "respond-async");
        let ground = died_after_the_write(&request, calls).await;
        let answer = ground.patch.send(&request).await;
        let (status, outcome) = expected;
        assert_eq!(told(&answer), (status, outcome, true), "{request:?}");
        let found = answer.body["skipped"].as_array().map_or(0, Vec::len);
        assert_eq!(found, skipped, "{answer:?}");
        let header = answer.headers.get("preference-applied");
        assert_eq!(header.and_then(Value::as_str), applied, "{request:?}");
    }
}

#[tokio::test]
async fn what_may_have_landed_and_been_overwritten_is_unconfirmed_and_not_carried_out_again() {
    for request in both_forms() {
        let ground = died_before_the_write(&request).await;
        let function = &ground.patch;
        let writes = ground.writes();
        ground.edit(|document| document["LifeCycle"]["Stage"] = json!("Qualified"));
        for _attempt in 0..2 {
            let answer = function.send(&request).await;
            assert_eq!(told(&answer), (503, "unconfirmed", false), "{request:?}");
        }
        assert_eq!(ground.writes(), writes);
    }
}

#[tokio::test]
async fn a_dead_owners_write_that_lands_after_it_was_taken_over_is_not_followed_by_a_second_one() {
    for request in both_forms() {
        let ground = died_before_the_write(&request).await;
        let function = &ground.patch;
        // It was on its way, and lands right before the next one.
        ground.emulator.inject(
            WRITE,
            1,
            Fault::ConcurrentEdit(|document| document["LifeCycle"]["Stage"] = json!("Committed")),
        );
        let before = ground.writes();
        let answer = function.send(&request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(ground.writes() - before, 1);
        let again = function.send(&request).await;
        assert_eq!((again.status, told(&again).2), (200, true));
    }
}

#[tokio::test]
async fn a_write_in_doubt_can_be_asked_for_again_at_once() {
    let ground = ground().await;
    let function = &ground.patch;
    let request = keyed(stage("Committed"));
    ground.emulator.inject(WRITE, 1, Fault::AnswerLost);
    ground.emulator.inject(WRITE, 9, Fault::InternalServer);
    let read = "GetOpportunity";
    ground
        .emulator
        .inject(read, 1, Fault::Delay(std::time::Duration::ZERO));
    ground.emulator.inject(read, 9, Fault::InternalServer);
    let answer = function.send(&request).await;
    assert_eq!(told(&answer), (503, "unconfirmed", false));
    ground.emulator.clear_faults();
    let again = function.send(&request).await;
    assert_eq!(told(&again), (200, "updated", true));
    assert_eq!(ground.stage(), "Committed");
}

#[tokio::test]
async fn a_write_in_doubt_stays_in_doubt_where_the_table_does_not_let_it_be_tried_again() {
    let ground = ground().await;
    let function = &ground.patch;
    ground.emulator.inject(WRITE, 3, Fault::ConnectionDropped);
    ground
        .table
        .cut(&[None, Some(Cut::Before), Some(Cut::Before)]);
    let answer = function.send(&keyed(stage("Committed"))).await;
    assert_eq!(told(&answer), (503, "unconfirmed", false), "{answer:?}");
}

#[tokio::test]
async fn of_many_requests_with_one_key_at_a_time_one_is_carried_out() {
    let ground = ground().await;
    let (one, two) = (&ground.patch, &ground.another_patch().await);
    let request = keyed(moved("Qualified", "Committed"));
    ground.emulator.inject(
        WRITE,
        1,
        Fault::Delay(std::time::Duration::from_millis(200)),
    );
    let answers = tokio::join!(one.send(&request), two.send(&request));
    let mut answers = [told(&answers.0), told(&answers.1)];
    answers.sort_unstable();
    let replayed = (200, "updated", true);
    let running = (409, "request-running", false);
    assert!(
        answers == [(200, "updated", false), running]
            || answers == [(200, "updated", false), replayed],
        "{answers:?}"
    );
    assert_eq!(ground.stage(), "Committed");
}

fn signed(id: &str, body: &str) -> Request {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let timestamp = i64::try_from(now.as_secs()).unwrap();
    let webhook = Webhook::new(SECRET).unwrap();
    let signature = webhook.sign(id, timestamp, body.as_bytes()).unwrap();
    Request::new("POST", &format!("/opportunities/{ID}"))
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", &timestamp.to_string())
        .header("webhook-signature", &signature)
        .body(body)
}

#[tokio::test]
async fn what_was_recorded_cannot_be_used_again_on_no_other_opportunity_and_with_no_other_key() {
    let auth = [
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRETS", SECRET),
    ];
    let ground = Ground::with(documents::sample(), &auth).await;
    let function = &ground.patch;
    let mut other = documents::sample();
    other["Id"] = json!("O1");
    ground.emulator.seed(other);

    let recorded = signed("msg_1", r#"{"LifeCycle":{"Stage":"Committed"}}"#);
    let first = function.send(&recorded).await;
    assert_eq!(told(&first), (200, "updated", false), "{first:?}");
    ground.edit(|document| document["LifeCycle"]["Stage"] = json!("Launched"));
    let again = recorded.clone().header("idempotency-key", "another");
    for again in [recorded.clone(), again] {
        let answer = function.send(&again).await;
        assert_eq!(told(&answer), (200, "updated", true));
    }
    let elsewhere = recorded.clone().sent_as("POST", "/opportunities/O1");
    let answer = function.send(&elsewhere).await;
    assert_eq!(told(&answer), (422, "key-reused", false));
    assert_eq!(ground.writes(), 1);

    // The sender's own retry has another timestamp and signature.
    let retried = signed("msg_1", r#"{"LifeCycle":{"Stage":"Committed"}}"#);
    assert_eq!(told(&function.send(&retried).await), (200, "updated", true));
}

#[tokio::test]
async fn without_an_answer_of_the_table_a_key_of_the_callers_own_is_refused_and_nothing_written() {
    let ground = ground().await;
    let function = &ground.patch;
    let now = ground.stage();
    for request in [
        keyed(stage("Committed")),
        keyed(stage(now.as_str().unwrap())),
        moved("Qualified", "Committed").header("webhook-id", "msg_1"),
    ] {
        ground.table.cut_all(Cut::Before, 2);
        let answer = function.send(&request).await;
        assert_eq!(
            told(&answer),
            (503, "memory-unavailable", false),
            "{request:?}"
        );
        assert_eq!(answer.headers["retry-after"], "1");
    }
    assert_eq!(ground.writes(), 0);
}

#[tokio::test]
async fn without_an_answer_of_the_table_a_webhooks_merge_patch_is_carried_out_with_a_warning() {
    let ground = ground().await;
    let function = &ground.patch;
    let request = stage("Committed").header("webhook-id", "msg_1");
    ground.table.cut_all(Cut::Before, 99);
    for (outcome, expected) in [
        ("updated", vec!["not-remembered", "not-remembered"]),
        ("unchanged", vec!["not-remembered"]),
    ] {
        let answer = function.send(&request).await;
        assert_eq!(told(&answer), (200, outcome, false));
        assert_eq!(warnings(&answer), expected);
    }
    let log = function.log_with(&["MemoryUnavailable"]).await;
    assert!(log.contains("\"Updated\":1"), "{log}");
}

#[tokio::test]
async fn what_was_carried_out_before_is_not_refused_because_the_table_did_not_answer_for_a_moment()
{
    let ground = ground().await;
    let request = stage("Committed").header("webhook-id", "msg_1");
    let first = ground.patch.send(&request).await;
    assert_eq!(told(&first), (200, "updated", false));
    ground.edit(|document| document["LifeCycle"]["Stage"] = json!("Qualified"));
    ground.table.cut_all(Cut::Before, 2);
    ground.emulator.inject(WRITE, 1, Fault::NotFound);
    let again = ground.patch.send(&request).await;
    assert_eq!(told(&again), (200, "updated", true), "{again:?}");
    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn after_a_write_that_landed_the_answer_is_a_success_with_a_warning() {
    // `Approved` closes the title.
    let part = json!({"Project": {"Title": "Berths"}, "LifeCycle": {"Stage": "Committed"}});
    let part = || Request::patch(ID, &part).header("prefer", "locked=skip");
    for (request, outcome) in [
        (keyed(stage("Committed")), "updated"),
        (stage("Committed"), "updated"),
        (keyed(part()), "updated-in-part"),
        (part(), "updated-in-part"),
    ] {
        let ground = ground().await;
        let function = &ground.patch;
        let claim = request.event()["headers"]
            .get("idempotency-key")
            .map(|_| None);
        let lost = vec![Some(Cut::Before); 4];
        ground
            .table
            .cut(&claim.into_iter().chain(lost).collect::<Vec<_>>());
        let answer = function.send(&request).await;
        assert_eq!(told(&answer), (200, outcome, false));
        assert_eq!(warnings(&answer), ["not-remembered"]);
    }
}

#[tokio::test]
async fn an_answer_of_the_table_that_is_lost_changes_nothing() {
    let ground = ground().await;
    let function = &ground.patch;
    ground
        .table
        .cut(&[Some(Cut::After), None, Some(Cut::After), Some(Cut::After)]);
    let first = function.send(&keyed(stage("Committed"))).await;
    assert_eq!(told(&first), (200, "updated", false));
    assert_eq!(warnings(&first), [] as [&str; 0]);
    let again = function.send(&keyed(stage("Committed"))).await;
    assert_eq!(told(&again), (200, "updated", true));
}

#[tokio::test]
async fn without_a_memory_a_key_is_ignored() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let function = Function::start_without_memory("patch-opportunity", &emulator, &VARIABLES).await;
    for (key, name) in [
        ("k-1", "Committed"),
        ("k-1", "Business Validation"),
        ("\"", "Committed"),
    ] {
        let request = stage(name).header("idempotency-key", key);
        let answer = function.send(&request).await;
        assert_eq!(told(&answer), (200, "updated", false));
    }
    assert_eq!(emulator.writes().len(), 3);
}
