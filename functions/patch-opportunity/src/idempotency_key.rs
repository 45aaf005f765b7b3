//! The key that a request is to be carried out once under, and what makes it the same request.

use std::fmt::Write;

use http::{HeaderMap, HeaderName, header, request::Parts};
use memory::{Key, ParkedId};
use model::{Catalog, Identifier};
use sha2::{Digest, Sha256};

use crate::{prefer::PREFER, signature};

/// `Idempotency-Key` (an IETF draft): the caller's own name for a request.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key that is taken, in bytes; Stripe's own limit.
const MAX_KEY: usize = 255;

/// What a request says besides its method, path, query and body that makes it another request. A
/// retry has another timestamp and another signature.
const TELLING: [HeaderName; 3] = [header::CONTENT_TYPE, header::IF_MATCH, PREFER];

/// `Idempotency-Key` holds no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`Idempotency-Key` is `{0}`, expected 1 to {MAX_KEY} visible ASCII characters, bare or as a quoted string"
)]
pub(crate) struct MalformedKey(String);

/// A request with a key.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) key: Key,
    /// The digest of the request.
    pub(crate) fingerprint: String,
    /// The header that the key stands in.
    pub(crate) header: HeaderName,
    /// It must not be carried out where the memory does not answer: the caller has asked for that, or to
    /// carry it out twice does harm.
    pub(crate) is_strict: bool,
}

impl Named {
    /// The key of a request, if it has one. A signature covers the `webhook-id` and not the
    /// `Idempotency-Key`: whoever sends a recorded request again could choose another one.
    pub(crate) fn of(
        parts: &Parts,
        body: &[u8],
        is_declarative: bool,
        catalog: &Catalog,
        is_signed: bool,
    ) -> Result<Option<Self>, MalformedKey> {
        let explicit = idempotency_key(&parts.headers)?;
        let is_explicit = explicit.is_some();
        let webhook = webhook_id(&parts.headers).map(|key| (signature::ID, key));
        let explicit = explicit.map(|key| (IDEMPOTENCY_KEY, key));
        let found = if is_signed {
            webhook.or(explicit)
        } else {
            explicit.or(webhook)
        };
        Ok(found.map(|(header, key)| Self {
            key: Key::of(catalog, header.as_str(), &key),
            fingerprint: fingerprint(parts, body),
            header,
            is_strict: is_explicit || !is_declarative,
        }))
    }
}

impl Named {
    /// The key of a patch that was parked, which is carried out once, too.
    pub(crate) fn of_parked(catalog: &Catalog, identifier: &Identifier, id: &ParkedId) -> Self {
        let name = format!("{identifier} {id}");
        Self {
            key: Key::of(catalog, "parked", &name),
            fingerprint: name,
            header: IDEMPOTENCY_KEY,
            is_strict: true,
        }
    }
}

fn webhook_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(signature::ID)?.to_str().ok()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// The draft has a string of RFC 8941, with its quotes; Stripe's clients send it bare. Both are the same key.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, MalformedKey> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let malformed = || MalformedKey(String::from_utf8_lossy(value.as_bytes()).into_owned());
    let text = value.to_str().map_err(|_| malformed())?.trim();
    let key = match text.strip_prefix('"') {
        Some(rest) => unquoted(rest).ok_or_else(malformed)?,
        None => text.to_owned(),
    };
    let is_key =
        (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key {
        Ok(Some(key))
    } else {
        Err(malformed())
    }
}

/// What stands before the closing quote, which has to be the end.
fn unquoted(text: &str) -> Option<String> {
    let mut key = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(key),
            '\\' => key.push(
                characters
                    .next()
                    .filter(|next| matches!(next, '"' | '\\'))?,
            ),
            character => key.push(character),
        }
    }
}

fn fingerprint(parts: &Parts, body: &[u8]) -> String {
    let mut digest = Sha256::new();
    // The length before each part keeps them apart.
    let mut add = |part: &[u8]| {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    };
    add(parts.method.as_str().as_bytes());
    add(parts.uri.path().as_bytes());
    add(parts.uri.query().unwrap_or_default().as_bytes());
    for name in TELLING {
        let values: Vec<_> = parts.headers.get_all(&name).iter().collect();
        add(&values.len().to_be_bytes());
        for value in values {
            add(value.as_bytes());
        }
    }
    add(body);
    digest
        .finalize()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;

    fn key(text: &str) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(text.as_bytes()).unwrap();
        headers.insert(IDEMPOTENCY_KEY, value);
        idempotency_key(&headers).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_is_bare_or_quoted() {
        for (text, expected) in [
            ("a-1", Some("a-1")),
            ("\"a-1\"", Some("a-1")),
            (" a ", Some("a")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            ("", None),
            ("\"\"", None),
            ("\"", None),
            ("\"a", None),
            ("\"a\"b", None),
            (r#""a\b""#, None),
            ("a b", None),
            ("ä", None),
        ] {
            let expected = expected.map(|key| Some(key.to_owned())).ok_or_else(|| {
                format!(
                    "`Idempotency-Key` is `{text}`, expected 1 to 255 visible ASCII characters, bare or as a \
                     quoted string"
                )
            });
            assert_eq!(key(text), expected, "{text}");
        }
        assert!(key(&"k".repeat(255)).is_ok());
        assert!(key(&"k".repeat(256)).is_err());
        assert_eq!(idempotency_key(&HeaderMap::new()), Ok(None));
    }

    fn fingerprint_of(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = request.body(body).unwrap().into_parts();
        fingerprint(&parts, body.as_bytes())
    }

    #[test]
    fn another_method_path_query_preference_condition_type_or_body_is_another_request() {
        let this = fingerprint_of("PATCH", "/o/1", &[("prefer", "a")], "{}");
        for other in [
            fingerprint_of("POST", "/o/1", &[("prefer", "a")], "{}"),
            fingerprint_of("PATCH", "/o/2", &[("prefer", "a")], "{}"),
            fingerprint_of("PATCH", "/o/1?dry_run=false", &[("prefer", "a")], "{}"),
            fingerprint_of("PATCH", "/o/1", &[("prefer", "b")], "{}"),
            fingerprint_of("PATCH", "/o/1", &[("prefer", "a"), ("prefer", "a")], "{}"),
            fingerprint_of("PATCH", "/o/1", &[("if-match", "a")], "{}"),
            fingerprint_of("PATCH", "/o/1", &[("content-type", "a")], "{}"),
            fingerprint_of("PATCH", "/o/1", &[], "{}"),
            fingerprint_of("PATCH", "/o/1", &[("prefer", "a")], "{ }"),
        ] {
            assert_ne!(this, other);
        }
        let retried = [
            ("webhook-timestamp", "2"),
            ("webhook-signature", "v1,b"),
            ("prefer", "a"),
            ("user-agent", "x"),
        ];
        assert_eq!(fingerprint_of("PATCH", "/o/1", &retried, "{}"), this);
    }
}
