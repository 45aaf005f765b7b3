//! Builds the CloudEvent that the bridge delivers: one whole opportunity, in CloudEvents 1.0.
//!
//! `schema/opportunity-event.schema.json` describes it. Two of its attributes are for receivers:
//!
//! - `sequence` orders the events of a `subject`: by `LastModifiedDate`, then by the instant at which the
//!   reads started. Every change is followed by an event whose reads start after it; so the event with the
//!   greatest sequence holds the newest state, in whatever order events arrive. (`time` cannot do that: it
//!   is Partner Central's, to the second, and a retry keeps it.)
//! - `id` is the same for the same content, so the duplicates that Partner Central sends (two events in one
//!   second with different EventBridge ids) collapse. An opportunity that changes back gets its earlier id
//!   again, unless the bridge has a memory: see `history.rs`.

mod history;
mod origin;
mod problem;

use std::{fmt::Write, time::SystemTime};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    change::Change,
    event::{EventKind, OpportunityEvent},
    instant::Instant,
    opportunity::Opportunity,
    value::Object,
};

pub use history::Envelope;
pub use origin::Origin;
use problem::{CHANGES, OPPORTUNITY, SUMMARY, fetch_opportunity, fetch_summary};
pub use problem::{Problem, ProblemCode};

/// The schema of `data`: `$defs/Data` of `schema/opportunity-event.schema.json`.
const DATA_SCHEMA: &str = "urn:opportunity-bridge:schemas/opportunity-event/1#/$defs/Data";

/// The largest event, in bytes of JSON. EventBridge takes 1 MB since January 2026 and took 256 KB before.
/// The older figure fits every hop (destination, bus, archive, queue); 8 KiB are for the envelope that
/// Lambda's destination adds. An opportunity is about 10 KiB.
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
    /// The `sequence` of the event before: whoever has not seen it has missed what changed until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// Since the event before; `None` where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<Change>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    /// The patches that wait for the review and may be carried out now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parked: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crm: Option<Object>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

impl CloudEvent {
    /// Builds the event that carries the opportunity's current state.
    ///
    /// `summary` is AWS's summary of it, or why that is missing; `None` if nobody asked for one. `started`
    /// is the instant before the two reads; no two events may share it. `traceparent` is the event's trace,
    /// as W3C Trace Context writes it.
    #[must_use]
    pub fn new(
        event: &OpportunityEvent,
        opportunity: Opportunity,
        summary: Option<Result<Object, Problem>>,
        started: Instant,
        traceparent: Option<String>,
    ) -> Self {
        let kind = type_of(event.kind);
        let source = source(&opportunity);
        let (sequence, of_date) = sequence(&opportunity, started);
        let opportunity = opportunity.into_document();
        let (aws_summary, of_summary) = match summary {
            Some(Ok(summary)) => (Some(summary), None),
            Some(Err(problem)) => (None, Some(problem)),
            None => (None, None),
        };
        let mut content = format!("{kind}\n{}\n", event.catalog);
        write_content(
            &opportunity,
            aws_summary.as_ref(),
            of_summary.as_ref(),
            &sequence,
            &mut content,
        );
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
                since: None,
                changes: None,
                origin: None,
                parked: Vec::new(),
                crm: None,
                problems: of_date.into_iter().chain(of_summary).collect(),
            },
        };
        cloud_event.shrink();
        cloud_event
    }

    /// Adds a body for the CRM's API, and a problem for each field left out of it. The body is another form
    /// of the same content, so the id stays.
    #[must_use]
    pub fn with_crm(mut self, body: Object, problems: impl IntoIterator<Item = Problem>) -> Self {
        self.data.crm = Some(body);
        self.data.problems.extend(problems);
        self.shrink();
        self
    }

    /// The id: the same for the same content.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The attribute that orders the events of a subject.
    #[must_use]
    pub fn sequence(&self) -> &str {
        &self.sequence
    }

    /// The identifier of the opportunity.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When Partner Central sent its event.
    #[must_use]
    pub fn time(&self) -> Option<Instant> {
        self.time.map(|time| SystemTime::from(time).into())
    }

    /// Why AWS's summary is missing from the event, if somebody asked for it.
    #[must_use]
    pub fn without_summary(&self) -> Option<ProblemCode> {
        let mut problems = self.data.problems.iter();
        problems
            .find(|problem| problem.pointer == SUMMARY)
            .map(|problem| problem.code)
    }

    /// What is missing from the event or wrong in it, and why.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.data.problems
    }

    /// Leaves out what exceeds the limit, and says so: the changes first, then the summary, then the
    /// history, then the opportunity, as a last resort the body for the CRM. That body is last because a
    /// CRM that takes it takes nothing else and cannot fetch it.
    fn shrink(&mut self) {
        type Removal = fn(&mut Data) -> bool;
        let opportunity = fetch_opportunity(&self.subject);
        let removals: [(&str, String, Removal); 5] = [
            (CHANGES, "what changed is not known".to_owned(), |data| {
                data.changes.take().is_some()
            }),
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
            (OPPORTUNITY, opportunity.clone(), |data| {
                data.opportunity.take().is_some()
            }),
            ("/crm", opportunity, |data| data.crm.take().is_some()),
        ];
        for (pointer, fetch, remove) in removals {
            if self.size() <= MAX_SIZE {
                return;
            }
            if remove(&mut self.data) {
                let detail = format!(
                    "left out, because the event would be larger than {MAX_SIZE} bytes; {fetch}"
                );
                let problem = Problem::new(pointer, ProblemCode::TooLarge, detail);
                self.data.problems.push(problem);
            }
        }
    }

    fn size(&self) -> usize {
        serde_json::to_vec(self).map_or(0, |json| json.len())
    }
}

/// The opportunity's ARN up to the catalog, such as
/// `arn:aws:partnercentral:us-east-1:111122223333:catalog/AWS`. If the document has no ARN, the account is
/// left out.
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

/// The text that orders events, of a fixed width so that texts compare: `LastModifiedDate` in milliseconds,
/// then `started` in microseconds, both since 1970.
///
/// `started` replaces a date that cannot be read. The event then counts as the newest and is applied; with
/// zero, receivers would drop it silently.
fn sequence(opportunity: &Opportunity, started: Instant) -> (String, Option<Problem>) {
    let (modified, problem) = match Instant::parse(opportunity.last_modified_date()) {
        Ok(modified) => (modified, None),
        Err(error) => {
            let problem = Problem::new(
                "/opportunity/LastModifiedDate",
                ProblemCode::Malformed,
                format!("{error}; `sequence` has the instant of the read in its place"),
            );
            (started, Some(problem))
        }
    };
    // Years up to 9999 fit. A later date is capped, so that the width never changes.
    let milliseconds = modified.unix_milliseconds().min(999_999_999_999_999);
    let microseconds = started.unix_microseconds().min(999_999_999_999_999_999);
    (format!("{milliseconds:015}-{microseconds:018}"), problem)
}

fn type_of(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => "aws.partnercentral.opportunity.created",
        EventKind::Updated => "aws.partnercentral.opportunity.updated",
    }
}

/// The content of an event as text that is the same for the same content.
fn write_content(
    opportunity: &Object,
    summary: Option<&Object>,
    of_summary: Option<&Problem>,
    sequence: &str,
    content: &mut String,
) {
    canonical_members(opportunity, content);
    match (summary, of_summary) {
        (Some(summary), _) => {
            content.push('\n');
            canonical_members(summary, content);
        }
        (None, Some(problem)) => without_summary(problem, sequence, content),
        (None, None) => {}
    }
}

/// The part of the id's content that says why the summary is missing.
///
/// If AWS has no summary, two events without it are equal. If the summary could not be read, it may have
/// changed between the two, so the second event is no duplicate: its receiver has to fetch the summary
/// again.
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

/// Writes a value in a form that does not depend on the order of keys.
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
mod tests;
