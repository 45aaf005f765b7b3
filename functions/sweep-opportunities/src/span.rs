//! Parses a run's payload, in its three forms.
//!
//! | payload | sent by | meaning |
//! |---|---|---|
//! | `{"scheduled": "2026-03-04T05:00:00Z"}`, `{}` | the schedule, somebody | what was modified lately |
//! | `{"since": "2024-01-01T00:00:00Z", "until": "…"}` | `make backfill` | what was modified in that time |
//! | the same, with `handedOn` and `total` | the previous run | what that run did not reach |

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::{Instant, ParseInstantError};
use partner_central::Entry;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a window has beyond its two intervals: for changes that AWS's list shows late, for a schedule
/// that runs minutes late, and for clocks that differ.
pub(crate) const OVERLAP: Duration = Duration::from_mins(5);
/// How far before the end of a page the next one begins. AWS's pages disagree whether "after" a date
/// includes it, and none says how precisely AWS compares.
pub(crate) const STEP_BACK: Duration = Duration::from_secs(1);

/// A payload that is not a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It is not in the expected form.
    #[error("the payload is wrong: {0}")]
    Form(String),
    /// One of its dates is malformed.
    #[error("the payload's `{field}` is wrong: {cause}")]
    Date {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        cause: ParseInstantError,
    },
    /// `until` is not after `since`.
    #[error(
        "the payload's `until` is `{until}`, expected a date after `since`, which is `{since}`"
    )]
    Backwards {
        /// The start of the span.
        since: Instant,
        /// The end of the span.
        until: Instant,
    },
    /// `until` stands without `since`.
    #[error("the payload has no `since`, expected it beside `until`")]
    MissingSince,
    /// The payload asks for the scheduled window, but there is no schedule.
    #[error(
        "the payload has no `since`, and `SWEEP_MINUTES` is empty: there is no window to sweep"
    )]
    NoWindow,
}

/// The span to sweep, and what has been handed on of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// Everything modified from here on has yet to be listed.
    pub(crate) since: Instant,
    /// Everything modified from here on is for the next run. It is in the past, so the list can only
    /// shrink while it is read: an opportunity modified meanwhile gets a later date.
    pub(crate) until: Instant,
    /// The opportunities already handed on that may be listed again.
    pub(crate) handed_on: HandedOn,
    /// How many the earlier runs have handed on.
    pub(crate) total: u64,
    /// Whether this is the scheduled run, the first of its chain.
    pub(crate) is_scheduled: bool,
}

/// Opportunities with the date they were listed with; the same one with another date counts as another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HandedOn(BTreeMap<Instant, BTreeSet<String>>);

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Payload {
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Identifiers by the date that they were listed with.
    #[serde(default)]
    handed_on: BTreeMap<String, BTreeSet<String>>,
    #[serde(default)]
    total: u64,
}

impl Span {
    /// Parses a payload. A schedule's window is two intervals and an overlap, counted back from when the
    /// run was due: a change is missed only if two runs in a row fail.
    pub(crate) fn parse(
        payload: &Value,
        now: Instant,
        interval: Option<Duration>,
    ) -> Result<Self, PayloadError> {
        let payload = match payload {
            Value::Null => Payload::default(),
            payload => Payload::deserialize(payload)
                .map_err(|error| PayloadError::Form(error.to_string()))?,
        };
        let date = |field, text: &Option<String>| {
            let parsed = text.as_deref().map(Instant::parse).transpose();
            parsed.map_err(|cause| PayloadError::Date { field, cause })
        };
        let scheduled = date("scheduled", &payload.scheduled)?;
        let since = date("since", &payload.since)?;
        let until = date("until", &payload.until)?;
        if since.is_none() && until.is_some() {
            return Err(PayloadError::MissingSince);
        }
        let until = until.unwrap_or(now).min(now);
        let window = || {
            let interval = interval.ok_or(PayloadError::NoWindow)?;
            let due = scheduled.unwrap_or(now).min(now);
            Ok(due.earlier_by(2 * interval + OVERLAP))
        };
        let is_scheduled = since.is_none();
        let since = since.map_or_else(window, Ok)?;
        if since >= until {
            return Err(PayloadError::Backwards { since, until });
        }
        Ok(Self {
            since,
            until,
            handed_on: HandedOn::parse(payload.handed_on)?,
            total: payload.total,
            is_scheduled,
        })
    }

    /// The payload of the run that continues this one.
    pub(crate) fn payload(&self, handed_on: u64) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Payload {
            scheduled: None,
            since: Some(self.since.to_string()),
            until: Some(self.until.to_string()),
            handed_on: self.handed_on.to_texts(),
            total: self.total + handed_on,
        })
    }

    /// Continues from a later date, and forgets what will not be listed again.
    pub(crate) fn go_on_from(&mut self, date: Instant) {
        self.since = date;
        let kept = self.handed_on.0.split_off(&date.earlier_by(STEP_BACK));
        self.handed_on.0 = kept;
    }
}

impl HandedOn {
    fn parse(texts: BTreeMap<String, BTreeSet<String>>) -> Result<Self, PayloadError> {
        let parsed = texts.into_iter().map(|(date, identifiers)| {
            let date = Instant::parse(&date);
            Ok((date?, identifiers))
        });
        let parsed: Result<_, ParseInstantError> = parsed.collect();
        parsed.map(Self).map_err(|cause| PayloadError::Date {
            field: "handedOn",
            cause,
        })
    }

    fn to_texts(&self) -> BTreeMap<String, BTreeSet<String>> {
        let dates = self.0.iter();
        dates
            .map(|(date, identifiers)| (date.to_string(), identifiers.clone()))
            .collect()
    }

    pub(crate) fn has(&self, entry: &Entry) -> bool {
        let of_date = self.0.get(&entry.modified);
        of_date.is_some_and(|identifiers| identifiers.contains(entry.identifier.as_str()))
    }

    pub(crate) fn add(&mut self, entry: &Entry) {
        let of_date = self.0.entry(entry.modified).or_default();
        of_date.insert(entry.identifier.to_string());
    }
}

#[cfg(test)]
mod tests {
    use model::Identifier;
    use serde_json::json;

    use super::*;

    const HOUR: Option<Duration> = Some(Duration::from_hours(1));

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn parsed(payload: &Value, interval: Option<Duration>) -> Result<(String, String), String> {
        let now = instant("2026-03-04T05:00:30Z");
        let span = Span::parse(payload, now, interval).map_err(|error| error.to_string())?;
        Ok((span.since.to_string(), span.until.to_string()))
    }

    #[test]
    fn the_window_reaches_from_two_intervals_and_an_overlap_before_the_run_was_due_until_now() {
        for (payload, since) in [
            (json!({}), "2026-03-04T02:55:30.000Z"),
            (json!(null), "2026-03-04T02:55:30.000Z"),
            (
                json!({"scheduled": "2026-03-04T05:00:00Z"}),
                "2026-03-04T02:55:00.000Z",
            ),
            // The run started late.
            (
                json!({"scheduled": "2026-03-04T04:00:00Z"}),
                "2026-03-04T01:55:00.000Z",
            ),
            // The schedule's clock is ahead.
            (
                json!({"scheduled": "2026-03-04T06:00:00Z"}),
                "2026-03-04T02:55:30.000Z",
            ),
        ] {
            let window = (since.to_owned(), "2026-03-04T05:00:30.000Z".to_owned());
            assert_eq!(parsed(&payload, HOUR), Ok(window), "{payload}");
        }
    }

    #[test]
    fn a_backfill_ends_at_until_and_never_in_the_future() {
        let since = "2024-01-01T00:00:00Z";
        for (until, is) in [
            (json!(null), "2026-03-04T05:00:30.000Z"),
            (json!("2025-01-01T00:00:00Z"), "2025-01-01T00:00:00.000Z"),
            (json!("2027-01-01T00:00:00Z"), "2026-03-04T05:00:30.000Z"),
        ] {
            let span = ("2024-01-01T00:00:00.000Z".to_owned(), is.to_owned());
            assert_eq!(
                parsed(&json!({"since": since, "until": until}), None),
                Ok(span)
            );
        }
    }

    #[test]
    fn a_payload_that_is_not_a_task_is_refused_with_the_reason() {
        for (payload, error) in [
            (
                json!({"since": "yesterday"}),
                "the payload's `since` is wrong: `yesterday` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`",
            ),
            (
                json!({"since": "2024-01-01T00:00:00Z", "until": "2024"}),
                "the payload's `until` is wrong: `2024` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`",
            ),
            (
                json!({"scheduled": "now"}),
                "the payload's `scheduled` is wrong: `now` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`",
            ),
            (
                json!({"since": "2024-01-01T00:00:00Z", "handedOn": {"now": ["O1"]}}),
                "the payload's `handedOn` is wrong: `now` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`",
            ),
            (
                json!({"since": "2025-01-01T00:00:00Z", "until": "2024-01-01T00:00:00Z"}),
                "the payload's `until` is `2024-01-01T00:00:00.000Z`, expected a date after `since`, which is `2025-01-01T00:00:00.000Z`",
            ),
            (
                json!({"since": "2027-01-01T00:00:00Z"}),
                "the payload's `until` is `2026-03-04T05:00:30.000Z`, expected a date after `since`, which is `2027-01-01T00:00:00.000Z`",
            ),
            (
                json!({"until": "2024-01-01T00:00:00Z"}),
                "the payload has no `since`, expected it beside `until`",
            ),
            (
                json!({}),
                "the payload has no `since`, and `SWEEP_MINUTES` is empty: there is no window to sweep",
            ),
            (
                json!({"detail": 1}),
                "the payload is wrong: unknown field `detail`, expected one of `scheduled`, `since`, `until`, `handedOn`, `total`",
            ),
            (
                json!({"since": 2024}),
                "the payload is wrong: invalid type: number, expected a string",
            ),
            (
                json!([]),
                "the payload is wrong: invalid length 0, expected struct Payload with 5 elements",
            ),
        ] {
            assert_eq!(parsed(&payload, None), Err(error.to_owned()), "{payload}");
        }
    }

    #[test]
    fn the_next_run_knows_which_opportunities_that_it_may_list_again_were_handed_on() {
        let entry = |number: u8, date: &str| Entry {
            identifier: Identifier::parse(&format!("O{number}")).unwrap(),
            modified: instant(date),
        };
        let (old, kept, last) = (
            entry(1, "2024-01-01T00:00:00.999Z"),
            entry(2, "2024-01-01T00:00:01.123456Z"),
            entry(3, "2024-01-01T00:00:02Z"),
        );
        let now = instant("2026-03-04T05:00:30Z");
        let fill = json!({"since": "2024-01-01T00:00:00Z"});
        let mut span = Span::parse(&fill, now, None).unwrap();
        for entry in [&old, &kept, &last] {
            span.handed_on.add(entry);
            span.go_on_from(entry.modified);
        }
        let payload: Value = serde_json::from_slice(&span.payload(3).unwrap()).unwrap();
        assert_eq!(
            payload,
            json!({
                "since": "2024-01-01T00:00:02.000Z",
                "until": "2026-03-04T05:00:30.000Z",
                "handedOn": {
                    "2024-01-01T00:00:01.123456000Z": ["O2"],
                    "2024-01-01T00:00:02.000Z": ["O3"],
                },
                "total": 3,
            })
        );
        let next = Span::parse(&payload, now, None).unwrap();
        assert_eq!(
            Span {
                total: 0,
                ..next.clone()
            },
            span
        );
        assert_eq!(next.total, 3);
        let known = [&old, &kept, &last].map(|entry| next.handed_on.has(entry));
        assert_eq!(known, [false, true, true]);
        assert!(!next.handed_on.has(&entry(3, "2024-01-01T00:00:01.123456Z")));
        assert!(!next.handed_on.has(&entry(4, "2024-01-01T00:00:02Z")));
    }
}
