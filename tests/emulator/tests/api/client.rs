//! A minimal HTTP client, and the opportunity that it asks for.
//!
//! It is not an AWS client, so that the tests spell out what goes over the wire.

use std::io;

use partner_central_emulator::Emulator;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer as received.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// AWS's name for the error, found as clients find it.
    pub(crate) fn error(&self) -> String {
        let body = self.json();
        let name = body["__type"].as_str().unwrap_or_default();
        name.rsplit('#').next().unwrap().to_owned()
    }
}

/// Sends bytes over a connection of their own, and reads until it closes.
pub(crate) async fn exchange(emulator: &Emulator, bytes: &str) -> io::Result<Answer> {
    let address = emulator.url().replace("http://", "");
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(bytes.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    })
}

/// A signed request as the SDKs send it.
pub(crate) fn request(operation: &str, body: &str) -> String {
    let (target, service, version) = match operation {
        "GetSecretValue" => ("secretsmanager", "secretsmanager", "1.1"),
        _ => ("AWSPartnerCentralSelling", "partnercentral-selling", "1.0"),
    };
    format!(
        "POST / HTTP/1.1\r\n\
         host: localhost\r\n\
         connection: close\r\n\
         content-type: application/x-amz-json-{version}\r\n\
         content-length: {}\r\n\
         x-amz-target: {target}.{operation}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=AKID/20251215/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=00\r\n\
         \r\n\
         {body}",
        body.len(),
    )
}

pub(crate) async fn try_call(
    emulator: &Emulator,
    operation: &str,
    body: &Value,
) -> io::Result<Answer> {
    exchange(emulator, &request(operation, &body.to_string())).await
}

pub(crate) async fn call(emulator: &Emulator, operation: &str, body: &Value) -> Answer {
    try_call(emulator, operation, body).await.unwrap()
}

pub(crate) const ID: &str = "O1234567";

pub(crate) async fn emulator() -> Emulator {
    let emulator = Emulator::start().await;
    seed(&emulator);
    emulator
}

pub(crate) fn seed(emulator: &Emulator) {
    emulator.seed(json!({
        "Id": ID,
        "Catalog": "AWS",
        "LastModifiedDate": "2025-12-15T10:20:30.149Z",
        "PrimaryNeedsFromAws": ["Do Not Need Support from AWS Sales Rep"],
        "Project": { "Title": "Migration" },
        "LifeCycle": { "ReviewStatus": "Pending Submission" },
    }));
}

/// A request for an opportunity.
pub(crate) fn get() -> Value {
    json!({ "Catalog": "AWS", "Identifier": ID })
}

/// A request that gives the seeded opportunity another title.
pub(crate) fn update(title: &str) -> Value {
    json!({
        "Catalog": "AWS",
        "Identifier": ID,
        "LastModifiedDate": "2025-12-15T10:20:30.149000Z",
        "PrimaryNeedsFromAws": ["Do Not Need Support from AWS Sales Rep"],
        "Project": { "Title": title },
    })
}

pub(crate) fn title(emulator: &Emulator) -> Value {
    emulator.opportunity(ID).unwrap()["Project"]["Title"].clone()
}
