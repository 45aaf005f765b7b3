//! `patch-opportunity`: who is let in, and that nobody else is.

use std::time::{SystemTime, UNIX_EPOCH};

use bridge_tests::{Function, Request};
use partner_central_emulator::Emulator;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::documents;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NEW_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY: &str = r#"{"LifeCycle":{"NextSteps":"Köln"}}"#;

async fn with_auth(variables: &[(&str, &str)]) -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    emulator.seed_secret("bridge/webhook", &json!({"secrets": [SECRET]}).to_string());
    let variables = [variables, &[("PARTNER_CENTRAL_CATALOG", "Sandbox")]].concat();
    let function = Function::start("patch-opportunity", &emulator, &variables).await;
    (emulator, function)
}

fn unsigned() -> Request {
    Request::new("PATCH", "/opportunities/O7654321")
        .header("content-type", "application/json")
        .body(BODY)
}

fn now() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap()
}

fn signed_at(secret: &str, timestamp: i64) -> Request {
    let signature = Webhook::new(secret)
        .unwrap()
        .sign("msg_1", timestamp, BODY.as_bytes())
        .unwrap();
    unsigned()
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", &timestamp.to_string())
        .header("webhook-signature", &signature)
}

fn signed(secret: &str) -> Request {
    signed_at(secret, now())
}

#[tokio::test]
async fn whoever_signs_with_a_valid_secret_is_let_in() {
    let both = format!("{NEW_SECRET} {SECRET}");
    let (_emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRETS", &both),
    ])
    .await;
    for request in [signed(SECRET), signed(NEW_SECRET)] {
        assert_eq!(function.send(&request).await.status, 200);
    }
    // The same request with its body in Base64: what is signed is the bytes.
    let request = signed(SECRET).base64_body("eyJMaWZlQ3ljbGUiOnsiTmV4dFN0ZXBzIjoiS8O2bG4ifX0=");
    assert_eq!(function.send(&request).await.status, 200);
}

#[tokio::test]
async fn nobody_else_is_let_in_and_all_are_told_the_same() {
    let (emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRETS", SECRET),
    ])
    .await;
    let mut refusals = Vec::new();
    for request in [
        unsigned(),
        signed(NEW_SECRET),
        signed_at(SECRET, now() - 310),
        signed_at(SECRET, now() + 310),
        signed(SECRET).body("{}"),
        signed(SECRET).header("webhook-id", "msg_2"),
        signed(SECRET).header("webhook-signature", "v1,garbage"),
        signed(SECRET).header("webhook-timestamp", "now"),
        unsigned().body("not JSON"),
        unsigned().header(
            "authorization",
            "Bearer whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        ),
        Request::new("GET", "/opportunities/O7654321"),
        Request::new("POST", "/opportunities").body("{}"),
        Request::new("PATCH", "/opportunities/nonsense"),
    ] {
        let answer = function.send(&request).await;
        assert_eq!(answer.status, 401, "{request:?}");
        assert_eq!(answer.headers["www-authenticate"], "StandardWebhooks");
        let mut body = answer.body;
        body.as_object_mut().unwrap().remove("instance");
        refusals.push(body);
    }
    refusals.dedup();
    assert_eq!(
        refusals,
        [json!({
            "type": "urn:opportunity-bridge:problems/unauthorized",
            "title": "The request is not authenticated",
            "status": 401,
            "detail": "the request is not authenticated",
            "errors": [],
        })]
    );
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn one_of_several_tokens_is_enough_and_anything_else_is_not() {
    let (emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "bearer"),
        ("WEBHOOK_SECRETS", "first-token second-token"),
    ])
    .await;
    for (authorization, status) in [
        ("Bearer first-token", 200),
        ("bearer second-token", 200),
        ("Bearer first-toke", 401),
        ("Bearer first-token second-token", 401),
        ("Bearer ", 401),
        ("Basic first-token", 401),
        ("first-token", 401),
        ("", 401),
    ] {
        let answer = function
            .send(&unsigned().header("authorization", authorization))
            .await;
        assert_eq!(answer.status, status, "{authorization}");
    }
    assert_eq!(
        function.send(&unsigned()).await.headers["www-authenticate"],
        "Bearer"
    );
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn with_iam_a_url_opened_by_mistake_lets_nobody_in() {
    let (emulator, function) = with_auth(&[("WEBHOOK_AUTH", "iam")]).await;
    let answer = function.send(&unsigned()).await;
    assert_eq!((answer.status, emulator.requests().len()), (401, 0));

    let mut event = unsigned().event();
    event["requestContext"]["authorizer"] = json!({"iam": {
        "accessKey": "AKIDEXAMPLE", "accountId": "111122223333", "callerId": "AIDAEXAMPLE",
        "cognitoIdentity": null, "principalOrgId": null,
        "userArn": "arn:aws:iam::111122223333:user/crm", "userId": "AIDAEXAMPLE",
    }});
    assert_eq!(function.invoke(event).await.unwrap()["statusCode"], 200);
}

#[tokio::test]
async fn a_rotated_secret_is_taken_without_a_deploy() {
    let (emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRET_ID", "bridge/webhook"),
    ])
    .await;
    let reads = || {
        emulator
            .requests()
            .iter()
            .filter(|request| request.operation == "GetSecretValue")
            .count()
    };
    assert_eq!(function.send(&signed(SECRET)).await.status, 200);
    assert_eq!(reads(), 1);

    emulator.seed_secret(
        "bridge/webhook",
        &json!({"secrets": [NEW_SECRET, SECRET]}).to_string(),
    );
    for secret in [NEW_SECRET, SECRET] {
        assert_eq!(function.send(&signed(secret)).await.status, 200);
    }
    assert_eq!(reads(), 2);

    // Refused requests do not use up the quota of Secrets Manager.
    for _ in 0..5 {
        assert_eq!(function.send(&unsigned()).await.status, 401);
    }
    assert_eq!(reads(), 2);
}

#[tokio::test]
async fn a_secret_that_cannot_be_had_stops_the_start_and_does_not_show() {
    let emulator = Emulator::start().await;
    emulator.seed_secret("bare", "not base64!");
    emulator.seed_secret(
        "malformed",
        r#"{"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}"#,
    );
    emulator.seed_secret("none", r#"{"secrets": []}"#);
    let id = |id: &'static str| ("WEBHOOK_SECRET_ID", id);
    let inline = |secrets: &'static str| ("WEBHOOK_SECRETS", secrets);
    for (variable, error) in [
        (
            id("nowhere"),
            "the secret `nowhere` (`WEBHOOK_SECRET_ID`) could not be read: ",
        ),
        (
            id("bare"),
            "secret 1 of the secret `bare` (`WEBHOOK_SECRET_ID`) is malformed, expected Base64, with or without `whsec_` before it",
        ),
        (
            id("malformed"),
            "the secret `malformed` (`WEBHOOK_SECRET_ID`) is malformed, expected one secret or `{\"secrets\": [\"…\", …]}`",
        ),
        (
            id("none"),
            "the secret `none` (`WEBHOOK_SECRET_ID`) holds no secret",
        ),
        (
            inline("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD garbage"),
            "secret 2 of `WEBHOOK_SECRETS` is malformed, expected Base64",
        ),
        (inline(" "), "`WEBHOOK_SECRETS` holds no secret"),
    ] {
        let variables = [
            ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
            ("WEBHOOK_AUTH", "standard-webhooks"),
            variable,
        ];
        let output = Function::refused_start("patch-opportunity", &emulator, &variables).await;
        let log = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{variable:?}");
        assert!(log.contains(error), "{variable:?}: {log}");
        assert!(
            !log.contains("C2FVsBQI") && !log.contains("not base64!"),
            "{log}"
        );
    }
}

#[tokio::test]
async fn health_and_description_are_for_everybody() {
    let (emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRETS", SECRET),
    ])
    .await;
    assert_eq!(
        function.send(&Request::new("GET", "/healthz")).await.body,
        json!({"status": "ok"})
    );
    let description = function.send(&Request::new("GET", "/openapi.json")).await;
    assert_eq!(
        description.body["openapi"]
            .as_str()
            .map(|version| &version[..4]),
        Some("3.1.")
    );
    assert_eq!(function.send(&Request::new("GET", "/")).await.status, 404);
    assert_eq!(emulator.requests().len(), 0);
    let _: Value = description.body;
}
