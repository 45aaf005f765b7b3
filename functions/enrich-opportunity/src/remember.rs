//! What an event tells with a memory, beyond what was read: what changed, and who changed it.
//!
//! The memory decides which event is handed on: the new one, or one that was handed on before and tells the
//! same or something newer. No event is ever held back, because the one that is remembered may never have
//! arrived. If the memory does not answer, the event goes out as it is, and says so.

use memory::{Before, Content, Documents, Memory, Remembered, Summary, Told};
use model::{Catalog, CloudEvent, Instant, Object, Problem, ProblemCode};

use crate::origin;

/// The event that is to be handed on in place of this one, and the whole opportunity that it tells where
/// that is not the one that was read. `is_in_review`: nothing that waits can end yet.
pub(crate) async fn to_hand_on(
    memory: &Memory,
    catalog: &Catalog,
    event: CloudEvent,
    is_in_review: bool,
    now: Instant,
) -> (CloudEvent, Option<Object>) {
    let told = told_by(&event);
    match memory.remember(catalog, event.subject(), &told, now).await {
        Ok(remembered) => {
            let waiting = remembered.waiting.iter();
            let parked: Vec<_> = waiting
                .filter(|id| !is_in_review || id.has_expired(now))
                .map(ToString::to_string)
                .collect();
            let (event, told) = retold(event, &told.digest, remembered);
            (event.with_parked(parked), told)
        }
        Err(error) => {
            tracing::warn!(
                opportunity.id = event.subject(),
                cause = error.cause,
                "the memory does not answer"
            );
            let reason = "the bridge's memory did not answer";
            let problem = Problem::without_changes(ProblemCode::Unavailable, reason);
            (event.with_changes(Err(problem), None), None)
        }
    }
}

/// What is to be remembered of an event.
fn told_by(event: &CloudEvent) -> Told {
    let content = event.documents().and_then(|(opportunity, summary)| {
        let summary = match (summary, event.without_summary()) {
            (Some(summary), _) => Summary::Read(summary.clone()),
            (None, Some(ProblemCode::NotFound)) => Summary::None,
            (None, _) => Summary::Unread,
        };
        Some(Content {
            envelope: serde_json::to_value(event.envelope()).ok()?,
            opportunity: opportunity.clone(),
            summary,
        })
    });
    Told {
        sequence: event.sequence().to_owned(),
        digest: event.digest(),
        content,
    }
}

fn retold(event: CloudEvent, digest: &str, remembered: Remembered) -> (CloudEvent, Option<Object>) {
    let Remembered {
        told,
        now,
        before,
        since,
        writes,
        waiting: _,
    } = remembered;
    let is_this = told.sequence == event.sequence();
    let is_same = told.digest == digest;
    let Some((content, now)) = told.content.zip(now) else {
        // Of what was too large to keep, only the order is known.
        let reason = "the opportunity is too large to keep";
        let problem = Problem::without_changes(ProblemCode::TooLarge, reason);
        let event = if is_same {
            event.in_sequence(told.sequence, &told.digest)
        } else {
            event
        };
        return (event.since(since).with_changes(Err(problem), None), None);
    };
    let date = |documents: &Documents| {
        let date = documents.opportunity.get("LastModifiedDate")?.as_str()?;
        Some(date.to_owned())
    };
    let to = date(&now);
    let mut from = None;
    let changes = match before {
        Before::Nothing => Ok(None),
        Before::TooLarge => {
            let reason = "what was handed on before is too large to keep";
            Err(Problem::without_changes(ProblemCode::TooLarge, reason))
        }
        Before::Documents(before) => {
            from = date(&before);
            Ok(Some(CloudEvent::changes_between(
                (before.opportunity, before.summary),
                (now.opportunity, now.summary),
            )))
        }
    };
    let known = changes.as_ref().ok().and_then(Option::as_deref);
    let origin = origin::of(known, from.as_deref(), to.as_deref(), &writes);
    let (event, retold) = match serde_json::from_value(content.envelope) {
        Ok(envelope) if !is_this => {
            let summary = match content.summary {
                Summary::Read(summary) => Some(summary),
                Summary::None | Summary::Unread => None,
            };
            let opportunity = content.opportunity;
            let retold = opportunity.clone();
            (event.telling(envelope, opportunity, summary), Some(retold))
        }
        _ => (event, None),
    };
    let event = event
        .in_sequence(told.sequence, &told.digest)
        .since(since)
        .with_changes(changes, Some(origin));
    (event, retold)
}
