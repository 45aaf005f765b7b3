//! What both functions print: a line an event with what an operator needs, and nothing of what an
//! opportunity, a request or a secret holds, at the most verbose level there is.

use bridge_tests::{Function, Request};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::documents;

const MARK: &str = "PRIVATE";
const TOKEN: &str = "PRIVATE-bearer-token";

/// The sample, with a mark in every text that may be private.
fn marked() -> Value {
    let mut document = documents::sample();
    let account = &mut document["Customer"]["Account"];
    account["CompanyName"] = json!("PRIVATE company");
    account["WebsiteUrl"] = json!("https://PRIVATE.example");
    account["Address"]["StreetAddress"] = json!("PRIVATE street");
    document["Customer"]["Contacts"][0]["LastName"] = json!("PRIVATE name");
    document["Customer"]["Contacts"][0]["Phone"] = json!("PRIVATE phone");
    document["OpportunityTeam"][0]["Email"] = json!("PRIVATE@partner.example");
    document["Project"]["Title"] = json!("PRIVATE title");
    document["LifeCycle"]["NextSteps"] = json!("PRIVATE steps");
    document["AddedTomorrow"] = json!({"PRIVATE": "PRIVATE"});
    document
}

async fn most_verbose(name: &str, others: &[(&str, &str)]) -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(marked());
    emulator.seed_summary("O7654321", json!({"Insights": "PRIVATE insight"}));
    emulator.seed_secret("tokens", TOKEN);
    let verbose = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("RUST_LOG", "trace"),
    ];
    let function = Function::start(name, &emulator, &[&verbose, others].concat()).await;
    (emulator, function)
}

/// `patch-opportunity` with the sample, as it logs on Lambda.
async fn logging_in_json() -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("WEBHOOK_AUTH", "none"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ];
    let function = Function::start("patch-opportunity", &emulator, &variables).await;
    (emulator, function)
}

fn assert_nothing_private(log: &str) {
    assert!(
        log.contains(r#""level":"DEBUG""#),
        "the log is not verbose: {log}"
    );
    let private: Vec<_> = log.lines().filter(|line| line.contains(MARK)).collect();
    assert_eq!(private, [] as [&str; 0]);
}

fn faults() -> [Fault; 7] {
    [
        Fault::NotFound,
        Fault::AccessDenied,
        Fault::Throttling,
        Fault::InternalServer,
        Fault::AnswerLost,
        Fault::Answer(r#"{"PRIVATE": "PRIVATE"}"#.to_owned()),
        Fault::ConcurrentEdit(|document| document["LifeCycle"]["NextSteps"] = json!("PRIVATE too")),
    ]
}

/// The log, once the last line of an invocation is in it; each line is JSON.
async fn log_of(function: &Function, lines: usize) -> String {
    for _ in 0..100 {
        if function.log().matches(r#""outcome":"#).count() >= lines {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    function.log()
}

#[tokio::test]
async fn nothing_private_is_printed_of_a_patch() {
    let auth = [("WEBHOOK_AUTH", "bearer"), ("WEBHOOK_SECRET_ID", "tokens")];
    let (emulator, function) = most_verbose("patch-opportunity", &auth).await;
    let bearer = format!("Bearer {TOKEN}");
    let patch = |patch: Value| Request::patch("O7654321", &patch).header("authorization", &bearer);
    let steps = |number: usize| {
        patch(json!({"LifeCycle": {"NextSteps": format!("PRIVATE steps {number}")}}))
    };
    let mut sent = Vec::new();
    for (number, fault) in faults().into_iter().enumerate() {
        emulator.inject("UpdateOpportunity", 1, fault);
        sent.push(steps(number));
    }
    sent.extend([
        steps(100).header("prefer", "return=representation"),
        patch(json!({"LifeCycle": {"Stage": "PRIVATE"}, "PRIVATE": "PRIVATE"})),
        patch(json!({"PRIVATE": "PRIVATE"})).header("prefer", "handling=lenient"),
        patch(json!({"Project": {"Title": "PRIVATE"}})),
        patch(json!({"Id": "PRIVATE"})),
        patch(json!({})).body("PRIVATE"),
        patch(json!({})).header("content-type", "PRIVATE/PRIVATE"),
        patch(json!({})).header("if-match", "\"PRIVATE\""),
        patch(json!({})).header("authorization", "Bearer PRIVATE"),
        Request::new("PATCH", "/opportunities/PRIVATE").header("authorization", &bearer),
        Request::new("GET", "/opportunities/O7654321").header("authorization", &bearer),
        Request::new("GET", "/PRIVATE?PRIVATE"),
    ]);
    for request in &sent {
        function.send(request).await;
    }
    let log = log_of(&function, sent.len()).await;
    assert_nothing_private(&log);
}

#[tokio::test]
async fn nothing_private_is_printed_of_an_event() {
    let (emulator, function) = most_verbose("enrich-opportunity", &[]).await;
    let event: Value = include_str!("../../events/opportunity-updated.json")
        .parse()
        .unwrap();
    let mut count = 1;
    function.invoke(event.clone()).await.unwrap();
    for operation in ["GetOpportunity", "GetAwsOpportunitySummary"] {
        for fault in faults() {
            emulator.inject(operation, 1, fault);
            let _ = function.invoke(event.clone()).await;
            count += 1;
        }
    }
    let log = log_of(&function, count).await;
    assert_nothing_private(&log);
}

#[tokio::test]
async fn an_operator_finds_a_line_and_the_metrics_of_each_request() {
    let (emulator, function) = logging_in_json().await;
    emulator.inject(
        "UpdateOpportunity",
        1,
        Fault::ConcurrentEdit(|document| document["LifeCycle"]["NextSteps"] = json!("Other")),
    );
    function
        .send(&Request::patch(
            "O7654321",
            &json!({"LifeCycle": {"Stage": "Committed"}}),
        ))
        .await;

    let log = log_of(&function, 1).await;
    let lines: Vec<Value> = log
        .lines()
        .map(|line| line.parse().expect("each line is JSON"))
        .collect();
    let answered = lines
        .iter()
        .find(|line| line["message"] == "answered")
        .expect("a line of the request");
    assert_eq!(answered["opportunity.id"], "O7654321");
    assert_eq!(answered["outcome"], "updated");
    assert_eq!(answered["status"], 200);
    assert_eq!(answered["attempts"], 2);
    assert_eq!(answered["route"], "/opportunities/{identifier}");
    assert_eq!(
        answered["span"]["requestId"],
        "00000000-0000-4000-8000-000000000000"
    );
    assert!(
        answered["span"]["xrayTraceId"]
            .as_str()
            .unwrap()
            .starts_with("Root=1-")
    );
    assert!(
        answered["duration_ms"].is_number() && answered["upstream_ms"].is_number(),
        "{answered}"
    );

    let metrics = lines
        .iter()
        .find(|line| line.get("_aws").is_some())
        .expect("a line of metrics");
    assert_eq!(
        (&metrics["Updated"], &metrics["Conflicts"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(metrics["function"], "patch-opportunity");
}

#[tokio::test]
async fn the_log_says_what_the_caller_is_not_told() {
    let (emulator, function) = logging_in_json().await;
    for (times, fault, status, level, message) in [
        (1, Fault::AccessDenied, 502, "ERROR", "access denied"),
        (3, Fault::ConnectionDropped, 503, "WARN", "no usable answer"),
    ] {
        emulator.inject("GetOpportunity", times, fault);
        let answer = function
            .send(&Request::new("GET", "/opportunities/O7654321"))
            .await;
        assert_eq!(answer.status, status);
        let log = log_of(&function, 1).await;
        let line = format!(r#""level":"{level}","message":"{message}","error":"#);
        assert!(log.contains(&line), "{log}");
    }
}
