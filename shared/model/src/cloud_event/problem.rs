//! What an event says of itself where it is not whole.
//!
//! A summary that cannot be read or an opportunity that is too large never costs the event: it is handed
//! on with what there is, and says what is missing, why, and how to fetch it. So is a value that a mapping
//! cannot tell the CRM.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

use crate::OpportunityEvent;

/// Where the changes are in the event's data.
pub(super) const CHANGES: &str = "/changes";
/// Where the opportunity is in the event's data.
pub(super) const OPPORTUNITY: &str = "/opportunity";
/// Where the summary is in the event's data.
pub(super) const SUMMARY: &str = "/awsSummary";

/// Something that is not in the event or not right, and why:
/// `{"pointer": "/awsSummary", "code": "throttled", "detail": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What it is about, as a JSON Pointer into `data`.
    pub pointer: Cow<'static, str>,
    /// The CRM's name for it, where a mapping has left it out of the CRM's record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why, for programs.
    pub code: ProblemCode,
    /// The same for people.
    pub detail: String,
}

/// Why something is missing or not right, as a receiver can decide by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// `access-denied`: AWS does not let the bridge read it.
    AccessDenied,
    /// `malformed`: it is there, but not as AWS documents it.
    Malformed,
    /// `not-found`: AWS has none.
    NotFound,
    /// `not-representable`: the CRM's record cannot hold it as it is.
    NotRepresentable,
    /// `refused`: AWS refused the read.
    Refused,
    /// `throttled`: over AWS's quota for as long as it could be tried.
    Throttled,
    /// `too-large`: the event would be larger than EventBridge takes.
    TooLarge,
    /// `unavailable`: AWS gave no usable answer for as long as it could be tried.
    Unavailable,
    /// `unmapped-value`: the mapping's `values` have no pair for it.
    UnmappedValue,
    /// `wrong-type`: it is another kind of value than the mapping says.
    WrongType,
}

impl ProblemCode {
    /// Every code there is.
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

    /// The code as it is written, such as `access-denied`.
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
    /// AWS's summary of an opportunity that could not be read: `reason` is a sentence without its full
    /// stop, such as "AWS throttled the read of the summary".
    #[must_use]
    pub fn without_summary(code: ProblemCode, reason: &str, event: &OpportunityEvent) -> Self {
        let fetch = fetch_summary(event.identifier.as_str());
        Self::new(SUMMARY, code, format!("{reason}; {fetch}"))
    }

    /// A place in the opportunity whose value is not in the CRM's record, under the CRM's name for it.
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
    /// What changed is not known: `reason` is a sentence without its full stop.
    #[must_use]
    pub fn without_changes(code: ProblemCode, reason: &str) -> Self {
        Self::new(
            CHANGES,
            code,
            format!("{reason}: what changed is not known"),
        )
    }
}

/// How a receiver gets AWS's summary, where an event is without it.
pub(super) fn fetch_summary(identifier: &str) -> String {
    format!("`GET /opportunities/{identifier}/aws-summary` on the function URL fetches it")
}

/// How a receiver gets the opportunity, where an event is without it or a part of it.
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
