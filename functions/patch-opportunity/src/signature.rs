//! Checks Standard Webhooks signatures: `v1,` and the HMAC-SHA256 of `id.timestamp.body`.
//!
//! The specification's own Rust library takes only one key, UTF-8 bodies and its own clock, so here it
//! serves only as the oracle of the tests. <https://www.standardwebhooks.com>

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{auth_header::text, secrets::Secret};

pub(crate) const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// How far the sender's clock may be off, either way, in seconds, as in the specification's libraries.
/// It limits how long a recorded request can be replayed.
const TOLERANCE_SECONDS: i64 = 5 * 60;

/// The optional prefix of a secret; the rest is Base64.
const PREFIX: &str = "whsec_";

/// Some of the specification's libraries create and accept secrets without padding.
const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret that requests are signed with.
#[derive(Clone)]
pub(crate) struct SigningSecret(Hmac<Sha256>);

impl Secret for SigningSecret {
    const EXPECTED: &'static str = "Base64, with or without `whsec_` before it";

    fn parse(text: &str) -> Option<Self> {
        let key = ANY_PADDING
            .decode(text.strip_prefix(PREFIX).unwrap_or(text))
            .ok()
            .filter(|key| !key.is_empty())?;
        Hmac::new_from_slice(&key).ok().map(Self)
    }
}

impl SigningSecret {
    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> Signature {
        let mac = self
            .0
            .clone()
            .chain_update(id)
            .chain_update(".")
            .chain_update(timestamp);
        let mac = mac.chain_update(".").chain_update(body).finalize();
        mac.into_bytes().into()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}

/// The HMAC-SHA256 of a request.
type Signature = [u8; 32];

/// The length of a signature in Base64, with padding.
const SIGNATURE_LENGTH: usize = 44;

/// How many signatures of a request are checked. A sender sends one for each of its secrets: two
/// during a rotation.
const MAX_SIGNATURES: usize = 16;

/// The signature headers of a request.
#[derive(Debug)]
pub(crate) struct Signed<'a> {
    id: &'a str,
    timestamp: &'a str,
    signatures: Vec<Signature>,
}

impl<'a> Signed<'a> {
    /// Reads the headers; `None` if one is missing, none holds a signature, or the timestamp is too far
    /// from `now` (in seconds since 1970).
    pub(crate) fn parse(headers: &'a HeaderMap, now: i64) -> Option<Self> {
        let (id, timestamp) = (text(headers, &ID)?, text(headers, &TIMESTAMP)?);
        let age = now.checked_sub(timestamp.parse().ok()?)?;
        if !(-TOLERANCE_SECONDS..=TOLERANCE_SECONDS).contains(&age) {
            return None;
        }
        let signatures: Vec<_> = text(headers, &SIGNATURE)?
            .split(' ')
            .filter_map(signature)
            .take(MAX_SIGNATURES)
            .collect();
        (!signatures.is_empty()).then_some(Self {
            id,
            timestamp,
            signatures,
        })
    }

    /// Whether one of these secrets made one of the signatures. Hashes the body once for each secret,
    /// however many signatures there are.
    pub(crate) fn is_by_one_of(&self, secrets: &[SigningSecret], body: &[u8]) -> bool {
        secrets.iter().any(|secret| {
            let right = secret.sign(self.id, self.timestamp, body);
            self.signatures
                .iter()
                .any(|signature| signature.ct_eq(&right).into())
        })
    }
}

/// Reads one signature; `None` if its version or its length is wrong.
fn signature(text: &str) -> Option<Signature> {
    let base64 = text
        .strip_prefix("v1,")
        .filter(|base64| base64.len() == SIGNATURE_LENGTH)?;
    STANDARD.decode(base64).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn is_signed(headers: &HeaderMap, body: &[u8], secrets: &[SigningSecret], now: i64) -> bool {
        Signed::parse(headers, now).is_some_and(|signed| signed.is_by_one_of(secrets, body))
    }

    /// The test vector of the specification's libraries.
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const VECTOR_ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const THEN: i64 = 1_649_367_553;
    const VECTOR_SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;

    fn headers(id: &str, timestamp: &str, signature: &[u8]) -> HeaderMap {
        [
            (ID, id.as_bytes()),
            (TIMESTAMP, timestamp.as_bytes()),
            (SIGNATURE, signature),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, HeaderValue::from_bytes(value).ok()?)))
        .collect()
    }

    fn vector() -> HeaderMap {
        headers(VECTOR_ID, &THEN.to_string(), VECTOR_SIGNATURE.as_bytes())
    }

    fn secrets(texts: &[&str]) -> Vec<SigningSecret> {
        texts
            .iter()
            .map(|text| SigningSecret::parse(text).unwrap())
            .collect()
    }

    #[test]
    fn the_vector_of_the_specification_is_signed() {
        assert!(is_signed(&vector(), BODY, &secrets(&[SECRET]), THEN));
        assert!(is_signed(
            &vector(),
            BODY,
            &secrets(&["C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]),
            THEN
        ));
    }

    #[test]
    fn a_request_is_of_now_within_five_minutes_either_way() {
        for (now, is_of_now) in [
            (THEN - 301, false),
            (THEN - 300, true),
            (THEN + 300, true),
            (THEN + 301, false),
            (i64::MIN, false),
            (0, false),
        ] {
            assert_eq!(
                is_signed(&vector(), BODY, &secrets(&[SECRET]), now),
                is_of_now,
                "{now}"
            );
        }
    }

    #[test]
    fn one_of_several_secrets_and_one_of_several_signatures_is_enough() {
        let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        assert!(is_signed(&vector(), BODY, &secrets(&[other, SECRET]), THEN));
        assert!(!is_signed(&vector(), BODY, &secrets(&[other]), THEN));
        assert!(!is_signed(&vector(), BODY, &secrets(&[]), THEN));
        for (signatures, is_right) in [
            ("v1,AAAA {} v1a,x".to_owned(), true),
            (
                "v2,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=".to_owned(),
                false,
            ),
            (
                "tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=".to_owned(),
                false,
            ),
            (
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kk".to_owned(),
                false,
            ),
            ("v1,{},".to_owned(), false),
            ("v1,".to_owned(), false),
            (String::new(), false),
        ] {
            let text = signatures.replace("{}", VECTOR_SIGNATURE);
            let headers = headers(VECTOR_ID, &THEN.to_string(), text.as_bytes());
            assert_eq!(
                is_signed(&headers, BODY, &secrets(&[SECRET]), THEN),
                is_right,
                "{text}"
            );
        }
    }

    #[test]
    fn whatever_is_changed_is_not_signed() {
        let then = THEN.to_string();
        let right = VECTOR_SIGNATURE.as_bytes();
        let edited = BODY.to_ascii_uppercase();
        for (headers, body) in [
            (headers("msg_other", &then, right), BODY),
            (headers("", &then, right), BODY),
            (headers(VECTOR_ID, "1649367554", right), BODY),
            (headers(VECTOR_ID, &format!("+{then}"), right), BODY),
            (headers(VECTOR_ID, "now", right), BODY),
            (headers(VECTOR_ID, "", right), BODY),
            (headers(VECTOR_ID, &then, b"v1,\xff\xfe"), BODY),
            (vector(), &edited[..]),
            (vector(), &[]),
        ] {
            assert!(
                !is_signed(&headers, body, &secrets(&[SECRET]), THEN),
                "{headers:?}"
            );
        }
        for name in [ID, TIMESTAMP, SIGNATURE] {
            let mut headers = vector();
            headers.remove(&name);
            assert!(
                !is_signed(&headers, BODY, &secrets(&[SECRET]), THEN),
                "without {name}"
            );
        }
    }

    #[test]
    fn a_secret_is_base64_and_does_not_show() {
        for wrong in ["", "whsec_", "whsec_not base64", "whsec_AAAAA"] {
            assert!(SigningSecret::parse(wrong).is_none(), "{wrong}");
        }
        assert_eq!(format!("{:?}", secrets(&[SECRET])), "[[REDACTED]]");
    }

    #[test]
    fn the_body_is_hashed_once_for_each_secret_and_only_where_there_is_a_candidate() {
        let of_right_length = format!("v1,{}=", "A".repeat(43));
        for (signatures, candidates) in [
            (of_right_length.as_str(), 1),
            (&format!("{of_right_length} {VECTOR_SIGNATURE}"), 2),
            (&format!("{of_right_length} ").repeat(15), 15),
            (&format!("{of_right_length} ").repeat(17), MAX_SIGNATURES),
            ("v1,AAAA v1,", 0),
            (&format!("v1,{}", "A".repeat(44)), 0),
            (&format!("v1a,{}=", "A".repeat(43)), 0),
            (&format!("v1,{}", "=".repeat(44)), 0),
        ] {
            let then = THEN.to_string();
            let headers = headers(VECTOR_ID, &then, signatures.as_bytes());
            let signed = Signed::parse(&headers, THEN);
            let found = signed.map_or(0, |signed| signed.signatures.len());
            assert_eq!(found, candidates, "{signatures}");
        }
    }

    #[test]
    fn a_signature_counts_among_the_first_sixteen_in_headers_of_at_most_8_kib() {
        let other = format!("v1,{}= ", "A".repeat(43));
        let then = THEN.to_string();
        for (before, is_right) in [
            (other.repeat(15), true),
            (other.repeat(16), false),
            ("x ".repeat(4_000), true),
            ("x ".repeat(4_096), false),
        ] {
            let signatures = format!("{before}{VECTOR_SIGNATURE}");
            let headers = headers(VECTOR_ID, &then, signatures.as_bytes());
            assert_eq!(
                is_signed(&headers, BODY, &secrets(&[SECRET]), THEN),
                is_right,
                "{signatures}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_the_specifications_library_signs_is_signed(
            key in prop::collection::vec(any::<u8>(), 1..64), id in "[a-zA-Z0-9_.-]{1,40}", body in ".{0,200}", then in 0_i64..5_000_000_000,
        ) {
            let secret = STANDARD.encode(key);
            let signature = standardwebhooks::Webhook::new(&secret).unwrap().sign(&id, then, body.as_bytes()).unwrap();
            let headers = headers(&id, &then.to_string(), signature.as_bytes());
            prop_assert!(is_signed(&headers, body.as_bytes(), &secrets(&[&secret]), then));
        }

        #[test]
        fn no_headers_and_no_body_panic(id in prop::collection::vec(any::<u8>(), 0..20), timestamp in ".{0,30}", signature in prop::collection::vec(any::<u8>(), 0..80), body in prop::collection::vec(any::<u8>(), 0..20), now in any::<i64>()) {
            let headers = headers(&String::from_utf8_lossy(&id), &timestamp, &signature);
            prop_assert!(!is_signed(&headers, &body, &secrets(&[SECRET]), now));
        }
    }
}
