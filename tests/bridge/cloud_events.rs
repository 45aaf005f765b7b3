//! What a CRM is told of an opportunity, with a memory and without one.

use std::sync::LazyLock;

use bridge_tests::{Function, has_memory};
use jsonschema::Validator;
use serde_json::{Value, json};

/// What `enrich-opportunity` makes of an event, which must not be an error.
pub(crate) async fn cloud_event(function: &Function, event: Value) -> Value {
    valid(function.invoke(event).await.expect("no function error"))
}

/// The CloudEvent, which must have the documented form.
pub(crate) fn valid(event: Value) -> Value {
    static FORM: LazyLock<Validator> = LazyLock::new(|| {
        let schema = include_str!("../../shared/model/schema/opportunity-event.schema.json");
        let schema = schema.parse().expect("the schema is JSON");
        jsonschema::validator_for(&schema).expect("a schema")
    });
    if let Err(error) = FORM.validate(&event) {
        panic!("{error}: {event}");
    }
    event
}

/// The data of an opportunity's first event. A memory adds who changed it, which it does not know of the first.
pub(crate) fn first(mut data: Value) -> Value {
    if has_memory() {
        data["origin"] = json!({"actor": "other"});
    }
    data
}
