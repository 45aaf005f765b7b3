//! Where something is posted to.
//!
//! A type of its own, so that a URL that nothing can be posted to stops the start.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::Scheme;
use thiserror::Error;

/// An `http://` URL, such as
/// `http://127.0.0.1:9000/2015-03-31/functions/enrich-opportunity/invocations`.
///
/// Not `https://`: what is developed on this machine listens on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Uri);

/// Why a text is no [`Endpoint`].
#[derive(Debug, Error, PartialEq)]
#[error("`{0}` is not understood, expected an `http://` URL")]
pub struct EndpointError(String);

impl Endpoint {
    pub(crate) fn uri(&self) -> Uri {
        self.0.clone()
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri = text.parse::<Uri>().ok();
        let uri = uri.filter(|uri| uri.scheme() == Some(&Scheme::HTTP));
        uri.map(Self).ok_or_else(|| EndpointError(text.to_owned()))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_http_url() {
        for text in [
            "http://127.0.0.1:9000/a/b?c=d",
            "http://crm",
            "HTTP://[::1]:80",
        ] {
            assert!(text.parse::<Endpoint>().is_ok(), "{text}");
        }
        for text in [
            "",
            "/crm",
            "crm",
            "crm:80",
            "http://",
            "http:///crm",
            "https://crm.example",
        ] {
            let expected = format!("`{text}` is not understood, expected an `http://` URL");
            assert_eq!(text.parse::<Endpoint>().unwrap_err().to_string(), expected);
        }
    }
}
