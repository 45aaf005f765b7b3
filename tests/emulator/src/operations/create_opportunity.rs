//! `CreateOpportunity`: once for each client token.

use serde_json::{Value, json};

use crate::arn;
use crate::constraints::validate;
use crate::document::{Document, object_mut, text};
use crate::put::complete;
use crate::refusal::Refusal;
use crate::shape::SHAPES;
use crate::state::State;

pub(crate) fn create_opportunity(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    validate("CreateOpportunity", request, None)?;
    let token = text(request, "ClientToken").to_owned();
    if let Some((known, answer)) = state.created.get(&token) {
        if known == request {
            return Ok(answer.clone());
        }
        // AWS's words, from its page on `CreateOpportunity`.
        let what = "Conflicting client token submitted for a new request body.";
        return Err(Refusal::Conflict(what.to_owned()));
    }
    let id = state.store.unused_id();
    let date = state.store.create(created(request, &id));
    let answer = json!({
        "Id": id,
        "LastModifiedDate": date,
        "PartnerOpportunityIdentifier": request.get("PartnerOpportunityIdentifier"),
    });
    let creation = (request.clone(), answer.clone());
    state.created.insert(token, creation);
    Ok(answer)
}

/// The opportunity that a creation asks for, without its dates.
fn created(request: &Document, id: &str) -> Document {
    let mut document = request.clone();
    for name in ["ClientToken", "Origin", "Tags"] {
        document.shift_remove(name);
    }
    let catalog = text(request, "Catalog");
    document.insert("Arn".to_owned(), json!(arn::of_opportunity(catalog, id)));
    document.insert("Id".to_owned(), json!(id));
    document.entry("OpportunityTeam").or_insert(json!([]));
    let related = SHAPES.values.get("RelatedEntityType").into_iter().flatten();
    let related = related.map(|name| (name.clone(), json!([]))).collect();
    document.insert("RelatedEntityIdentifiers".to_owned(), related);
    if let Some(life_cycle) = object_mut(&mut document, "LifeCycle") {
        life_cycle.insert("ReviewStatus".to_owned(), json!("Pending Submission"));
    }
    complete(&mut document);
    document
}
