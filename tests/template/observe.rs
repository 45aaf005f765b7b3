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

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use bridge_tests::{Cut, Function, Request, Table};
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
    let table = Table::start().await;
    let variables = [&[CATALOG][..], &table.variables()].concat();
    let function = Function::start("enrich-opportunity", &emulator, &variables).await;
    let event = include_str!("../../events/opportunity-updated.json");
    let event: Value = event.parse().expect("the sample is JSON");
    let answer = function.invoke(event.clone()).await;
    answer.expect("a CloudEvent");
    table.cut_all(Cut::Before, TRIES);
    let answer = function.invoke(event.clone()).await;
    answer.expect("a CloudEvent without changes");
    table.mend();
    table.expire().await;
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
    observed(&emulator, &table, function, variables).await
}

/// A patch that waits and that nothing has woken, as the memory has it.
async fn park(table: &Table) {
    let waiting = json!({
        "pk": {"S": "parked#Sandbox"}, "sk": {"S": format!("{IDENTIFIER}#0123456789abcdef")},
        "at": {"N": "1772600767250"}, "expires": {"N": "9999999999"},
    });
    table.put(&waiting).await;
}

async fn sweep_opportunities() -> Value {
    let emulator = emulator().await;
    emulator.edit(IDENTIFIER, |_| ());
    let table = Table::start().await;
    let given = [
        &[
            CATALOG,
            ("ENRICH_FUNCTION", "enrich"),
            ("SWEEP_MINUTES", "60"),
        ][..],
        &table.variables(),
    ]
    .concat();
    let function = Function::start("sweep-opportunities", &emulator, &given).await;
    park(&table).await;
    let answer = function.invoke(json!({})).await;
    answer.expect("a sweep");
    emulator.inject("ListOpportunities", TRIES, Fault::Throttling);
    let answer = function.invoke(json!({})).await;
    answer.expect_err("a list that cannot be read");
    let variables = Variables::default();
    let config = sweep_opportunities::Config::from_env(|name| variables.get(name, &given));
    config.expect("a configuration");
    observed(&emulator, &table, function, variables).await
}

async fn patch_opportunity() -> (Value, Vec<String>) {
    let emulator = emulator().await;
    emulator.seed_secret("tokens", "a-token");
    let auth = [
        CATALOG,
        ("WEBHOOK_AUTH", "bearer"),
        ("WEBHOOK_SECRET_ID", "tokens"),
    ];
    let table = Table::start().await;
    let with_memory = [&auth[..], &table.variables()].concat();
    let function = Function::start("patch-opportunity", &emulator, &with_memory).await;
    let patch =
        |patch: Value| Request::patch(IDENTIFIER, &patch).header("authorization", "Bearer a-token");
    let stage = |stage: &str| patch(json!({"LifeCycle": {"Stage": stage}}));
    function.send(&stage("Committed")).await;
    function.send(&stage("Committed")).await;
    function
        .send(&patch(json!({"Project": {"Title": "Other"}})))
        .await;
    function.send(&Request::patch(IDENTIFIER, &json!({}))).await;
    let once = stage("Business Validation").header("idempotency-key", "k");
    function.send(&once).await;
    function.send(&once).await;
    once_that_comes_to_nothing(&emulator, &function, &once).await;
    table.cut_all(Cut::Before, TRIES);
    function.send(&once).await;
    table.mend();
    one_that_waits(&emulator, &function, stage("Committed")).await;
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
    let observed = observed(&emulator, &table, function, variables).await;
    (observed, auths)
}

/// A claim that is let go of after AWS's refusal, and one that is given up in doubt.
async fn once_that_comes_to_nothing(emulator: &Emulator, function: &Function, request: &Request) {
    emulator.inject("UpdateOpportunity", 1, Fault::NotFound);
    let request = request.clone().header("idempotency-key", "refused");
    let body = json!({"LifeCycle": {"Stage": "Prospect"}}).to_string();
    function.send(&request.clone().body(&body)).await;
    emulator.inject("UpdateOpportunity", TRIES, Fault::AnswerLost);
    emulator.inject("GetOpportunity", 1, Fault::Delay(Duration::ZERO));
    emulator.inject("GetOpportunity", TRIES, Fault::InternalServer);
    let request = request.header("idempotency-key", "in-doubt");
    function.send(&request.body(&body)).await;
    emulator.clear_faults();
}

/// Patches that wait for a review: one is withdrawn, and one is carried out.
async fn one_that_waits(emulator: &Emulator, function: &Function, request: Request) {
    let review = |status: &str| {
        emulator.edit(IDENTIFIER, |document| {
            if let Some(found) = document.pointer_mut("/LifeCycle/ReviewStatus") {
                *found = json!(status);
            }
        });
    };
    review("Submitted");
    let request = request.header("prefer", "respond-async");
    let withdrawn = function.send(&request).await;
    let location = withdrawn.headers.get("location").and_then(Value::as_str);
    let withdrawal = Request::new("DELETE", location.expect("where it waits"));
    let withdrawal = withdrawal.header("authorization", "Bearer a-token");
    function.send(&withdrawal).await;
    let parked = function.send(&request).await;
    let location = parked.headers.get("location").and_then(Value::as_str);
    let (_, id) = location.and_then(|it| it.rsplit_once('/')).expect("an id");
    review("Approved");
    let event = json!({
        "source": "arn:aws:partnercentral:us-east-1::catalog/Sandbox", "subject": IDENTIFIER,
        "data": {"parked": [id]},
    });
    let ended = function.invoke(event).await.expect("how it ended");
    assert_eq!(ended.pointer("/data/outcome"), Some(&json!("applied")));
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
async fn observed(
    emulator: &Emulator,
    table: &Table,
    function: Function,
    variables: Variables,
) -> Value {
    let requests = emulator.requests();
    // Lambda's API is REST and has no targets. IAM calls `Invoke` `InvokeFunction`.
    let calls = requests
        .iter()
        .filter_map(|it| match it.operation.as_str() {
            "Invoke" => Some("lambda.InvokeFunction"),
            _ => it.headers.get("x-amz-target")?.to_str().ok(),
        })
        .map(str::to_owned);
    let of_table = table.calls();
    let of_table = of_table
        .iter()
        .map(|call| format!("DynamoDB_20120810.{call}"));
    let calls: BTreeSet<_> = calls.chain(of_table).collect();
    let log = function.finish().await;
    let lines = log.lines().filter_map(|line| line.parse::<Value>().ok());
    json!({
        "variables": variables.0,
        "calls": calls,
        "metrics": lines.filter(|line| line.get("_aws").is_some()).collect::<Vec<_>>(),
    })
}
