//! Reads the headers of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// A header's text; empty if the header is absent or not text.
pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The service in `AWS4-HMAC-SHA256 Credential=AKID/20251215/us-east-1/SERVICE/aws4_request, ...`.
///
/// The signature itself is not verified, because there is no key to verify it with. That there is one,
/// made for the right service, is what a client can get wrong.
pub(crate) fn signed_service(headers: &HeaderMap) -> Option<&str> {
    let signature = header(headers, AUTHORIZATION.as_str()).strip_prefix("AWS4-HMAC-SHA256 ")?;
    let (_, credential) = signature.split_once("Credential=")?;
    let credential = credential.split([',', ' ']).next()?;
    let mut scope = credential.rsplit('/');
    scope.next().filter(|end| *end == "aws4_request")?;
    scope.next()
}
