//! A CRM that takes CloudEvents and follows the one rule that the README gives receivers.
//!
//! It keeps the newest event of each opportunity, and the id of each patch that ended. It reports what it did with
//! each event and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::{Problem, parse};

/// What the CRM has received.
#[derive(Default)]
pub(crate) struct Crm {
    /// By opportunity id.
    pub(crate) deals: BTreeMap<String, Deal>,
    /// The patches of which it has heard how they ended.
    ended: BTreeSet<String>,
}

/// What the CRM knows of an opportunity.
#[derive(Clone, Serialize)]
pub(crate) struct Deal {
    /// The greatest `sequence` seen, in an event applied or dropped.
    sequence: String,
    /// The last event applied.
    event: Value,
    /// Its id.
    id: String,
}

/// An event that the CRM received.
pub(crate) struct Receipt {
    pub(crate) event: Value,
    pub(crate) verdict: Verdict,
    /// The last event that it had applied; null if there was none.
    pub(crate) before: Value,
}

/// What the CRM does with an event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Applied,
    /// Dropped: its `id` is that of the last event applied for its `subject`, or that of a patch known to have ended.
    Duplicate,
    /// Dropped: its `sequence` is not greater than the greatest seen for its `subject`.
    Late,
}

/// The types of the events of how patches ended that had waited for a review. They have no `sequence`.
const OF_PATCHES: &str = "opportunity-bridge.patch.";

/// The part of an opportunity's event that the rule needs.
#[derive(Deserialize)]
struct Told {
    id: String,
    sequence: String,
    subject: String,
}

impl Crm {
    /// Takes an event, and says what became of it.
    pub(crate) fn receive(&mut self, body: &[u8]) -> Result<Receipt, Problem> {
        let event: Value = parse(body)?;
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let (verdict, before) = match text("id") {
            Some(id) if text("type").is_some_and(|it| it.starts_with(OF_PATCHES)) => {
                let is_new = self.ended.insert(id.to_owned());
                let verdict = if is_new {
                    Verdict::Applied
                } else {
                    Verdict::Duplicate
                };
                (verdict, None)
            }
            _ => take(&mut self.deals, parse(body)?, &event),
        };
        Ok(Receipt {
            event,
            verdict,
            before: before.unwrap_or_default(),
        })
    }
}

/// Applies an opportunity's event, or drops it; gives the last one that was applied before, too.
fn take(deals: &mut BTreeMap<String, Deal>, told: Told, event: &Value) -> (Verdict, Option<Value>) {
    let known = deals.get_mut(&told.subject);
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
            deals.insert(told.subject, deal);
        }
    }
    (verdict, before)
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
    fn an_event_is_applied_if_it_is_newer_and_not_a_duplicate() {
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
