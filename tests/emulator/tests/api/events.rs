//! Tests events: what reaches the function, and what its answer does to the CRM.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use partner_central_emulator::{Emulator, Settings, Undelivered};
use regex_lite::Regex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{ID, call, seed, update};
use crate::stand_in::{CRM, FUNCTION, StandIn, answer, deliveries};

async fn emulator(settings: Settings) -> Emulator {
    let emulator = Emulator::start_with(settings).await.unwrap();
    seed(&emulator);
    emulator
}

/// Changes the seeded opportunity as somebody else.
fn change(emulator: &Emulator) {
    emulator.edit(ID, |it| it["Project"]["Title"] = json!("Theirs"));
}

/// The events that reached the function, each as its kind and the opportunity's id.
fn events(stand_in: &StandIn) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let event = |event: Value| {
        let identifier = text(&event["detail"]["opportunity"]["identifier"]);
        (text(&event["detail-type"]), identifier)
    };
    let received = stand_in.received(FUNCTION);
    received.iter().map(|it| event(it.json())).collect()
}

#[tokio::test]
async fn every_change_sends_an_event_and_nothing_else_does() {
    let stand_in = StandIn::start(|_, _| answer(200, "{}")).await;
    let emulator = emulator(stand_in.as_function()).await;
    let creation = json!({
        "Catalog": "AWS",
        "ClientToken": "token",
        "Origin": "Partner Referral",
        "Customer": { "Account": { "CompanyName": "Example" } },
    });
    let solution = json!({
        "Catalog": "AWS",
        "OpportunityIdentifier": ID,
        "RelatedEntityType": "Solutions",
        "RelatedEntityIdentifier": "S-1",
    });
    let requests = [
        ("UpdateOpportunity", update("New"), 200),
        // Refused, because it is stale now.
        ("UpdateOpportunity", update("Newer"), 400),
        ("CreateOpportunity", creation.clone(), 200),
        // Answered, but not repeated.
        ("CreateOpportunity", creation, 200),
        ("AssociateOpportunity", solution.clone(), 200),
        ("DisassociateOpportunity", solution, 200),
    ];
    for (operation, request, status) in requests {
        let answer = call(&emulator, operation, &request).await;
        assert_eq!(answer.status, status, "{operation}: {}", answer.body);
    }
    let mut unchanged = update("New");
    unchanged["LastModifiedDate"] = emulator.opportunity(ID).unwrap()["LastModifiedDate"].clone();
    call(&emulator, "UpdateOpportunity", &unchanged).await;
    change(&emulator);

    let deliveries = deliveries(&emulator, 6).await;
    let expected = [
        ("Opportunity Updated", ID),
        ("Opportunity Created", "O1000002"),
        ("Opportunity Updated", ID),
        ("Opportunity Updated", ID),
        ("Opportunity Updated", ID),
        ("Opportunity Updated", ID),
    ];
    let expected = expected.map(|(kind, id)| (kind.to_owned(), id.to_owned()));
    assert_eq!(events(&stand_in), expected);
    for (event, delivery) in stand_in.received(FUNCTION).iter().zip(deliveries) {
        assert_eq!(event.headers["content-type"], "application/json");
        assert_eq!(event.json()["id"], delivery.event);
        let line = format!("event {} {} delivered", delivery.event, delivery.identifier);
        assert_eq!(delivery.to_string(), line);
    }
}

#[tokio::test]
async fn an_event_has_the_recorded_shape() {
    let stand_in = StandIn::start(|_, _| answer(200, "{}")).await;
    let emulator = emulator(stand_in.as_function()).await;
    change(&emulator);
    deliveries(&emulator, 1).await;
    let event = stand_in.received(FUNCTION)[0].json();
    let expected = json!({
        "version": "0",
        "id": event["id"],
        "detail-type": "Opportunity Updated",
        "source": "aws.partnercentral-selling",
        "account": "111122223333",
        "time": event["time"],
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "schemaVersion": "1",
            "catalog": "AWS",
            "opportunity": { "identifier": ID },
        },
    });
    assert_eq!(event.to_string(), expected.to_string());
    let text = |member: &str| event[member].as_str().unwrap();
    let uuid = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
    assert!(Regex::new(uuid).unwrap().is_match(text("id")), "{event}");
    let (time, now) = (text("time").parse().unwrap(), Timestamp::now());
    assert!(time <= now && now.duration_since(time) < SignedDuration::from_mins(1));
    assert_eq!(text("time").len(), "2025-02-19T04:06:03Z".len());
}

#[tokio::test]
async fn duplicates_arrive_one_after_the_other_with_ids_of_their_own() {
    let stand_in = StandIn::start(|_, _| answer(200, "{}")).await;
    let settings = Settings {
        duplicate_events: true,
        ..stand_in.as_both()
    };
    let emulator = emulator(settings).await;
    emulator
        .seed(json!({ "Id": "O2", "Catalog": "AWS", "LastModifiedDate": "2025-12-15T10:20:30Z" }));
    change(&emulator);
    emulator.edit("O2", |_| {});
    let deliveries = deliveries(&emulator, 4).await;
    let identifiers: Vec<&str> = deliveries.iter().map(|it| it.identifier.as_str()).collect();
    assert_eq!(identifiers, [ID, ID, "O2", "O2"]);
    let ids: BTreeSet<&str> = deliveries.iter().map(|it| it.event.as_str()).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(stand_in.received(CRM).len(), 4);
}

#[tokio::test]
async fn the_crm_gets_the_functions_answer_byte_for_byte() {
    const ANSWER: &str = "{ \"b\":1.50,\n  \"a\" : [1e3, \"Gr\\u00f6\u{df}e\"] }\n";
    let stand_in = StandIn::start(|path, _| match path {
        FUNCTION => answer(200, ANSWER),
        _ => answer(204, ""),
    })
    .await;
    let emulator = emulator(stand_in.as_both()).await;
    change(&emulator);
    assert_eq!(deliveries(&emulator, 1).await[0].outcome, Ok(()));
    let received = stand_in.received(CRM);
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].body, ANSWER);
    assert_eq!(
        received[0].headers["content-type"],
        "application/cloudevents+json; charset=UTF-8"
    );
}

#[tokio::test]
async fn a_failing_function_is_retried_and_then_reported() {
    let stand_in = StandIn::start(|path, before| match (path, before) {
        (FUNCTION, 0) => answer(500, r#"{"errorType":"Throttled","errorMessage":"later"}"#),
        (FUNCTION, 1) => answer(404, r#"{"title":"Missing function"}"#),
        (FUNCTION, 2) => answer(
            200,
            r#"{"errorType":"Unavailable","errorMessage":"no answer"}"#,
        ),
        _ => answer(200, "{}"),
    })
    .await;
    let emulator = emulator(stand_in.as_both()).await;
    change(&emulator);
    change(&emulator);
    let deliveries = deliveries(&emulator, 2).await;
    let failure = Undelivered::FunctionError("Unavailable".to_owned());
    assert_eq!(deliveries[0].outcome, Err(failure));
    let line = format!(
        "event {} {ID} undelivered: the function reported `Unavailable`",
        deliveries[0].event
    );
    assert_eq!(deliveries[0].to_string(), line);
    assert_eq!(deliveries[1].outcome, Ok(()));
    let received = stand_in.received(FUNCTION);
    let ids: Vec<Value> = received.iter().map(|it| it.json()["id"].clone()).collect();
    let [first, second] = [0, 1].map(|at| Value::from(deliveries[at].event.as_str()));
    assert_eq!(ids, [first.clone(), first.clone(), first, second]);
    assert_eq!(stand_in.received(CRM).len(), 1);
}

#[tokio::test]
async fn a_failing_crm_gets_the_same_answer_again() {
    let stand_in = StandIn::start(|path, before| match (path, before) {
        (FUNCTION, 0) => answer(200, r#"{"first":"answer"}"#),
        (FUNCTION, _) => answer(200, r#"{"second":"answer"}"#),
        (_, 0 | 1) => answer(503, ""),
        (_, 2) => answer(200, ""),
        _ => answer(401, ""),
    })
    .await;
    let emulator = emulator(stand_in.as_both()).await;
    change(&emulator);
    change(&emulator);
    let deliveries = deliveries(&emulator, 2).await;
    assert_eq!(deliveries[0].outcome, Ok(()));
    let url = stand_in.endpoint(CRM);
    let failure = format!("undelivered: `{url}` answered `401 Unauthorized`, expected success");
    assert!(
        deliveries[1].to_string().ends_with(&failure),
        "{}",
        deliveries[1]
    );
    let received = stand_in.received(CRM);
    let bodies: Vec<&[u8]> = received.iter().map(|it| &*it.body).collect();
    let (first, second) = (br#"{"first":"answer"}"#, br#"{"second":"answer"}"#);
    assert_eq!(bodies[..3], [first; 3]);
    assert_eq!(bodies[3..], [second; 3]);
    assert_eq!(stand_in.received(FUNCTION).len(), 2);
}

#[tokio::test]
async fn an_endpoint_where_nobody_listens_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let settings = Settings {
        on_change: Some(url.parse().unwrap()),
        ..Settings::default()
    };
    let emulator = emulator(settings).await;
    change(&emulator);
    let line = deliveries(&emulator, 1).await[0].to_string();
    let reason = format!("undelivered: `{url}` did not answer: ");
    assert!(
        line.contains(&reason) && line.contains("Connection refused"),
        "{line}"
    );
}

#[tokio::test]
async fn a_write_does_not_wait_for_its_event() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let settings = Settings {
        on_change: Some(url.parse().unwrap()),
        ..Settings::default()
    };
    let emulator = emulator(settings).await;
    call(&emulator, "UpdateOpportunity", &update("New")).await;
    let _unanswered = silent.accept().await.unwrap();
    let mut again = update("Newer");
    again["LastModifiedDate"] = emulator.opportunity(ID).unwrap()["LastModifiedDate"].clone();
    let answer = call(&emulator, "UpdateOpportunity", &again);
    let answer = tokio::time::timeout(Duration::from_secs(30), answer).await;
    assert_eq!(answer.unwrap().status, 200);
    assert!(emulator.deliveries().is_empty());
}
