//! A patch: the changes that a caller wants, applied to an opportunity.

mod cost;
mod part;
mod settle;

use json_patch::{
    AddOperation, CopyOperation, MoveOperation, PatchErrorKind, PatchOperation, RemoveOperation,
    ReplaceOperation, TestOperation,
    jsonptr::{Pointer, PointerBuf},
};
use serde_json::Value;

pub use self::part::part_of_the_partner;
pub(crate) use self::settle::settle;
use crate::{
    code::Code,
    equal::equal,
    json::{self, Flaw},
    opportunity::Opportunity,
    value::{Object, kind},
};

/// A partial change to an opportunity.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch {
    /// JSON Merge Patch (RFC 7396): the members to change, null to remove one.
    Merge(Object),
    /// JSON Patch (RFC 6902): operations, applied in order, all or none.
    Operations(json_patch::Patch),
}

/// Why bytes are not a patch.
#[derive(Debug, thiserror::Error)]
pub enum ParsePatchError {
    /// The bytes are not JSON.
    #[error("the patch is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// The patch is JSON, but not of the expected kind.
    #[error("the patch is {found}, expected {expected}")]
    WrongKind {
        /// What it is, such as `a string`.
        found: &'static str,
        /// What was expected, such as `an object`.
        expected: &'static str,
    },
    /// An object in the patch names a member twice.
    #[error("the patch names `{pointer}` twice")]
    Twice {
        /// The member, as a JSON Pointer into the patch.
        pointer: String,
    },
    /// A member has a name that the parser interprets.
    #[error(
        "the patch names `{pointer}`, expected no name that begins with `$serde_json::private::`"
    )]
    Reserved {
        /// The member, as a JSON Pointer into the patch.
        pointer: String,
    },
    /// The patch has more values or levels than the process can handle.
    #[error(
        "the patch is too large, expected at most {levels} levels and {size} MiB in memory",
        levels = cost::MAX_LEVELS,
        size = cost::MAX >> 20
    )]
    TooLarge,
    /// An operation of a JSON Patch is malformed.
    #[error("operation {index} of the patch is wrong: {cause}")]
    Operation {
        /// The operation's index, from 0.
        index: usize,
        /// What is wrong.
        cause: String,
    },
}

impl ParsePatchError {
    /// The code of the error; `None` if the patch is not JSON.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Some(match self {
            Self::NotJson(_) => return None,
            Self::WrongKind { .. } => Code::WrongType,
            Self::Twice { .. } => Code::DuplicateMember,
            Self::Reserved { .. } => Code::ReservedMember,
            Self::TooLarge => Code::TooLarge,
            Self::Operation { .. } => Code::WrongOperation,
        })
    }

    /// The place of the error, as a JSON Pointer into the patch; empty for the whole.
    #[must_use]
    pub fn pointer(&self) -> String {
        match self {
            Self::NotJson(_) | Self::WrongKind { .. } | Self::TooLarge => String::new(),
            Self::Twice { pointer } | Self::Reserved { pointer } => pointer.clone(),
            Self::Operation { index, .. } => format!("/{index}"),
        }
    }
}

/// Why a patch cannot be applied to this opportunity.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum PatchError {
    /// A `test` operation found another value, or none.
    #[error("operation {index} of the patch failed: `{pointer}` is not as tested")]
    TestFailed {
        /// The operation's index, from 0.
        index: usize,
        /// The pointer that it tested.
        pointer: String,
    },
    /// An operation makes the opportunity too large to write.
    #[error(
        "operation {index} of the patch makes the opportunity too large, expected at most {levels} levels and {size} MiB in memory",
        levels = cost::MAX_LEVELS,
        size = cost::MAX >> 20
    )]
    TooLarge {
        /// The operation's index, from 0.
        index: usize,
    },
    /// An operation names a place that does not exist.
    #[error("operation {index} of the patch failed at `{pointer}`: {cause}")]
    Inapplicable {
        /// The operation's index, from 0.
        index: usize,
        /// The operation's `path`.
        pointer: String,
        /// What is wrong.
        cause: &'static str,
    },
    /// The operations replace the opportunity with something that is not an object.
    #[error("the patch makes the opportunity {found}, expected an object")]
    NotAnObject {
        /// What it would become, such as `an array`.
        found: &'static str,
    },
}

impl PatchError {
    /// The code of the error.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::TestFailed { .. } => Code::TestFailed,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::Inapplicable { .. } => Code::Inapplicable,
            Self::NotAnObject { .. } => Code::WrongType,
        }
    }

    /// The place of the error, as a JSON Pointer into the opportunity; empty for the whole.
    #[must_use]
    pub fn pointer(&self) -> &str {
        match self {
            Self::TestFailed { pointer, .. } | Self::Inapplicable { pointer, .. } => pointer,
            Self::TooLarge { .. } | Self::NotAnObject { .. } => "",
        }
    }
}

impl Patch {
    /// Parses a JSON Merge Patch (RFC 7396).
    ///
    /// # Errors
    /// If the bytes are not a JSON object, name a member twice or by a reserved name, or are too large.
    pub fn parse_merge(bytes: &[u8]) -> Result<Self, ParsePatchError> {
        match parse(bytes)? {
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
    /// If the bytes are not a JSON array of operations, name a member twice or by a reserved name, or are
    /// too large. The error names the first malformed operation.
    pub fn parse_operations(bytes: &[u8]) -> Result<Self, ParsePatchError> {
        let operations = match parse(bytes)? {
            Value::Array(operations) => operations,
            other => {
                return Err(ParsePatchError::WrongKind {
                    found: kind(&other),
                    expected: "an array",
                });
            }
        };
        let parsed = |(index, value)| {
            let operation =
                operation(value).map_err(|cause| ParsePatchError::Operation { index, cause })?;
            if operation
                .path()
                .tokens()
                .any(|token| json::is_reserved(&token.decoded()))
            {
                let pointer = format!("/{index}/path");
                return Err(ParsePatchError::Reserved { pointer });
            }
            Ok(operation)
        };
        let operations: Result<_, _> = operations.into_iter().enumerate().map(parsed).collect();
        Ok(Self::Operations(json_patch::Patch(operations?)))
    }

    /// Whether part of the patch may be left out. Half of a `move` would lose a value.
    #[must_use]
    pub fn is_divisible(&self) -> bool {
        let moves = |operation: &PatchOperation| matches!(operation, PatchOperation::Move(_));
        match self {
            Self::Merge(_) => true,
            Self::Operations(operations) => !operations.iter().any(moves),
        }
    }

    /// The opportunity's document after this patch. [`review`](fn@crate::review) says whether it may be
    /// written.
    ///
    /// RFC 7396 and RFC 6902 with two differences: a removed member becomes null, and an object that holds
    /// no value never replaces null or an absent member.
    ///
    /// # Errors
    /// If an operation fails, or makes the document too large.
    pub fn apply(&self, opportunity: &Opportunity) -> Result<Object, PatchError> {
        let before = opportunity.document();
        let mut after = match self {
            Self::Merge(members) => merged(before.clone(), members),
            Self::Operations(operations) => carried_out(operations, before.clone())?,
        };
        settle(before, &mut after);
        Ok(after)
    }
}

/// Parses JSON that names every member once and is not too large.
fn parse(bytes: &[u8]) -> Result<Value, ParsePatchError> {
    match json::flaw(bytes)? {
        None => {}
        Some(Flaw::Twice(pointer)) => return Err(ParsePatchError::Twice { pointer }),
        Some(Flaw::Reserved(pointer)) => return Err(ParsePatchError::Reserved { pointer }),
    }
    let value = json::parse(bytes)?;
    match cost::cost(&value, 0, cost::MAX_LEVELS) {
        Some(cost) if cost <= cost::MAX => Ok(value),
        _ => Err(ParsePatchError::TooLarge),
    }
}

/// Parses an operation by hand, because serde buffers tagged enumerations and the buffer cannot hold
/// numbers beyond 64 bits.
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

/// RFC 7396, section 2.
fn merged(mut document: Object, patch: &Object) -> Object {
    for (name, value) in patch {
        if value.is_null() {
            document.remove(name);
        } else {
            json_patch::merge(document.entry(name.as_str()).or_insert(Value::Null), value);
        }
    }
    document
}

/// RFC 6902, section 4.
fn carried_out(operations: &json_patch::Patch, document: Object) -> Result<Object, PatchError> {
    let mut document = Value::Object(document);
    let mut room = cost::MAX;
    for (index, operation) in operations.iter().enumerate() {
        if let PatchOperation::Test(test) = operation {
            // The crate compares numbers by their digits, and reports a missing value as another error.
            let found = document.pointer(test.path.as_str());
            if !found.is_some_and(|found| equal(found, &test.value)) {
                let pointer = test.path.to_string();
                return Err(PatchError::TestFailed { index, pointer });
            }
            continue;
        }
        room = touched(operation, &document)
            .and_then(|cost| room.checked_sub(cost))
            .ok_or(PatchError::TooLarge { index })?;
        json_patch::patch_unsafe(&mut document, std::slice::from_ref(operation))
            .map_err(|error| failed(index, &error))?;
    }
    match document {
        Value::Object(after) => Ok(after),
        other => Err(PatchError::NotAnObject {
            found: kind(&other),
        }),
    }
}

/// What an operation inserts and shifts; `None` if the document would have too many levels. A few `copy`
/// operations can double a document beyond any memory, and many insertions at the start of a long list take
/// too long.
fn touched(operation: &PatchOperation, document: &Value) -> Option<usize> {
    let path = operation.path();
    let container = |place: &Pointer| {
        let parent = place
            .parent()
            .and_then(|parent| document.pointer(parent.as_str()));
        parent.map_or(0, cost::shift)
    };
    let (value, left) = match operation {
        PatchOperation::Add(add) => (Some(&add.value), 0),
        PatchOperation::Replace(replace) => (Some(&replace.value), 0),
        PatchOperation::Copy(copy) => (document.pointer(copy.from.as_str()), 0),
        PatchOperation::Move(moved) => (
            document.pointer(moved.from.as_str()),
            container(&moved.from),
        ),
        PatchOperation::Remove(_) | PatchOperation::Test(_) => (None, 0),
    };
    let levels = cost::MAX_LEVELS.checked_sub(path.count())?;
    let put_in = value.map_or(Some(0), |value| cost::cost(value, path.len(), levels))?;
    Some(put_in + left + container(path))
}

fn failed(index: usize, error: &json_patch::PatchError) -> PatchError {
    let cause = match error.kind {
        PatchErrorKind::InvalidFromPointer => "`from` points to nothing",
        PatchErrorKind::CannotMoveInsideItself => "a value cannot be moved into itself",
        _ => "there is no such place",
    };
    PatchError::Inapplicable {
        index,
        pointer: error.path.to_string(),
        cause,
    }
}

#[cfg(test)]
mod tests;
