//! What a run is told to do: its payload, in the three forms that it comes in.
//!
//! | payload | from | meaning |
//! |---|---|---|
//! | `{"scheduled": "2026-03-04T05:00:00Z"}`, `{}` | the schedule, somebody by hand | what was modified lately |
//! | `{"since": "2024-01-01T00:00:00Z", "until": "…"}` | `make backfill` | what was modified in that time |
//! | the same, and `handedOn` and `total` | the run before | what that run did not get to |

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::{Instant, ParseInstantError};
use partner_central::Entry;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a window has beside its two intervals: for what AWS's list shows late, for the minutes of a
/// schedule that is not punctual, and for clocks that differ.
pub(crate) const OVERLAP: Duration = Duration::from_mins(5);
/// How much earlier than where a page ended the next one begins. AWS's pages disagree whether "after" a
/// date includes it, and nothing says how precisely it compares.
pub(crate) const STEP_BACK: Duration = Duration::from_secs(1);

/// A payload that tells no task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// It is not in the form that is expected.
    #[error("the payload is wrong: {0}")]
    Form(String),
    /// A date is none.
    #[error("the payload's `{field}` is wrong: {cause}")]
    Date {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        cause: ParseInstantError,
    },
    /// There is no time between the two dates.
    #[error(
        "the payload's `until` is `{until}`, expected a date after `since`, which is `{since}`"
    )]
    Backwards {
        /// Where the time begins.
        since: Instant,
        /// Where it ends.
        until: Instant,
    },
    /// There is no end without a beginning.
    #[error("the payload has no `since`, expected it beside `until`")]
    MissingSince,
    /// A run of the schedule where there is none.
    #[error(
        "the payload has no `since`, and `SWEEP_MINUTES` is empty: there is no window to sweep"
    )]
    NoWindow,
}

/// What is to be swept, and what has been handed on of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Task {
    /// What was modified from here on has yet to be listed.
    pub(crate) since: Instant,
    /// What was modified from here on is for the next run. In the past, so that what is listed can become
    /// less while it is read, and never more: an opportunity that is modified meanwhile is modified later.
    pub(crate) until: Instant,
    /// Those handed on already, as far as they are listed again.
    pub(crate) handed_on: HandedOn,
    /// How many the runs before this one have handed on.
    pub(crate) total: u64,
    /// Whether it is the run of the schedule, the first of its chain.
    pub(crate) is_scheduled: bool,
}

/// Opportunities, each with the date that it was listed with: one that was modified since is another.
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

impl Task {
    /// Parses a payload. The window of a schedule is two intervals and an overlap, counted back from when
    /// the run was due: two runs in a row must fail before a change slips through.
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

    /// The payload of a run that goes on from here.
    pub(crate) fn payload(&self, handed_on: u64) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Payload {
            scheduled: None,
            since: Some(self.since.to_string()),
            until: Some(self.until.to_string()),
            handed_on: self.handed_on.to_texts(),
            total: self.total + handed_on,
        })
    }

    /// Goes on from a later date, and forgets what will not be listed again.
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
        let task = Task::parse(payload, now, interval).map_err(|error| error.to_string())?;
        Ok((task.since.to_string(), task.until.to_string()))
    }

    #[test]
    fn the_window_is_two_intervals_and_an_overlap_from_when_the_run_was_due_until_now() {
        for (payload, since) in [
            (json!({}), "2026-03-04T02:55:30.000Z"),
            (json!(null), "2026-03-04T02:55:30.000Z"),
            (
                json!({"scheduled": "2026-03-04T05:00:00Z"}),
                "2026-03-04T02:55:00.000Z",
            ),
            // It had to wait for its turn.
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
    fn a_fill_ends_where_it_is_told_and_never_in_the_future() {
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
    fn a_payload_that_tells_no_task_is_refused_with_the_reason() {
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
    fn the_next_run_knows_what_the_last_one_handed_on_as_far_as_it_is_listed_again() {
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
        let mut task = Task::parse(&fill, now, None).unwrap();
        for entry in [&old, &kept, &last] {
            task.handed_on.add(entry);
            task.go_on_from(entry.modified);
        }
        let payload: Value = serde_json::from_slice(&task.payload(3).unwrap()).unwrap();
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
        let next = Task::parse(&payload, now, None).unwrap();
        assert_eq!(
            Task {
                total: 0,
                ..next.clone()
            },
            task
        );
        assert_eq!(next.total, 3);
        let known = [&old, &kept, &last].map(|entry| next.handed_on.has(entry));
        assert_eq!(known, [false, true, true]);
        assert!(!next.handed_on.has(&entry(3, "2024-01-01T00:00:01.123456Z")));
        assert!(!next.handed_on.has(&entry(4, "2024-01-01T00:00:02Z")));
    }
}
