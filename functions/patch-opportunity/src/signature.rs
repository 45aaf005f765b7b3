//! Standard Webhooks signatures: `v1,` and the HMAC-SHA256 of `id.timestamp.body`.
//!
//! The specification's own Rust library takes one key, UTF-8 bodies and its own clock, so it serves
//! here as the oracle of the tests. <https://www.standardwebhooks.com>

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha2::Sha256;

use crate::secrets::Secret;

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

/// How far the sender's clock may be off, either way, in seconds: what the specification's
/// libraries allow. It bounds for how long a recorded request can be sent again.
const TOLERANCE_SECONDS: i64 = 5 * 60;

/// What a secret may begin with; the rest is Base64.
const PREFIX: &str = "whsec_";

/// Some of the specification's libraries make and take secrets without padding.
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
    fn signed(&self, id: &str, timestamp: &str, body: &[u8], signature: &[u8]) -> bool {
        let mac = self
            .0
            .clone()
            .chain_update(id)
            .chain_update(".")
            .chain_update(timestamp);
        mac.chain_update(".")
            .chain_update(body)
            .verify_slice(signature)
            .is_ok()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}

/// Whether one of the request's signatures is by one of these secrets, and the request is of now
/// (in seconds since 1970).
pub(crate) fn is_signed(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &[SigningSecret],
    now: i64,
) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(timestamp), Some(signatures)) =
        (text(ID), text(TIMESTAMP), text(SIGNATURE))
    else {
        return false;
    };
    let is_of_now = timestamp.parse().is_ok_and(|then: i64| {
        now.checked_sub(then)
            .is_some_and(|age| age.abs() <= TOLERANCE_SECONDS)
    });
    is_of_now
        && signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .any(|signature| {
                secrets
                    .iter()
                    .any(|secret| secret.signed(id, timestamp, body, &signature))
            })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    /// The vector of the specification's libraries.
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
        .filter_map(|(name, value)| {
            Some((
                HeaderName::from_static(name),
                HeaderValue::from_bytes(value).ok()?,
            ))
        })
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
            ("{}".replace("v1", "v2"), true),
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
            headers.remove(name);
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
