//! `UpdateOpportunity`: replaces an opportunity that nobody has changed since the sender read it.

use serde_json::{Value, json};

use crate::constraints::validate;
use crate::document::{Document, instant, text};
use crate::put::put;
use crate::refusal::{Reason, Refusal, refuse};
use crate::review_lock;
use crate::state::State;

pub(crate) fn update_opportunity(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    let stored = state.store.find(request, "Identifier");
    let date = |document| instant(text(document, "LastModifiedDate"));
    let is_stale = stored.as_ref().is_ok_and(|it| date(it) != date(request));
    // A stale request must end in a conflict, even if it carries values from an earlier read that the
    // model lacks. So it is not compared with the current opportunity.
    let carried = stored.as_ref().ok().copied().filter(|_| !is_stale);
    validate(
        "UpdateOpportunity",
        request,
        Some(carried.unwrap_or(request)),
    )?;
    let stored = stored?;
    let id = text(stored, "Id").to_owned();
    if is_stale {
        let what = "has been changed since `LastModifiedDate`, expected the date of a fresh read";
        return Err(Refusal::Conflict(format!("opportunity `{id}` {what}")));
    }
    let document = put(stored, request);
    let locked = review_lock::violations(stored, &document);
    refuse(Reason::BusinessValidationFailed, locked)?;
    let date = state.store.write(document);
    Ok(json!({ "Id": id, "LastModifiedDate": date }))
}
