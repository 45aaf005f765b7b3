//! The id of a parked patch, which says when it was parked and until when it waits.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, UNIX_EPOCH},
};

use model::Instant;

use crate::{idempotency::LIFETIME as KEY_LIFETIME, item};

/// How long a patch waits. A review takes days.
pub(crate) const PATIENCE: Duration = Duration::from_hours(24 * 30);
/// Which patch: when it was parked, in milliseconds since 1970, and a digest. As text, `1772604428000-0123…`,
/// ids sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParkedId {
    pub(crate) at: u64,
    pub(crate) digest: String,
}

/// A text that is no id of a parked patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no id of a parked patch, expected 13 digits, a dash and 16 hexadecimal digits")]
pub struct ParseParkedIdError(String);

impl ParkedId {
    /// The id of a patch that is parked now. Two patches with the same `origin` are one.
    #[must_use]
    pub fn new(now: Instant, origin: &str) -> Self {
        let mut digest = item::sha256(origin);
        digest.truncate(16);
        Self {
            at: now.unix_milliseconds(),
            digest,
        }
    }

    /// When it was parked.
    #[must_use]
    pub fn parked_at(&self) -> Instant {
        (UNIX_EPOCH + Duration::from_millis(self.at)).into()
    }

    /// Until when it waits.
    #[must_use]
    pub fn waits_until(&self) -> Instant {
        (UNIX_EPOCH + Duration::from_millis(self.at) + PATIENCE).into()
    }

    /// Whether the key is forgotten by now that its request came with.
    #[must_use]
    pub fn has_outlived_its_key(&self, now: Instant) -> bool {
        let parked_at = UNIX_EPOCH + Duration::from_millis(self.at);
        Instant::from(parked_at + KEY_LIFETIME) <= now
    }

    /// Whether it has waited for too long.
    #[must_use]
    pub fn has_expired(&self, now: Instant) -> bool {
        self.waits_until() <= now
    }
}

impl fmt::Display for ParkedId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:013}-{}", self.at, self.digest)
    }
}

impl FromStr for ParkedId {
    type Err = ParseParkedIdError;

    fn from_str(text: &str) -> Result<Self, ParseParkedIdError> {
        let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let parsed = text.split_once('-').and_then(|(at, digest)| {
            let is_id = at.len() == 13
                && at.bytes().all(|byte| byte.is_ascii_digit())
                && digest.len() == 16
                && digest.bytes().all(is_hexadecimal);
            let at = at.parse().ok().filter(|_| is_id)?;
            let digest = digest.to_owned();
            Some(Self { at, digest })
        });
        parsed.ok_or_else(|| ParseParkedIdError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_when_and_is_the_same_for_the_same_origin() {
        let now = Instant::parse("2026-03-04T05:06:07.25Z").unwrap();
        let id = ParkedId::new(now, "k");
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert_eq!(id.parked_at(), now);
        assert_eq!(id.parked_at().to_rfc3339(), "2026-03-04T05:06:07.250Z");
        assert_eq!(id.digest, ParkedId::new(now, "k").digest);
        assert_ne!(id.digest, ParkedId::new(now, "l").digest);
        let days = |days: i64| Instant::parse(&format!("2026-04-{days:02}T05:06:08Z")).unwrap();
        assert!(!id.has_expired(days(2)));
        assert!(id.has_expired(days(3)));
    }

    #[test]
    fn what_is_no_id_is_refused_with_what_was_expected() {
        for text in [
            "",
            "1",
            "1772600767250-",
            "1772600767250-0123456789abcdeF",
            "177260076725-0123456789abcdef0",
        ] {
            let error = text.parse::<ParkedId>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "`{text}` is no id of a parked patch, expected 13 digits, a dash and 16 hexadecimal digits"
                )
            );
        }
    }
}
