//! Tests what the playground's page has beside the control API: its files, a forwarder, a CRM.

use partner_central_emulator::{Emulator, Settings};
use serde_json::{Value, json};

use crate::client::{Answer, ID, exchange, seed};
use crate::stand_in::{FUNCTION, StandIn, answer, deliveries};

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/playground");

async fn with(settings: Settings) -> Emulator {
    let emulator = Emulator::start_with(settings).await.unwrap();
    seed(&emulator);
    emulator
}

async fn send(emulator: &Emulator, line: &str, headers: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    exchange(emulator, &request).await.unwrap()
}

async fn read(emulator: &Emulator, path: &str) -> Value {
    send(emulator, &format!("GET {path}"), "", "").await.json()
}

#[tokio::test]
async fn a_folders_files_are_served_and_no_others() {
    let emulator = with(Settings {
        playground: vec![PAGES.into()],
        ..Settings::default()
    })
    .await;
    let page = send(&emulator, "GET /_playground/", "", "").await;
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-type: text/html; charset=utf-8"));
    assert!(
        page.head
            .contains("content-security-policy: default-src 'self'")
    );
    let style = send(&emulator, "GET /_playground/style.css", "", "").await;
    assert!(style.head.contains("content-type: text/css"));
    for outside in [
        "../Cargo.toml",
        "%2e%2e/Cargo.toml",
        "..%2fCargo.toml",
        "/etc/hostname",
        "%2fetc%2fhostname",
        "none.css",
    ] {
        let refused = send(&emulator, &format!("GET /_playground/{outside}"), "", "").await;
        assert_eq!(refused.status, 404, "{outside}: {}", refused.body);
    }
}

#[tokio::test]
async fn a_request_is_forwarded_unchanged_and_recorded_without_its_credential() {
    let bridge = StandIn::start(|_, _| answer(422, r#"{"outcome":"refused"}"#)).await;
    let emulator = with(Settings {
        bridge: Some(bridge.endpoint("/lambda-url/patch-opportunity/")),
        ..Settings::default()
    })
    .await;
    let headers = "prefer: handling=lenient\r\nauthorization: Bearer hush\r\n";
    let line = "PATCH /_bridge/opportunities/O1?dry_run=true";
    let passed = send(&emulator, line, headers, r#"{"a":1}"#).await;
    assert_eq!(
        (passed.status, passed.body.as_str()),
        (422, r#"{"outcome":"refused"}"#)
    );

    let received = bridge.received("/lambda-url/patch-opportunity/opportunities/O1");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].method, "PATCH");
    assert_eq!(received[0].headers["prefer"], "handling=lenient");
    assert_eq!(received[0].headers["authorization"], "Bearer hush");
    assert_eq!(received[0].body, r#"{"a":1}"#);

    let stream = stream(&emulator, 1).await;
    assert!(!stream.contains("hush"), "{stream}");
    let (_, data) = stream.split_once("data: ").unwrap();
    let told: Value = serde_json::from_str(data.lines().next().unwrap()).unwrap();
    let forwarded = &told["bridgeRequest"];
    assert_eq!(forwarded["method"], "PATCH");
    assert_eq!(forwarded["target"], "/opportunities/O1?dry_run=true");
    assert_eq!(forwarded["body"], json!({"a": 1}));
    assert_eq!(forwarded["status"], 422);
    assert_eq!(forwarded["answer"], json!({"outcome": "refused"}));
}

/// The beginning of the stream, up to `events` events.
async fn stream(emulator: &Emulator, events: usize) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = emulator.url().replace("http://", "");
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = "GET /_control/events HTTP/1.1\r\nhost: localhost\r\n\r\n";
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    let mut piece = [0; 4096];
    while text.matches("\n\n").count() < events {
        let length = socket.read(&mut piece).await.unwrap();
        text += &String::from_utf8_lossy(&piece[..length]);
    }
    text
}

#[tokio::test]
async fn without_a_bridge_or_its_answer_the_error_gives_the_reason() {
    let emulator = with(Settings::default()).await;
    let nowhere = send(&emulator, "POST /_bridge/opportunities", "", "{}").await;
    assert_eq!(nowhere.status, 404);
    assert_eq!(
        nowhere.json()["detail"],
        "there is no bridge: see the option `--bridge`"
    );
    let silent = with(Settings {
        bridge: Some("http://127.0.0.1:1/".parse().unwrap()),
        ..Settings::default()
    })
    .await;
    let failed = send(&silent, "POST /_bridge/opportunities", "", "{}").await;
    assert_eq!(failed.status, 502);
    let detail = failed.json()["detail"].to_string();
    assert!(
        detail.contains("`http://127.0.0.1:1/` did not answer"),
        "{detail}"
    );
}

#[tokio::test]
async fn without_another_crm_events_go_to_the_playgrounds_own_which_follows_the_rule() {
    const EVENT: &str = r#"{"id":"a","subject":"O1234567","sequence":"2","data":{}}"#;
    let function = StandIn::start(|_, _| answer(200, EVENT)).await;
    let emulator = with(Settings {
        on_change: Some(function.endpoint(FUNCTION)),
        playground: vec![PAGES.into()],
        ..Settings::default()
    })
    .await;
    emulator.edit(ID, |it| it["Project"]["Title"] = json!("Another"));
    let delivered = deliveries(&emulator, 1).await;
    assert_eq!(delivered[0].outcome, Ok(()));
    assert_eq!(read(&emulator, "/_control/deals").await[ID]["id"], "a");

    for (id, sequence, kept) in [
        ("b", "1", ("a", "2")),
        ("a", "3", ("a", "3")),
        ("c", "3", ("a", "3")),
        ("c", "4", ("c", "4")),
    ] {
        let event = json!({"id": id, "subject": ID, "sequence": sequence, "data": {}});
        let taken = send(&emulator, "POST /_crm", "", &event.to_string()).await;
        assert_eq!(taken.status, 204);
        let deal = &read(&emulator, "/_control/deals").await[ID];
        let now = (
            deal["id"].as_str().unwrap(),
            deal["sequence"].as_str().unwrap(),
        );
        assert_eq!(now, kept, "{id} {sequence}");
    }
    let refused = send(&emulator, "POST /_crm", "", r#"{"id":"a"}"#).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn the_playgrounds_crm_drops_the_event_of_a_patch_that_it_knows_to_have_ended() {
    let emulator = with(Settings::default()).await;
    for (id, verdict) in [("p1", "applied"), ("p2", "applied"), ("p1", "duplicate")] {
        let event = json!({"id": id, "subject": ID, "type": "opportunity-bridge.patch.overtaken"});
        let taken = send(&emulator, "POST /_crm", "", &event.to_string()).await;
        assert_eq!(taken.status, 204);
        let told = stream(&emulator, 1).await;
        assert!(
            told.contains(&format!(r#""verdict":"{verdict}""#)),
            "{told}"
        );
        let cleared = send(&emulator, "DELETE /_control/records", "", "").await;
        assert_eq!(cleared.status, 204);
    }
    assert_eq!(read(&emulator, "/_control/deals").await, json!({}));
}

#[tokio::test]
async fn the_page_is_told_whether_patches_can_wait() {
    for on_parked in [None, Some("patch-opportunity".to_owned())] {
        let is_parking = on_parked.is_some();
        let settings = Settings {
            on_parked,
            ..Settings::default()
        };
        let told = read(&with(settings).await, "/_control/settings").await;
        assert_eq!(told["isParking"], is_parking);
    }
}

#[tokio::test]
async fn an_unchanged_opportunity_can_be_announced() {
    let function = StandIn::start(|_, _| answer(200, "{}")).await;
    let emulator = with(function.as_function()).await;
    let before = emulator.opportunity(ID);
    let line = format!("POST /_control/opportunities/{ID}/announce");
    assert_eq!(send(&emulator, &line, "", "").await.status, 204);
    assert_eq!(deliveries(&emulator, 1).await[0].identifier, ID);
    assert_eq!(emulator.opportunity(ID), before);
    let unknown = send(
        &emulator,
        "POST /_control/opportunities/O2/announce",
        "",
        "",
    )
    .await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused() {
    let emulator = with(Settings::default()).await;
    for (origin, status) in [
        ("", 200),
        ("origin: http://localhost\r\n", 200),
        ("origin: http://elsewhere.example\r\n", 403),
        ("origin: null\r\n", 403),
    ] {
        let answer = send(&emulator, "GET /_control/settings", origin, "").await;
        assert_eq!(answer.status, status, "{origin}");
    }
}
