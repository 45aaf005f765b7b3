//! Tests deliveries to a CRM: what an API destination sends, and how it reacts to the answers.

use http::Method;
use partner_central_emulator::{
    Credential, Delivered, Delivery, Destination, Emulator, Settings, Undelivered,
};
use serde_json::json;

use crate::client::{ID, seed};
use crate::stand_in::{CRM, FUNCTION, Received, StandIn, answer, deliveries};

const EVENT: &str = r#"{"id":"1","data":{"crm":{"amount":1.50,"stage":"won"}}}"#;

/// Delivers one change to a stand-in, and returns the outcome of its event.
async fn delivered(stand_in: &StandIn, destination: Destination) -> Delivery {
    let settings = Settings {
        deliver: Some(destination),
        ..stand_in.as_function()
    };
    let emulator = Emulator::start_with(settings).await.unwrap();
    seed(&emulator);
    emulator.edit(ID, |it| it["Project"]["Title"] = json!("Theirs"));
    deliveries(&emulator, 1).await.remove(0)
}

async fn crm() -> StandIn {
    StandIn::start(|path, _| match path {
        FUNCTION => answer(200, EVENT),
        _ => answer(204, ""),
    })
    .await
}

/// The headers of a delivery, in order, without those that differ between machines.
fn headers(received: &Received) -> Vec<(&str, &str)> {
    let headers = received.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .filter(|(name, _)| !["host", "content-length"].contains(name))
        .collect();
    headers.sort_unstable();
    headers
}

/// Each case: a credential and its header.
#[tokio::test]
async fn a_delivery_has_the_headers_of_an_api_destination_and_the_credential() {
    let cases = [
        (None, None),
        (
            Some(Credential::api_key("X-Api-Key", "hush").unwrap()),
            Some(("x-api-key", "hush")),
        ),
        (
            Some(Credential::basic("crm", "hush:hush").unwrap()),
            Some(("authorization", "Basic Y3JtOmh1c2g6aHVzaA==")),
        ),
        (
            Some(Credential::bearer("hush").unwrap()),
            Some(("authorization", "Bearer hush")),
        ),
    ];
    for (credential, header) in cases {
        let stand_in = crm().await;
        let destination = Destination {
            credential,
            ..Destination::from(stand_in.endpoint(CRM))
        };
        assert_eq!(delivered(&stand_in, destination).await.outcome, Ok(()));
        let mut expected = vec![
            ("accept-encoding", "gzip,deflate"),
            ("connection", "close"),
            (
                "content-type",
                "application/cloudevents+json; charset=UTF-8",
            ),
            ("range", "bytes=0-1048575"),
            ("user-agent", "Amazon/EventBridge/ApiDestinations"),
        ];
        expected.extend(header);
        expected.sort_unstable();
        let received = stand_in.received(CRM);
        assert_eq!(headers(&received[0]), expected);
        assert_eq!(received[0].method, Method::POST);
        assert_eq!(received[0].body, EVENT);
    }
}

#[tokio::test]
async fn a_record_is_sent_to_the_url_of_its_opportunity() {
    let stand_in = crm().await;
    let destination = Destination {
        endpoint: stand_in.endpoint("/crm/*"),
        method: Method::PATCH,
        credential: None,
        body: Delivered::Record,
    };
    let delivery = delivered(&stand_in, destination).await;
    assert_eq!(
        (delivery.outcome, &*delivery.answer),
        (Ok(()), EVENT.as_bytes())
    );
    let received = stand_in.received(&format!("/crm/{ID}"));
    assert_eq!(received[0].method, Method::PATCH);
    assert_eq!(received[0].body, r#"{"amount":1.50,"stage":"won"}"#);
    let content_type = &received[0].headers["content-type"];
    assert_eq!(content_type, "application/json; charset=utf-8");
}

#[tokio::test]
async fn an_event_without_a_record_is_not_delivered() {
    let stand_in = StandIn::start(|_, _| answer(200, r#"{"data":{}}"#)).await;
    let destination = Destination {
        body: Delivered::Record,
        ..Destination::from(stand_in.endpoint(CRM))
    };
    let delivery = delivered(&stand_in, destination).await;
    assert_eq!(delivery.outcome, Err(Undelivered::NoRecord));
    assert_eq!(stand_in.received(CRM).len(), 0);
}

/// Each case: a status, which the stand-in takes from the path, and the number of attempts.
#[tokio::test]
async fn the_status_of_a_refusal_decides_whether_it_is_retried() {
    for (status, times) in [
        (302, 1),
        (400, 1),
        (404, 1),
        (401, 3),
        (409, 3),
        (429, 3),
        (503, 3),
    ] {
        let stand_in = StandIn::start(|path, _| match path.strip_prefix("/crm/") {
            Some(status) => answer(status.parse().unwrap(), ""),
            None => answer(200, EVENT),
        })
        .await;
        let path = format!("/crm/{status}");
        let delivery = delivered(&stand_in, stand_in.endpoint(&path).into()).await;
        assert!(matches!(delivery.outcome, Err(Undelivered::Status(..))));
        assert_eq!(stand_in.received(&path).len(), times, "{status}");
    }
}

const NAMES_TWO: &str =
    r#"{"id":"1","subject":"O1","data":{"crm":{"stage":"won"},"parked":["p1","p2"]}}"#;
const NAMES_ONE: &str = r#"{"id":"p1","subject":"O1","data":{"parked":["p2"]}}"#;
const NAMES_NONE: &str = r#"{"id":"p2","subject":"O1","data":{}}"#;
/// The path on which the function that carries out parked patches is invoked.
const ON_PARKED: &str = "/2015-03-31/functions/patch-opportunity/invocations";

/// An emulator with a bus on which events name parked patches, after a change and all that came of it.
async fn woken(stand_in: &StandIn, body: Delivered, count: usize) -> Vec<Delivery> {
    let settings = Settings {
        on_parked: Some("patch-opportunity".to_owned()),
        deliver: Some(Destination {
            body,
            ..Destination::from(stand_in.endpoint(CRM))
        }),
        ..stand_in.as_function()
    };
    let emulator = Emulator::start_with(settings).await.unwrap();
    seed(&emulator);
    emulator.edit(ID, |it| it["Project"]["Title"] = json!("Theirs"));
    deliveries(&emulator, count).await
}

async fn bus() -> StandIn {
    StandIn::start(|path, before| match (path, before) {
        (FUNCTION, _) => answer(200, NAMES_TWO),
        (ON_PARKED, 0) => answer(200, NAMES_ONE),
        (ON_PARKED, _) => answer(200, NAMES_NONE),
        _ => answer(204, ""),
    })
    .await
}

#[tokio::test]
async fn an_event_that_names_parked_patches_wakes_them_until_none_is_named_and_the_crm_hears_of_each()
 {
    let stand_in = bus().await;
    let told = woken(&stand_in, Delivered::Event, 3).await;
    let bodies = |path| stand_in.received(path).into_iter().map(|it| it.body);
    assert!(bodies(ON_PARKED).eq([NAMES_TWO, NAMES_ONE]));
    assert!(bodies(CRM).eq([NAMES_TWO, NAMES_ONE, NAMES_NONE]));
    let functions: Vec<_> = told.iter().map(|it| it.function.as_deref()).collect();
    let patch = Some("patch-opportunity");
    assert_eq!(functions, [None, patch, patch]);
    let lines: Vec<_> = told[1..].iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["event 1 O1 delivered", "event p1 O1 delivered"]);
}

#[tokio::test]
async fn an_api_that_takes_records_does_not_hear_of_patches() {
    let stand_in = bus().await;
    let told = woken(&stand_in, Delivered::Record, 3).await;
    assert!(told.iter().all(|it| it.outcome == Ok(())), "{told:?}");
    assert_eq!(stand_in.received(ON_PARKED).len(), 2);
    let bodies: Vec<_> = stand_in
        .received(CRM)
        .into_iter()
        .map(|it| it.body)
        .collect();
    assert_eq!(bodies, [r#"{"stage":"won"}"#]);
}

#[tokio::test]
async fn where_nothing_was_carried_out_the_crm_hears_nothing() {
    let stand_in = StandIn::start(|path, _| match path {
        FUNCTION => answer(200, NAMES_TWO),
        ON_PARKED => answer(200, "null"),
        _ => answer(204, ""),
    })
    .await;
    let told = woken(&stand_in, Delivered::Event, 2).await;
    assert_eq!(told[1].outcome, Ok(()));
    assert_eq!(stand_in.received(ON_PARKED).len(), 1);
    assert_eq!(stand_in.received(CRM).len(), 1);
}

#[tokio::test]
async fn a_wake_is_tried_again_and_needs_no_crm_that_answers() {
    let stand_in = StandIn::start(|path, before| match (path, before) {
        (FUNCTION, _) => answer(200, NAMES_TWO),
        (ON_PARKED, 0 | 1) => answer(500, r#"{"errorType":"unavailable"}"#),
        (ON_PARKED, _) => answer(200, NAMES_NONE),
        _ => answer(400, ""),
    })
    .await;
    let told = woken(&stand_in, Delivered::Event, 2).await;
    assert!(matches!(told[0].outcome, Err(Undelivered::Status(..))));
    assert_eq!(told[1].answer, NAMES_NONE);
    assert_eq!(stand_in.received(ON_PARKED).len(), 3);
}
