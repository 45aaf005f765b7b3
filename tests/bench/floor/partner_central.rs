//! Makes two signed calls to Partner Central: reads an opportunity, writes it back with one member
//! changed.

use std::{sync::Arc, time::SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use http::{Request, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use crate::connection::Connection;

const CATALOG: &str = "Sandbox";
/// The members of a read that a write does not take; `Id` is sent as `Identifier`.
const NOT_SENT: [&str; 5] = [
    "Id",
    "Arn",
    "CreatedDate",
    "OpportunityTeam",
    "RelatedEntityIdentifiers",
];

/// An open connection to Partner Central.
pub(crate) struct PartnerCentral {
    connection: Connection,
    endpoint: String,
    credentials: Credentials,
}

impl PartnerCentral {
    /// Connects to an `https` endpoint; `credentials` are a key's id and the key.
    pub(crate) async fn open(endpoint: &str, (id, key): (String, String), token: String) -> Self {
        let uri: Uri = endpoint.parse().expect("a URL");
        let host = uri.host().expect("a host").to_owned();
        let stream = TcpStream::connect((host.as_str(), uri.port_u16().unwrap_or(443)))
            .await
            .expect("Partner Central");
        stream.set_nodelay(true).expect("no delay");
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let server = ServerName::try_from(host).expect("a host");
        let stream = TlsConnector::from(Arc::new(config))
            .connect(server, stream)
            .await
            .expect("TLS");
        Self {
            connection: Connection::over(stream).await,
            endpoint: format!("{}/", endpoint.trim_end_matches('/')),
            credentials: Credentials::new(id, key, Some(token), None, "environment"),
        }
    }

    /// Applies the merge patch in a Function URL's event, which must name one member of one section.
    pub(crate) async fn write(&mut self, event: &Value) -> Value {
        let target = event["rawPath"].as_str().expect("a path");
        let identifier = target.rsplit('/').next().expect("an identifier");
        let text = event["body"].as_str().expect("a patch");
        let patch: Map<String, Value> = serde_json::from_str(text).expect("a patch");

        let read = json!({"Catalog": CATALOG, "Identifier": identifier}).to_string();
        let read = self.call("GetOpportunity", read.into()).await;
        let mut opportunity: Map<String, Value> =
            serde_json::from_slice(&read).expect("an opportunity");
        opportunity.retain(|name, _| !NOT_SENT.contains(&name.as_str()));
        opportunity.insert("Identifier".to_owned(), identifier.into());
        for (section, members) in patch {
            for (member, value) in members.as_object().expect("members") {
                opportunity[&section][member] = value.clone();
            }
        }
        let body = serde_json::to_vec(&opportunity).expect("JSON").into();
        let updated = self.call("UpdateOpportunity", body).await;
        json!({"statusCode": 200, "body": str::from_utf8(&updated).expect("JSON")})
    }

    async fn call(&mut self, operation: &str, body: Bytes) -> Bytes {
        let mut request = Request::post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "x-amz-target",
                format!("AWSPartnerCentralSelling.{operation}"),
            )
            .body(Full::new(body.clone()))
            .expect("a request");
        self.sign(&mut request, &body);
        let authority = request.uri().authority().expect("a host").as_str();
        let host = authority.parse().expect("a host");
        request.headers_mut().insert("host", host);
        *request.uri_mut() = Uri::from_static("/");
        let answer = self.connection.send(request).await;
        assert_eq!(answer.status(), 200, "{operation}");
        answer.into_body()
    }

    fn sign(&self, request: &mut Request<Full<Bytes>>, body: &[u8]) {
        let identity = self.credentials.clone().into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("partnercentral-selling")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .expect("all parameters")
            .into();
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")));
        let signable = SignableRequest::new(
            request.method().as_str(),
            &self.endpoint,
            headers,
            SignableBody::Bytes(body),
        )
        .expect("a request to sign");
        let (instructions, _) = sign(signable, &parameters)
            .expect("a signature")
            .into_parts();
        instructions.apply_to_request_http1x(request);
    }
}
