//! Many callers at once: each edit is either there at the end or was refused.

use std::time::Duration;

use bridge_tests::{Function, Request, Response, has_memory};
use partner_central_emulator::{Emulator, Fault, Outcome};
use serde_json::{Value, json};

use crate::{documents, patch};

/// 50 clients patch one field each, so all of the patches could be written.
fn patches() -> Vec<(String, Value)> {
    let members = [
        "/LifeCycle/Stage",
        "/LifeCycle/NextSteps",
        "/LifeCycle/TargetCloseDate",
        "/Customer/Account/Duns",
        "/Customer/Account/AwsAccountId",
        "/Customer/Account/CompanyName",
        "/Project/AdditionalComments",
        "/Project/OtherCompetitorNames",
        "/Project/OtherSolutionDescription",
        "/Marketing/CampaignName",
    ];
    let own = (members.len()..50).map(|number| format!("/AddedTomorrow/Member{number}"));
    members
        .into_iter()
        .map(str::to_owned)
        .chain(own)
        .map(|pointer| {
            let value = match pointer.as_str() {
                "/LifeCycle/Stage" => json!("Committed"),
                "/LifeCycle/TargetCloseDate" => json!("2031-12-31"),
                "/Customer/Account/Duns" => json!("987654321"),
                "/Customer/Account/AwsAccountId" => json!("210987654321"),
                other => json!(format!("by the client of {other}")),
            };
            (pointer, value)
        })
        .collect()
}

fn nested(pointer: &str, value: &Value) -> Value {
    pointer
        .rsplit('/')
        .filter(|name| !name.is_empty())
        .fold(value.clone(), |inner, name| json!({name: inner}))
}

/// The attempts that a patch has: a client is refused only after as many others wrote between its reads
/// and its writes.
const ATTEMPTS: usize = 5;

#[tokio::test]
async fn of_fifty_simultaneous_patches_each_is_written_whole_or_refused_without_a_trace() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    // Lambda runs one instance per simultaneous request. All start before the first patch is sent.
    let mut functions = Vec::new();
    for _ in 0..50 {
        functions.push(Function::start("patch-opportunity", &emulator, &patch::VARIABLES).await);
    }
    for function in &functions {
        let answer = function.send(&Request::new("GET", "/healthz")).await;
        assert_eq!(answer.status, 200);
    }
    // Delays the first reads, so that all clients read the same state.
    emulator.inject("GetOpportunity", 50, Fault::Delay(Duration::from_secs(1)));
    let mut clients = tokio::task::JoinSet::new();
    for ((pointer, value), function) in patches().into_iter().zip(functions) {
        let request = Request::patch("O7654321", &nested(&pointer, &value))
            .header("prefer", "handling=lenient");
        clients.spawn(async move { (pointer, value, answered(&function, &request).await) });
    }
    let answers = clients.join_all().await;
    assert_eq!(answers.len(), 50);

    let mut expected = documents::sample();
    let (mut updated, mut refused) = (0, 0);
    for (pointer, value, answer) in &answers {
        match answer.status {
            200 => {
                assert_eq!(answer.body["outcome"], "updated", "{pointer}");
                put(&mut expected, pointer, value);
                updated += 1;
            }
            409 => {
                let kind = &answer.body["type"];
                assert_eq!(*kind, "urn:opportunity-bridge:problems/concurrent-edits");
                refused += 1;
            }
            other => panic!("{pointer}: {other} {answer:?}"),
        }
    }

    let writes = emulator.writes();
    let with = |outcome| writes.iter().filter(|it| it.outcome == outcome).count();
    assert_eq!(
        with(Outcome::Done),
        updated,
        "every write that landed was told"
    );
    let conflicts = with(Outcome::Refused("ConflictException"));
    assert_eq!(updated + conflicts, writes.len());
    assert!(
        refused == 0 || updated >= ATTEMPTS,
        "{updated} updated, {refused} refused"
    );
    assert!(conflicts > 0, "nobody wrote at the same time");
    assert!(
        conflicts >= refused * ATTEMPTS,
        "{conflicts} conflicts, {refused} refused"
    );

    // The document as it was, plus the changes of those who were told that theirs was written.
    let mut document = emulator.opportunity("O7654321").expect("the opportunity");
    let written_by_aws = ["/LastModifiedDate", "/LifeCycle/NextStepsHistory"];
    for pointer in written_by_aws {
        put(&mut document, pointer, &Value::Null);
        put(&mut expected, pointer, &Value::Null);
    }
    assert_eq!(without_nulls(document), without_nulls(expected));
}

/// The answer to a request. Fifty functions at a time can be more than a memory answers in time; then nothing is
/// written, and the caller has to ask again.
async fn answered(function: &Function, request: &Request) -> Response {
    loop {
        let answer = function.send(request).await;
        let unavailable = "urn:opportunity-bridge:problems/memory-unavailable";
        if !has_memory() || answer.body["type"] != unavailable {
            return answer;
        }
    }
}

/// Puts a value at a pointer; creates missing objects on the way.
fn put(document: &mut Value, pointer: &str, value: &Value) {
    let names = pointer.split('/').skip(1);
    *names.fold(document, |inside, name| &mut inside[name]) = value.clone();
}

/// Like AWS, the emulator returns null for what an update omits.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
