//! Checks secrets that are sent as they are: `Authorization: Bearer` and `Authorization: Basic`.
//!
//! `Basic` is for senders that support nothing else. Any user name will do: the password is one of the
//! secrets, and is rotated like them.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{auth_header::text, secrets::Secret};

/// The longest token or password, in bytes. In Base64, with a user name, it fits into the longest
/// header that is read.
const MAX_TOKEN: usize = 4 * 1024;

/// The digest of a token or password, so that comparing takes constant time, whatever the lengths.
pub(crate) struct Token([u8; 32]);

impl Secret for Token {
    const EXPECTED: &'static str = "1 to 4096 visible ASCII characters";

    fn parse(text: &str) -> Option<Self> {
        let is_token = (1..=MAX_TOKEN).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then(|| Self::of(text.as_bytes()))
    }
}

impl Token {
    fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Whether it is one of these. Each comparison takes the same time, whatever the caller sent.
    pub(crate) fn is_one_of(&self, tokens: &[Self]) -> bool {
        tokens.iter().any(|token| token.0.ct_eq(&self.0).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[REDACTED]")
    }
}

/// The token of `Authorization: Bearer` (RFC 6750).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<Token> {
    credentials(headers, "Bearer").map(|token| Token::of(token.as_bytes()))
}

/// The password of `Authorization: Basic` (RFC 7617): what follows the first colon.
pub(crate) fn password(headers: &HeaderMap) -> Option<Token> {
    let decoded = STANDARD.decode(credentials(headers, "Basic")?).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    decoded.get(colon + 1..).map(Token::of)
}

/// What follows the scheme in `Authorization`. The scheme's case does not matter.
fn credentials<'a>(headers: &'a HeaderMap, expected: &str) -> Option<&'a str> {
    let (scheme, credentials) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case(expected)
        .then(|| credentials.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(authorization: &str) -> HeaderMap {
        let value = HeaderValue::from_str(authorization).ok();
        value
            .into_iter()
            .map(|value| (header::AUTHORIZATION, value))
            .collect()
    }

    fn is(found: Option<Token>, expected: &str) -> bool {
        let expected = [Token::of(expected.as_bytes())];
        found.is_some_and(|found| found.is_one_of(&expected))
    }

    #[test]
    fn a_password_is_what_follows_the_first_colon_whatever_the_user_name() {
        for (user_and_password, expected) in [
            ("crm:secret", Some("secret")),
            (":secret", Some("secret")),
            ("Köln:secret", Some("secret")),
            ("crm:se:cret:", Some("se:cret:")),
            ("crm:", Some("")),
            ("secret", None),
            ("", None),
        ] {
            let base64 = STANDARD.encode(user_and_password);
            let found = password(&headers(&format!("bAsIc {base64}")));
            assert_eq!(found.is_some(), expected.is_some(), "{user_and_password}");
            assert!(
                expected.is_none_or(|expected| is(found, expected)),
                "{user_and_password}"
            );
            assert!(password(&headers(&format!("Bearer {base64}"))).is_none());
            assert!(password(&headers(&base64)).is_none());
        }
        for malformed in [
            "Basic",
            "Basic ",
            "Basic crm:secret",
            "Basic Y3JtOnNlY3JldA=",
            "",
        ] {
            assert!(password(&headers(malformed)).is_none(), "{malformed}");
        }
    }

    #[test]
    fn a_token_is_up_to_4096_visible_characters_and_does_not_show() {
        let longest = "x".repeat(4_096);
        for (text, is_token) in [
            ("t", true),
            ("~!secret=", true),
            (longest.as_str(), true),
            (&format!("{longest}x"), false),
            ("", false),
            ("two words", false),
            ("Köln", false),
        ] {
            assert_eq!(Token::parse(text).is_some(), is_token, "{text}");
        }
        assert_eq!(format!("{:?}", Token::parse("secret")), "Some([REDACTED])");
        // The longest password fits with a user name of a thousand bytes.
        let user_and_password = format!("{}:{longest}", "u".repeat(1_000));
        let base64 = STANDARD.encode(user_and_password);
        assert!(is(password(&headers(&format!("Basic {base64}"))), &longest));
        assert!(is(bearer(&headers(&format!("Bearer {longest}"))), &longest));
    }

    #[test]
    fn a_header_of_more_than_8_kib_is_not_looked_at() {
        let token = |length| bearer(&headers(&format!("Bearer {}", "x".repeat(length))));
        let longest = 8 * 1_024 - "Bearer ".len();
        assert!(token(longest).is_some());
        assert!(token(longest + 1).is_none());
    }

    proptest! {
        #[test]
        fn no_header_panics(authorization in "(Basic |Bearer )?.{0,40}", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (bearer(&headers(&authorization)), password(&headers(&authorization)));
            let base64 = STANDARD.encode(&bytes);
            let found = password(&headers(&format!("Basic {base64}")));
            prop_assert_eq!(found.is_some(), bytes.contains(&b':'));
        }
    }
}
