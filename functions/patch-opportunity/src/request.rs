//! What a caller asks for, parsed from an HTTP request before anything is read from AWS.

use std::sync::Arc;

use http::{HeaderValue, header, request::Parts};
use mapping::{Mapping, ReceiveError};
use model::{
    Catalog, Code, Finding, Identifier, Object, Opportunity, ParseIdentifierError, ParsePatchError,
    Patch,
};
use serde_json::Value;

use crate::{
    edit::Edit,
    idempotency_key::MalformedKey,
    precondition::{MalformedIfMatch, Precondition},
    prefer::Preference,
};

/// The largest body accepted, in bytes. A whole opportunity is about 10 KiB. A Function URL accepts
/// 6 MiB, and hashing that much takes longer than a request should.
pub(crate) const MAX_BODY: usize = 256 * 1024;

/// An edit of an opportunity.
#[derive(Debug)]
pub(crate) struct PatchRequest {
    pub(crate) identifier: Identifier,
    pub(crate) edit: Edit,
    pub(crate) precondition: Precondition,
    pub(crate) preference: Preference,
    pub(crate) dry_run: bool,
}

/// A request that asks for nothing that can be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MalformedRequest {
    /// The path is not text once it is decoded.
    #[error("the path is not UTF-8 once it is decoded")]
    Path,
    /// The identifier in the path, or in the body, is none.
    #[error(transparent)]
    Identifier(#[from] ParseIdentifierError),
    /// A query parameter is not known, or one too many: a misspelt `dry_run` would write.
    #[error("the query is `{0}`, expected `dry_run=true` or `dry_run=false`")]
    Query(String),
    /// `If-Match` is malformed.
    #[error(transparent)]
    IfMatch(#[from] MalformedIfMatch),
    /// `Idempotency-Key` is malformed.
    #[error(transparent)]
    IdempotencyKey(#[from] MalformedKey),
    /// There is no `Content-Type`.
    #[error("`Content-Type` is missing; see `Accept-Patch`")]
    NoContentType,
    /// The body is no form of a patch.
    #[error("`Content-Type` is `{0}`, which is not a form of a patch; see `Accept-Patch`")]
    ContentType(String),
    /// The body is no JSON, as a CRM's record has to be.
    #[error("`Content-Type` is `{0}`, expected `application/json`")]
    NotJson(String),
    /// The body is no patch.
    #[error(transparent)]
    Patch(#[from] ParsePatchError),
    /// The body is no message with a CRM's record in it.
    #[error(transparent)]
    Message(#[from] ReceiveError),
    /// Something that the body says of its target is wrong.
    #[error("{}", .0.detail)]
    Target(Finding),
}

impl PatchRequest {
    /// Parses a request. If the path names no opportunity, the body's `Identifier` does.
    pub(crate) fn parse(
        parts: &Parts,
        in_path: Option<&str>,
        body: &[u8],
        catalog: &Catalog,
    ) -> Result<Self, MalformedRequest> {
        let in_path = in_path.map(Identifier::parse).transpose()?;
        let dry_run = dry_run(parts.uri.query().unwrap_or_default())?;
        let parse = parser(parts.headers.get(header::CONTENT_TYPE))?;
        let mut patch = parse(body)?;
        let preference = Preference::of(&parts.headers);
        let (identifier, date) = match &mut patch {
            Patch::Merge(members) => target(members, in_path, catalog)?,
            Patch::Operations(_) => (in_path.ok_or_else(no_identifier_in_operations)?, None),
        };
        Ok(Self {
            identifier,
            precondition: Precondition::parse(&parts.headers)?.with_date(date),
            preference: Preference {
                skips_locked: preference.skips_locked && patch.is_divisible(),
                ..preference
            },
            edit: Edit::Patch(patch),
            dry_run,
        })
    }

    /// Parses a request with a CRM's record. The record names its opportunity where the mapping says.
    pub(crate) fn parse_record(
        parts: &Parts,
        body: &[u8],
        mapping: &Arc<Mapping>,
    ) -> Result<Self, MalformedRequest> {
        let dry_run = dry_run(parts.uri.query().unwrap_or_default())?;
        let (text, media_type) = media_type(parts.headers.get(header::CONTENT_TYPE))?;
        if media_type != "application/json" {
            return Err(MalformedRequest::NotJson(text.to_owned()));
        }
        let received = mapping.receive(body)?;
        Ok(Self {
            identifier: received.identifier,
            edit: Edit::Record {
                mapping: Arc::clone(mapping),
                record: received.record,
            },
            precondition: Precondition::parse(&parts.headers)?,
            preference: Preference::of(&parts.headers),
            dry_run,
        })
    }

    /// Whether carrying the edit out once more would leave this opportunity as it is, but for what was
    /// skipped; `None` for operations, which say what to do and not how it should be, and for an edit
    /// that no longer fits.
    pub(crate) fn leaves_as_it_is(
        &self,
        opportunity: &Opportunity,
        today: &str,
        is_skipped: impl Fn(&str) -> bool,
    ) -> Option<bool> {
        if !self.edit.is_declarative() {
            return None;
        }
        let after = self.edit.apply(opportunity).ok()?;
        let review = model::review(opportunity, after, today);
        let mut changes = review.changes.iter();
        Some(changes.all(|change| is_skipped(&change.pointer)))
    }
}

/// Takes from a merge patch what it says of its target: `Identifier`, `Catalog` and
/// `LastModifiedDate`, as an `UpdateOpportunity` body does. The first two have to agree with the path
/// and the configuration; the last is the state that the write depends on.
fn target(
    members: &mut Object,
    in_path: Option<Identifier>,
    catalog: &Catalog,
) -> Result<(Identifier, Option<String>), MalformedRequest> {
    let in_body = match take_text(members, "Identifier")? {
        Some(text) => Some(Identifier::parse(&text)?),
        None => None,
    };
    let identifier = match (in_path, in_body) {
        (Some(path), Some(body)) if path != body => {
            let detail = format!("the body's `Identifier` is `{body}`, the path's is `{path}`");
            return Err(wrong_target("Identifier", Code::Mismatch, detail));
        }
        (Some(identifier), _) | (None, Some(identifier)) => identifier,
        (None, None) => {
            let detail = format!("the body's `Identifier` is missing, {EXPECTED}");
            return Err(wrong_target("Identifier", Code::RequiredMember, detail));
        }
    };
    if let Some(named) = take_text(members, "Catalog")?
        && named != catalog.as_str()
    {
        let detail = format!("the body's `Catalog` is `{named}`, this bridge is for `{catalog}`");
        return Err(wrong_target("Catalog", Code::Mismatch, detail));
    }
    Ok((identifier, take_text(members, "LastModifiedDate")?))
}

const EXPECTED: &str = "expected the opportunity's identifier as a string, or in the path";

fn take_text(members: &mut Object, name: &str) -> Result<Option<String>, MalformedRequest> {
    match members.shift_remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => {
            let detail = format!("the body's `{name}` is not a string");
            Err(wrong_target(name, Code::WrongType, detail))
        }
    }
}

fn wrong_target(name: &str, code: Code, detail: String) -> MalformedRequest {
    MalformedRequest::Target(Finding::of_patch(format!("/{name}"), code, detail))
}

fn no_identifier_in_operations() -> MalformedRequest {
    let detail = format!("a JSON Patch has no field `Identifier`, {EXPECTED}");
    wrong_target("Identifier", Code::RequiredMember, detail)
}

fn dry_run(query: &str) -> Result<bool, MalformedRequest> {
    match query {
        "" | "dry_run=false" => Ok(false),
        "dry_run=true" => Ok(true),
        other => Err(MalformedRequest::Query(other.to_owned())),
    }
}

type Parser = fn(&[u8]) -> Result<Patch, ParsePatchError>;

/// A content type as it was sent, and its media type. Parameters such as `charset` are ignored: JSON is
/// UTF-8 and says so itself (RFC 8259, 8.1).
fn media_type(content_type: Option<&HeaderValue>) -> Result<(&str, String), MalformedRequest> {
    let value = content_type.ok_or(MalformedRequest::NoContentType)?;
    let text = value.to_str().unwrap_or("not ASCII");
    let media_type = text.split(';').next().unwrap_or_default().trim();
    Ok((text, media_type.to_ascii_lowercase()))
}

/// How a body of this content type is parsed.
fn parser(content_type: Option<&HeaderValue>) -> Result<Parser, MalformedRequest> {
    let (text, media_type) = media_type(content_type)?;
    match media_type.as_str() {
        "application/merge-patch+json" | "application/json" => Ok(Patch::parse_merge),
        "application/json-patch+json" => Ok(Patch::parse_operations),
        _ => Err(MalformedRequest::ContentType(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, Uri};
    use proptest::prelude::*;

    use super::*;

    fn headers(named: &[(HeaderName, &[u8])]) -> HeaderMap {
        let header = |(name, value): &(HeaderName, &[u8])| {
            Some((name.clone(), HeaderValue::from_bytes(value).ok()?))
        };
        named.iter().filter_map(header).collect()
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
            let (mut parts, ()) = http::Request::new(()).into_parts();
            parts.uri = Uri::builder().path_and_query(format!("/?{query}")).build().unwrap_or_default();
            parts.headers = headers(&[
                (header::CONTENT_TYPE, content_type.as_bytes()),
                (header::IF_MATCH, &if_match),
                (crate::prefer::PREFER, prefer.as_bytes()),
            ]);
            let catalog = Catalog::parse("AWS").unwrap();
            if let Ok(request) = PatchRequest::parse(&parts, path.as_deref(), &body, &catalog) {
                prop_assert!(Identifier::parse(request.identifier.as_str()).is_ok());
            }
        }
    }
}
