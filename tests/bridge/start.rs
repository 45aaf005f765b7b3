//! A function starts as it is configured, or refuses to with an error that names the variable.

use std::path::Path;

use bridge_tests::{Function, Request, Table, has_keys, has_memory};
use partner_central_emulator::Emulator;
use serde_json::json;

use crate::{documents, patch};

/// A file that is not a valid mapping.
const MALFORMED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../events/opportunity-created.json"
);

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
async fn a_missing_or_malformed_variable_stops_the_start_and_is_named() {
    let catalog = ("PARTNER_CENTRAL_CATALOG", "Sandbox");
    let emulator = Emulator::start().await;
    for (name, variables, error) in [
        (
            "enrich-opportunity",
            vec![],
            "`PARTNER_CENTRAL_CATALOG` is not set, expected a catalog such as `AWS` or `Sandbox`",
        ),
        (
            "enrich-opportunity",
            vec![("PARTNER_CENTRAL_CATALOG", "")],
            "`PARTNER_CENTRAL_CATALOG` is wrong: `` is not a catalog, expected letters only, such as `AWS` or `Sandbox`",
        ),
        (
            "enrich-opportunity",
            vec![catalog, ("INCLUDE_AWS_SUMMARY", "yes")],
            "`INCLUDE_AWS_SUMMARY` is `yes`, expected `true` or `false`",
        ),
        (
            "enrich-opportunity",
            vec![catalog, ("AWS_REGION", "")],
            "`AWS_REGION` is not set, expected `us-east-1`",
        ),
        (
            "patch-opportunity",
            vec![("WEBHOOK_AUTH", "none")],
            "`PARTNER_CENTRAL_CATALOG` is not set, expected a catalog",
        ),
        (
            "patch-opportunity",
            vec![catalog],
            "`WEBHOOK_AUTH` is not set, expected `standard-webhooks`, `bearer`, `basic`, `iam` or `none`",
        ),
        (
            "patch-opportunity",
            vec![catalog, ("WEBHOOK_AUTH", "None")],
            "`WEBHOOK_AUTH` is `None`, expected `standard-webhooks`, `bearer`, `basic`, `iam` or `none`",
        ),
        (
            "sweep-opportunities",
            vec![("ENRICH_FUNCTION", "enrich"), ("SWEEP_MINUTES", "60")],
            "`PARTNER_CENTRAL_CATALOG` is not set, expected a catalog such as `AWS` or `Sandbox`",
        ),
        (
            "sweep-opportunities",
            vec![catalog, ("ENRICH_FUNCTION", ""), ("SWEEP_MINUTES", "60")],
            "`ENRICH_FUNCTION` is not set, expected the name or ARN of the function `enrich-opportunity`",
        ),
        (
            "sweep-opportunities",
            vec![catalog, ("ENRICH_FUNCTION", "enrich")],
            "`SWEEP_MINUTES` is not set, expected the minutes between two sweeps, or an empty text for none",
        ),
        (
            "sweep-opportunities",
            vec![
                catalog,
                ("ENRICH_FUNCTION", "enrich"),
                ("SWEEP_MINUTES", "0"),
            ],
            "`SWEEP_MINUTES` is `0`, expected a number from 1 to 1440, or an empty text for no sweeps",
        ),
        (
            "patch-opportunity",
            vec![
                catalog,
                ("WEBHOOK_AUTH", "none"),
                ("CRM_MAPPING", "/nowhere.json"),
            ],
            "the mapping `/nowhere.json` cannot be read: No such file or directory",
        ),
        (
            "patch-opportunity",
            vec![
                catalog,
                ("WEBHOOK_AUTH", "none"),
                ("CRM_MAPPING", MALFORMED),
            ],
            "opportunity-created.json`: the mapping's `/version` is unknown, expected one of",
        ),
        (
            "enrich-opportunity",
            vec![catalog, ("CRM_MAPPING", MALFORMED)],
            "opportunity-created.json`: the mapping's `/version` is unknown, expected one of",
        ),
    ] {
        let output = Function::refused_start(name, &emulator, &variables).await;
        let log = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{name} {variables:?}");
        assert!(log.contains(error), "{name} {variables:?}: {log}");
    }
    let remote = [
        catalog,
        ("WEBHOOK_AUTH", "none"),
        ("AWS_ENDPOINT_URL", "https://partnercentral.example"),
    ];
    let output = Function::refused_start("patch-opportunity", &emulator, &remote).await;
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(
        log.contains("`WEBHOOK_AUTH` is `none`, which is only taken where"),
        "{log}"
    );
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn calls_to_aws_go_through_the_proxy_that_the_environment_names() {
    let emulator = Emulator::start().await;
    let variables = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("AWS_ENDPOINT_URL", "http://partnercentral.example"),
        ("HTTP_PROXY", &emulator.url()),
        // Calls to the Lambda Runtime API do not go through the proxy.
        ("NO_PROXY", "127.0.0.1"),
    ];
    let function = Function::start("enrich-opportunity", &emulator, &variables).await;
    emulator.seed(
        include_str!("../../events/opportunity.json")
            .parse()
            .unwrap(),
    );
    let event = include_str!("../../events/opportunity-updated.json");
    let answer = function.invoke(event.parse().unwrap()).await.unwrap();
    assert_eq!(answer["data"]["opportunity"]["Id"], "O7654321");
}

#[tokio::test]
async fn credentials_come_from_the_environment_and_not_from_a_profile() {
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join("credentials");
    let text = "[default]\naws_access_key_id = profile\naws_secret_access_key = profile\n";
    std::fs::write(&profile, text).unwrap();
    let emulator = Emulator::start().await;
    emulator.seed(
        include_str!("../../events/opportunity.json")
            .parse()
            .unwrap(),
    );
    let event = include_str!("../../events/opportunity-updated.json");
    for (key, is_answered) in [("test", true), ("", false)] {
        let variables = [
            ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SHARED_CREDENTIALS_FILE", profile.to_str().unwrap()),
        ];
        let function = Function::start("enrich-opportunity", &emulator, &variables).await;
        let answer = function.invoke(event.parse().unwrap()).await;
        assert_eq!(answer.is_ok(), is_answered, "`{key}`: {answer:?}");
    }
}

#[tokio::test]
async fn a_function_has_the_memory_that_the_tests_are_run_with() {
    let (_emulator, function) = patch::with_document(documents::sample()).await;
    let stage = json!({"LifeCycle": {"Stage": "Committed"}});
    let answer = function.send(&Request::patch("O7654321", &stage)).await;
    assert_eq!(answer.body["outcome"], "updated");
    assert_eq!(function.table().is_some(), has_memory());
    let calls = function.table().map(Table::calls).unwrap_or_default();
    let has_called = |operation: &str| calls.iter().any(|call| call == operation);
    assert_eq!(
        (has_called("UpdateItem"), has_called("PutItem")),
        (has_memory(), has_keys())
    );
}
