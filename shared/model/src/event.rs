//! The event that EventBridge brings, and the CloudEvent that the bridge hands on.
//!
//! Partner Central's event says only *which* opportunity changed: no version, no actor, no list of
//! fields. Events are documented with other members than recorded ones have (`version` is `"0"` or
//! `"1"`, `resources` comes and goes), so everything the bridge does not need may be missing.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    Catalog, Identifier, Object, Opportunity, ParseCatalogError, ParseIdentifierError, kind,
};

/// What an `Opportunity Created` or `Opportunity Updated` event tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpportunityEvent {
    /// The EventBridge event's own id. One change can come as two events with two ids.
    pub id: Option<String>,
    /// Created or updated.
    pub kind: EventKind,
    /// When the event was sent, in RFC 3339, as EventBridge wrote it.
    pub time: Option<String>,
    /// The catalog that the opportunity lives in.
    pub catalog: Catalog,
    /// Which opportunity.
    pub identifier: Identifier,
}

/// What happened to the opportunity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Detail type `Opportunity Created`.
    Created,
    /// Detail type `Opportunity Updated`: the opportunity changed, or AWS's summary of it.
    Updated,
}

/// An event that the bridge cannot act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// The event is about something else.
    #[error(
        "the event's `detail-type` is {found}, expected `Opportunity Created` or `Opportunity Updated`"
    )]
    DetailType {
        /// The detail type in backticks, or what stands in its place.
        found: String,
    },
    /// A member that the bridge needs is missing or no string.
    #[error("the event's `{member}` is {found}, expected a string")]
    Member {
        /// The member's path, such as `detail.opportunity.identifier`.
        member: &'static str,
        /// What was found instead: a kind of value, or the members beside the missing one.
        found: String,
    },
    /// The identifier is none.
    #[error("the event's `detail.opportunity.identifier` is wrong: {0}")]
    Identifier(#[from] ParseIdentifierError),
    /// The catalog is none.
    #[error("the event's `detail.catalog` is wrong: {0}")]
    Catalog(#[from] ParseCatalogError),
}

impl OpportunityEvent {
    /// Parses an event as EventBridge delivers it.
    ///
    /// # Errors
    /// Where the detail type is not an opportunity's, or the catalog or the identifier is missing
    /// or malformed. Nothing else is asked for.
    pub fn parse(event: &Value) -> Result<Self, EventError> {
        let kind = match event.get("detail-type") {
            Some(Value::String(text)) if text == "Opportunity Created" => EventKind::Created,
            Some(Value::String(text)) if text == "Opportunity Updated" => EventKind::Updated,
            Some(Value::String(other)) => {
                return Err(EventError::DetailType {
                    found: format!("`{other}`"),
                });
            }
            _ => {
                return Err(EventError::DetailType {
                    found: found(event, "detail-type"),
                });
            }
        };
        let envelope = |member| event.get(member).and_then(Value::as_str).map(str::to_owned);
        let detail = event.get("detail").unwrap_or(&Value::Null);
        let opportunity = detail.get("opportunity").unwrap_or(&Value::Null);
        Ok(Self {
            id: envelope("id"),
            kind,
            time: envelope("time"),
            catalog: Catalog::parse(text(detail, "catalog", "detail.catalog")?)?,
            identifier: Identifier::parse(text(
                opportunity,
                "identifier",
                "detail.opportunity.identifier",
            )?)?,
        })
    }
}

fn text<'a>(parent: &'a Value, name: &str, member: &'static str) -> Result<&'a str, EventError> {
    parent
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| EventError::Member {
            member,
            found: found(parent, name),
        })
}

/// What is there instead of the string `name` in `parent`.
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

/// A CloudEvents 1.0 event in structured JSON mode: one opportunity, whole.
///
/// Equal content has equal ids, so that the duplicates that Partner Central sends (two events in one
/// second with different EventBridge ids) collapse for every consumer that follows the
/// CloudEvents rule: `source` and `id` together are unique for each distinct event.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    eventid: Option<String>,
    data: Data,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Data {
    opportunity: Object,
}

impl CloudEvent {
    /// The event that tells what the opportunity is now.
    #[must_use]
    pub fn new(event: &OpportunityEvent, opportunity: Opportunity) -> Self {
        let kind = match event.kind {
            EventKind::Created => "aws.partnercentral.opportunity.created",
            EventKind::Updated => "aws.partnercentral.opportunity.updated",
        };
        let catalog = event.catalog.as_str();
        let subject = event.identifier.to_string();
        let source = source(&opportunity);
        let opportunity = opportunity.into_document();
        Self {
            specversion: "1.0",
            id: content_id(kind, catalog, &opportunity),
            source,
            kind,
            subject,
            time: event.time.clone(),
            datacontenttype: "application/json",
            eventid: event.id.clone(),
            data: Data { opportunity },
        }
    }

    /// Which opportunity: the identifier.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
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
fn content_id(kind: &str, catalog: &str, opportunity: &Object) -> String {
    let mut content = format!("{kind}\n{catalog}\n");
    canonical_members(opportunity, &mut content);
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

    fn cloud_event(event: &Value, opportunity: &str) -> Value {
        let event = OpportunityEvent::parse(event).unwrap();
        let opportunity = Opportunity::parse(opportunity.as_bytes()).unwrap();
        serde_json::to_value(CloudEvent::new(&event, opportunity)).unwrap()
    }

    #[test]
    fn an_event_is_parsed_with_whatever_else_is_in_it_or_not() {
        let expected = OpportunityEvent {
            id: Some("6f6f8e8c-0000-4000-8000-000000000001".to_owned()),
            kind: EventKind::Updated,
            time: Some("2026-03-04T05:06:07Z".to_owned()),
            catalog: Catalog::parse("Sandbox").unwrap(),
            identifier: Identifier::parse("O7").unwrap(),
        };
        assert_eq!(OpportunityEvent::parse(&event()).unwrap(), expected);

        let mut bare = event();
        for name in ["version", "resources", "account", "region", "source"] {
            bare.as_object_mut().unwrap().remove(name);
        }
        bare["detail"]["opportunity"]["tomorrow"] = json!([1]);
        bare["detail"]
            .as_object_mut()
            .unwrap()
            .remove("schemaVersion");
        assert_eq!(OpportunityEvent::parse(&bare).unwrap(), expected);
    }

    #[test]
    fn an_event_that_cannot_be_acted_on_says_what_was_found() {
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
        ] {
            let mut event = event();
            *event.pointer_mut(pointer).unwrap() = value;
            assert_eq!(
                OpportunityEvent::parse(&event).unwrap_err().to_string(),
                error
            );
        }
    }

    #[test]
    fn a_cloud_event_carries_the_whole_opportunity() {
        let opportunity = r#"{"Id":"O7","Arn":"arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox/opportunity/O7","Catalog":"Sandbox","LastModifiedDate":"m","Tomorrow":1.10,"Null":null}"#;
        let mut event = cloud_event(&event(), opportunity);
        let id = event.as_object_mut().unwrap().remove("id").unwrap();
        assert_eq!(id.as_str().unwrap().len(), 64);
        assert_eq!(
            event,
            json!({
                "specversion": "1.0",
                "source": "arn:aws:partnercentral:us-east-1:111122223333:catalog/Sandbox",
                "type": "aws.partnercentral.opportunity.updated",
                "subject": "O7",
                "time": "2026-03-04T05:06:07Z",
                "datacontenttype": "application/json",
                "eventid": "6f6f8e8c-0000-4000-8000-000000000001",
                "data": {"opportunity": serde_json::from_str::<Value>(opportunity).unwrap()},
            })
        );
    }

    #[test]
    fn equal_content_has_equal_ids_and_other_content_has_others() {
        let opportunity =
            r#"{"Id":"O7","Catalog":"Sandbox","LastModifiedDate":"m","P":{"a":1,"b":[1,2]}}"#;
        let id = |event: &Value, opportunity: &str| cloud_event(event, opportunity)["id"].clone();
        let first = id(&event(), opportunity);

        let mut twin = event();
        twin["id"] = json!("another");
        twin["time"] = json!("2026-03-04T05:06:08Z");
        let reordered =
            r#"{"P":{"b":[1,2],"a":1},"LastModifiedDate":"m","Catalog":"Sandbox","Id":"O7"}"#;
        assert_eq!(id(&twin, reordered), first);

        let mut created = event();
        created["detail-type"] = json!("Opportunity Created");
        assert_ne!(id(&created, opportunity), first);
        for other in [
            opportunity.replace("[1,2]", "[2,1]"),
            opportunity.replace("\"m\"", "\"n\""),
            opportunity.replace("\"a\":1", "\"a\":\"1\""),
        ] {
            assert_ne!(id(&event(), &other), first);
        }
    }
}
