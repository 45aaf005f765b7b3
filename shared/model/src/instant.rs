//! A point in time, parsed from a date as AWS writes it.
//!
//! As the optimistic lock, `LastModifiedDate` is text and goes back byte for byte. To say which of two
//! reads is newer it has to be a point in time: as text, `…08.500Z` sorts after `…08Z` only by luck, and
//! offsets are ignored.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A point in time, to the nanosecond. Two instants are equal however they were written.
///
/// ```
/// use model::Instant;
///
/// let earlier = Instant::parse("2026-03-04T06:06:08+01:00")?;
/// let later = Instant::parse("2026-03-04T05:06:08.500Z")?;
/// assert!(earlier < later);
/// # Ok::<(), model::ParseInstantError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// Since 1970; negative before that.
    nanoseconds: i128,
}

/// A text that is not an RFC 3339 date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`")]
pub struct ParseInstantError(String);

impl Instant {
    /// Parses an RFC 3339 date.
    ///
    /// # Errors
    /// If the text is not such a date.
    pub fn parse(text: &str) -> Result<Self, ParseInstantError> {
        match OffsetDateTime::parse(text, &Rfc3339) {
            Ok(date) => Ok(Self {
                nanoseconds: date.unix_timestamp_nanos(),
            }),
            Err(_) => Err(ParseInstantError(text.to_owned())),
        }
    }

    /// Whole milliseconds since 1970; zero before that.
    #[must_use]
    pub fn unix_milliseconds(self) -> u64 {
        self.since_1970(1_000_000)
    }

    /// Whole microseconds since 1970; zero before that.
    #[must_use]
    pub fn unix_microseconds(self) -> u64 {
        self.since_1970(1_000)
    }

    /// The date in UTC, as `YYYY-MM-DD`.
    #[must_use]
    pub fn date(self) -> String {
        let date = OffsetDateTime::from_unix_timestamp_nanos(self.nanoseconds);
        date.map_or_else(|_| String::new(), |date| date.date().to_string())
    }

    /// The instant to the millisecond, as AWS writes it: `2026-03-04T05:06:07.250Z`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let milliseconds = i64::try_from(self.unix_milliseconds()).unwrap_or(i64::MAX);
        let date = chrono::DateTime::from_timestamp_millis(milliseconds);
        date.map_or_else(String::new, |date| {
            date.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
        })
    }

    /// The time from `earlier` to this instant; `None` if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Duration> {
        let nanoseconds =
            u128::try_from(self.nanoseconds.checked_sub(earlier.nanoseconds)?).ok()?;
        let seconds = u64::try_from(nanoseconds / 1_000_000_000).ok()?;
        let rest = u32::try_from(nanoseconds % 1_000_000_000).ok()?;
        Some(Duration::new(seconds, rest))
    }

    /// The instant that lies `duration` before this one.
    #[must_use]
    pub fn earlier_by(self, duration: Duration) -> Self {
        let nanoseconds = i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
        Self {
            nanoseconds: self.nanoseconds.saturating_sub(nanoseconds),
        }
    }

    fn since_1970(self, unit: i128) -> u64 {
        u64::try_from(self.nanoseconds.max(0) / unit).unwrap_or(u64::MAX)
    }
}

impl From<SystemTime> for Instant {
    fn from(time: SystemTime) -> Self {
        let signed = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
        let nanoseconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => signed(after),
            Err(before) => -signed(before.duration()),
        };
        Self { nanoseconds }
    }
}

impl From<Instant> for SystemTime {
    fn from(instant: Instant) -> Self {
        let magnitude = instant.nanoseconds.unsigned_abs();
        let seconds = u64::try_from(magnitude / 1_000_000_000).unwrap_or(u64::MAX);
        let rest = u32::try_from(magnitude % 1_000_000_000).unwrap_or_default();
        let duration = Duration::new(seconds, rest);
        let time = if instant.nanoseconds < 0 {
            UNIX_EPOCH.checked_sub(duration)
        } else {
            UNIX_EPOCH.checked_add(duration)
        };
        time.unwrap_or(UNIX_EPOCH)
    }
}

/// Written as AWS writes dates, in UTC with milliseconds, or with nanoseconds if needed, so that parsing it
/// again gives the same instant.
impl fmt::Display for Instant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(date) = OffsetDateTime::from_unix_timestamp_nanos(self.nanoseconds) else {
            return write!(formatter, "{} ns after 1970", self.nanoseconds);
        };
        let (hour, minute, second) = date.to_hms();
        write!(
            formatter,
            "{}T{hour:02}:{minute:02}:{second:02}",
            date.date()
        )?;
        match date.nanosecond() {
            nanosecond if nanosecond % 1_000_000 == 0 => {
                write!(formatter, ".{:03}Z", nanosecond / 1_000_000)
            }
            nanosecond => write!(formatter, ".{nanosecond:09}Z"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn dates_are_compared_as_points_in_time_and_not_as_text() {
        for (earlier, later) in [
            ("2026-03-04T05:06:08Z", "2026-03-04T05:06:08.001Z"),
            ("2026-03-04T05:06:08.9Z", "2026-03-04T05:06:08.91Z"),
            ("2026-03-04T09:06:08+05:00", "2026-03-04T05:06:08Z"),
            ("1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"),
            ("0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"),
        ] {
            assert!(instant(earlier) < instant(later), "{earlier} {later}");
        }
        for (one, other) in [
            ("2026-03-04T05:06:08Z", "2026-03-04T05:06:08.000Z"),
            ("2026-03-04T05:06:08Z", "2026-03-04T06:06:08+01:00"),
            ("2026-03-04T05:06:08Z", "2026-03-04t05:06:08z"),
        ] {
            assert_eq!(instant(one), instant(other));
        }
    }

    #[test]
    fn the_date_of_an_instant_is_its_date_in_utc() {
        for (text, date) in [
            ("2026-03-04T00:30:00+01:00", "2026-03-03"),
            ("2026-03-04T23:59:59.999Z", "2026-03-04"),
        ] {
            assert_eq!(instant(text).date(), date);
        }
    }

    #[test]
    fn a_date_is_counted_from_1970() {
        for (text, milliseconds, microseconds) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1970-01-01T00:00:00.0019999Z", 1, 1_999),
            (
                "2026-03-04T06:07:08.123456Z",
                1_772_604_428_123,
                1_772_604_428_123_456,
            ),
            (
                "9999-12-31T23:59:59.999999Z",
                253_402_300_799_999,
                253_402_300_799_999_999,
            ),
            ("1969-12-31T23:59:59.999Z", 0, 0),
            ("0001-01-01T00:00:00Z", 0, 0),
        ] {
            let instant = instant(text);
            assert_eq!(
                (instant.unix_milliseconds(), instant.unix_microseconds()),
                (milliseconds, microseconds),
                "{text}"
            );
        }
    }

    #[test]
    fn a_text_that_is_not_a_date_is_refused_and_quoted() {
        for wrong in [
            "",
            "yesterday",
            "2026-03-04",
            "2026-03-04T05:06:08",
            "2026-02-30T05:06:08Z",
            "1772604428123",
            "2026-03-04T05:06:08Z ",
            "+12026-03-04T05:06:08Z",
        ] {
            assert_eq!(
                Instant::parse(wrong).unwrap_err().to_string(),
                format!(
                    "`{wrong}` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`"
                )
            );
        }
    }

    #[test]
    fn an_instant_from_the_system_clock_equals_the_one_parsed_from_its_date() {
        let moment = UNIX_EPOCH + Duration::from_millis(1_772_604_428_123);
        assert_eq!(Instant::from(moment), instant("2026-03-04T06:07:08.123Z"));
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Instant::from(before), instant("1969-12-31T23:59:59Z"));
    }

    #[test]
    fn the_time_since_a_later_instant_is_none() {
        let (earlier, later) = (
            instant("2026-03-04T06:07:00Z"),
            instant("2026-03-04T06:07:08.250Z"),
        );
        assert_eq!(later.since(earlier), Some(Duration::from_millis(8_250)));
        assert_eq!(later.since(later), Some(Duration::ZERO));
        assert_eq!(earlier.since(later), None);
    }
    #[test]
    fn an_instant_is_written_as_aws_writes_dates_and_is_equal_when_parsed_again() {
        for (text, written) in [
            ("2026-03-04T06:07:08.1+01:00", "2026-03-04T05:07:08.100Z"),
            ("2026-03-04T06:07:08Z", "2026-03-04T06:07:08.000Z"),
            (
                "2026-03-04T06:07:08.123456Z",
                "2026-03-04T06:07:08.123456000Z",
            ),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(instant(text).to_string(), written);
            assert_eq!(instant(written), instant(text));
            assert_eq!(
                Instant::from(SystemTime::from(instant(text))),
                instant(text)
            );
        }
    }

    #[test]
    fn earlier_by_subtracts_the_duration() {
        let earlier = instant("2026-03-04T00:00:00Z").earlier_by(Duration::from_millis(1_500));
        assert_eq!(earlier, instant("2026-03-03T23:59:58.500Z"));
    }
}
