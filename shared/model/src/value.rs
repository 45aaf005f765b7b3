//! JSON values, and what they are called.

use serde_json::Value;

/// A JSON object: keys in the order they were read, numbers with the digits they were read with.
pub type Object = serde_json::Map<String, Value>;

/// The kind of a JSON value, for error messages: `null`, `a boolean`, `a number`, `a string`, `an array` or
/// `an object`.
#[must_use]
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
