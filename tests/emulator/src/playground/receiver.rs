//! A CRM that listens: it takes CloudEvents and follows the one rule that the README gives receivers.
//!
//! It keeps the newest event of each opportunity, and tells of each event what it did with it and why.

use std::sync::Arc;

use axum::extract::State;
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::control::{Problem, parse};
use crate::journal::Happening;
use crate::server::Server;

/// What the CRM knows of an opportunity.
#[derive(Clone, Serialize)]
pub(crate) struct Deal {
    /// The greatest seen, of an event that was applied or not.
    sequence: String,
    /// The last event that was applied.
    event: Value,
    /// Its id.
    id: String,
}

/// An event that the CRM was told.
pub(crate) struct Receipt {
    pub(crate) event: Value,
    pub(crate) verdict: Verdict,
    /// The last event that it had applied; null where there was none.
    pub(crate) before: Value,
}

/// What the CRM does with an event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Applied,
    /// Dropped: its `id` is that of the last event applied for its `subject`.
    Duplicate,
    /// Dropped: its `sequence` is not greater than the greatest seen for its `subject`.
    Late,
}

/// The part of a CloudEvent that the rule asks for.
#[derive(Deserialize)]
struct Told {
    id: String,
    sequence: String,
    subject: String,
}

pub(crate) async fn receive(
    State(server): State<Arc<Server>>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let told: Told = parse(&body)?;
    let event: Value = parse(&body)?;
    let mut state = server.state();
    let known = state.deals.get_mut(&told.subject);
    let verdict = known
        .as_deref()
        .map_or(Verdict::Applied, |deal| judge(deal, &told));
    let before = known.as_deref().map(|deal| deal.event.clone());
    match known {
        Some(deal) if verdict != Verdict::Applied => {
            deal.sequence = told.sequence.max(std::mem::take(&mut deal.sequence));
        }
        _ => {
            let deal = Deal {
                sequence: told.sequence,
                event: event.clone(),
                id: told.id,
            };
            state.deals.insert(told.subject, deal);
        }
    }
    let receipt = Receipt {
        event,
        verdict,
        before: before.unwrap_or_default(),
    };
    state.journal.record(Happening::Receipt(receipt));
    Ok(StatusCode::NO_CONTENT)
}

fn judge(deal: &Deal, told: &Told) -> Verdict {
    if told.id == deal.id {
        Verdict::Duplicate
    } else if told.sequence <= deal.sequence {
        Verdict::Late
    } else {
        Verdict::Applied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_applied_if_it_is_newer_and_another_one() {
        let deal = Deal {
            sequence: "5".to_owned(),
            event: Value::Null,
            id: "a".to_owned(),
        };
        let cases = [
            ("b", "6", Verdict::Applied),
            ("b", "5", Verdict::Late),
            ("b", "4", Verdict::Late),
            ("a", "6", Verdict::Duplicate),
            ("a", "5", Verdict::Duplicate),
        ];
        for (id, sequence, verdict) in cases {
            let told = Told {
                id: id.to_owned(),
                sequence: sequence.to_owned(),
                subject: "O1".to_owned(),
            };
            assert_eq!(judge(&deal, &told), verdict, "{id} {sequence}");
        }
    }
}
