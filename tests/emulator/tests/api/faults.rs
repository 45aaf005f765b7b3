//! What goes wrong on purpose, and what it leaves behind.

use std::time::{Duration, Instant};

use partner_central_emulator::{Fault, Outcome};
use serde_json::json;

use crate::client::{ID, call, emulator, get, title, try_call, update};

#[tokio::test]
async fn a_refusal_on_purpose_does_nothing() {
    let cases = [
        (Fault::AccessDenied, 400, "AccessDeniedException"),
        (Fault::InternalServer, 500, "InternalServerException"),
        (Fault::NotFound, 400, "ResourceNotFoundException"),
        (Fault::Throttling, 400, "ThrottlingException"),
    ];
    for (fault, status, name) in cases {
        let emulator = emulator().await;
        emulator.inject("UpdateOpportunity", 1, fault);
        let answer = call(&emulator, "UpdateOpportunity", &update("New")).await;
        assert_eq!((answer.status, answer.error()), (status, name.to_owned()));
        assert_eq!(title(&emulator), "Migration", "{name}");
        let answer = call(&emulator, "UpdateOpportunity", &update("New")).await;
        assert_eq!(
            (answer.status, title(&emulator)),
            (200, json!("New")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn faults_come_in_order_as_often_as_told_to_their_operation_alone() {
    let emulator = emulator().await;
    emulator.inject("GetOpportunity", 2, Fault::NotFound);
    emulator.inject("GetOpportunity", 1, Fault::Throttling);
    emulator.inject("ListOpportunities", 1, Fault::AccessDenied);
    for _ in 0..4 {
        call(&emulator, "GetOpportunity", &get()).await;
    }
    let requests = emulator.requests();
    let outcomes: Vec<Outcome> = requests.iter().map(|request| request.outcome).collect();
    let expected = [
        Outcome::Refused("ResourceNotFoundException"),
        Outcome::Refused("ResourceNotFoundException"),
        Outcome::Refused("ThrottlingException"),
        Outcome::Done,
    ];
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn a_concurrent_edit_makes_the_update_conflict() {
    let emulator = emulator().await;
    let edit = Fault::ConcurrentEdit(|it| it["Project"]["Title"] = json!("Theirs"));
    emulator.inject("UpdateOpportunity", 1, edit);
    let answer = call(&emulator, "UpdateOpportunity", &update("Ours")).await;
    assert_eq!(answer.error(), "ConflictException");
    assert_eq!(title(&emulator), "Theirs");
}

#[tokio::test]
async fn a_merge_patch_is_a_concurrent_edit_too() {
    let emulator = emulator().await;
    let patch = json!({ "Project": { "Title": "Theirs" } });
    emulator.inject("UpdateOpportunity", 1, Fault::ConcurrentPatch(patch));
    let answer = call(&emulator, "UpdateOpportunity", &update("Ours")).await;
    assert_eq!(answer.error(), "ConflictException");
    assert_eq!(title(&emulator), "Theirs");
}

#[tokio::test]
async fn a_write_can_land_and_be_answered_as_a_failure() {
    let emulator = emulator().await;
    emulator.inject("UpdateOpportunity", 1, Fault::InternalServerAfterLanding);
    let answer = call(&emulator, "UpdateOpportunity", &update("New")).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (500, "InternalServerException")
    );
    assert_eq!(title(&emulator), "New");
}

#[tokio::test]
async fn an_answer_of_anybodys_making_is_sent_as_it_is() {
    let emulator = emulator().await;
    let fault = Fault::Status {
        status: 503,
        error_type: "SlowDown".to_owned(),
        body: "<html>later</html>".to_owned(),
    };
    emulator.inject("UpdateOpportunity", 1, fault);
    let answer = call(&emulator, "UpdateOpportunity", &update("New")).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (503, "<html>later</html>")
    );
    assert!(answer.head.contains("x-amzn-errortype: slowdown"));
    assert_eq!(title(&emulator), "Migration");
    let request = &emulator.writes()[0];
    assert_eq!(request.to_string(), format!("UpdateOpportunity {ID} 503"));
    assert_eq!(request.answer, "<html>later</html>");
}

#[tokio::test]
async fn a_connection_closes_without_an_answer_before_or_after_the_write() {
    let cases = [
        (Fault::ConnectionDropped, "Migration"),
        (Fault::AnswerLost, "New"),
    ];
    for (fault, expected) in cases {
        let emulator = emulator().await;
        emulator.inject("UpdateOpportunity", 1, fault);
        let answer = try_call(&emulator, "UpdateOpportunity", &update("New")).await;
        assert!(answer.is_err(), "{expected}");
        assert_eq!(title(&emulator), expected);
        assert_eq!(emulator.writes()[0].outcome, Outcome::NotAnswered);
    }
}

#[tokio::test]
async fn an_answer_of_another_shape_comes_after_the_write() {
    let emulator = emulator().await;
    let body = r#"{"Id":"O1234567","LastModifiedDate":1765794030.149}"#;
    emulator.inject("UpdateOpportunity", 2, Fault::Answer(body.to_owned()));
    let answer = call(&emulator, "UpdateOpportunity", &update("New")).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, body));
    assert_eq!(title(&emulator), "New");
    let refused = call(&emulator, "UpdateOpportunity", &update("Stale")).await;
    assert_eq!(refused.error(), "ConflictException");
}

#[tokio::test]
async fn a_late_answer_is_late() {
    let emulator = emulator().await;
    let delay = Duration::from_millis(50);
    emulator.inject("GetOpportunity", 1, Fault::Delay(delay));
    let start = Instant::now();
    let answer = call(&emulator, "GetOpportunity", &get()).await;
    assert!(start.elapsed() >= delay);
    assert_eq!(answer.json(), emulator.opportunity(ID).unwrap());
}
