//! For how long an opportunity is remembered, from a setting.

use std::time::Duration;

/// The most days: what DynamoDB has to delete must have a date.
const MAX_DAYS: u64 = 36_500;
/// The days where nothing is said: over a year, so that a deal that sleeps through one is still known.
const DEFAULT_DAYS: u64 = 400;

/// A text that is no number of days.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`MEMORY_RETENTION_DAYS` is `{0}`, expected a number of days from 1 to {MAX_DAYS}")]
pub struct ParseRetentionError(String);

/// Parses `MEMORY_RETENTION_DAYS`.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(memory::retention(Some("30".to_owned())), Ok(Duration::from_hours(30 * 24)));
/// assert_eq!(memory::retention(None), Ok(Duration::from_hours(400 * 24)));
/// assert!(memory::retention(Some("0".to_owned())).is_err());
/// ```
///
/// # Errors
/// Where the text is no number of days, or not one that can be kept.
pub fn retention(days: Option<String>) -> Result<Duration, ParseRetentionError> {
    let Some(text) = days else {
        return Ok(Duration::from_hours(24 * DEFAULT_DAYS));
    };
    match text.parse() {
        Ok(days @ 1..=MAX_DAYS) => Ok(Duration::from_hours(24 * days)),
        _ => Err(ParseRetentionError(text)),
    }
}
