//! A message of the CRM's, taken apart: which opportunity, and what of it.

use model::{
    Identifier, ParseIdentifierError,
    json::{self, Flaw},
    kind,
};
use serde_json::Value;

use crate::{Mapping, place::Place};

/// A record as it came, and the opportunity that it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// The opportunity's identifier.
    pub identifier: Identifier,
    /// The record.
    pub record: Value,
}

/// A message in which the mapping finds no record.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// An object names a field twice, and nobody can say which is meant.
    #[error("the body's `{pointer}` is there twice, expected it once")]
    Twice {
        /// Where, as a JSON Pointer into the body.
        pointer: String,
    },
    /// A field has a name that the parser gives a meaning to.
    #[error(
        "the body names `{pointer}`, expected no name that begins with `$serde_json::private::`"
    )]
    Reserved {
        /// Where, as a JSON Pointer into the body.
        pointer: String,
    },
    /// What the mapping reads is not there, or is something else.
    #[error("the body's `{pointer}` is {found}, expected {expected}")]
    Misplaced {
        /// Where, as a JSON Pointer into the body.
        pointer: String,
        /// Whether there is nothing at all.
        is_missing: bool,
        /// What it is instead: `missing`, or its kind with its article.
        found: &'static str,
        /// What the mapping says it is.
        expected: &'static str,
    },
    /// The identifier is malformed.
    #[error("the body's `{pointer}`: {error}")]
    Identifier {
        /// Where, as a JSON Pointer into the body.
        pointer: String,
        /// What is wrong with it.
        error: ParseIdentifierError,
    },
}

impl Mapping {
    /// Takes the body of a message of the CRM's apart.
    ///
    /// # Errors
    /// Where it is no JSON that says everything once, or the mapping's `receive` finds no identifier or
    /// no record in it.
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
