//! `patch-opportunity`: who is let in, and that nobody else is.

use std::time::{SystemTime, UNIX_EPOCH};

use bridge_tests::{Function, Request};
use partner_central_emulator::{Emulator, Fault};
use serde_json::json;
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
    signed_body_at(secret, BODY, timestamp)
}

fn signed_body(secret: &str, body: &str) -> Request {
    signed_body_at(secret, body, now())
}

fn signed_body_at(secret: &str, body: &str, timestamp: i64) -> Request {
    let signature = Webhook::new(secret)
        .unwrap()
        .sign("msg_1", timestamp, body.as_bytes())
        .unwrap();
    unsigned()
        .body(body)
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
async fn with_basic_a_secret_is_the_password_whatever_the_user_name() {
    let (emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "basic"),
        ("WEBHOOK_SECRETS", "first-secret second:secret"),
    ])
    .await;
    for (authorization, status) in [
        ("Basic Y3JtOmZpcnN0LXNlY3JldA==", 200), // crm:first-secret
        ("basic OnNlY29uZDpzZWNyZXQ=", 200),     // :second:secret
        ("Basic Zmlyc3Qtc2VjcmV0OmNybQ==", 401), // first-secret:crm
        ("Basic Zmlyc3Qtc2VjcmV0", 401),         // first-secret
        ("Basic Y3JtOmZpcnN0LXNlY3JldDo=", 401), // crm:first-secret:
        ("Basic Y3JtOg==", 401),                 // crm:
        ("Basic crm:first-secret", 401),
        ("Bearer first-secret", 401),
        ("Basic", 401),
        ("", 401),
    ] {
        let answer = function
            .send(&unsigned().header("authorization", authorization))
            .await;
        assert_eq!(answer.status, status, "{authorization}");
    }
    assert_eq!(
        function.send(&unsigned()).await.headers["www-authenticate"],
        r#"Basic realm="opportunity-bridge", charset="UTF-8""#
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
async fn with_iam_an_authorizer_that_names_no_caller_lets_nobody_in() {
    let (emulator, function) = with_auth(&[("WEBHOOK_AUTH", "iam")]).await;
    for authorizer in [
        json!({}),
        json!({"iam": null}),
        json!({"iam": {}}),
        json!({"iam": {"userArn": null}}),
        json!({"iam": {"userArn": ""}}),
        json!({"iam": {"userArn": " "}}),
        json!({"iam": {"accountId": "111122223333", "userId": "AIDAEXAMPLE"}}),
        json!({"jwt": {"claims": {"sub": "crm"}, "scopes": null}}),
    ] {
        let mut event = unsigned().event();
        event["requestContext"]["authorizer"] = authorizer.clone();
        let answer = function.invoke(event).await.unwrap();
        assert_eq!(answer["statusCode"], 401, "{authorizer}");
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_hashed_whoever_sends_it() {
    for auth in ["standard-webhooks", "bearer"] {
        let (emulator, function) =
            with_auth(&[("WEBHOOK_AUTH", auth), ("WEBHOOK_SECRETS", SECRET)]).await;
        // To hash this for each signature would take the whole invocation.
        let candidate = format!("v1,{}= ", "A".repeat(43));
        let anonymous = signed(SECRET)
            .body(&"x".repeat(5 * 1024 * 1024))
            .header("webhook-signature", &candidate.repeat(2_000));
        let mine = signed_body(SECRET, &"x".repeat(256 * 1024 + 1))
            .header("authorization", &format!("Bearer {SECRET}"));
        for request in [anonymous, mine] {
            let answer = function.send(&request).await;
            assert_eq!(answer.status, 413, "{auth}");
            assert_eq!(
                answer.body["type"],
                "urn:opportunity-bridge:problems/content-too-large"
            );
            assert_eq!(
                answer.body["detail"],
                "the body is larger than 262144 bytes"
            );
        }
        // A byte less is judged by what it is: no JSON.
        let largest = signed_body(SECRET, &"x".repeat(256 * 1024))
            .header("authorization", &format!("Bearer {SECRET}"));
        assert_eq!(function.send(&largest).await.status, 400, "{auth}");
        assert_eq!(emulator.requests().len(), 0);
    }
}

#[tokio::test]
async fn the_right_signature_behind_thousands_of_others_is_not_looked_for() {
    let (emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRETS", SECRET),
    ])
    .await;
    // One time for signature and header: between two calls the clock may tick.
    let time = now();
    let right = Webhook::new(SECRET)
        .unwrap()
        .sign("msg_1", time, BODY.as_bytes())
        .unwrap();
    let other = format!("v1,{}= ", "A".repeat(43));
    for (before, status) in [
        (other.repeat(2_000), 401),
        (other.repeat(16), 401),
        ("x ".repeat(5_000), 401),
        (other.repeat(15), 200),
        // Of another version, or too short to be any: passed over.
        ("v2,x v1a,AAAA v1,AAAA ".repeat(20), 200),
    ] {
        let request = signed(SECRET)
            .header("webhook-timestamp", &time.to_string())
            .header("webhook-signature", &format!("{before}{right}"));
        assert_eq!(function.send(&request).await.status, status, "{before}");
    }
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn a_signed_patch_is_not_good_for_a_read() {
    let (emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRETS", SECRET),
    ])
    .await;
    // What is signed is the id, the time and the body: for any other method and path the signature
    // is as good.
    for (method, path) in [
        ("GET", "/opportunities/O7654321"),
        ("GET", "/opportunities/O1"),
        ("HEAD", "/opportunities/O7654321"),
    ] {
        let replayed = signed(SECRET).sent_as(method, path);
        let answer = function.send(&replayed).await;
        assert_eq!(answer.status, 400, "{method} {path}");
        if method == "GET" {
            assert_eq!(
                answer.body["type"],
                "urn:opportunity-bridge:problems/malformed-request"
            );
            assert_eq!(
                answer.body["detail"],
                "a read has a body, expected none: a signature covers neither the method nor the path, so a \
                 signed patch must not be good for a read"
            );
        }
        let forged = signed(NEW_SECRET).sent_as(method, path);
        assert_eq!(function.send(&forged).await.status, 401);
    }
    assert_eq!(emulator.requests().len(), 0);

    let read = signed_body(SECRET, "").sent_as("GET", "/opportunities/O7654321");
    assert_eq!(function.send(&read).await.status, 200);
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

/// `patch-opportunity` whose calls to AWS are not tried twice, with its secret in Secrets Manager.
async fn with_secret_in_manager() -> (Emulator, Function) {
    with_auth(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRET_ID", "bridge/webhook"),
        ("AWS_MAX_ATTEMPTS", "1"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ])
    .await
}

/// What makes a secret unusable.
type Replace = Box<dyn FnOnce(&Emulator)>;

#[tokio::test]
async fn a_secret_replaced_by_something_unusable_lets_nobody_in() {
    let seed = |secret: &'static str| {
        Box::new(move |it: &Emulator| it.seed_secret("bridge/webhook", secret))
    };
    let fault = |fault: Fault| Box::new(move |it: &Emulator| it.inject("GetSecretValue", 1, fault));
    let denied = r#"{"__type": "AccessDeniedException", "Message": "not authorized"}"#;
    let replacements: [(&str, Replace); 10] = [
        ("no secret", seed(r#"{"secrets": []}"#)),
        ("not Base64", seed("not base64!")),
        (
            "one of two malformed",
            seed(r#"{"secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "!"]}"#),
        ),
        (
            "another form",
            seed(r#"{"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#),
        ),
        ("nothing", seed("")),
        ("deleted", fault(Fault::NotFound)),
        ("withdrawn", fault(Fault::AccessDenied)),
        (
            "withdrawn, without a header",
            fault(Fault::Status {
                error_type: String::new(),
                status: 400,
                body: denied.to_owned(),
            }),
        ),
        (
            "binary",
            fault(Fault::Answer(r#"{"SecretBinary": "AAAA"}"#.to_owned())),
        ),
        (
            "not an answer",
            fault(Fault::Answer(r#"{"SecretString": 7}"#.to_owned())),
        ),
    ];
    for (what, replace) in replacements {
        let (emulator, function) = with_secret_in_manager().await;
        assert_eq!(function.send(&signed(SECRET)).await.status, 200, "{what}");
        replace(&emulator);

        // Somebody tries the new secret, which makes the function read again.
        for request in [signed(NEW_SECRET), signed(SECRET), unsigned()] {
            let answer = function.send(&request).await;
            assert_eq!(answer.status, 503, "{what}: {request:?}");
            assert_eq!(
                answer.body["type"],
                "urn:opportunity-bridge:problems/authentication-unavailable"
            );
            assert_eq!(answer.headers["retry-after"], "30");
            assert!(!answer.headers.contains_key("www-authenticate"));
        }
        let line = r#""level":"ERROR","message":"no usable secret, nobody is let in","error":"#;
        let log = function.log_with(&[line]).await;
        assert!(!log.contains("MfKQ9r8G"), "{what}: {log}");
        assert_eq!(emulator.writes().len(), 1, "{what}");
    }
}

#[tokio::test]
async fn where_secrets_manager_does_not_answer_the_secrets_stay() {
    let busy = r#"{"__type": "ThrottlingException", "Message": "Rate exceeded"}"#;
    let expired = r#"{"__type": "ExpiredTokenException", "Message": "expired"}"#;
    let error = |status, body: &str| Fault::Status {
        error_type: String::new(),
        status,
        body: body.to_owned(),
    };
    for fault in [
        Fault::ConnectionDropped,
        Fault::InternalServer,
        Fault::Throttling,
        error(400, busy),
        error(400, expired),
        error(503, "<html>busy</html>"),
    ] {
        let (emulator, function) = with_secret_in_manager().await;
        // The start has read the secret once a request is answered.
        assert_eq!(function.send(&signed(SECRET)).await.status, 200);
        emulator.inject("GetSecretValue", 1, fault.clone());
        let answer = function.send(&signed(NEW_SECRET)).await;
        assert_eq!(answer.status, 401, "{fault:?}");
        assert_eq!(
            function.send(&signed(SECRET)).await.status,
            200,
            "{fault:?}"
        );
        let line = r#""level":"WARN","message":"secrets not refreshed","error":"#;
        function.log_with(&[line]).await;
    }
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
            "the secret `nowhere` (`WEBHOOK_SECRET_ID`) could not be read: AWS answered request `00000000-0000-4000-8000-000000000001` with 400 `ResourceNotFoundException`",
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
async fn who_opens_the_url_in_a_browser_is_told_what_it_is_and_nothing_about_the_deployment() {
    let (emulator, function) = with_auth(&[
        ("WEBHOOK_AUTH", "standard-webhooks"),
        ("WEBHOOK_SECRETS", SECRET),
    ])
    .await;
    let page = function.send(&Request::new("GET", "/")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let html = page.body.as_str().expect("a page");
    assert!(html.contains(r#"href="openapi.json""#), "{html}");
    for revealing in ["Sandbox", "111122223333", "us-east-1", "standard-webhooks"] {
        assert!(!html.contains(revealing), "{revealing}");
    }
    assert!(
        !html.contains("http"),
        "it asks for nothing of another host"
    );
    assert_eq!(emulator.requests().len(), 0);
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
    for (path, version) in [("/openapi.json", "3.1."), ("/openapi-3.0.json", "3.0.")] {
        let description = function.send(&Request::new("GET", path)).await;
        let openapi = description.body["openapi"].as_str().expect("a version");
        assert!(openapi.starts_with(version), "{path}: {openapi}");
    }
    assert_eq!(function.send(&Request::new("GET", "/x")).await.status, 404);
    assert_eq!(emulator.requests().len(), 0);
}
