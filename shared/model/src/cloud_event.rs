//! The CloudEvent that the bridge hands on: one opportunity, whole, in CloudEvents 1.0.
//!
//! Its form is `schema/opportunity-event.schema.json`. Two of its attributes are for receivers:
//!
//! - `sequence` orders the events of a `subject`: by `LastModifiedDate`, and where that is the same, by
//!   the instant at which the reads started. Whatever changes, an event follows whose reads start after
//!   the change; so the event with the greatest sequence tells the newest state, in whatever order
//!   events arrive. (`time` cannot do that: it is Partner Central's, to the second, and a retry keeps it.)
//! - `id` is the same for the same content: the duplicates that Partner Central sends (two events in one
//!   second with different EventBridge ids) collapse. What changes and changes back has its first id
//!   again.

mod problem;

use std::{fmt::Write, time::SystemTime};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{EventKind, Instant, Object, Opportunity, OpportunityEvent};

pub use problem::{Problem, ProblemCode};
use problem::{SUMMARY, fetch_opportunity, fetch_summary};

/// The schema that `data` follows: `$defs/Data` of `schema/opportunity-event.schema.json`.
const DATA_SCHEMA: &str = "urn:opportunity-bridge:schemas/opportunity-event/1#/$defs/Data";

/// The most that is handed on, in bytes of JSON. EventBridge takes 1 MB since January 2026 and took
/// 256 KB before; the older figure holds at every hop (destination, bus, archive, queue), less 8 KiB
/// for what Lambda's destination wraps around. An opportunity is about 10 KiB.
const MAX_SIZE: usize = (256 - 8) * 1024;

/// A CloudEvent in structured JSON mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CloudEvent {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: &'static str,
    subject: String,
    sequence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<DateTime<Utc>>,
    datacontenttype: &'static str,
    dataschema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    eventid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    data: Data,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    opportunity: Option<Object>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_summary: Option<Object>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

impl CloudEvent {
    /// The event that tells what the opportunity is now.
    ///
    /// `summary` is AWS's summary of it, or why there is none; `None` where none was asked for.
    /// `started` is the instant before the reads of the two; it has to be another one for each event.
    /// `traceparent` is the trace that the event belongs to, in W3C's form.
    #[must_use]
    pub fn new(
        event: &OpportunityEvent,
        opportunity: Opportunity,
        summary: Option<Result<Object, Problem>>,
        started: Instant,
        traceparent: Option<String>,
    ) -> Self {
        let kind = match event.kind {
            EventKind::Created => "aws.partnercentral.opportunity.created",
            EventKind::Updated => "aws.partnercentral.opportunity.updated",
        };
        let source = source(&opportunity);
        let (sequence, of_date) = sequence(&opportunity, started);
        let opportunity = opportunity.into_document();
        let (aws_summary, of_summary) = match summary {
            Some(Ok(summary)) => (Some(summary), None),
            Some(Err(problem)) => (None, Some(problem)),
            None => (None, None),
        };
        let mut content = format!("{kind}\n{}\n", event.catalog);
        canonical_members(&opportunity, &mut content);
        match (&aws_summary, &of_summary) {
            (Some(summary), _) => {
                content.push('\n');
                canonical_members(summary, &mut content);
            }
            (None, Some(problem)) => without_summary(problem, &sequence, &mut content),
            (None, None) => {}
        }
        let mut cloud_event = Self {
            specversion: "1.0",
            id: sha256(&content),
            source,
            kind,
            subject: event.identifier.to_string(),
            sequence,
            time: event.time,
            datacontenttype: "application/json",
            dataschema: DATA_SCHEMA,
            eventid: event.id.clone(),
            traceparent,
            data: Data {
                opportunity: Some(opportunity),
                aws_summary,
                problems: of_date.into_iter().chain(of_summary).collect(),
            },
        };
        cloud_event.shrink();
        cloud_event
    }

    /// Which opportunity: the identifier.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When Partner Central sent its event.
    #[must_use]
    pub fn time(&self) -> Option<Instant> {
        self.time.map(|time| SystemTime::from(time).into())
    }

    /// Why AWS's summary is not in the event, though it was asked for.
    #[must_use]
    pub fn without_summary(&self) -> Option<ProblemCode> {
        let mut problems = self.data.problems.iter();
        problems
            .find(|problem| problem.pointer == SUMMARY)
            .map(|problem| problem.code)
    }

    /// What is not in the event or not right, and why.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.data.problems
    }

    /// Leaves out what is over the limit, and says so: the summary first, then the history, as a last
    /// resort the opportunity.
    fn shrink(&mut self) {
        type Removal = fn(&mut Data) -> bool;
        let opportunity = fetch_opportunity(&self.subject);
        let removals: [(&str, String, Removal); 3] = [
            (SUMMARY, fetch_summary(&self.subject), |data| {
                data.aws_summary.take().is_some()
            }),
            (
                "/opportunity/LifeCycle/NextStepsHistory",
                opportunity.clone(),
                |data| {
                    let opportunity = data.opportunity.as_mut();
                    let life_cycle = opportunity
                        .and_then(|opportunity| opportunity.get_mut("LifeCycle")?.as_object_mut());
                    life_cycle.is_some_and(|life_cycle| {
                        life_cycle.shift_remove("NextStepsHistory").is_some()
                    })
                },
            ),
            ("/opportunity", opportunity, |data| {
                data.opportunity.take().is_some()
            }),
        ];
        for (pointer, fetch, remove) in removals {
            if self.size() <= MAX_SIZE {
                return;
            }
            if remove(&mut self.data) {
                self.data.problems.push(Problem {
                    pointer,
                    code: ProblemCode::TooLarge,
                    detail: format!(
                        "left out, because the event would be larger than {MAX_SIZE} bytes; {fetch}"
                    ),
                });
            }
        }
    }

    fn size(&self) -> usize {
        serde_json::to_vec(self).map_or(0, |json| json.len())
    }
}

/// The opportunity's ARN up to the catalog, such as
/// `arn:aws:partnercentral:us-east-1:111122223333:catalog/AWS`; without the account where the
/// document has no ARN.
fn source(opportunity: &Opportunity) -> String {
    let arn = opportunity.document().get("Arn").and_then(Value::as_str);
    match arn.and_then(|arn| arn.split_once("/opportunity/")) {
        Some((catalog, _)) => catalog.to_owned(),
        None => format!(
            "arn:aws:partnercentral:us-east-1::catalog/{}",
            opportunity.catalog()
        ),
    }
}

/// What the order of events goes by, at a fixed width, so that it can be compared as text:
/// `LastModifiedDate` in milliseconds and `started` in microseconds, both since 1970.
///
/// In place of a date that cannot be read stands `started`. The event is then applied, as the newest
/// there is; with zero in its place it would be dropped in silence.
fn sequence(opportunity: &Opportunity, started: Instant) -> (String, Option<Problem>) {
    let (modified, problem) = match Instant::parse(opportunity.last_modified_date()) {
        Ok(modified) => (modified, None),
        Err(error) => {
            let problem = Problem {
                pointer: "/opportunity/LastModifiedDate",
                code: ProblemCode::Malformed,
                detail: format!("{error}; `sequence` has the instant of the read in its place"),
            };
            (started, Some(problem))
        }
    };
    // The years up to 9999 fit. A clock that is further off than that is cut, and not the width.
    let milliseconds = modified.unix_milliseconds().min(999_999_999_999_999);
    let microseconds = started.unix_microseconds().min(999_999_999_999_999_999);
    (format!("{milliseconds:015}-{microseconds:018}"), problem)
}

/// Why the summary is missing, as part of the content that the id stands for.
///
/// Where AWS has none, two events without it tell the same. Where it could not be read, it may have
/// changed between the two, so the second is no duplicate: its receiver has to fetch the summary again.
fn without_summary(problem: &Problem, sequence: &str, content: &mut String) {
    let read = match problem.code {
        ProblemCode::NotFound => "",
        _ => sequence,
    };
    let _ = write!(content, "\n{} {read}", problem.code.as_str());
}

/// SHA-256 in hexadecimal.
fn sha256(content: &str) -> String {
    Sha256::digest(content.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// A value in a form that does not depend on key order.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => canonical_members(members, text),
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}

fn canonical_members(members: &Object, text: &mut String) {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_unstable_by_key(|(name, _)| *name);
    text.push('{');
    for (name, value) in sorted {
        let _ = write!(text, "{}:", Value::from(name.as_str()));
        canonical(value, text);
        text.push(',');
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OPPORTUNITY: &str = r#"{"Id":"O7","Arn":"arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox/opportunity/O7","Catalog":"Sandbox","LastModifiedDate":"2026-03-04T05:06:07.25Z","Tomorrow":1.10,"Null":null,"P":{"a":1,"b":[1,2]}}"#;
    const MODIFIED: &str = "2026-03-04T05:06:07.25Z";
    const STARTED: &str = "2026-03-04T05:06:09.000001Z";
    const SUMMARY: &str = r#"{"RelatedOpportunityId":"O7","Insights":{"EngagementScore":"High"}}"#;

    fn event() -> OpportunityEvent {
        OpportunityEvent::parse(
            &include_str!("../../../events/opportunity-updated.json")
                .parse()
                .unwrap(),
        )
        .unwrap()
    }

    fn object(text: &str) -> Object {
        serde_json::from_str(text).unwrap()
    }

    fn cloud_event(opportunity: &str, summary: Option<Result<Object, Problem>>) -> Value {
        let opportunity = Opportunity::parse(opportunity.as_bytes()).unwrap();
        let traceparent = "00-5e1b41515ac6c58f3e9d3b4d12345678-53995c3f42cd8ad8-01".to_owned();
        let cloud_event = serde_json::to_value(CloudEvent::new(
            &event(),
            opportunity,
            summary,
            instant(STARTED),
            Some(traceparent),
        ));
        let cloud_event = cloud_event.unwrap();
        let schema = include_str!("../schema/opportunity-event.schema.json")
            .parse()
            .unwrap();
        assert_eq!(
            jsonschema::validate(&schema, &cloud_event).map_err(|error| error.to_string()),
            Ok(())
        );
        cloud_event
    }

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn unread(code: ProblemCode) -> Problem {
        Problem::without_summary(code, "AWS did not give it", &event())
    }

    #[test]
    fn a_cloud_event_carries_the_opportunity_and_the_summary_whole() {
        let mut event = cloud_event(OPPORTUNITY, Some(Ok(object(SUMMARY))));
        let id = event.as_object_mut().unwrap().remove("id").unwrap();
        assert_eq!(id.as_str().unwrap().len(), 64);
        assert_eq!(
            event,
            json!({
                "specversion": "1.0",
                "source": "arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox",
                "type": "aws.partnercentral.opportunity.updated",
                "subject": "O7654321",
                "sequence": "001772600767250-001772600769000001",
                "time": "2026-03-04T05:06:08Z",
                "datacontenttype": "application/json",
                "dataschema": "urn:opportunity-bridge:schemas/opportunity-event/1#/$defs/Data",
                "eventid": "7d1e9a60-5f4b-4c8d-8e72-1a2b3c4d5e6f",
                "traceparent": "00-5e1b41515ac6c58f3e9d3b4d12345678-53995c3f42cd8ad8-01",
                "data": {"opportunity": object(OPPORTUNITY), "awsSummary": object(SUMMARY)},
            })
        );
    }

    #[test]
    fn a_summary_that_could_not_be_read_is_named_with_the_way_to_fetch_it() {
        let problem =
            Problem::without_summary(ProblemCode::Throttled, "AWS throttled the call", &event());
        assert_eq!(
            cloud_event(OPPORTUNITY, Some(Err(problem)))["data"],
            json!({
                "opportunity": object(OPPORTUNITY),
                "problems": [{
                    "pointer": "/awsSummary",
                    "code": "throttled",
                    "detail": "AWS throttled the call; `GET /opportunities/O7654321/aws-summary` on the function URL fetches it",
                }],
            })
        );
        assert_eq!(
            cloud_event(OPPORTUNITY, None)["data"],
            json!({"opportunity": object(OPPORTUNITY)})
        );
    }

    /// `sequence` of a read that began at `started` and found this `LastModifiedDate`.
    fn sequence_of(last_modified_date: &str, started: &str) -> String {
        let document =
            json!({"Id": "O7", "Catalog": "AWS", "LastModifiedDate": last_modified_date});
        let opportunity = Opportunity::parse(document.to_string().as_bytes()).unwrap();
        sequence(&opportunity, instant(started)).0
    }

    #[test]
    fn a_sequence_orders_by_last_modified_date_and_then_by_when_the_reads_started() {
        let ascending = [
            ("1969-12-31T23:59:59Z", "2026-03-04T05:06:08Z"),
            ("2026-03-04T05:06:08Z", "2026-03-04T05:06:09Z"),
            ("2026-03-04T05:06:08.000Z", "2026-03-04T05:06:09.000001Z"),
            ("2026-03-04T06:06:08+01:00", "2026-03-04T05:06:10Z"),
            ("2026-03-04T05:06:08.001Z", "2026-03-04T05:06:07Z"),
            ("2026-03-04T05:06:08.01Z", "2026-03-04T05:06:07Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ]
        .map(|(modified, started)| sequence_of(modified, started));
        assert!(
            ascending.is_sorted_by(|one, next| one < next),
            "{ascending:#?}"
        );
        assert!(
            ascending.iter().all(|sequence| sequence.len() == 34),
            "{ascending:#?}"
        );
    }

    #[test]
    fn a_last_modified_date_that_cannot_be_read_makes_the_event_the_newest_and_is_named() {
        let opportunity = OPPORTUNITY.replace("2026-03-04T05:06:07.25Z", "04/03/2026");
        let event = cloud_event(&opportunity, None);
        assert_eq!(event["sequence"], "001772600769000-001772600769000001");
        assert!(event["sequence"].as_str().unwrap() > sequence_of(MODIFIED, STARTED).as_str());
        assert_eq!(
            event["data"]["problems"],
            json!([{
                "pointer": "/opportunity/LastModifiedDate",
                "code": "malformed",
                "detail": "`04/03/2026` is not a date, expected RFC 3339 such as `2026-01-02T03:04:05.678Z`; `sequence` has the instant of the read in its place",
            }])
        );
    }

    fn id(
        event: &OpportunityEvent,
        opportunity: &str,
        summary: Option<Result<Object, Problem>>,
        started: &str,
    ) -> String {
        let opportunity = Opportunity::parse(opportunity.as_bytes()).unwrap();
        CloudEvent::new(event, opportunity, summary, instant(started), None).id
    }

    #[test]
    fn equal_content_has_equal_ids_and_other_content_has_others() {
        let id = |event: OpportunityEvent, opportunity: &str, summary: &str| {
            id(&event, opportunity, Some(Ok(object(summary))), STARTED)
        };
        let first = id(event(), OPPORTUNITY, SUMMARY);

        let twin = OpportunityEvent {
            id: Some("another".to_owned()),
            time: None,
            ..event()
        };
        let reordered = r#"{"Insights":{"EngagementScore":"High"},"RelatedOpportunityId":"O7"}"#;
        assert_eq!(id(twin, OPPORTUNITY, reordered), first);

        let created = OpportunityEvent {
            kind: EventKind::Created,
            ..event()
        };
        assert_ne!(id(created, OPPORTUNITY, SUMMARY), first);
        assert_ne!(
            id(event(), OPPORTUNITY, &SUMMARY.replace("High", "Low")),
            first
        );
        for (old, new) in [
            ("[1,2]", "[2,1]"),
            (MODIFIED, "2026-03-04T05:06:07.251Z"),
            (r#""a":1"#, r#""a":"1""#),
            ("1.10", "1.1"),
        ] {
            assert_ne!(id(event(), &OPPORTUNITY.replace(old, new), SUMMARY), first);
        }
    }

    #[test]
    fn the_id_does_not_tell_when_or_why_the_content_was_read() {
        let swept =
            OpportunityEvent::of_sweep(event().catalog, event().identifier, std::time::UNIX_EPOCH);
        let summary = || Some(Ok(object(SUMMARY)));
        assert_eq!(
            id(&swept, OPPORTUNITY, summary(), "2026-03-05T00:00:00Z"),
            id(&event(), OPPORTUNITY, summary(), STARTED)
        );
    }

    #[test]
    fn an_event_without_the_summary_is_a_duplicate_only_where_it_is_known_to_tell_the_same() {
        let later = "2026-03-04T05:06:10Z";
        let id = |summary, started| id(&event(), OPPORTUNITY, summary, started);
        let whole = id(Some(Ok(object(SUMMARY))), STARTED);
        let not_asked_for = id(None, STARTED);
        assert_ne!(whole, not_asked_for);
        assert_eq!(id(None, later), not_asked_for);

        for code in ProblemCode::ALL {
            let failed = id(Some(Err(unread(code))), STARTED);
            assert!(failed != whole && failed != not_asked_for, "{code:?}");
            // The summary may have changed between two failures, unless there was none at both.
            let failed_again = id(Some(Err(unread(code))), later);
            assert_eq!(
                failed_again == failed,
                code == ProblemCode::NotFound,
                "{code:?}"
            );
            let failed_otherwise = ProblemCode::ALL.into_iter().filter(|other| *other != code);
            for other in failed_otherwise {
                assert_ne!(
                    id(Some(Err(unread(other))), STARTED),
                    failed,
                    "{code:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn what_event_bridge_has_no_room_for_is_left_out_step_by_step_and_told() {
        let large = |bytes: usize| "x".repeat(bytes);
        let opportunity = |comments: usize, history: usize| {
            let history = json!([{"Time": "2026-03-03T08:00:00.000Z", "Value": large(history)}]);
            json!({
                "Id": "O7", "Catalog": "Sandbox", "LastModifiedDate": MODIFIED,
                "LifeCycle": {"Stage": "Qualified", "NextStepsHistory": history}, "Comments": large(comments),
            })
        };
        let summary = |bytes| object(&json!({"Insights": large(bytes)}).to_string());
        let left_out = |event: &Value| -> Vec<String> {
            let problems = event["data"]["problems"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            problems
                .iter()
                .map(|problem| problem["pointer"].as_str().unwrap().to_owned())
                .collect()
        };
        for (comments, history, in_summary, expected) in [
            (1_000, 1_000, 1_000, &[][..]),
            (1_000, 1_000, 300_000, &["/awsSummary"]),
            (
                1_000,
                300_000,
                1_000,
                &["/awsSummary", "/opportunity/LifeCycle/NextStepsHistory"],
            ),
            (
                300_000,
                1_000,
                1_000,
                &[
                    "/awsSummary",
                    "/opportunity/LifeCycle/NextStepsHistory",
                    "/opportunity",
                ],
            ),
        ] {
            let opportunity = opportunity(comments, history);
            let event = cloud_event(&opportunity.to_string(), Some(Ok(summary(in_summary))));
            assert_eq!(left_out(&event), expected);
            assert!(event.to_string().len() <= MAX_SIZE);
            assert_eq!(event["subject"], "O7654321");
            assert_eq!(
                event["data"]["opportunity"]["Comments"].is_null(),
                comments > 100_000
            );
        }
    }
}
