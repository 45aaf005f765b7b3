//! Prints what the functions do, as JSON: the variables they read, the operations they call, the
//! metrics they write.
//!
//! The template tests use it: the template must allow, set and show what the functions really do, not
//! what their source seems to say. If a function learns to call or count something new, make it do so
//! here; until then the template's test reports it as unknown.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a failed observation must stop; the result is printed"
)]

use std::{cell::RefCell, collections::BTreeSet};

use bridge_tests::{Function, Request};
use partner_central_emulator::{Emulator, Fault};
use serde_json::{Value, json};

const CATALOG: (&str, &str) = ("PARTNER_CENTRAL_CATALOG", "Sandbox");
const IDENTIFIER: &str = "O7654321";
/// At least as often as a function retries a call.
const TRIES: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (patch, auths) = patch_opportunity().await;
    let enrich = enrich_opportunity().await;
    let sweep = sweep_opportunities().await;
    let observed = json!({
        "auths": auths,
        "functions": {
            "enrich-opportunity": enrich,
            "patch-opportunity": patch,
            "sweep-opportunities": sweep,
        },
    });
    println!("{observed}");
}

async fn emulator() -> Emulator {
    let emulator = Emulator::start().await;
    let sample = include_str!("../../events/opportunity.json");
    emulator.seed(sample.parse().expect("the sample is JSON"));
    emulator
}

async fn enrich_opportunity() -> Value {
    let emulator = emulator().await;
    let function = Function::start("enrich-opportunity", &emulator, &[CATALOG]).await;
    let event = include_str!("../../events/opportunity-updated.json");
    let event: Value = event.parse().expect("the sample is JSON");
    let answer = function.invoke(event.clone()).await;
    answer.expect("a CloudEvent");
    emulator.seed_summary(IDENTIFIER, json!({"AddedTomorrow": 1}));
    let answer = function.invoke(event.clone()).await;
    answer.expect("a CloudEvent with a field that no release knows");
    emulator.inject("GetAwsOpportunitySummary", 1, Fault::AccessDenied);
    let answer = function.invoke(event.clone()).await;
    answer.expect("a CloudEvent without a summary");
    emulator.inject("GetOpportunity", TRIES, Fault::Throttling);
    let answer = function.invoke(event).await;
    answer.expect_err("an opportunity that cannot be read");
    let variables = Variables::default();
    let config = enrich_opportunity::Config::from_env(|name| variables.get(name, &[CATALOG]));
    config.expect("a configuration");
    observed(&emulator, function, variables).await
}

async fn sweep_opportunities() -> Value {
    let emulator = emulator().await;
    emulator.edit(IDENTIFIER, |_| ());
    let given = [
        CATALOG,
        ("ENRICH_FUNCTION", "enrich"),
        ("SWEEP_MINUTES", "60"),
    ];
    let function = Function::start("sweep-opportunities", &emulator, &given).await;
    let answer = function.invoke(json!({})).await;
    answer.expect("a sweep");
    emulator.inject("ListOpportunities", TRIES, Fault::Throttling);
    let answer = function.invoke(json!({})).await;
    answer.expect_err("a list that cannot be read");
    let variables = Variables::default();
    let config = sweep_opportunities::Config::from_env(|name| variables.get(name, &given));
    config.expect("a configuration");
    observed(&emulator, function, variables).await
}

async fn patch_opportunity() -> (Value, Vec<String>) {
    let emulator = emulator().await;
    emulator.seed_secret("tokens", "a-token");
    let auth = [
        CATALOG,
        ("WEBHOOK_AUTH", "bearer"),
        ("WEBHOOK_SECRET_ID", "tokens"),
    ];
    let function = Function::start("patch-opportunity", &emulator, &auth).await;
    let patch =
        |patch: Value| Request::patch(IDENTIFIER, &patch).header("authorization", "Bearer a-token");
    let stage = |stage: &str| patch(json!({"LifeCycle": {"Stage": stage}}));
    function.send(&stage("Committed")).await;
    function.send(&stage("Committed")).await;
    function
        .send(&patch(json!({"Project": {"Title": "Other"}})))
        .await;
    function.send(&Request::patch(IDENTIFIER, &json!({}))).await;
    let summary = format!("/opportunities/{IDENTIFIER}/aws-summary");
    let summary = Request::new("GET", &summary);
    function
        .send(&summary.header("authorization", "Bearer a-token"))
        .await;
    let edit = |document: &mut Value| {
        let life_cycle = document.get_mut("LifeCycle").expect("a life cycle");
        *life_cycle.get_mut("NextSteps").expect("next steps") = json!("Somebody else's");
    };
    emulator.inject("UpdateOpportunity", 1, Fault::ConcurrentEdit(edit));
    emulator.edit(IDENTIFIER, |document| {
        let members = document.as_object_mut().expect("an opportunity");
        members.insert("AddedTomorrow".to_owned(), json!(1));
    });
    function.send(&stage("Launched")).await;
    emulator.inject("GetOpportunity", TRIES, Fault::Throttling);
    function.send(&stage("Launched")).await;
    let target = format!("/opportunities/{IDENTIFIER}/aws-summary");
    let summary = Request::new("GET", &target).header("authorization", "Bearer a-token");
    function.send(&summary).await;

    let variables = Variables::default();
    let auths = auths();
    for auth in &auths {
        let given = [
            CATALOG,
            ("WEBHOOK_AUTH", auth),
            ("WEBHOOK_SECRET_ID", "tokens"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ];
        let config = patch_opportunity::Config::from_env(|name| variables.get(name, &given));
        config.expect("a way to authenticate that the function names is one that it takes");
    }
    (observed(&emulator, function, variables).await, auths)
}

/// The ways to authenticate that the function lists in an error.
fn auths() -> Vec<String> {
    let given = [CATALOG, ("WEBHOOK_AUTH", "?")];
    let variables = Variables::default();
    let config = patch_opportunity::Config::from_env(|name| variables.get(name, &given));
    let refusal = config.expect_err("no way to authenticate").to_string();
    let quoted = refusal.split('`').skip(1).step_by(2).map(str::to_owned);
    quoted.skip_while(|text| text != "?").skip(1).collect()
}

/// The names of the variables that were read.
#[derive(Default)]
struct Variables(RefCell<BTreeSet<String>>);

impl Variables {
    fn get(&self, name: &str, given: &[(&str, &str)]) -> Option<String> {
        self.0.borrow_mut().insert(name.to_owned());
        let value = given.iter().find(|(known, _)| *known == name);
        value.map(|(_, value)| (*value).to_owned())
    }
}

/// Stops a function and returns all that was seen of it.
async fn observed(emulator: &Emulator, function: Function, variables: Variables) -> Value {
    let requests = emulator.requests();
    // Lambda's API is REST and has no targets. IAM calls `Invoke` `InvokeFunction`.
    let calls = requests
        .iter()
        .filter_map(|it| match it.operation.as_str() {
            "Invoke" => Some("lambda.InvokeFunction"),
            _ => it.headers.get("x-amz-target")?.to_str().ok(),
        });
    let log = function.finish().await;
    let lines = log.lines().filter_map(|line| line.parse::<Value>().ok());
    json!({
        "variables": variables.0,
        "calls": calls.collect::<BTreeSet<_>>(),
        "metrics": lines.filter(|line| line.get("_aws").is_some()).collect::<Vec<_>>(),
    })
}
