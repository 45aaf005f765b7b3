//! What is wrong in a mapping's file, and where.

use std::fmt::{self, Display, Formatter};

/// An error in a mapping, or a value in it that may be a typo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingError {
    /// The place in the file, as a JSON Pointer; empty for the whole.
    pub pointer: String,
    /// What was found, and what was expected.
    pub detail: String,
}

impl Display for MappingError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(formatter, "the mapping {}", self.detail),
            pointer => write!(formatter, "the mapping's `{pointer}` {}", self.detail),
        }
    }
}

impl std::error::Error for MappingError {}
