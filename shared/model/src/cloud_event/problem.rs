//! Reports what is missing from an event.
//!
//! No event is lost because a summary cannot be read, an opportunity is too large, or a mapping cannot give
//! the CRM a value: the event carries the rest, and says what is missing, why, and how to fetch it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

use crate::event::OpportunityEvent;

/// The changes' place in the event's data.
pub(super) const CHANGES: &str = "/changes";
/// The opportunity's place in the event's data.
pub(super) const OPPORTUNITY: &str = "/opportunity";
/// The summary's place in the event's data.
pub(super) const SUMMARY: &str = "/awsSummary";

/// Something missing from the event or wrong in it, and why: `{"pointer": "/awsSummary", "code":
/// "throttled", "detail": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The place, as a JSON Pointer into `data`.
    pub pointer: Cow<'static, str>,
    /// The CRM's name of a field that the mapping left out of the CRM's record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The reason, for programs.
    pub code: ProblemCode,
    /// The reason, for people.
    pub detail: String,
}

/// Why something is missing or wrong, as a stable code that a receiver can decide by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// `access-denied`: AWS does not let the bridge read it.
    AccessDenied,
    /// `malformed`: AWS sent it in another form than it documents.
    Malformed,
    /// `not-found`: AWS has none.
    NotFound,
    /// `not-representable`: the CRM's record cannot hold it as it is.
    NotRepresentable,
    /// `refused`: AWS refused the read.
    Refused,
    /// `throttled`: the calls stayed over AWS's quota until the bridge gave up.
    Throttled,
    /// `too-large`: the event would be larger than EventBridge takes.
    TooLarge,
    /// `unavailable`: AWS gave no usable answer until the bridge gave up.
    Unavailable,
    /// `unmapped-value`: the mapping's `values` have no pair for the value.
    UnmappedValue,
    /// `wrong-type`: the value is of another type than the mapping expects.
    WrongType,
}

impl ProblemCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::AccessDenied,
        Self::Malformed,
        Self::NotFound,
        Self::NotRepresentable,
        Self::Refused,
        Self::Throttled,
        Self::TooLarge,
        Self::Unavailable,
        Self::UnmappedValue,
        Self::WrongType,
    ];

    /// The code as the event spells it, such as `access-denied`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access-denied",
            Self::Malformed => "malformed",
            Self::NotFound => "not-found",
            Self::NotRepresentable => "not-representable",
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::TooLarge => "too-large",
            Self::Unavailable => "unavailable",
            Self::UnmappedValue => "unmapped-value",
            Self::WrongType => "wrong-type",
        }
    }
}

impl Serialize for ProblemCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Problem {
    /// Reports that AWS's summary of an opportunity could not be read. `reason` is a sentence without its
    /// full stop, such as "AWS throttled the read of the summary".
    #[must_use]
    pub fn without_summary(code: ProblemCode, reason: &str, event: &OpportunityEvent) -> Self {
        let fetch = fetch_summary(event.identifier.as_str());
        Self::new(SUMMARY, code, format!("{reason}; {fetch}"))
    }

    /// Reports a field of the opportunity that is missing from the CRM's record, under the CRM's name for
    /// it.
    #[must_use]
    pub fn unmapped(pointer: &str, field: String, code: ProblemCode, detail: String) -> Self {
        Self {
            field: Some(field),
            ..Self::new(format!("{OPPORTUNITY}{pointer}"), code, detail)
        }
    }

    pub(super) fn new(
        pointer: impl Into<Cow<'static, str>>,
        code: ProblemCode,
        detail: String,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            field: None,
            code,
            detail,
        }
    }
}

impl Problem {
    /// Says that the changes are not known; `reason` is a sentence without its full stop.
    #[must_use]
    pub fn without_changes(code: ProblemCode, reason: &str) -> Self {
        Self::new(
            CHANGES,
            code,
            format!("{reason}: what changed is not known"),
        )
    }
}

/// Tells a receiver how to fetch a summary that the event lacks.
pub(super) fn fetch_summary(identifier: &str) -> String {
    format!("`GET /opportunities/{identifier}/aws-summary` on the function URL fetches it")
}

/// Tells a receiver how to fetch an opportunity that the event lacks, whole or in part.
pub(super) fn fetch_opportunity(identifier: &str) -> String {
    format!("`GET /opportunities/{identifier}` on the function URL fetches it")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn the_schema_lists_every_code_and_no_other() {
        let schema: Value = include_str!("../../schema/opportunity-event.schema.json")
            .parse()
            .unwrap();
        let listed = &schema["$defs"]["Data"]["properties"]["problems"]["items"]["properties"]["code"]
            ["enum"];
        let listed: Vec<_> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|code| code.as_str().unwrap())
            .collect();
        let written: Vec<_> = ProblemCode::ALL
            .iter()
            .map(|code| serde_json::to_value(code).unwrap())
            .collect();
        assert_eq!(written, listed);
        assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len());
    }

    #[test]
    fn a_code_is_written_in_kebab_case() {
        for code in ProblemCode::ALL {
            // `AccessDenied` is `access-denied`.
            let mut kebab = String::new();
            for letter in format!("{code:?}").chars() {
                if letter.is_uppercase() && !kebab.is_empty() {
                    kebab.push('-');
                }
                kebab.push(letter.to_ascii_lowercase());
            }
            assert_eq!(code.as_str(), kebab);
        }
    }
}
