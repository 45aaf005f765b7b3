//! A finding: one thing that is wrong with a patch or an opportunity, or worth knowing about it.

use serde::Serialize;

use crate::Code;

/// One finding:
/// `{"pointer": "/Lifecycle", "code": "unknown-member", "source": "patch", "detail": "…", "suggestion": "LifeCycle"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where, as a JSON Pointer into the opportunity, or into the patch if the opportunity has no such
    /// place; empty for the whole.
    pub pointer: String,
    /// The CRM's name for it, where a mapping has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What.
    pub code: Code,
    /// The same for people. It may quote the value, and so personal data: it is for the caller, not
    /// for a log.
    pub detail: String,
    /// Where it comes from.
    pub source: Source,
    /// The name or value that was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// Where a finding or a change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The patch.
    Patch,
    /// The opportunity as it was before the patch.
    Opportunity,
    /// AWS.
    Aws,
    /// Nobody can say: somebody has written since.
    Unknown,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Patch, Self::Opportunity, Self::Aws, Self::Unknown];

    /// The name, as it stands in answers.
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
    /// A finding about the patch.
    #[must_use]
    pub fn of_patch(pointer: impl Into<String>, code: Code, detail: impl Into<String>) -> Self {
        Self::new(pointer, code, detail, Source::Patch)
    }

    /// A finding from any source.
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
