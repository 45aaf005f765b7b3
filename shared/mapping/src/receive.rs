//! Extracts the identifier and the record from a CRM's message.

use model::{
    Identifier, ParseIdentifierError,
    json::{self, Flaw},
    kind,
};
use serde_json::Value;

use crate::{mapping::Mapping, place::Place};

/// A record, and the opportunity that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The opportunity's identifier.
    pub identifier: Identifier,
    /// The record.
    pub record: Value,
}

/// Why the mapping finds no record in a message.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// An object names a field twice, so its value is ambiguous.
    #[error("the body's `{pointer}` appears twice, expected once")]
    Twice {
        /// The place, as a JSON Pointer into the body.
        pointer: String,
    },
    /// A field has a name that the parser interprets.
    #[error(
        "the body names `{pointer}`, expected no name that begins with `$serde_json::private::`"
    )]
    Reserved {
        /// The place, as a JSON Pointer into the body.
        pointer: String,
    },
    /// A field that the mapping reads is missing or of another kind.
    #[error("the body's `{pointer}` is {found}, expected {expected}")]
    Misplaced {
        /// The place, as a JSON Pointer into the body.
        pointer: String,
        /// Whether the field is missing.
        is_missing: bool,
        /// What it is instead: `missing`, or a kind such as `an array`.
        found: &'static str,
        /// What the mapping expects.
        expected: &'static str,
    },
    /// The identifier is malformed.
    #[error("the body's `{pointer}`: {error}")]
    Identifier {
        /// The place, as a JSON Pointer into the body.
        pointer: String,
        /// What is wrong with it.
        error: ParseIdentifierError,
    },
}

impl Mapping {
    /// Extracts the record from the body of a CRM's message.
    ///
    /// # Errors
    /// If the body is not JSON, repeats a name, or has no identifier or no record where the mapping's
    /// `receive` expects them.
    pub fn receive(&self, body: &[u8]) -> Result<Received, ReceiveError> {
        match json::flaw(body)? {
            Some(Flaw::Twice(pointer)) => return Err(ReceiveError::Twice { pointer }),
            Some(Flaw::Reserved(pointer)) => return Err(ReceiveError::Reserved { pointer }),
            None => {}
        }
        let body = json::parse(body)?;
        let (id, record) = (&self.receive.id, &self.receive.record);
        let misplaced = |place: &Place, found: Option<&Value>, expected| ReceiveError::Misplaced {
            pointer: place.to_string(),
            is_missing: found.is_none(),
            found: found.map_or("missing", kind),
            expected,
        };
        let found = id.find(&body);
        let identifier = found
            .and_then(Value::as_str)
            .ok_or_else(|| misplaced(id, found, "the opportunity's identifier"))?;
        let identifier =
            Identifier::parse(identifier).map_err(|error| ReceiveError::Identifier {
                pointer: id.to_string(),
                error,
            })?;
        match record.find(&body) {
            Some(found) if found.is_object() => Ok(Received {
                identifier,
                record: found.clone(),
            }),
            found => Err(misplaced(record, found, "an object, the record")),
        }
    }
}
