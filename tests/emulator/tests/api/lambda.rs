//! Lambda's `Invoke`: asynchronous invocations are taken, recorded and handed on.

use partner_central_emulator::{Emulator, Fault, Outcome};
use serde_json::json;

use crate::client::{Answer, exchange};
use crate::stand_in::{CRM, FUNCTION, StandIn, answer, deliveries};

const EVENT: &str = r#"{ "id": "1", "detail": { "opportunity": { "identifier": "O1" } } }"#;

fn request(function: &str, payload: &str) -> String {
    format!(
        "POST /2015-03-31/functions/{function}/invocations HTTP/1.1\r\n\
         host: localhost\r\n\
         connection: close\r\n\
         content-length: {}\r\n\
         x-amz-invocation-type: Event\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=AKID/20251215/us-east-1/lambda/aws4_request, \
         SignedHeaders=host, Signature=00\r\n\
         \r\n\
         {payload}",
        payload.len(),
    )
}

async fn invoke(emulator: &Emulator, function: &str, payload: &str) -> Answer {
    exchange(emulator, &request(function, payload))
        .await
        .unwrap()
}

#[tokio::test]
async fn an_invocation_is_accepted_and_on_record_as_it_came() {
    let emulator = Emulator::start().await;
    let answer = invoke(&emulator, "sweep-opportunities:live", EVENT).await;
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    let invocations = emulator.invocations();
    assert_eq!(invocations.len(), 1);
    assert_eq!(invocations[0].function, "sweep-opportunities");
    assert_eq!(invocations[0].payload, EVENT);
    assert_eq!(
        emulator.requests()[0].to_string(),
        "Invoke sweep-opportunities done"
    );
    assert_eq!(emulator.writes().len(), 0);
}

#[tokio::test]
async fn the_function_of_the_events_gets_an_invocation_as_it_gets_an_event() {
    let stand_in = StandIn::start(|path, _| match path {
        FUNCTION => answer(200, "{}"),
        _ => answer(204, ""),
    })
    .await;
    let emulator = Emulator::start_with(stand_in.as_both()).await.unwrap();
    let arn = "arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Aenrich-opportunity";
    invoke(&emulator, arn, EVENT).await;
    let delivery = deliveries(&emulator, 1).await.remove(0);
    assert_eq!(delivery.to_string(), "event 1 O1 delivered");
    assert_eq!(stand_in.received(FUNCTION)[0].body, EVENT);
    assert_eq!(stand_in.received(CRM).len(), 1);
}

#[tokio::test]
async fn another_function_is_invoked_beside_it_and_its_answer_stays_here() {
    let stand_in = StandIn::start(|_, _| answer(200, "{}")).await;
    let emulator = Emulator::start_with(stand_in.as_both()).await.unwrap();
    invoke(&emulator, "sweep-opportunities", "{}").await;
    let delivery = deliveries(&emulator, 1).await.remove(0);
    assert_eq!(delivery.to_string(), "event - - delivered");
    let path = FUNCTION
        .replace("enrich", "sweep")
        .replace("opportunity", "opportunities");
    assert_eq!(stand_in.received(&path)[0].body, "{}");
    assert_eq!(stand_in.received(CRM).len(), 0);
}

/// Each case: what to replace in a right request, by what, and the error that follows.
#[tokio::test]
async fn an_invocation_that_is_none_is_refused_and_handed_on_to_nobody() {
    let emulator = Emulator::start().await;
    let right = request("enrich-opportunity", EVENT);
    let cases = [
        (
            "authorization: AWS4",
            "x-nothing: AWS4",
            403,
            "MissingAuthenticationTokenException",
        ),
        (
            "us-east-1/lambda",
            "us-east-1/sqs",
            403,
            "InvalidSignatureException",
        ),
        (
            "-type: Event",
            "-type: DryRun",
            400,
            "InvalidRequestContentException",
        ),
        ("{ \"id", "[ \"id", 400, "InvalidRequestContentException"),
    ];
    for (part, other, status, name) in cases {
        let answer = exchange(&emulator, &right.replace(part, other))
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{other}");
        let header = format!("x-amzn-errortype: {}", name.to_lowercase());
        assert!(answer.head.contains(&header), "{}", answer.head);
    }
    assert_eq!(emulator.invocations().len(), 0);
}

/// Each case: a fault, the status of the answer, and how many invocations came of it.
#[tokio::test]
async fn an_invocation_goes_wrong_on_demand_in_lambdas_own_words() {
    let cases = [
        (Fault::AccessDenied, 403, "AccessDeniedException", 0),
        (Fault::InternalServer, 500, "ServiceException", 0),
        (
            Fault::InternalServerAfterLanding,
            500,
            "ServiceException",
            1,
        ),
        (Fault::NotFound, 404, "ResourceNotFoundException", 0),
        (Fault::Throttling, 429, "TooManyRequestsException", 0),
    ];
    for (fault, status, name, landed) in cases {
        let emulator = Emulator::start().await;
        emulator.inject("Invoke", 1, fault);
        let answer = invoke(&emulator, "enrich-opportunity", EVENT).await;
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.json()["Message"].as_str().map(str::is_empty),
            Some(false)
        );
        assert_eq!(emulator.requests()[0].outcome, Outcome::Refused(name));
        assert_eq!(emulator.invocations().len(), landed, "{name}");
        let answer = invoke(&emulator, "enrich-opportunity", EVENT).await;
        assert_eq!(answer.status, 202);
        assert_eq!(
            emulator.invocations().last().unwrap().json()["id"],
            json!("1")
        );
    }
}
