//! Tests the control API as a client without this library uses it.

use partner_central_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Answer, ID, call, emulator, exchange, get, seed, title, try_call, update};
use crate::stand_in::{FUNCTION, StandIn, answer, deliveries};

/// Sends a request to the control API; null means no body.
async fn control(emulator: &Emulator, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    send(emulator, method, path, &body).await
}

async fn send(emulator: &Emulator, method: &str, path: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{method} /_control{path} HTTP/1.1\r\n\
         host: localhost\r\n\
         connection: close\r\n\
         content-length: {length}\r\n\
         \r\n\
         {body}"
    );
    exchange(emulator, &request).await.unwrap()
}

async fn read(emulator: &Emulator, path: &str) -> Value {
    let answer = control(emulator, "GET", path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[tokio::test]
async fn opportunities_can_be_seeded_read_and_removed() {
    let emulator = emulator().await;
    let one = emulator.opportunity(ID).unwrap();
    let other = json!({ "Id": "O2", "Catalog": "AWS", "LastModifiedDate": "2025-12-15T10:20:30Z" });
    let seeded = control(&emulator, "POST", "/opportunities", &json!([other])).await;
    assert_eq!(seeded.json(), json!({ "seeded": ["O2"] }));
    assert_eq!(read(&emulator, "/opportunities").await, json!([one, other]));
    assert_eq!(read(&emulator, "/opportunities/O2").await, other);
    let removed = control(&emulator, "DELETE", "/opportunities/O2", &Value::Null).await;
    assert_eq!((removed.status, removed.body.as_str()), (204, ""));
    assert_eq!(emulator.opportunity("O2"), None);
    let samples = control(&emulator, "POST", "/samples", &Value::Null)
        .await
        .json();
    assert_eq!(samples["seeded"].as_array().map(Vec::len), Some(12));
    assert_eq!(
        read(&emulator, "/opportunities")
            .await
            .as_array()
            .map(Vec::len),
        Some(13)
    );
    control(&emulator, "DELETE", "/opportunities", &Value::Null).await;
    assert_eq!(read(&emulator, "/opportunities").await, json!([]));
}

#[tokio::test]
async fn several_opportunities_are_seeded_all_or_none() {
    let emulator = emulator().await;
    let mut documents = json!([
        emulator.opportunity(ID).unwrap(),
        emulator.opportunity(ID).unwrap()
    ]);
    documents[0]["Id"] = json!("O2");
    documents[1]["LastModifiedDate"] = json!("yesterday");
    let refused = control(&emulator, "POST", "/opportunities", &documents)
        .await
        .json();
    assert_eq!(refused["pointer"], "/1/LastModifiedDate");
    assert_eq!(emulator.opportunity("O2"), None);
}

#[tokio::test]
async fn an_edit_by_awss_seller_ignores_locks_and_sends_an_event() {
    let stand_in = StandIn::start(|_, _| answer(200, "{}")).await;
    let emulator = Emulator::start_with(stand_in.as_function()).await.unwrap();
    emulator.seed_samples();
    let before = emulator.opportunity("O1000112").unwrap();
    assert_eq!(before["LifeCycle"]["ReviewStatus"], "Rejected");
    let patch = json!({ "LifeCycle": { "NextSteps": "Call", "TargetCloseDate": null } });
    let edited = control(&emulator, "PATCH", "/opportunities/O1000112", &patch)
        .await
        .json();
    assert_eq!(edited["LifeCycle"]["NextSteps"], "Call");
    assert_eq!(edited["LifeCycle"]["ReviewStatus"], "Rejected");
    assert_eq!(edited["LifeCycle"]["TargetCloseDate"], Value::Null);
    assert_ne!(edited["LastModifiedDate"], before["LastModifiedDate"]);
    assert_eq!(emulator.opportunity("O1000112"), Some(edited));
    deliveries(&emulator, 1).await;
    let event = stand_in.received(FUNCTION)[0].json();
    assert_eq!(event["detail"]["opportunity"]["identifier"], "O1000112");
}

/// Each case: a sample, a step, and the review status after it, or none if the step is not possible.
#[tokio::test]
async fn a_review_advances_step_by_step() {
    let emulator = Emulator::start().await;
    emulator.seed_samples();
    let cases = [
        ("O1000101", "approve", None),
        ("O1000101", "submit", Some("Submitted")),
        ("O1000101", "submit", None),
        ("O1000101", "start", Some("In review")),
        ("O1000101", "require-action", Some("Action Required")),
        ("O1000101", "submit", Some("Submitted")),
        ("O1000101", "approve", Some("Approved")),
        ("O1000101", "reject", None),
        ("O1000104", "reject", Some("Rejected")),
        ("O1000104", "submit", None),
    ];
    for (id, step, expected) in cases {
        let review = json!({ "step": step, "comments": format!("because of {step}") });
        let answer = control(
            &emulator,
            "POST",
            &format!("/opportunities/{id}/review"),
            &review,
        )
        .await;
        assert_eq!(
            answer.status,
            if expected.is_some() { 200 } else { 409 },
            "{id} {step}"
        );
        if let Some(status) = expected {
            let life_cycle = &emulator.opportunity(id).unwrap()["LifeCycle"];
            assert_eq!(life_cycle["ReviewStatus"], status);
            assert_eq!(life_cycle["ReviewComments"], review["comments"]);
        }
    }
}

#[tokio::test]
async fn a_summary_can_be_seeded_withheld_and_reset() {
    let emulator = emulator().await;
    let path = format!("/opportunities/{ID}/summary");
    let request = json!({ "Catalog": "AWS", "RelatedOpportunityIdentifier": ID });
    let summary = async || call(&emulator, "GetAwsOpportunitySummary", &request).await;
    let put = json!({ "Visibility": "Limited" });
    control(&emulator, "PUT", &path, &put).await;
    assert_eq!(summary().await.json(), put);
    assert_eq!(read(&emulator, &path).await, put);
    send(&emulator, "PUT", &path, "null").await;
    assert_eq!(summary().await.error(), "ResourceNotFoundException");
    control(&emulator, "DELETE", &path, &Value::Null).await;
    assert_eq!(summary().await.json()["Visibility"], "Full");
}

/// Each case: a fault, the outcome of an update that meets it, and the title afterwards.
#[tokio::test]
async fn every_fault_can_be_injected_by_its_name() {
    let cases = [
        (
            json!("access-denied"),
            Some("AccessDeniedException"),
            "Migration",
        ),
        (json!("answer-lost"), None, "New"),
        (
            json!({ "answer": "{\"__type\":\"x#Mine\"}" }),
            Some("Mine"),
            "New",
        ),
        (
            json!({ "concurrent-edit": { "Project": { "Title": "Theirs" } } }),
            Some("ConflictException"),
            "Theirs",
        ),
        (json!("connection-dropped"), None, "Migration"),
        (json!({ "delay": 1 }), Some(""), "New"),
        (
            json!("internal-server"),
            Some("InternalServerException"),
            "Migration",
        ),
        (
            json!("internal-server-after-landing"),
            Some("InternalServerException"),
            "New",
        ),
        (
            json!("not-found"),
            Some("ResourceNotFoundException"),
            "Migration",
        ),
        (
            json!({ "status": { "status": 503, "errorType": "", "body": "{\"__type\":\"x#Busy\"}" } }),
            Some("Busy"),
            "Migration",
        ),
        (
            json!("throttling"),
            Some("ThrottlingException"),
            "Migration",
        ),
    ];
    for (fault, error, expected) in cases {
        let emulator = emulator().await;
        let injection = json!({ "operation": "UpdateOpportunity", "fault": fault });
        let injected = control(&emulator, "POST", "/faults", &injection).await;
        assert_eq!(injected.status, 204, "{}", injected.body);
        let waiting = json!([{ "operation": "UpdateOpportunity", "times": 1, "fault": fault }]);
        assert_eq!(read(&emulator, "/faults").await, waiting);
        let answer = try_call(&emulator, "UpdateOpportunity", &update("New")).await;
        assert_eq!(
            answer.ok().map(|it| it.error()).as_deref(),
            error,
            "{fault}"
        );
        assert_eq!(title(&emulator), expected, "{fault}");
        assert_eq!(read(&emulator, "/faults").await, json!([]));
    }
}

#[tokio::test]
async fn pending_faults_can_be_cleared() {
    let emulator = emulator().await;
    let faults = [
        (
            "/faults",
            json!({ "operation": "GetOpportunity", "times": 9, "fault": "throttling" }),
        ),
        (
            "/event-faults",
            json!({ "times": 9, "fault": { "late": 9 } }),
        ),
    ];
    for (path, fault) in faults {
        control(&emulator, "POST", path, &fault).await;
        assert_eq!(read(&emulator, path).await, json!([fault]));
        control(&emulator, "DELETE", path, &Value::Null).await;
        assert_eq!(read(&emulator, path).await, json!([]));
    }
    assert_eq!(call(&emulator, "GetOpportunity", &get()).await.status, 200);
}

/// Each case: a wrong request, the status, and the pointer to what is wrong.
#[tokio::test]
async fn a_refusal_names_the_wrong_place() {
    let emulator = emulator().await;
    let path = format!("/opportunities/{ID}");
    let cases = [
        (
            "POST",
            "/faults",
            json!({ "operation": "Get", "fault": "throttling" }),
            400,
            json!("/operation"),
        ),
        (
            "POST",
            "/faults",
            json!({ "operation": "GetOpportunity", "fault": "thunder" }),
            400,
            json!("/fault"),
        ),
        (
            "POST",
            "/faults",
            json!({ "operation": "GetOpportunity", "fault": { "delay": "long" } }),
            400,
            json!("/fault/delay"),
        ),
        (
            "POST",
            "/faults",
            json!({ "operation": "GetOpportunity", "fault": { "status": { "status": 99 } } }),
            400,
            json!("/fault/status/status"),
        ),
        (
            "POST",
            "/faults",
            json!({ "operation": "GetOpportunity", "fault": "throttling", "time": 2 }),
            400,
            json!("/time"),
        ),
        (
            "POST",
            "/event-faults",
            json!({ "fault": "found" }),
            400,
            json!("/fault"),
        ),
        (
            "POST",
            "/opportunities",
            json!({ "Id": 1 }),
            400,
            json!("/Id"),
        ),
        ("PATCH", &path, json!({ "Id": "O2" }), 400, json!("/Id")),
        ("PATCH", &path, json!([]), 400, json!("")),
        (
            "POST",
            &format!("{path}/review"),
            json!({ "step": "win" }),
            400,
            json!("/step"),
        ),
        (
            "PATCH",
            "/clock",
            json!({ "advance": -1 }),
            400,
            json!("/advance"),
        ),
        ("GET", "/opportunities/O9", Value::Null, 404, Value::Null),
        ("GET", "/nothing", Value::Null, 404, Value::Null),
        ("PUT", "/faults", Value::Null, 405, Value::Null),
    ];
    for (method, path, body, status, pointer) in cases {
        let answer = control(&emulator, method, path, &body).await;
        assert_eq!(
            answer.status, status,
            "{method} {path} {body}: {}",
            answer.body
        );
        assert!(
            answer
                .head
                .contains("content-type: application/problem+json")
        );
        let problem = answer.json();
        assert_eq!(
            (&problem["status"], &problem["pointer"]),
            (&json!(status), &pointer),
            "{problem}"
        );
        assert!(problem["detail"].is_string());
    }
}

#[tokio::test]
async fn records_can_be_read_and_cleared() {
    let stand_in = StandIn::start(|_, _| answer(200, r#"{"answer":1}"#)).await;
    let emulator = Emulator::start_with(stand_in.as_function()).await.unwrap();
    seed(&emulator);
    call(&emulator, "GetOpportunity", &get()).await;
    call(&emulator, "UpdateOpportunity", &update("New")).await;
    let delivery = deliveries(&emulator, 1).await.remove(0);
    let update = json!({
        "operation": "UpdateOpportunity",
        "identifier": ID,
        "outcome": "done",
        "status": 200,
        "trace": null,
        "body": update("New"),
        "answer": {
            "Id": ID,
            "LastModifiedDate": emulator.opportunity(ID).unwrap()["LastModifiedDate"],
        },
    });
    assert_eq!(read(&emulator, "/writes").await, json!([update]));
    assert_eq!(read(&emulator, "/requests").await[1], update);
    let delivered = json!([{
        "event": delivery.event,
        "function": null,
        "startedAt": format!("{:.3}", delivery.started),
        "identifier": ID,
        "isDelivered": true,
        "reason": null,
        "answer": { "answer": 1 },
    }]);
    assert_eq!(read(&emulator, "/deliveries").await, delivered);
    control(&emulator, "DELETE", "/records", &Value::Null).await;
    for path in ["/requests", "/writes", "/deliveries", "/invocations"] {
        assert_eq!(read(&emulator, path).await, json!([]), "{path}");
    }
}

#[tokio::test]
async fn the_clock_can_be_stopped_advanced_and_resumed() {
    let emulator = emulator().await;
    let change = async |change: Value| control(&emulator, "PATCH", "/clock", &change).await.json();
    let stopped = change(json!({ "stopped": true })).await;
    assert_eq!(stopped, json!({ "now": stopped["now"], "stopped": true }));
    let now = |clock: &Value| {
        clock["now"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let moved = change(json!({ "advance": 60_000 })).await;
    assert_eq!(now(&moved).duration_since(now(&stopped)).as_secs(), 60);
    assert_eq!(read(&emulator, "/clock").await, moved);
    assert_eq!(change(json!({ "stopped": false })).await["stopped"], false);
}

#[tokio::test]
async fn every_path_in_the_readme_exists() {
    let readme = include_str!("../../README.md");
    let listed = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed = listed.filter_map(|line| line.split_once('`')?.0.split_once(" /_control"));
    let emulator = Emulator::start().await;
    let mut count = 0;
    for (method, path) in listed.filter(|(_, path)| *path != "/events") {
        let path = path.replace("{id}", ID);
        let answer = send(&emulator, method, &path, "").await;
        let problem = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_ne!(answer.status, 405, "{method} {path}");
        assert!(!detail.starts_with("there is no `/"), "{method} {path}");
        count += 1;
    }
    assert_eq!(count, 27);
}
