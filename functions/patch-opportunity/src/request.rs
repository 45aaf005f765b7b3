//! What a caller asks for, parsed from an HTTP request before anything is read from AWS.

use axum::body::{self, Body};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use model::{Identifier, ParsePatchError, Patch};
use serde_json::Value;

use crate::{
    auth::MAX_BODY,
    precondition::IfMatch,
    prefer::Preference,
    problem::{ErrorDetail, Kind, Problem, Source},
};

/// `Accept-Patch` (RFC 5789): the media types that a patch may have.
const ACCEPT_PATCH: (HeaderName, HeaderValue) = (
    HeaderName::from_static("accept-patch"),
    HeaderValue::from_static(
        "application/merge-patch+json, application/json, application/json-patch+json",
    ),
);

/// A patch for an opportunity.
#[derive(Debug)]
pub(crate) struct PatchRequest {
    pub(crate) identifier: Identifier,
    pub(crate) patch: Patch,
    pub(crate) if_match: IfMatch,
    pub(crate) preference: Preference,
    pub(crate) dry_run: bool,
}

impl PatchRequest {
    /// Parses a request. Without an identifier in the path, it is the body's `Identifier`.
    pub(crate) async fn parse(
        in_path: Option<&str>,
        uri: &Uri,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Self, Problem> {
        let in_path = in_path.map(identifier).transpose()?;
        let dry_run = dry_run(uri.query().unwrap_or_default())?;
        let parse = parser(headers.get(header::CONTENT_TYPE))?;
        let body = body::to_bytes(body, MAX_BODY).await.map_err(|_| {
            Problem::new(
                Kind::ContentTooLarge,
                format!("the body is larger than {MAX_BODY} bytes"),
            )
        })?;
        let mut patch = parse(&body).map_err(|error| unparsable(&error))?;
        let identifier = match in_path {
            Some(identifier) => identifier,
            None => take_identifier(&mut patch)?,
        };
        let if_match = IfMatch::parse(headers)?;
        Ok(Self {
            identifier,
            patch,
            if_match,
            preference: Preference::of(headers),
            dry_run,
        })
    }
}

/// Parses an opportunity's identifier.
pub(crate) fn identifier(text: &str) -> Result<Identifier, Problem> {
    Identifier::parse(text).map_err(|error| Problem::new(Kind::MalformedRequest, error.to_string()))
}

/// The body's `Identifier`, which is no part of the patch.
fn take_identifier(patch: &mut Patch) -> Result<Identifier, Problem> {
    let expected = "expected the opportunity's identifier as a string, or in the path";
    let Patch::Merge(members) = patch else {
        return Err(Problem::new(
            Kind::InvalidPatch,
            format!("a JSON Patch has no member `Identifier`, {expected}"),
        ));
    };
    match members.shift_remove("Identifier") {
        Some(Value::String(text)) => identifier(&text),
        found => {
            let found = if found.is_some() {
                "no string"
            } else {
                "missing"
            };
            let detail = format!("the body's `Identifier` is {found}, {expected}");
            let error = ErrorDetail::new("/Identifier", "required-member", &detail, Source::Patch);
            Err(Problem::new(Kind::InvalidPatch, detail).with_errors(vec![error]))
        }
    }
}

/// Reads the query. A parameter that is not known, or one too many, is refused: a misspelt `dry_run`
/// would write.
fn dry_run(query: &str) -> Result<bool, Problem> {
    match query {
        "" | "dry_run=false" => Ok(false),
        "dry_run=true" => Ok(true),
        other => {
            let detail =
                format!("the query is `{other}`, expected `dry_run=true` or `dry_run=false`");
            Err(Problem::new(Kind::MalformedRequest, detail))
        }
    }
}

type Parser = fn(&[u8]) -> Result<Patch, ParsePatchError>;

/// How a body of this content type is parsed. Parameters such as `charset` are ignored: JSON is
/// UTF-8 and says so itself (RFC 8259, 8.1).
fn parser(content_type: Option<&HeaderValue>) -> Result<Parser, Problem> {
    let text = content_type.map_or("missing", |value| value.to_str().unwrap_or("not ASCII"));
    match text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "application/merge-patch+json" | "application/json" => Ok(Patch::parse_merge),
        "application/json-patch+json" => Ok(Patch::parse_operations),
        _ => {
            let (name, value) = ACCEPT_PATCH;
            let detail =
                format!("the content type is `{text}`, `Accept-Patch` tells what is taken");
            Err(Problem::new(Kind::UnsupportedMediaType, detail).with_header(name, value))
        }
    }
}

fn unparsable(error: &ParsePatchError) -> Problem {
    let detail = error.to_string();
    let (pointer, code) = match error {
        ParsePatchError::NotJson(_) => return Problem::new(Kind::MalformedRequest, detail),
        ParsePatchError::WrongKind { .. } => (String::new(), "wrong-type"),
        ParsePatchError::Twice { pointer } => (pointer.clone(), "duplicate-member"),
        ParsePatchError::Operation { index, .. } => (format!("/{index}"), "wrong-operation"),
    };
    let error = ErrorDetail::new(&pointer, code, &detail, Source::Patch);
    Problem::new(Kind::InvalidPatch, detail).with_errors(vec![error])
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;

    fn headers(named: &[(HeaderName, &[u8])]) -> HeaderMap {
        let header = |(name, value): &(HeaderName, &[u8])| {
            Some((name.clone(), HeaderValue::from_bytes(value).ok()?))
        };
        named.iter().filter_map(header).collect()
    }

    fn parse(
        path: Option<&str>,
        query: &str,
        headers: &HeaderMap,
        body: Vec<u8>,
    ) -> Result<PatchRequest, Problem> {
        let uri = Uri::builder()
            .path_and_query(format!("/?{query}"))
            .build()
            .unwrap_or_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(PatchRequest::parse(path, &uri, headers, Body::from(body)))
    }

    proptest! {
        #[test]
        fn no_request_panics(
            path in prop::option::of("O?[0-9]{0,21}|.{0,10}"),
            query in "[a-z_=&%0-9]{0,20}|dry_run=(true|false|.)",
            content_type in "application/(merge-patch\\+|json-patch\\+)?json(; charset=.{0,5})?|.{0,20}",
            if_match in prop::collection::vec(any::<u8>(), 0..20),
            prefer in "(return|handling)=(minimal|lenient|\"?[a-z]{0,4})[,; ]?.{0,10}",
            body in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                r#"\{"Identifier":("O1"|7|null),"a":[\[\]{}0-9,:"]{0,20}\}"#.prop_map(String::into_bytes),
                r#"\[\{"op":"(add|test|move)","path":"[/a~0-9]{0,6}"(,"value":1|,"from":"/a")?\}\]"#.prop_map(String::into_bytes),
            ],
        ) {
            let headers = headers(&[
                (header::CONTENT_TYPE, content_type.as_bytes()),
                (header::IF_MATCH, &if_match),
                (crate::prefer::PREFER, prefer.as_bytes()),
            ]);
            if let Ok(request) = parse(path.as_deref(), &query, &headers, body) {
                prop_assert!(Identifier::parse(request.identifier.as_str()).is_ok());
            }
        }
    }
}
