//! `AssociateOpportunity` and `DisassociateOpportunity`: which solutions and products belong to an opportunity.

use serde_json::{Value, json};

use crate::constraints::validate;
use crate::document::{Document, object_mut, text};
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) fn associate_opportunity(
    state: &mut State,
    request: &Document,
) -> Result<Value, Refusal> {
    change_related("AssociateOpportunity", state, request, |list, id| {
        if !list.contains(id) {
            list.push(id.clone());
        }
    })
}

pub(crate) fn disassociate_opportunity(
    state: &mut State,
    request: &Document,
) -> Result<Value, Refusal> {
    change_related("DisassociateOpportunity", state, request, |list, id| {
        list.retain(|known| known != id);
    })
}

fn change_related(
    operation: &str,
    state: &mut State,
    request: &Document,
    change: impl FnOnce(&mut Vec<Value>, &Value),
) -> Result<Value, Refusal> {
    validate(operation, request, None)?;
    let mut document = state.store.find(request, "OpportunityIdentifier")?.clone();
    let kind = text(request, "RelatedEntityType");
    if let Some(related) = object_mut(&mut document, "RelatedEntityIdentifiers")
        && let Some(id) = request.get("RelatedEntityIdentifier")
    {
        let known = related.get(kind).and_then(Value::as_array);
        let mut list = known.cloned().unwrap_or_default();
        change(&mut list, id);
        related.insert(kind.to_owned(), Value::Array(list));
    }
    state.store.write(document);
    Ok(json!({}))
}
