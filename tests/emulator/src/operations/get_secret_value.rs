//! `GetSecretValue` of Secrets Manager.

use serde_json::{Value, json};

use crate::arn;
use crate::constraints::validate;
use crate::document::{Document, text};
use crate::refusal::Refusal;
use crate::state::State;

pub(crate) fn get_secret_value(state: &mut State, request: &Document) -> Result<Value, Refusal> {
    validate("GetSecretValue", request, None)?;
    let id = text(request, "SecretId");
    let mut secrets = state.secrets.iter();
    let found = secrets.find(|(name, _)| *name == id || arn::of_secret(name) == id);
    let (name, value) = found.ok_or(Refusal::SecretNotFound)?;
    Ok(json!({
        "ARN": arn::of_secret(name),
        "CreatedDate": 1_765_794_030,
        "Name": name,
        "SecretString": value,
        "VersionId": "00000000-0000-4000-8000-000000000001",
        "VersionStages": ["AWSCURRENT"],
    }))
}
