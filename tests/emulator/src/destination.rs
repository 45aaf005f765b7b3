//! The API destination: how a CRM is called, as EventBridge calls it.
//!
//! What a CRM team tries out against the emulator has to be what arrives from AWS, down to the
//! headers: a receiver that compares the content type with `==` works here or nowhere.

use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_TYPE, InvalidHeaderName,
    InvalidHeaderValue, RANGE, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use thiserror::Error;

use crate::endpoint::Endpoint;

/// Where in a CloudEvent the CRM's own record is.
const RECORD: &str = "/data/crm";

/// A CRM's webhook or API, and what it is sent.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Where to; each `*` in it is filled with the id of the opportunity.
    pub endpoint: Endpoint,
    /// How; `POST` where nothing else is said.
    pub method: Method,
    /// As whom; absent for nobody.
    pub credential: Option<Credential>,
    /// Which part of the function's answer.
    pub body: Delivered,
}

impl From<Endpoint> for Destination {
    /// The whole event by `POST`, as nobody.
    fn from(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            method: Method::POST,
            credential: None,
            body: Delivered::Event,
        }
    }
}

/// Which part of a function's answer is delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivered {
    /// The whole CloudEvent, byte for byte.
    #[default]
    Event,
    /// The CRM's own record, which the CloudEvent has at `/data/crm`.
    Record,
}

impl Delivered {
    /// That part of an answer, if the answer has it.
    pub(crate) fn of(self, answer: &Bytes) -> Option<Bytes> {
        match self {
            Self::Event => Some(answer.clone()),
            Self::Record => {
                let event: Value = serde_json::from_slice(answer).ok()?;
                event.pointer(RECORD).map(|it| Bytes::from(it.to_string()))
            }
        }
    }

    /// What the template tells EventBridge to send.
    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Event => "application/cloudevents+json; charset=UTF-8",
            Self::Record => "application/json; charset=utf-8",
        })
    }
}

/// What a CRM knows the sender by: one header, as the three kinds of an EventBridge connection make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    header: HeaderName,
    /// Marked as sensitive: `Debug` does not show it.
    value: HeaderValue,
}

/// Why a text is no [`Credential`].
#[derive(Debug, Error)]
pub enum CredentialError {
    /// The name of an API key's header.
    #[error("the name of the header is not understood, expected letters, digits and `-`")]
    Name(#[from] InvalidHeaderName),
    /// The value, which stays out of the message.
    #[error("the credential does not fit into a header, expected visible ASCII characters")]
    Value(#[from] InvalidHeaderValue),
}

impl Credential {
    /// A header of the receiver's choice, such as `x-api-key`.
    ///
    /// # Errors
    /// If the name or the value cannot stand in a header.
    pub fn api_key(header: &str, value: &str) -> Result<Self, CredentialError> {
        Self::new(HeaderName::from_str(header)?, value)
    }

    /// A user and a password (RFC 7617).
    ///
    /// # Errors
    /// None in practice: what it makes of them fits into a header.
    pub fn basic(user: &str, password: &str) -> Result<Self, CredentialError> {
        let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Self::new(AUTHORIZATION, &format!("Basic {pair}"))
    }

    /// A token (RFC 6750), which is also what comes of OAuth's client credentials.
    ///
    /// # Errors
    /// If the token cannot stand in a header.
    pub fn bearer(token: &str) -> Result<Self, CredentialError> {
        Self::new(AUTHORIZATION, &format!("Bearer {token}"))
    }

    fn new(header: HeaderName, value: &str) -> Result<Self, CredentialError> {
        let mut value = HeaderValue::from_str(value)?;
        value.set_sensitive(true);
        Ok(Self { header, value })
    }
}

impl Destination {
    /// The headers of a delivery beside `Host` and `Content-Length` (AWS's page "API destinations",
    /// "Headers included in requests to API destinations").
    pub(crate) fn headers(&self) -> HeaderMap {
        let fixed = [
            (USER_AGENT, "Amazon/EventBridge/ApiDestinations"),
            (RANGE, "bytes=0-1048575"),
            (ACCEPT_ENCODING, "gzip,deflate"),
            (CONNECTION, "close"),
        ];
        let fixed = fixed.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let mut headers = HeaderMap::from_iter(fixed);
        headers.insert(CONTENT_TYPE, self.body.content_type());
        if let Some(credential) = &self.credential {
            headers.insert(credential.header.clone(), credential.value.clone());
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_types_are_the_templates() {
        let template = include_str!("../../../template.yaml");
        let (_, rule) = template.split_once("Content-Type: !If").unwrap();
        let listed: Vec<_> = rule.lines().skip(1).take(3).map(str::trim).collect();
        let [record, event] = [Delivered::Record, Delivered::Event]
            .map(|body| format!("- {}", body.content_type().to_str().unwrap()));
        assert_eq!(listed, ["- CrmTakesRecord", &record, &event]);
    }

    #[test]
    fn a_credential_keeps_itself_to_itself() {
        let credentials = [
            Credential::api_key("x-api-key", "hush").unwrap(),
            Credential::basic("crm", "hush").unwrap(),
            Credential::bearer("hush").unwrap(),
        ];
        for credential in credentials {
            let shown = format!("{credential:?}");
            assert!(
                !shown.contains("hush") && !shown.contains("Y3JtOmh1c2g"),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_no_header_can_hold_is_refused() {
        let refused = [
            Credential::api_key("x api key", "hush"),
            Credential::api_key("x-api-key", "hu\nsh"),
            Credential::bearer("hu\nsh"),
        ];
        for credential in refused {
            let message = credential.unwrap_err().to_string();
            assert!(
                message.contains("expected") && !message.contains("hu"),
                "{message}"
            );
        }
    }
}
