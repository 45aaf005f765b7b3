//! The patch: what a caller wants changed, and how it is applied to an opportunity.

use std::slice;

use json_patch::{
    AddOperation, CopyOperation, MoveOperation, PatchErrorKind, PatchOperation, RemoveOperation,
    ReplaceOperation, TestOperation, jsonptr::PointerBuf,
};
use serde_json::Value;

use crate::{Object, Opportunity, duplicate, kind};

/// The most levels that operations may leave: somewhat fewer than a JSON parser takes.
const MAX_DEPTH: usize = 120;
/// The most bytes that operations may leave. An opportunity is about 10 KiB.
const MAX_SIZE: usize = 4 * 1024 * 1024;

/// A partial change to an opportunity.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch {
    /// JSON Merge Patch (RFC 7396): the members to change, null to remove one.
    Merge(Object),
    /// JSON Patch (RFC 6902): operations, carried out in order, all or none.
    Operations(json_patch::Patch),
}

/// Bytes that are no patch.
#[derive(Debug, thiserror::Error)]
pub enum ParsePatchError {
    /// The bytes are not JSON.
    #[error("the patch is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// The patch is JSON of another kind.
    #[error("the patch is {found}, expected {expected}")]
    WrongKind {
        /// What it is, with its article.
        found: &'static str,
        /// What it should be, with its article.
        expected: &'static str,
    },
    /// An object in the patch names a member twice.
    #[error("the patch names `{pointer}` twice")]
    Twice {
        /// Where, as a JSON Pointer into the patch.
        pointer: String,
    },
    /// An operation of a JSON Patch is none.
    #[error("operation {index} of the patch is wrong: {cause}")]
    Operation {
        /// Its place in the patch, from 0.
        index: usize,
        /// What is wrong.
        cause: String,
    },
}

/// A patch that cannot be applied to this opportunity.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum PatchError {
    /// A `test` operation found another value.
    #[error("operation {index} of the patch failed: `{pointer}` is not as tested")]
    TestFailed {
        /// Its place in the patch, from 0.
        index: usize,
        /// What it tested.
        pointer: String,
    },
    /// An operation makes more of the opportunity than can be written.
    #[error(
        "operation {index} of the patch makes the opportunity too large, expected less than {MAX_SIZE} bytes in {MAX_DEPTH} levels"
    )]
    TooLarge {
        /// Its place in the patch, from 0.
        index: usize,
    },
    /// An operation names a place that is not there.
    #[error("operation {index} of the patch failed at `{pointer}`: {cause}")]
    Inapplicable {
        /// Its place in the patch, from 0.
        index: usize,
        /// The operation's `path`.
        pointer: String,
        /// What is wrong.
        cause: &'static str,
    },
}

impl Patch {
    /// Parses a JSON Merge Patch (RFC 7396).
    ///
    /// # Errors
    /// Where the bytes are not a JSON object, or name a member twice.
    pub fn parse_merge(bytes: &[u8]) -> Result<Self, ParsePatchError> {
        match unambiguous(bytes)? {
            Value::Object(members) => Ok(Self::Merge(members)),
            other => Err(ParsePatchError::WrongKind {
                found: kind(&other),
                expected: "an object",
            }),
        }
    }

    /// Parses a JSON Patch (RFC 6902).
    ///
    /// # Errors
    /// Where the bytes are not a JSON array of operations; the error names the first that is none.
    pub fn parse_operations(bytes: &[u8]) -> Result<Self, ParsePatchError> {
        let operations = match unambiguous(bytes)? {
            Value::Array(operations) => operations,
            other => {
                return Err(ParsePatchError::WrongKind {
                    found: kind(&other),
                    expected: "an array",
                });
            }
        };
        let operation = |(index, value)| {
            operation(value).map_err(|cause| ParsePatchError::Operation { index, cause })
        };
        let operations: Result<_, _> = operations.into_iter().enumerate().map(operation).collect();
        Ok(Self::Operations(json_patch::Patch(operations?)))
    }

    /// The opportunity's document with this patch applied. Whether that may be written is for
    /// [`review`](crate::review) to say.
    ///
    /// A member that the patch removes stays in the result as explicit null:
    /// for `Project.ExpectedContractDuration` an omitted member means "no change" and only null
    /// clears it; for all others the two mean the same to `UpdateOpportunity`.
    ///
    /// # Errors
    /// Where one of the operations fails.
    pub fn apply(&self, opportunity: &Opportunity) -> Result<Object, PatchError> {
        let before = opportunity.document();
        match self {
            Self::Merge(members) => {
                let mut after = before.clone();
                merge(&mut after, members);
                Ok(after)
            }
            Self::Operations(operations) => {
                Ok(with_removed_as_null(before, carry_out(operations, before)?))
            }
        }
    }
}

/// Parses JSON that says everything once.
fn unambiguous(bytes: &[u8]) -> Result<Value, ParsePatchError> {
    let json = serde_json::from_slice(bytes)?;
    match duplicate::find(bytes)? {
        None => Ok(json),
        Some(pointer) => Err(ParsePatchError::Twice { pointer }),
    }
}

/// Makes an operation of its JSON. By hand, because serde takes a tagged enumeration through a buffer
/// that numbers beyond 64 bits do not fit into.
fn operation(json: Value) -> Result<PatchOperation, String> {
    let Value::Object(mut members) = json else {
        return Err(format!("it is {}, expected an object", kind(&json)));
    };
    let name = text(&members, "op")?;
    let path = place(&members, "path")?;
    let from = || place(&members, "from");
    Ok(match name.as_str() {
        "remove" => PatchOperation::Remove(RemoveOperation { path }),
        "move" => PatchOperation::Move(MoveOperation {
            from: from()?,
            path,
        }),
        "copy" => PatchOperation::Copy(CopyOperation {
            from: from()?,
            path,
        }),
        "add" | "replace" | "test" => {
            let value = members
                .shift_remove("value")
                .ok_or("`value` is missing, expected any JSON")?;
            match name.as_str() {
                "add" => PatchOperation::Add(AddOperation { path, value }),
                "replace" => PatchOperation::Replace(ReplaceOperation { path, value }),
                _ => PatchOperation::Test(TestOperation { path, value }),
            }
        }
        other => {
            let expected = "`add`, `remove`, `replace`, `move`, `copy` or `test`";
            return Err(format!("`op` is `{other}`, expected {expected}"));
        }
    })
}

fn text(members: &Object, name: &str) -> Result<String, String> {
    match members.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(format!("`{name}` is {}, expected a string", kind(other))),
        None => Err(format!("`{name}` is missing, expected a string")),
    }
}

fn place(members: &Object, name: &str) -> Result<PointerBuf, String> {
    let text = text(members, name)?;
    PointerBuf::parse(text.as_str())
        .map_err(|_| format!("`{name}` is `{text}`, expected a JSON Pointer"))
}

/// RFC 6902. The whole document is out of reach here, because it holds read-only members.
fn carry_out(operations: &json_patch::Patch, before: &Object) -> Result<Object, PatchError> {
    let mut document = Value::Object(before.clone());
    for (index, operation) in operations.iter().enumerate() {
        json_patch::patch(&mut document, slice::from_ref(operation))
            .map_err(|error| failed(index, &error))?;
        let mut room = MAX_SIZE;
        if !fits(&document, MAX_DEPTH, &mut room) {
            return Err(PatchError::TooLarge { index });
        }
    }
    match document {
        Value::Object(after) => Ok(after),
        _ => Ok(before.clone()),
    }
}

fn failed(index: usize, error: &json_patch::PatchError) -> PatchError {
    let pointer = error.path.to_string();
    let cause = match error.kind {
        PatchErrorKind::TestFailed => return PatchError::TestFailed { index, pointer },
        PatchErrorKind::InvalidFromPointer => "`from` points to nothing",
        PatchErrorKind::CannotMoveInsideItself => "a value cannot be moved into itself",
        _ => "there is no such place",
    };
    PatchError::Inapplicable {
        index,
        pointer,
        cause,
    }
}

/// Whether a value has no more levels and no more bytes, roughly, than there is room for. A few `copy`
/// operations can double a document beyond any memory.
fn fits(value: &Value, levels: usize, room: &mut usize) -> bool {
    let mut takes = |bytes: usize| match room.checked_sub(bytes) {
        Some(left) => {
            *room = left;
            true
        }
        None => false,
    };
    match value {
        Value::String(text) => takes(text.len() + 2),
        Value::Number(number) => takes(number.as_str().len()),
        Value::Array(items) => {
            takes(2) && levels > 0 && items.iter().all(|item| fits(item, levels - 1, room))
        }
        Value::Object(members) => {
            takes(2)
                && levels > 0
                && members.iter().all(|(name, value)| {
                    *room = room.saturating_sub(name.len() + 3);
                    fits(value, levels - 1, room)
                })
        }
        _ => takes(4),
    }
}

/// RFC 7396, section 2, for two objects, but that a member that is removed stays as null, and that
/// nothing stays nothing where a patch only removes from it; the RFC would make an empty object.
fn merge(target: &mut Object, patch: &Object) {
    for (name, value) in patch {
        match (value, target.get_mut(name)) {
            (Value::Null, None) => {}
            (value, None | Some(Value::Null)) if removes_only(value) => {}
            (Value::Object(members), Some(Value::Object(target))) => merge(target, members),
            (value, Some(slot)) => *slot = merged_into_nothing(value),
            (value, None) => drop(target.insert(name.clone(), merged_into_nothing(value))),
        }
    }
}

fn merged_into_nothing(patch: &Value) -> Value {
    match patch {
        Value::Object(members) => {
            let mut target = Object::new();
            merge(&mut target, members);
            Value::Object(target)
        }
        value => value.clone(),
    }
}

/// Whether a merge patch is of removals alone, within an object.
fn removes_only(patch: &Value) -> bool {
    let removes = |value: &Value| value.is_null() || removes_only(value);
    matches!(patch, Value::Object(members) if !members.is_empty() && members.values().all(removes))
}

/// `after`, in the order of `before`, with null for each member that `before` has and `after` lacks.
fn with_removed_as_null(before: &Object, mut after: Object) -> Object {
    let mut whole = Object::new();
    for (name, before) in before {
        let value = match (before, after.shift_remove(name)) {
            (Value::Object(before), Some(Value::Object(after))) => {
                Value::Object(with_removed_as_null(before, after))
            }
            (_, after) => after.unwrap_or_default(),
        };
        whole.insert(name.clone(), value);
    }
    whole.extend(after);
    whole
}

#[cfg(test)]
mod tests;
