//! The event that EventBridge brings.
//!
//! Partner Central's event says only *which* opportunity changed: no version, no actor, no list of
//! fields. Events are documented with other members than recorded ones have (`version` is `"0"` or
//! `"1"`, `resources` comes and goes), so everything the bridge does not need may be missing.

use serde_json::Value;

use crate::{Catalog, Identifier, ParseCatalogError, ParseIdentifierError, kind};

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
}
