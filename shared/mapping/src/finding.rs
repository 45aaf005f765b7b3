//! What a mapping has to say of one field: why it is refused, left out or left alone.

use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

/// One field that is refused, left out or left alone, with its name on both sides:
/// `{"pointer": "/LifeCycle/Stage", "field": "dealstage", "code": "unmapped-value", "detail": "…"}`.
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

/// What a finding is about, by a name that stays as it is: `unmapped-value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// JSON or text of another kind than the row's `as`.
    WrongType,
    /// The row's `values` have no pair for it.
    UnmappedValue,
    /// The other side cannot hold it as it is: it would come back as something else.
    NotRepresentable,
    /// The field that the row's `with` names is not in the same record.
    MissingCompanion,
    /// A notice: the record's empty value is ignored, because the row does not say `"null": "clear"`.
    NullIgnored,
    /// A notice: the record has another value than AWS, in a row that goes to the CRM alone.
    OneWay,
    /// A notice: AWS had nothing here and gets the row's `default`.
    Defaulted,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 7] = [
        Self::WrongType,
        Self::UnmappedValue,
        Self::NotRepresentable,
        Self::MissingCompanion,
        Self::NullIgnored,
        Self::OneWay,
        Self::Defaulted,
    ];

    /// The name, in kebab-case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongType => "wrong-type",
            Self::UnmappedValue => "unmapped-value",
            Self::NotRepresentable => "not-representable",
            Self::MissingCompanion => "missing-companion",
            Self::NullIgnored => "null-ignored",
            Self::OneWay => "one-way",
            Self::Defaulted => "defaulted",
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
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
