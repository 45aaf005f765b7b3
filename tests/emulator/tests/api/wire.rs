//! The protocol: signatures, names, errors, connections.

use partner_central_emulator::{Emulator, Outcome, Settings};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{ID, call, emulator, exchange, get, request, update};

#[tokio::test]
async fn an_error_has_awss_wire_form() {
    let emulator = Emulator::start().await;
    let answer = call(&emulator, "GetOpportunity", &get()).await;
    assert_eq!(answer.status, 400);
    let error_type = "x-amzn-errortype: resourcenotfoundexception:http://internal.amazon.com/coral/\
                      com.amazon.partnerintegrationapi.common/";
    assert!(answer.head.contains(error_type), "{}", answer.head);
    assert!(
        answer
            .head
            .contains("content-type: application/x-amz-json-1.0")
    );
    assert!(answer.head.contains("x-amzn-requestid: "));
    let expected = json!({
        "__type": "com.amazon.partnerintegrationapi.common#ResourceNotFoundException",
        "Message": "opportunity `O1234567` is not in this catalog",
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn a_validation_error_lists_every_violation() {
    let emulator = emulator().await;
    let mut request = update("Migration");
    request["Project"]["AdditionalComments"] = json!("");
    request["OpportunityType"] = json!("Renewal");
    let answer = call(&emulator, "UpdateOpportunity", &request).await.json();
    assert_eq!(answer["Reason"], "REQUEST_VALIDATION_FAILED");
    let expected = json!([
        {
            "FieldName": "opportunityType",
            "Message": "`/OpportunityType` is `Renewal`, expected one of the values of `OpportunityType`",
            "Code": "INVALID_ENUM_VALUE",
        },
        {
            "FieldName": "project.additionalComments",
            "Message": "`/Project/AdditionalComments` has 0 characters, expected at least 1",
            "Code": "INVALID_STRING_FORMAT",
        },
    ]);
    assert_eq!(answer["ErrorList"], expected);
}

/// Each case: what to replace in a right request, by what, and the error that follows.
#[tokio::test]
async fn a_request_that_is_none_of_the_protocol_is_refused() {
    let emulator = emulator().await;
    let right = request("GetOpportunity", &get().to_string());
    let cases = [
        (
            "authorization: AWS4",
            "x-nothing: AWS4",
            403,
            "MissingAuthenticationTokenException",
        ),
        (
            "aws4_request",
            "",
            403,
            "MissingAuthenticationTokenException",
        ),
        (
            "AWS4-HMAC-SHA256 ",
            "Bearer ",
            403,
            "MissingAuthenticationTokenException",
        ),
        (
            "us-east-1/partner",
            "us-east-1/other-partner",
            403,
            "InvalidSignatureException",
        ),
        (
            ".GetOpportunity",
            ".GetOpportunities",
            400,
            "UnknownOperationException",
        ),
        (
            "AWSPartnerCentralSelling.",
            "Selling.",
            400,
            "UnknownOperationException",
        ),
        ("x-amz-target", "x-target", 400, "UnknownOperationException"),
        ("x-amz-json-1.0", "json", 400, "UnknownOperationException"),
        ("{\"", "[\"", 400, "SerializationException"),
    ];
    for (part, other, status, name) in cases {
        let answer = exchange(&emulator, &right.replace(part, other))
            .await
            .unwrap();
        let found = (answer.status, answer.error());
        assert_eq!(found, (status, name.to_owned()), "{other} for {part}");
    }
    assert_eq!(call(&emulator, "GetOpportunity", &get()).await.status, 200);
}

#[tokio::test]
async fn a_connection_opened_early_serves_what_comes_later() {
    let emulator = emulator().await;
    let address = emulator.url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut first = vec![0; 1024];
    let length = stream.read(&mut first).await.unwrap();
    assert!(first[..length].starts_with(b"HTTP/1.1 404"));
    let request = request("GetOpportunity", &get().to_string());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut second = String::new();
    stream.read_to_string(&mut second).await.unwrap();
    assert!(second.starts_with("HTTP/1.1 200"), "{second}");
    assert_eq!(emulator.connections(), 1);
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test]
async fn every_request_is_on_record_as_it_came() {
    let emulator = emulator().await;
    let body = r#"{ "Catalog":"AWS",  "Identifier":"O1234567", "N":1.50 }"#;
    exchange(&emulator, &request("GetOpportunity", body))
        .await
        .unwrap();
    call(&emulator, "UpdateOpportunity", &json!({ "Identifier": ID })).await;
    call(&emulator, "Nothing", &json!({})).await;
    let requests = emulator.requests();
    assert_eq!(requests[0].body, body);
    assert_eq!(requests[0].identifier, ID);
    assert_eq!(
        requests[0].headers["x-amz-target"],
        "AWSPartnerCentralSelling.GetOpportunity"
    );
    let lines: Vec<String> = requests.iter().map(ToString::to_string).collect();
    let expected = [
        "GetOpportunity O1234567 done",
        "UpdateOpportunity O1234567 ValidationException",
        "Nothing - UnknownOperationException",
    ];
    assert_eq!(lines, expected);
    let writes = emulator.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes[0].outcome, Outcome::Refused("ValidationException"));
    assert_eq!(writes[0].json(), json!({ "Identifier": ID }));
    assert_eq!(writes[0].status, Some(400));
    assert!(writes[0].answer.starts_with(b"{\"__type\""));
    emulator.clear_records();
    assert_eq!(emulator.requests().len(), 0);
    emulator.seed_secret("crm", "hush");
    call(&emulator, "GetSecretValue", &json!({ "SecretId": "crm" })).await;
    assert_eq!(
        (emulator.requests().len(), &*emulator.requests()[0].answer),
        (1, &b""[..])
    );
}

#[tokio::test]
async fn reads_and_writes_have_quotas_of_their_own() {
    let settings = Settings {
        reads_per_second: Some(2),
        writes_per_second: Some(1),
        ..Settings::default()
    };
    let emulator = Emulator::start_with(settings).await.unwrap();
    let mut outcomes = Vec::new();
    for operation in ["Get", "Update", "Get", "Get", "Update"] {
        let operation = format!("{operation}Opportunity");
        outcomes.push(call(&emulator, &operation, &update("New")).await.error());
    }
    let (served, throttled) = ("ResourceNotFoundException", "ThrottlingException");
    assert_eq!(outcomes, [served, served, served, throttled, throttled]);
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let emulator = emulator().await;
    let address = emulator.url().replace("http://", "");
    let mut open = TcpStream::connect(&address).await.unwrap();
    drop(emulator);
    assert_eq!(open.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(&address).await.is_err());
}
