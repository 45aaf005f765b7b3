//! Tests the operations.

use partner_central_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{ID, call, emulator, get, title, update};

#[tokio::test]
async fn an_opportunity_is_read_exactly_as_it_was_seeded() {
    let emulator = Emulator::start().await;
    let text = r#"{"Zeal":{"b":1.50,"a":12345678901234567890.1},"Id":"O1234567","Catalog":"AWS","LastModifiedDate":"2025-01-24T20:58:10Z","None":null}"#;
    emulator.seed(serde_json::from_str(text).unwrap());
    let answer = call(&emulator, "GetOpportunity", &get()).await;
    assert_eq!(answer.body, text);
    let elsewhere = json!({ "Catalog": "Sandbox", "Identifier": ID });
    let answer = call(&emulator, "GetOpportunity", &elsewhere).await;
    assert_eq!(answer.error(), "ResourceNotFoundException");
}

#[tokio::test]
async fn an_update_replaces_the_opportunity_and_returns_its_date() {
    let emulator = emulator().await;
    let answer = call(&emulator, "UpdateOpportunity", &update("New"))
        .await
        .json();
    let now = emulator.opportunity(ID).unwrap();
    assert_eq!(
        answer,
        json!({ "Id": ID, "LastModifiedDate": now["LastModifiedDate"] })
    );
    assert_eq!(now["Project"]["Title"], "New");
    assert_eq!(now["Project"]["CustomerUseCase"], Value::Null);
    assert_eq!(now["LifeCycle"]["ReviewStatus"], "Pending Submission");
    let date = now["LastModifiedDate"].as_str().unwrap();
    assert!(date.len() == 24 && date.ends_with('Z'), "{date}");
}

#[tokio::test]
async fn a_stale_update_is_a_conflict_whatever_it_carries() {
    let emulator = emulator().await;
    emulator.edit(ID, |it| it["PrimaryNeedsFromAws"] = json!([]));
    let answer = call(&emulator, "UpdateOpportunity", &update("New")).await;
    assert_eq!(
        (answer.status, answer.error()),
        (400, "ConflictException".to_owned())
    );
    assert_eq!(title(&emulator), "Migration");
}

#[tokio::test]
async fn a_locked_opportunity_is_not_written() {
    let emulator = emulator().await;
    emulator.edit(ID, |it| it["LifeCycle"]["ReviewStatus"] = json!("Approved"));
    let mut request = update("New");
    request["LastModifiedDate"] = emulator.opportunity(ID).unwrap()["LastModifiedDate"].clone();
    let answer = call(&emulator, "UpdateOpportunity", &request).await.json();
    assert_eq!(answer["Reason"], "BUSINESS_VALIDATION_FAILED");
    assert_eq!(answer["ErrorList"][0]["FieldName"], "project.title");
    assert_eq!(answer["ErrorList"][0]["Code"], "ACTION_NOT_PERMITTED");
    assert_eq!(title(&emulator), "Migration");
    request["Project"]["Title"] = json!("Migration");
    let answer = call(&emulator, "UpdateOpportunity", &request).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_creation_sent_twice_creates_one_opportunity() {
    let emulator = emulator().await;
    let mut creation = json!({
        "Catalog": "AWS",
        "ClientToken": "token",
        "Origin": "Partner Referral",
        "PartnerOpportunityIdentifier": "P-1",
        "Customer": { "Account": { "CompanyName": "Example" } },
        "LifeCycle": { "Stage": "Prospect", "ReviewStatus": "Approved" },
    });
    let first = call(&emulator, "CreateOpportunity", &creation).await.json();
    let second = call(&emulator, "CreateOpportunity", &creation).await.json();
    assert_eq!(first, second);
    assert_eq!(first["PartnerOpportunityIdentifier"], "P-1");
    let created = emulator.opportunity(first["Id"].as_str().unwrap()).unwrap();
    assert_eq!(created["LastModifiedDate"], first["LastModifiedDate"]);
    assert_eq!(created["CreatedDate"], first["LastModifiedDate"]);
    assert_eq!(created["LifeCycle"]["Stage"], "Prospect");
    assert_eq!(created["LifeCycle"]["ReviewStatus"], "Pending Submission");
    assert_eq!(created["RelatedEntityIdentifiers"]["Solutions"], json!([]));
    assert_eq!(created["Customer"]["Account"]["Duns"], Value::Null);
    assert_eq!(
        (created.get("Origin"), created.get("ClientToken")),
        (None, None)
    );
    creation["PartnerOpportunityIdentifier"] = json!("P-2");
    let other = call(&emulator, "CreateOpportunity", &creation).await;
    assert_eq!(other.error(), "ConflictException");
}

#[tokio::test]
async fn an_association_changes_the_opportunity() {
    let emulator = emulator().await;
    let mut dates = vec![emulator.opportunity(ID).unwrap()["LastModifiedDate"].clone()];
    let request = json!({
        "Catalog": "AWS",
        "OpportunityIdentifier": ID,
        "RelatedEntityType": "Solutions",
        "RelatedEntityIdentifier": "S-1",
    });
    let steps = [
        ("AssociateOpportunity", json!(["S-1"])),
        ("DisassociateOpportunity", json!([])),
    ];
    for (operation, expected) in steps {
        assert_eq!(call(&emulator, operation, &request).await.body, "{}");
        let now = emulator.opportunity(ID).unwrap();
        assert_eq!(now["RelatedEntityIdentifiers"]["Solutions"], expected);
        dates.push(now["LastModifiedDate"].clone());
    }
    let dates: Vec<&str> = dates.iter().filter_map(Value::as_str).collect();
    assert!(dates.is_sorted_by(|one, next| one < next), "{dates:?}");
}

#[tokio::test]
async fn a_summary_is_the_seeded_one_the_default_or_not_found() {
    let emulator = emulator().await;
    let request = json!({ "Catalog": "AWS", "RelatedOpportunityIdentifier": ID });
    let answer = call(&emulator, "GetAwsOpportunitySummary", &request)
        .await
        .json();
    assert_eq!(answer["RelatedOpportunityId"], ID);
    emulator.seed_summary(ID, json!({ "Visibility": "Limited" }));
    let answer = call(&emulator, "GetAwsOpportunitySummary", &request)
        .await
        .json();
    assert_eq!(answer, json!({ "Visibility": "Limited" }));
    emulator.seed_no_summary(ID);
    let answer = call(&emulator, "GetAwsOpportunitySummary", &request).await;
    assert_eq!(answer.error(), "ResourceNotFoundException");
}

#[tokio::test]
async fn a_secret_is_found_by_name_and_by_arn() {
    let emulator = Emulator::start().await;
    emulator.seed_secret("crm", "hush");
    let answer = call(&emulator, "GetSecretValue", &json!({ "SecretId": "crm" })).await;
    assert!(
        answer
            .head
            .contains("content-type: application/x-amz-json-1.1")
    );
    let secret = answer.json();
    assert_eq!(secret["SecretString"], "hush");
    let by_arn = json!({ "SecretId": secret["ARN"] });
    assert_eq!(
        call(&emulator, "GetSecretValue", &by_arn).await.json(),
        secret
    );
    let other = call(&emulator, "GetSecretValue", &json!({ "SecretId": "cr" })).await;
    assert_eq!(other.error(), "ResourceNotFoundException");
}
