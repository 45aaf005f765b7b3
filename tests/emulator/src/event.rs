//! Partner Central's event about a change of an opportunity, in the shape of a recorded one.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use crate::arn::ACCOUNT;
use crate::document::{Document, text};
use crate::payload::Payload;

/// A change of an opportunity.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    Created,
    Updated,
}

impl Change {
    pub(crate) fn detail_type(self) -> &'static str {
        match self {
            Self::Created => "Opportunity Created",
            Self::Updated => "Opportunity Updated",
        }
    }

    /// The event about this change of an opportunity, which happens now.
    pub(crate) fn event(self, document: &Document, now: Timestamp) -> Payload {
        let (event, identifier) = (unused_id(), text(document, "Id").to_owned());
        let body = json!({
            "version": "0",
            "id": event,
            "detail-type": self.detail_type(),
            "source": "aws.partnercentral-selling",
            "account": ACCOUNT,
            "time": format!("{now:.0}"),
            "region": "us-east-1",
            "resources": [],
            "detail": {
                "schemaVersion": "1",
                "catalog": text(document, "Catalog"),
                "opportunity": { "identifier": identifier },
            },
        });
        Payload {
            event,
            identifier,
            function: None,
            body: Bytes::from(body.to_string()),
            fault: None,
        }
    }
}

/// A random UUID, as EventBridge gives events.
fn unused_id() -> String {
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        fastrand::u32(..),
        fastrand::u16(..),
        fastrand::u16(..0x1000),
        fastrand::u16(0x8000..0xc000),
        fastrand::u64(..1 << 48),
    )
}
