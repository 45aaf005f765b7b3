//! The CloudEvent that tells how a patch ended that had waited for a review.
//!
//! Its form is `schema/patch-event.schema.json`. Its `id` is that of the patch, which ends once: whoever
//! gets it twice knows it by that.

use serde::Serialize;
use serde_json::Value;

use crate::{change::Change, finding::Finding, value::Object};

/// The schema that `data` follows: `$defs/Data` of `schema/patch-event.schema.json`.
const DATA_SCHEMA: &str = "urn:opportunity-bridge:schemas/patch-event/1#/$defs/Data";

/// A CloudEvent in structured JSON mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatchEvent {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    dataschema: &'static str,
    data: Data,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(flatten)]
    ended: Object,
    /// Those that wait still and may be carried out: whoever carries them out goes on with the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parked: Vec<String>,
}

/// How a patch ended, and which one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndedPatch {
    /// The patch's id.
    pub patch: String,
    /// When it was parked.
    pub parked_at: String,
    /// The id of the request that it came with.
    pub request_id: String,
    /// When it ended.
    pub ended_at: String,
    /// What it was to change, held against the opportunity as it was then.
    pub changes: Vec<Change>,
    /// How it ended.
    #[serde(flatten)]
    pub ending: Ending,
}

/// How a patch ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(
    tag = "outcome",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Ending {
    /// It was carried out.
    Applied {
        /// What its sender would have been answered.
        answer: Value,
    },
    /// It was refused; nothing was written, unless the problem says that this is not known.
    Refused {
        /// What its sender would have been answered.
        problem: Value,
    },
    /// Somebody has changed what it was to change: nothing was written.
    Overtaken {
        /// Each field that somebody has changed.
        errors: Vec<Finding>,
    },
    /// It has waited for too long: nothing was written.
    Expired {},
}

impl Ending {
    /// Its name, as in `outcome`, in the event's `type`, and in the log.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Refused { .. } => "refused",
            Self::Overtaken { .. } => "overtaken",
            Self::Expired {} => "expired",
        }
    }
}

impl PatchEvent {
    /// The event of a patch for the opportunity `subject`, from the same `source` as the opportunity's
    /// events. `ended` is an [`EndedPatch`] as JSON; `parked` are those that wait still.
    #[must_use]
    pub fn new(source: String, subject: String, ended: Object, parked: Vec<String>) -> Self {
        let text = |name| ended.get(name).and_then(Value::as_str).unwrap_or_default();
        Self {
            specversion: "1.0",
            id: text("patch").to_owned(),
            source,
            kind: format!("opportunity-bridge.patch.{}", text("outcome")),
            subject,
            time: text("endedAt").to_owned(),
            datacontenttype: "application/json",
            dataschema: DATA_SCHEMA,
            data: Data { ended, parked },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Code, Source};

    #[test]
    fn every_ending_is_as_the_schema_has_it() {
        let error = Finding::new(
            "/LifeCycle/Stage",
            Code::Overtaken,
            "…",
            Source::Opportunity,
        );
        let schema = include_str!("../schema/patch-event.schema.json");
        let schema: Value = schema.parse().unwrap();
        for ending in [
            Ending::Applied {
                answer: json!({"outcome": "updated"}),
            },
            Ending::Refused {
                problem: json!({"status": 422}),
            },
            Ending::Overtaken {
                errors: vec![error],
            },
            Ending::Expired {},
        ] {
            let ended = EndedPatch {
                patch: "1772600767250-0123456789abcdef".to_owned(),
                parked_at: "2026-03-04T05:06:07.250Z".to_owned(),
                request_id: "r".to_owned(),
                ended_at: "2026-03-05T05:06:07.250Z".to_owned(),
                changes: vec![Change {
                    pointer: "/LifeCycle/Stage".to_owned(),
                    before: json!("Prospect"),
                    after: json!("Qualified"),
                }],
                ending,
            };
            let name = ended.ending.name();
            let ended = serde_json::to_value(ended).unwrap();
            assert_eq!(ended["outcome"], name);
            let ended = ended.as_object().unwrap().clone();
            let parked = vec!["1772600767251-0123456789abcdef".to_owned()];
            let event = PatchEvent::new("arn:aws".to_owned(), "O1".to_owned(), ended, parked);
            let event = serde_json::to_value(event).unwrap();
            jsonschema::validate(&schema, &event).unwrap();
            assert_eq!(event["id"], event["data"]["patch"]);
            assert_eq!(event["type"], format!("opportunity-bridge.patch.{name}"));
        }
    }
}
