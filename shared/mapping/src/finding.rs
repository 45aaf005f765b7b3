//! Reports that a mapping refused, left out or ignored one field.

use std::fmt::{self, Display, Formatter};

use model::{Code, Source};
use serde::Serialize;

/// A field that is refused, left out or ignored, with its name on both sides: `{"pointer":
/// "/LifeCycle/Stage", "field": "dealstage", "code": "unmapped-value", "detail": "…"}`.
///
/// The code is one of seven. [`Code::WrongType`], [`Code::UnmappedValue`], [`Code::NotRepresentable`] and
/// [`Code::MissingCompanion`] refuse a field or leave it out; [`Code::NullIgnored`], [`Code::OneWay`] and
/// [`Code::Defaulted`] are notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The place in the opportunity, as a JSON Pointer.
    pub pointer: String,
    /// The place in the CRM's record, as the mapping writes it.
    pub field: String,
    /// What was found, for programs.
    pub code: Code,
    /// What was found and what was expected, for people. It may quote the value, and so personal data:
    /// send it to the caller, never to a log.
    pub detail: String,
}

impl From<Finding> for model::Finding {
    fn from(finding: Finding) -> Self {
        Self {
            field: Some(finding.field),
            ..Self::new(finding.pointer, finding.code, finding.detail, Source::Patch)
        }
    }
}

impl Display for Finding {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            pointer,
            field,
            code,
            detail,
        } = self;
        let code = code.as_str();
        write!(formatter, "{code} `{field}` ({pointer}): {detail}")
    }
}
