//! What an API destination of EventBridge sends to a CRM, and what it makes of the answers.

use http::Method;
use partner_central_emulator::{
    Credential, Delivered, Delivery, Destination, Emulator, Settings, Undelivered,
};
use serde_json::json;

use crate::client::{ID, seed};
use crate::stand_in::{CRM, FUNCTION, Received, StandIn, answer, deliveries};

const EVENT: &str = r#"{"id":"1","data":{"crm":{"amount":1.50,"stage":"won"}}}"#;

/// An emulator that delivers to a stand-in, after a change and what became of its event.
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

/// The headers of a delivery, in order, less those that differ from one machine to the next.
fn headers(received: &Received) -> Vec<(&str, &str)> {
    let headers = received.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .filter(|(name, _)| !["host", "content-length"].contains(name))
        .collect();
    headers.sort_unstable();
    headers
}

/// Each case: a credential, and the header that it is.
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
async fn a_record_goes_to_the_opportunitys_own_place() {
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
async fn an_event_without_a_record_is_not_delivered_as_one() {
    let stand_in = StandIn::start(|_, _| answer(200, r#"{"data":{}}"#)).await;
    let destination = Destination {
        body: Delivered::Record,
        ..Destination::from(stand_in.endpoint(CRM))
    };
    let delivery = delivered(&stand_in, destination).await;
    assert_eq!(delivery.outcome, Err(Undelivered::NoRecord));
    assert_eq!(stand_in.received(CRM).len(), 0);
}

/// Each case: what the CRM answers, for it stands in the path, and how often it is asked.
#[tokio::test]
async fn a_refusal_is_final_or_tried_again_by_its_status() {
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
