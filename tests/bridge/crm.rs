//! A CRM uses its own field names: `POST /crm` takes its record, and the CloudEvent carries one.

use bridge_tests::{Function, Request, Response};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

use crate::{cloud_events::cloud_event, documents, patch};

const ID: &str = "O7654321";
/// The sample mapping for HubSpot.
pub(crate) const HUBSPOT: (&str, &str) = (
    "CRM_MAPPING",
    concat!(env!("CARGO_MANIFEST_DIR"), "/../mappings/hubspot.json"),
);
const SALESFORCE: (&str, &str) = (
    "CRM_MAPPING",
    concat!(env!("CARGO_MANIFEST_DIR"), "/../mappings/salesforce.json"),
);

pub(crate) async fn with(mapping: (&str, &str)) -> (Emulator, Function) {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [&patch::VARIABLES[..], &[mapping]].concat();
    let function = Function::start("patch-opportunity", &emulator, &variables).await;
    (emulator, function)
}

fn record(record: &Value) -> Request {
    Request::new("POST", "/crm")
        .header("content-type", "application/json")
        .body(&record.to_string())
}

/// A deal as HubSpot's workflow sends it: flat, with fields that the mapping does not name.
pub(crate) fn deal(properties: &Value) -> Request {
    let mut deal = json!({"aws_opportunity_id": ID, "dealname": "Berths", "pipeline": "default"});
    for (name, value) in properties.as_object().expect("properties") {
        deal[name] = value.clone();
    }
    record(&deal)
}

fn told<'a>(answer: &'a Response, list: &str, names: &[&str]) -> Vec<Vec<&'a Value>> {
    let items = answer.body[list].as_array().expect(list).iter();
    items
        .map(|item| names.iter().map(|name| &item[*name]).collect())
        .collect()
}

#[tokio::test]
async fn a_deal_changes_the_opportunity_and_every_change_has_both_field_names() {
    let (emulator, function) = with(HUBSPOT).await;
    let request = deal(&json!({
        "changed_dealstage": "presentationscheduled", "changed_amount": "160000", "hs_next_step": "", "aws_comments": null,
        "aws_stage": "Prospect",
    }));

    let dry_run = function
        .send(&Request::clone(&request).query("dry_run=true"))
        .await;
    assert_eq!(
        (
            dry_run.status,
            &dry_run.body["outcome"],
            &dry_run.body["errors"]
        ),
        (200, &json!("dry-run"), &json!([]))
    );
    assert_eq!(emulator.writes().len(), 0);

    let answer = function.send(&request).await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated"))
    );
    assert_eq!(answer.body["changes"], dry_run.body["changes"]);
    assert_eq!(
        answer.body["changes"],
        json!([
            {
                "pointer": "/LifeCycle/NextSteps", "before": "Send the sizing of the pilot", "after": null,
                "field": "hs_next_step", "source": "patch",
            },
            {
                "pointer": "/LifeCycle/Stage", "before": "Qualified", "after": "Technical Validation",
                "field": "changed_dealstage", "source": "patch",
            },
            {
                "pointer": "/Project/ExpectedCustomerSpend/0/Amount", "before": "12500.50", "after": "13333.33",
                "field": "changed_amount", "source": "patch",
            },
        ])
    );
    assert_eq!(answer.body["ignored"], 2);
    assert_eq!(
        told(&answer, "warnings", &["pointer", "field", "code"]),
        [[
            &json!("/LifeCycle/Stage"),
            &json!("aws_stage"),
            &json!("one-way")
        ]]
    );

    let mut expected = documents::sample();
    expected["LifeCycle"]["NextSteps"] = json!(null);
    expected["LifeCycle"]["Stage"] = json!("Technical Validation");
    expected["Project"]["ExpectedCustomerSpend"][0]["Amount"] = json!("13333.33");
    let mut found = emulator.opportunity(ID).expect("the opportunity");
    expected["LastModifiedDate"] = found["LastModifiedDate"].clone();
    // AWS keeps the history itself.
    expected["LifeCycle"]["NextStepsHistory"] = found["LifeCycle"]["NextStepsHistory"].take();
    found["LifeCycle"]["NextStepsHistory"] = expected["LifeCycle"]["NextStepsHistory"].clone();
    assert_eq!(found, expected);

    let again = function.send(&request).await;
    assert_eq!(
        (again.status, &again.body["outcome"]),
        (200, &json!("unchanged"))
    );
    assert_eq!(emulator.writes().len(), 1);
}

#[tokio::test]
async fn every_refusal_of_a_record_has_both_field_names() {
    let (emulator, function) = with(HUBSPOT).await;
    let request = deal(&json!({
        "changed_dealstage": "thirdcall", "changed_closedate": "soon", "aws_closed_lost_reason": "Price",
    }));
    let answer = function.send(&request).await;
    assert_eq!(
        (answer.status, &answer.body["detail"]),
        (
            422,
            &json!("the record cannot be mapped: changed_dealstage, changed_closedate")
        )
    );
    assert_eq!(
        told(&answer, "errors", &["pointer", "field", "code", "source"]),
        [
            [
                "/LifeCycle/Stage",
                "changed_dealstage",
                "unmapped-value",
                "patch"
            ],
            [
                "/LifeCycle/TargetCloseDate",
                "changed_closedate",
                "wrong-type",
                "patch"
            ],
        ]
        .map(|row| row.map(Value::from))
        .iter()
        .map(|row| row.iter().collect::<Vec<_>>())
        .collect::<Vec<_>>()
    );
    assert_eq!(emulator.writes().len(), 0);

    // An error found only in the opportunity has both names too.
    let answer = function
        .send(&deal(&json!({"changed_dealstage": "closedlost"})))
        .await;
    assert_eq!(
        (
            answer.status,
            told(&answer, "errors", &["pointer", "field", "code"])
        ),
        (
            422,
            vec![vec![
                &json!("/LifeCycle/ClosedLostReason"),
                &json!("aws_closed_lost_reason"),
                &json!("missing-companion"),
            ]]
        )
    );

    // So have AWS's own refusals.
    emulator.inject("UpdateOpportunity", 1, Fault::ConcurrentEdit(|_| {}));
    let lenient = deal(&json!({"aws_competitor": "Nobody"})).header("prefer", "handling=lenient");
    let answer = function.send(&lenient).await;
    assert_eq!(
        (
            answer.status,
            told(&answer, "errors", &["pointer", "field"])
        ),
        (
            422,
            vec![vec![
                &json!("/Project/CompetitorName"),
                &json!("aws_competitor")
            ]]
        )
    );
}

#[tokio::test]
async fn a_message_without_a_record_is_refused_with_what_is_missing() {
    let (emulator, function) = with(HUBSPOT).await;
    let send = async |content_type: Option<&str>, body: &str| {
        let mut request = Request::new("POST", "/crm").body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        function.send(&request).await
    };
    let json_type = Some("application/json; charset=utf-8");
    for (content_type, body, status, problem, code) in [
        (json_type, "{", 400, "malformed-request", None),
        (
            json_type,
            r#"{"aws_opportunity_id": "7"}"#,
            400,
            "malformed-request",
            None,
        ),
        (
            json_type,
            "{}",
            422,
            "invalid-patch",
            Some("required-member"),
        ),
        (
            json_type,
            r#"{"aws_opportunity_id": 7}"#,
            422,
            "invalid-patch",
            Some("wrong-type"),
        ),
        (
            json_type,
            r#"{"aws_opportunity_id": "O1", "a": 1, "a": 2}"#,
            422,
            "invalid-patch",
            Some("duplicate-member"),
        ),
        (
            Some("application/merge-patch+json"),
            "{}",
            415,
            "unsupported-media-type",
            None,
        ),
        (None, "{}", 415, "unsupported-media-type", None),
    ] {
        let answer = send(content_type, body).await;
        let kind = answer.body["type"].as_str().expect("a type");
        assert_eq!(answer.status, status, "{body}");
        assert!(kind.ends_with(&format!("/{problem}")), "{body}: {kind}");
        assert_eq!(answer.body["errors"][0]["code"].as_str(), code, "{body}");
    }
    let answer = function.send(&deal(&json!({})).query("dryrun=true")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn what_the_end_of_a_review_closes_is_not_worth_a_retry() {
    let (emulator, function) = with(HUBSPOT).await;
    emulator.edit(ID, |document| {
        document["LifeCycle"]["ReviewStatus"] = json!("Rejected");
    });
    let answer = function.send(&deal(&json!({"hs_next_step": "Call"}))).await;
    let kind = answer.body["type"].as_str().expect("a type");
    assert!(kind.ends_with("/opportunity-locked"), "{answer:?}");
    assert_eq!(answer.status, 409);
    assert_eq!(answer.headers.get("retry-after"), None);
}

#[tokio::test]
async fn the_mapping_decides_whether_an_edit_of_a_locked_opportunity_is_refused_or_retried() {
    for (mapping, request, status, problem, retry_after, field) in [
        (
            HUBSPOT,
            deal(&json!({"hs_next_step": "Call"})),
            503,
            "locked-for-now",
            Some("3600"),
            "hs_next_step",
        ),
        (
            SALESFORCE,
            record(&json!({"AWS_Opportunity_Id__c": ID, "NextStep": "Call"})),
            409,
            "opportunity-locked",
            None,
            "NextStep",
        ),
    ] {
        let (emulator, function) = with(mapping).await;
        emulator.edit(ID, |document| {
            document["LifeCycle"]["ReviewStatus"] = json!("Submitted");
        });
        let answer = function.send(&request).await;
        let kind = answer.body["type"].as_str().expect("a type");
        assert_eq!(
            (answer.status, kind.rsplit('/').next()),
            (status, Some(problem))
        );
        let header = answer.headers.get("retry-after").and_then(Value::as_str);
        assert_eq!(header, retry_after);
        assert_eq!(
            told(&answer, "errors", &["pointer", "field", "code"]),
            [[
                &json!("/LifeCycle/NextSteps"),
                &json!(field),
                &json!("locked")
            ]]
        );
        // The mapping's option does not apply to a patch.
        let patch = json!({"LifeCycle": {"NextSteps": "Call"}});
        assert_eq!(function.send(&Request::patch(ID, &patch)).await.status, 409);
        assert_eq!(emulator.writes().len(), 0);
    }
}

#[tokio::test]
async fn after_a_conflict_a_record_is_applied_to_a_fresh_read_and_both_edits_are_kept() {
    let (emulator, function) = with(HUBSPOT).await;
    emulator.inject(
        "UpdateOpportunity",
        1,
        Fault::ConcurrentEdit(|document| {
            document["LifeCycle"]["NextSteps"] = json!("Somebody else's");
            document["PrimaryNeedsFromAws"] = json!(["Co-Sell - Deal Support"]);
        }),
    );
    let answer = function
        .send(&deal(&json!({"changed_dealstage": "contractsent"})))
        .await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated"))
    );
    let document = emulator.opportunity(ID).expect("the opportunity");
    assert_eq!(document["LifeCycle"]["Stage"], "Committed");
    assert_eq!(document["LifeCycle"]["NextSteps"], "Somebody else's");
    assert_eq!(
        document["PrimaryNeedsFromAws"],
        json!(["Co-Sell - Deal Support"])
    );
}

#[tokio::test]
async fn a_record_is_written_once_even_if_the_answer_to_the_write_is_lost() {
    let (emulator, function) = with(HUBSPOT).await;
    emulator.inject("UpdateOpportunity", 1, Fault::AnswerLost);
    let answer = function
        .send(&deal(&json!({"changed_dealstage": "contractsent"})))
        .await;
    assert_eq!(
        (answer.status, &answer.body["outcome"]),
        (200, &json!("updated"))
    );
    let document = emulator.opportunity(ID).expect("the opportunity");
    assert_eq!(
        (
            &document["LifeCycle"]["Stage"],
            &document["LastModifiedDate"]
        ),
        (&json!("Committed"), &answer.body["lastModifiedDate"])
    );
}

#[tokio::test]
async fn a_record_may_have_the_preconditions_and_preferences_of_a_patch() {
    let (emulator, function) = with(HUBSPOT).await;
    let request = deal(&json!({"changed_dealstage": "contractsent"}));
    let stale = Request::clone(&request).header("if-match", "\"2020-01-01T00:00:00Z\"");
    assert_eq!(function.send(&stale).await.status, 412);
    assert_eq!(emulator.writes().len(), 0);
    let whole = Request::clone(&request).header("prefer", "return=representation");
    let answer = function.send(&whole).await;
    assert_eq!(
        answer.headers["preference-applied"],
        "return=representation"
    );
    assert_eq!(
        answer.body["opportunity"]["LifeCycle"]["Stage"],
        "Committed"
    );
}

#[tokio::test]
async fn without_a_mapping_the_answer_says_how_to_switch_it_on() {
    let (emulator, function) = patch::with_document(documents::sample()).await;
    let answer = function
        .send(&deal(&json!({"changed_dealstage": "contractsent"})))
        .await;
    assert_eq!(
        (answer.status, &answer.body["detail"]),
        (
            404,
            &json!(
                "records of a CRM are taken where `CRM_MAPPING` names a mapping, `CrmMapping` in a deployment"
            )
        )
    );
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test]
async fn an_unauthenticated_record_is_not_even_parsed() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    let variables = [
        ("PARTNER_CENTRAL_CATALOG", "Sandbox"),
        ("WEBHOOK_AUTH", "basic"),
        ("WEBHOOK_SECRETS", "a-password-of-some-length"),
        HUBSPOT,
    ];
    let function = Function::start("patch-opportunity", &emulator, &variables).await;
    for body in [
        "{",
        r#"{"aws_opportunity_id": "O7654321", "changed_dealstage": "contractsent"}"#,
    ] {
        let request = Request::new("POST", "/crm")
            .header("content-type", "application/json")
            .body(body);
        assert_eq!(function.send(&request).await.status, 401, "{body}");
    }
    assert_eq!(emulator.requests().len(), 0);
}

async fn with_opportunity(document: Value) -> Emulator {
    let emulator = Emulator::start().await;
    emulator.seed(document);
    emulator
}

async fn enrich(emulator: &Emulator, mapping: Option<(&str, &str)>) -> Function {
    let catalog = ("PARTNER_CENTRAL_CATALOG", "Sandbox");
    let variables: Vec<_> = [catalog].into_iter().chain(mapping).collect();
    Function::start("enrich-opportunity", emulator, &variables).await
}

async fn enriched(function: &Function) -> Value {
    let event = include_str!("../../events/opportunity-updated.json");
    cloud_event(function, event.parse().expect("JSON")).await
}

#[tokio::test]
async fn a_mapping_adds_a_body_for_the_crms_api_to_the_event_and_changes_nothing_else() {
    let emulator = with_opportunity(documents::sample()).await;
    let function = enrich(&emulator, None).await;
    let function_with_mapping = enrich(&emulator, Some(HUBSPOT)).await;
    let without = enriched(&function).await;
    let with = enriched(&function_with_mapping).await;
    assert_eq!(with["id"], without["id"]);
    assert_eq!(with["data"]["opportunity"], without["data"]["opportunity"]);
    assert_eq!(without["data"].get("crm"), None);

    let input = &with["data"]["crm"]["inputs"][0];
    assert_eq!(
        (&input["id"], &input["idProperty"]),
        (&json!(ID), &json!("aws_opportunity_id"))
    );
    for (field, value) in [
        ("aws_stage", &json!("Qualified")),
        ("hs_next_step", &json!("Send the sizing of the pilot")),
        ("aws_monthly_spend", &json!("12500.50")),
        ("aws_comments", &json!("")),
        ("aws_sequence", &with["sequence"]),
        ("aws_event_id", &with["id"]),
    ] {
        assert_eq!(input["properties"][field], *value, "{field}");
    }
}

#[tokio::test]
async fn a_value_that_the_mapping_cannot_convert_is_reported_in_the_event_which_keeps_the_rest() {
    let mut document = documents::sample();
    document["NationalSecurity"] = json!("Perhaps");
    document["LifeCycle"]["NextSteps"] = json!({"Call": "Monday"});
    let emulator = with_opportunity(document).await;
    let event = enriched(&enrich(&emulator, Some(HUBSPOT)).await).await;
    let problems = event["data"]["problems"].as_array().expect("problems");
    let of_mapping: Vec<_> = problems
        .iter()
        .filter(|it| it.get("field").is_some())
        .collect();
    assert_eq!(
        of_mapping,
        [
            &json!({
                "pointer": "/opportunity/LifeCycle/NextSteps", "field": "hs_next_step", "code": "wrong-type",
                "detail": "it is an object, expected a text",
            }),
            &json!({
                "pointer": "/opportunity/NationalSecurity", "field": "aws_national_security", "code": "unmapped-value",
                "detail": "`Perhaps` has no pair in the mapping's `values`, expected one of `Yes`, `No`",
            })
        ]
    );
    let properties = &event["data"]["crm"]["inputs"][0]["properties"];
    assert_eq!(properties.get("aws_national_security"), None);
    assert_eq!(properties["aws_stage"], "Qualified");
    assert_eq!(event["data"]["opportunity"]["NationalSecurity"], "Perhaps");
}
