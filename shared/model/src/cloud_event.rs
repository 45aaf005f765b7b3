//! The CloudEvent that the bridge hands on: one opportunity, whole, in CloudEvents 1.0.
//!
//! Its form is `schema/opportunity-event.schema.json`. Equal content has equal ids: the duplicates that
//! Partner Central sends (two events in one second with different EventBridge ids) collapse for a
//! consumer that remembers the last id of each `subject`. What changes and changes back has its first
//! id again.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{EventKind, Object, Opportunity, OpportunityEvent};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
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

/// Something that is not in the event, and why:
/// `{"pointer": "/awsSummary", "code": "Throttled", "detail": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What is missing, as a JSON Pointer into `data`.
    pub pointer: &'static str,
    /// Why, by a stable name.
    pub code: &'static str,
    /// The same for people.
    pub detail: String,
}

impl CloudEvent {
    /// The event that tells what the opportunity is now.
    ///
    /// `summary` is AWS's summary of it, or why there is none; `None` where none was asked for.
    /// `traceparent` is the trace that the event belongs to, in W3C's form.
    #[must_use]
    pub fn new(
        event: &OpportunityEvent,
        opportunity: Opportunity,
        summary: Option<Result<Object, Problem>>,
        traceparent: Option<String>,
    ) -> Self {
        let kind = match event.kind {
            EventKind::Created => "aws.partnercentral.opportunity.created",
            EventKind::Updated => "aws.partnercentral.opportunity.updated",
        };
        let source = source(&opportunity);
        let opportunity = opportunity.into_document();
        let (aws_summary, problem) = match summary {
            Some(Ok(summary)) => (Some(summary), None),
            Some(Err(problem)) => (None, Some(problem)),
            None => (None, None),
        };
        let mut cloud_event = Self {
            specversion: "1.0",
            id: content_id(
                kind,
                event.catalog.as_str(),
                &opportunity,
                aws_summary.as_ref(),
            ),
            source,
            kind,
            subject: event.identifier.to_string(),
            time: event.time.clone(),
            datacontenttype: "application/json",
            dataschema: DATA_SCHEMA,
            eventid: event.id.clone(),
            traceparent,
            data: Data {
                opportunity: Some(opportunity),
                aws_summary,
                problems: problem.into_iter().collect(),
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

    /// When Partner Central sent its event, as EventBridge wrote it.
    #[must_use]
    pub fn time(&self) -> Option<&str> {
        self.time.as_deref()
    }

    /// What is not in the event, and why.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.data.problems
    }

    /// Leaves out what is over the limit, and says so: the summary first, then the history,
    /// at last the document.
    fn shrink(&mut self) {
        type Removal = fn(&mut Data) -> bool;
        let removals: [(&str, Removal); 3] = [
            ("/awsSummary", |data| data.aws_summary.take().is_some()),
            ("/opportunity/LifeCycle/NextStepsHistory", |data| {
                let opportunity = data.opportunity.as_mut();
                let life_cycle = opportunity
                    .and_then(|opportunity| opportunity.get_mut("LifeCycle")?.as_object_mut());
                life_cycle
                    .is_some_and(|life_cycle| life_cycle.shift_remove("NextStepsHistory").is_some())
            }),
            ("/opportunity", |data| data.opportunity.take().is_some()),
        ];
        for (pointer, remove) in removals {
            if self.size() <= MAX_SIZE {
                return;
            }
            if remove(&mut self.data) {
                let detail =
                    format!("left out, because the event would be larger than {MAX_SIZE} bytes");
                self.data.problems.push(Problem {
                    pointer,
                    code: "TooLarge",
                    detail,
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

/// SHA-256, in hexadecimal, over the content in a form that does not depend on key order.
fn content_id(kind: &str, catalog: &str, opportunity: &Object, summary: Option<&Object>) -> String {
    let mut content = format!("{kind}\n{catalog}\n");
    canonical_members(opportunity, &mut content);
    if let Some(summary) = summary {
        content.push('\n');
        canonical_members(summary, &mut content);
    }
    Sha256::digest(content.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

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

    const OPPORTUNITY: &str = r#"{"Id":"O7","Arn":"arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox/opportunity/O7","Catalog":"Sandbox","LastModifiedDate":"m","Tomorrow":1.10,"Null":null,"P":{"a":1,"b":[1,2]}}"#;
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
        let opportunity = Opportunity::parse(opportunity.as_bytes(), &event().catalog).unwrap();
        let traceparent = "00-5e1b41515ac6c58f3e9d3b4d12345678-53995c3f42cd8ad8-01".to_owned();
        let cloud_event = serde_json::to_value(CloudEvent::new(
            &event(),
            opportunity,
            summary,
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
    fn a_summary_that_is_not_there_is_told() {
        let detail = "AWS throttled the call".to_owned();
        let problem = Problem {
            pointer: "/awsSummary",
            code: "Throttled",
            detail,
        };
        assert_eq!(
            cloud_event(OPPORTUNITY, Some(Err(problem)))["data"],
            json!({
                "opportunity": object(OPPORTUNITY),
                "problems": [{"pointer": "/awsSummary", "code": "Throttled", "detail": "AWS throttled the call"}],
            })
        );
        assert_eq!(
            cloud_event(OPPORTUNITY, None)["data"],
            json!({"opportunity": object(OPPORTUNITY)})
        );
    }

    #[test]
    fn equal_content_has_equal_ids_and_other_content_has_others() {
        let id = |event: OpportunityEvent, opportunity: &str, summary: &str| {
            let opportunity = Opportunity::parse(opportunity.as_bytes(), &event.catalog).unwrap();
            CloudEvent::new(&event, opportunity, Some(Ok(object(summary))), None).id
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
            (r#""m""#, r#""n""#),
            (r#""a":1"#, r#""a":"1""#),
            ("1.10", "1.1"),
        ] {
            assert_ne!(id(event(), &OPPORTUNITY.replace(old, new), SUMMARY), first);
        }
        let none = CloudEvent::new(
            &event(),
            Opportunity::parse(OPPORTUNITY.as_bytes(), &event().catalog).unwrap(),
            None,
            None,
        );
        assert_ne!(none.id, first);
    }

    #[test]
    fn what_event_bridge_has_no_room_for_is_left_out_step_by_step_and_told() {
        let large = |bytes: usize| "x".repeat(bytes);
        let opportunity = |comments: usize, history: usize| {
            let history = json!([{"Time": "2026-03-03T08:00:00.000Z", "Value": large(history)}]);
            json!({
                "Id": "O7", "Catalog": "Sandbox", "LastModifiedDate": "m",
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
