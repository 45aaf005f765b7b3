//! Parses the event that EventBridge delivers, in AWS's own type.
//!
//! Partner Central's event says only *which* opportunity changed: no version, no actor, no list of fields.
//! A sweep makes up for lost events with events of the same form, so that there is one way to enrich.

use std::time::SystemTime;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    identifier::{Catalog, Identifier, ParseCatalogError, ParseIdentifierError},
    value::kind,
};

/// The `source` of Partner Central's events.
pub const PARTNER_CENTRAL: &str = "aws.partnercentral-selling";
/// The `source` of the events that a sweep makes.
pub const SWEEP: &str = "opportunity-bridge.sweep";

/// An `Opportunity Created` or `Opportunity Updated` event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpportunityEvent {
    /// The EventBridge event's own id. One change can come as two events with two ids.
    pub id: Option<String>,
    /// The sender: [`PARTNER_CENTRAL`], [`SWEEP`], or whatever somebody put in by hand.
    pub source: String,
    /// Created or updated.
    pub kind: EventKind,
    /// When the event was sent, to the second.
    pub time: Option<DateTime<Utc>>,
    /// The catalog that the opportunity lives in.
    pub catalog: Catalog,
    /// The identifier of the opportunity.
    pub identifier: Identifier,
}

/// What happened to the opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Detail type `Opportunity Created`.
    Created,
    /// Detail type `Opportunity Updated`: the opportunity changed, or AWS's summary of it.
    Updated,
}

/// The event's `detail`, as Partner Central writes it: `{"schemaVersion": "1", "catalog": "AWS",
/// "opportunity": {"identifier": "O7654321"}}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// `"1"` in every recorded event. The bridge ignores it, so any value will do.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub schema_version: Value,
    /// The catalog, such as `AWS` or `Sandbox`.
    pub catalog: String,
    /// The opportunity that changed.
    pub opportunity: Reference,
}

/// Names the opportunity that an event is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The identifier, such as `O7654321`.
    pub identifier: String,
}

/// An event that the bridge cannot act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The event is about something else.
    #[error(
        "the event's `detail-type` is {found}, expected `Opportunity Created` or `Opportunity Updated`"
    )]
    DetailType {
        /// The detail type in backticks, or what the event has in its place.
        found: String,
    },
    /// A field that the bridge needs is missing or not a string.
    #[error("the event's `{field}` is {found}, expected a string")]
    Field {
        /// The field's path, such as `detail.opportunity.identifier`.
        field: &'static str,
        /// What was found instead: a kind of value, or the fields beside the missing one.
        found: String,
    },
    /// Another field is not in the form that EventBridge documents.
    #[error("the event's `{field}` is wrong: {reason}")]
    Form {
        /// The field's path, such as `time`.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The identifier is malformed.
    #[error("the event's `detail.opportunity.identifier` is wrong: {0}")]
    Identifier(#[from] ParseIdentifierError),
    /// The catalog is malformed.
    #[error("the event's `detail.catalog` is wrong: {0}")]
    Catalog(#[from] ParseCatalogError),
}

impl EventKind {
    fn detail_type(self) -> &'static str {
        match self {
            Self::Created => "Opportunity Created",
            Self::Updated => "Opportunity Updated",
        }
    }

    fn parse(detail_type: &str) -> Result<Self, EventError> {
        [Self::Created, Self::Updated]
            .into_iter()
            .find(|kind| kind.detail_type() == detail_type)
            .ok_or_else(|| EventError::DetailType {
                found: format!("`{detail_type}`"),
            })
    }
}

impl OpportunityEvent {
    /// Parses an event as EventBridge delivers it.
    ///
    /// Recorded events and documented ones differ (`version` is `"0"` or `"1"`, `resources` comes and
    /// goes), so whatever the bridge does not need may be missing, and anything may be added.
    ///
    /// # Errors
    /// If the event is not in EventBridge's form, is not about an opportunity, or has no valid catalog and
    /// identifier. The error names the place.
    pub fn parse(event: &Value) -> Result<Self, EventError> {
        match serde_path_to_error::deserialize::<_, EventBridgeEvent<Detail>>(event) {
            Ok(event) => Self::try_from(event),
            Err(error) => Err(refusal(event).unwrap_or_else(|| EventError::Form {
                field: error.path().to_string(),
                reason: error.inner().to_string(),
            })),
        }
    }

    /// Builds the event that a sweep sends for an opportunity that changed lately.
    #[must_use]
    pub fn of_sweep(catalog: Catalog, identifier: Identifier, now: SystemTime) -> Self {
        Self {
            id: None,
            source: SWEEP.to_owned(),
            kind: EventKind::Updated,
            time: Some(now.into()),
            catalog,
            identifier,
        }
    }
}

impl TryFrom<EventBridgeEvent<Detail>> for OpportunityEvent {
    type Error = EventError;

    fn try_from(event: EventBridgeEvent<Detail>) -> Result<Self, EventError> {
        Ok(Self {
            kind: EventKind::parse(&event.detail_type)?,
            catalog: Catalog::parse(&event.detail.catalog)?,
            identifier: Identifier::parse(&event.detail.opportunity.identifier)?,
            id: event.id,
            source: event.source,
            time: event.time,
        })
    }
}

impl From<OpportunityEvent> for EventBridgeEvent<Detail> {
    fn from(event: OpportunityEvent) -> Self {
        let mut bridged = Self::default();
        bridged.id = event.id;
        bridged.source = event.source;
        bridged.detail_type = event.kind.detail_type().into();
        bridged.time = event.time;
        bridged.detail = Detail {
            schema_version: "1".into(),
            catalog: event.catalog.to_string(),
            opportunity: Reference {
                identifier: event.identifier.to_string(),
            },
        };
        bridged
    }
}

/// Why the bridge cannot act on an event. The detail type comes first: if the event is about something
/// else, that is what the operator has to know.
fn refusal(event: &Value) -> Option<EventError> {
    let detail = event.get("detail").unwrap_or(&Value::Null);
    let opportunity = detail.get("opportunity").unwrap_or(&Value::Null);
    let of_detail_type = match event.get("detail-type") {
        Some(Value::String(detail_type)) => EventKind::parse(detail_type).err(),
        _ => Some(EventError::DetailType {
            found: found(event, "detail-type"),
        }),
    };
    of_detail_type.or_else(|| {
        [
            (detail, "catalog", "detail.catalog"),
            (opportunity, "identifier", "detail.opportunity.identifier"),
            (event, "source", "source"),
        ]
        .into_iter()
        .find(|(parent, name, _)| !parent.get(name).is_some_and(Value::is_string))
        .map(|(parent, name, field)| EventError::Field {
            field,
            found: found(parent, name),
        })
    })
}

/// Describes what `parent` has instead of the string `name`.
fn found(parent: &Value, name: &str) -> String {
    match (parent.get(name), parent) {
        (Some(value), _) => kind(value).to_owned(),
        (None, Value::Object(members)) if members.is_empty() => {
            "missing from an empty object".to_owned()
        }
        (None, Value::Object(members)) => {
            let names: Vec<_> = members.keys().map(|name| format!("`{name}`")).collect();
            format!("missing beside {}", names.join(", "))
        }
        (None, parent) => format!("missing, its parent is {}", kind(parent)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "version": "0",
            "id": "6f6f8e8c-0000-4000-8000-000000000001",
            "detail-type": "Opportunity Updated",
            "source": "aws.partnercentral-selling",
            "account": "111122223333",
            "time": "2026-03-04T05:06:07Z",
            "region": "us-east-1",
            "resources": [],
            "detail": {"schemaVersion": "1", "catalog": "Sandbox", "opportunity": {"identifier": "O7"}},
        })
    }

    fn refused(event: &Value) -> String {
        OpportunityEvent::parse(event).unwrap_err().to_string()
    }

    #[test]
    fn an_event_is_parsed_whatever_fields_are_added_and_whatever_unneeded_ones_are_missing() {
        let expected = OpportunityEvent {
            id: Some("6f6f8e8c-0000-4000-8000-000000000001".to_owned()),
            source: PARTNER_CENTRAL.to_owned(),
            kind: EventKind::Updated,
            time: Some((UNIX_EPOCH + Duration::from_secs(1_772_600_767)).into()),
            catalog: Catalog::parse("Sandbox").unwrap(),
            identifier: Identifier::parse("O7").unwrap(),
        };
        assert_eq!(OpportunityEvent::parse(&event()).unwrap(), expected);

        let mut bare = event();
        for name in ["version", "resources", "account", "region"] {
            bare.as_object_mut().unwrap().remove(name);
        }
        bare["tomorrow"] = json!({"a": 1.10});
        bare["detail"]["schemaVersion"] = json!(2);
        bare["detail"]["opportunity"]["tomorrow"] = json!([1]);
        bare["detail"]
            .as_object_mut()
            .unwrap()
            .remove("schemaVersion");
        assert_eq!(OpportunityEvent::parse(&bare).unwrap(), expected);

        for name in ["id", "time"] {
            bare.as_object_mut().unwrap().remove(name);
        }
        let expected = OpportunityEvent {
            id: None,
            time: None,
            ..expected
        };
        assert_eq!(OpportunityEvent::parse(&bare).unwrap(), expected);
    }

    #[test]
    fn a_sweep_writes_events_of_partner_centrals_form() {
        let swept = OpportunityEvent::of_sweep(
            Catalog::parse("AWS").unwrap(),
            Identifier::parse("O7654321").unwrap(),
            UNIX_EPOCH + Duration::from_secs(1_772_600_767),
        );
        let written = serde_json::to_value(EventBridgeEvent::from(swept.clone())).unwrap();
        assert_eq!(
            written,
            json!({
                "version": null,
                "id": null,
                "detail-type": "Opportunity Updated",
                "source": "opportunity-bridge.sweep",
                "account": null,
                "time": "2026-03-04T05:06:07Z",
                "region": null,
                "resources": null,
                "detail": {"schemaVersion": "1", "catalog": "AWS", "opportunity": {"identifier": "O7654321"}},
            })
        );
        assert_eq!(OpportunityEvent::parse(&written), Ok(swept));
    }

    #[test]
    fn an_event_that_the_bridge_cannot_use_is_refused_with_what_was_found() {
        for (pointer, value, error) in [
            (
                "/detail-type",
                json!("Engagement Created"),
                "the event's `detail-type` is `Engagement Created`, expected `Opportunity Created` or `Opportunity Updated`",
            ),
            (
                "/detail-type",
                json!(1),
                "the event's `detail-type` is a number, expected `Opportunity Created` or `Opportunity Updated`",
            ),
            (
                "/detail/opportunity",
                json!({"arn": "x", "version": 2}),
                "the event's `detail.opportunity.identifier` is missing beside `arn`, `version`, expected a string",
            ),
            (
                "/detail/opportunity",
                json!({}),
                "the event's `detail.opportunity.identifier` is missing from an empty object, expected a string",
            ),
            (
                "/detail/opportunity/identifier",
                json!("P7"),
                "the event's `detail.opportunity.identifier` is wrong: `P7` is not an opportunity identifier, expected `O` and 1 to 19 digits",
            ),
            (
                "/detail",
                json!("text"),
                "the event's `detail.catalog` is missing, its parent is a string, expected a string",
            ),
            (
                "/detail/catalog",
                json!(null),
                "the event's `detail.catalog` is null, expected a string",
            ),
            (
                "/detail/catalog",
                json!("AWS1"),
                "the event's `detail.catalog` is wrong: `AWS1` is not a catalog, expected letters only, such as `AWS` or `Sandbox`",
            ),
            (
                "/source",
                json!({}),
                "the event's `source` is an object, expected a string",
            ),
            (
                "/time",
                json!("yesterday"),
                "the event's `time` is wrong: input contains invalid characters",
            ),
            (
                "/resources",
                json!(["arn", 2]),
                "the event's `resources[1]` is wrong: invalid type: number, expected a string",
            ),
        ] {
            let mut event = event();
            *event.pointer_mut(pointer).unwrap() = value;
            assert_eq!(refused(&event), error);
        }
    }

    #[test]
    fn an_event_about_something_else_is_refused_for_its_detail_type_whatever_its_detail_holds() {
        let mut event = event();
        event["detail-type"] = json!("Engagement Created");
        event["detail"] = json!({"engagement": 7});
        assert_eq!(
            refused(&event),
            "the event's `detail-type` is `Engagement Created`, expected `Opportunity Created` or `Opportunity Updated`"
        );
    }
}
