//! A finding: one thing wrong with a patch or an opportunity, or worth knowing about it.

use serde::{Deserialize, Serialize};

use crate::code::Code;

/// One finding:
/// `{"pointer": "/Lifecycle", "code": "unknown-member", "source": "patch", "detail": "…", "suggestion": "LifeCycle"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The place, as a JSON Pointer into the opportunity, or into the patch if the opportunity has no such
    /// place; empty for the whole document.
    pub pointer: String,
    /// The CRM's name for the field, if a mapping has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What was found, for programs.
    pub code: Code,
    /// What was found, for people. It may quote the value, and so personal data: send it to the caller,
    /// never to a log.
    pub detail: String,
    /// The cause.
    pub source: Source,
    /// The name or value that was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// What caused a finding or a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The patch.
    Patch,
    /// The opportunity as it was before the patch.
    Opportunity,
    /// AWS.
    Aws,
    /// Cannot be told: somebody has written since.
    Unknown,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Patch, Self::Opportunity, Self::Aws, Self::Unknown];

    /// The name as answers spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Opportunity => "opportunity",
            Self::Aws => "aws",
            Self::Unknown => "unknown",
        }
    }
}

impl Finding {
    /// A finding that the patch caused.
    #[must_use]
    pub fn of_patch(pointer: impl Into<String>, code: Code, detail: impl Into<String>) -> Self {
        Self::new(pointer, code, detail, Source::Patch)
    }

    /// A finding with any cause.
    #[must_use]
    pub fn new(
        pointer: impl Into<String>,
        code: Code,
        detail: impl Into<String>,
        source: Source,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            field: None,
            code,
            detail: detail.into(),
            source,
            suggestion: None,
        }
    }
}
