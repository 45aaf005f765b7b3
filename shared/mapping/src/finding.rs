//! What a mapping has to say of one field: why it is refused, left out or left alone.

use std::fmt::{self, Display, Formatter};

use model::{Code, Source};
use serde::Serialize;

/// One field that is refused, left out or left alone, with its name on both sides:
/// `{"pointer": "/LifeCycle/Stage", "field": "dealstage", "code": "unmapped-value", "detail": "…"}`.
///
/// Its code is one of seven. It is refused or left out for [`Code::WrongType`], [`Code::UnmappedValue`],
/// [`Code::NotRepresentable`] and [`Code::MissingCompanion`]; [`Code::NullIgnored`], [`Code::OneWay`] and
/// [`Code::Defaulted`] are notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where in the opportunity, as a JSON Pointer.
    pub pointer: String,
    /// Where in the CRM's record, as the mapping writes it.
    pub field: String,
    /// What.
    pub code: Code,
    /// The same for people, with what was expected. It may quote the value, and so personal data: it is
    /// for the caller, not for a log.
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
