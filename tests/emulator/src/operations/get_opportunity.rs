//! `GetOpportunity`.

use serde_json::Value;

use crate::constraints::validate;
use crate::document::Document;
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) fn get_opportunity(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    validate("GetOpportunity", request, None)?;
    let document = state.store.find(request, "Identifier")?;
    Ok(Value::Object(document.clone()))
}
