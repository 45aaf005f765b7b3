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

    /// With the id of an opportunity in place of each `*`, as EventBridge fills it (AWS's page "API
    /// destinations").
    pub(crate) fn filled(&self, identifier: &str) -> Self {
        self.replaced("*", identifier)
    }

    /// The same endpoint for another function, where it is Lambda's; else this one.
    pub(crate) fn of_function(&self, name: &str) -> Self {
        match function(self.0.path()) {
            Some(own) => {
                let path = |name| format!("{INVOCATIONS}{name}/");
                self.replaced(&path(own), &path(name))
            }
            None => self.clone(),
        }
    }

    /// The URL of a path with its query below this endpoint.
    pub(crate) fn below(&self, target: &str) -> Uri {
        let url = self.to_string();
        let joined = format!("{}{target}", url.trim_end_matches('/'));
        joined.parse().unwrap_or_else(|_| self.uri())
    }

    fn replaced(&self, part: &str, by: &str) -> Self {
        let url = self.to_string().replace(part, by);
        url.parse().map_or_else(|_| self.clone(), Self)
    }
}

/// Where Lambda takes invocations, followed by a function's name (AWS's page on `Invoke`).
const INVOCATIONS: &str = "/2015-03-31/functions/";

/// The function that a path invokes, if it is a path of Lambda's.
pub(crate) fn function(path: &str) -> Option<&str> {
    let name = path
        .strip_prefix(INVOCATIONS)?
        .strip_suffix("/invocations")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
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

    /// Each case: an endpoint, and the same for opportunity `O1` and for function `sweep`.
    #[test]
    fn an_endpoint_is_filled_and_turned_to_another_function() {
        let lambda = "http://127.0.0.1:9000/2015-03-31/functions";
        let cases = [
            (
                "http://crm/*/x?id=*",
                "http://crm/O1/x?id=O1",
                "http://crm/*/x?id=*",
            ),
            ("http://crm/a", "http://crm/a", "http://crm/a"),
            (
                &format!("{lambda}/enrich/invocations"),
                &format!("{lambda}/enrich/invocations"),
                &format!("{lambda}/sweep/invocations"),
            ),
        ];
        for (url, filled, of_function) in cases {
            let endpoint: Endpoint = url.parse().unwrap();
            assert_eq!(endpoint.filled("O1").to_string(), filled);
            assert_eq!(endpoint.of_function("sweep").to_string(), of_function);
        }
    }

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
