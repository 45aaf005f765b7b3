//! Many callers at once: every edit is there at the end, or its caller was told no.

use bridge_tests::{Function, Request};
use partner_central_emulator::Emulator;
use serde_json::{Value, json};

use crate::{documents, patch};

/// Members that 50 clients can change side by side: half of them as contacts' phones would collide,
/// so each client has a member of its own.
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

#[tokio::test]
async fn fifty_clients_patch_different_members_at_once() {
    let emulator = Emulator::start().await;
    emulator.seed(documents::sample());
    // Lambda runs as many instances as there are requests at once.
    let mut clients = tokio::task::JoinSet::new();
    for (pointer, value) in patches() {
        let function = Function::start("patch-opportunity", &emulator, &patch::VARIABLES).await;
        let request = Request::patch("O7654321", &nested(&pointer, &value))
            .header("prefer", "handling=lenient");
        clients.spawn(async move { (pointer, value, function.send(&request).await) });
    }
    let answers = clients.join_all().await;

    let document = emulator.opportunity("O7654321").unwrap();
    let mut written = 0;
    for (pointer, value, answer) in &answers {
        match answer.status {
            200 => {
                assert_eq!(document.pointer(pointer), Some(value), "{pointer}");
                written += 1;
            }
            409 | 429 | 503 => assert_ne!(document.pointer(pointer), Some(value), "{pointer}"),
            other => panic!("{pointer}: {other} {answer:?}"),
        }
    }
    assert_eq!(answers.len(), 50);
    assert!(written > 0);
    // What nobody touched is as it was.
    assert_eq!(
        document["Project"]["Title"],
        documents::sample()["Project"]["Title"]
    );
    assert_eq!(
        document["Customer"]["Contacts"],
        documents::sample()["Customer"]["Contacts"]
    );
}
