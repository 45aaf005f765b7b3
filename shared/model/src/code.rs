//! Lists every code that a caller may decide by.
//!
//! The OpenAPI document and `docs/problems.md` list the same codes; a test holds the three together.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal,)+) => {
        /// The subject of a finding, as a stable name such as `unknown-member`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as answers spell it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    // The patch itself.
    /// The patch, or one of its values, is JSON of another kind than expected.
    WrongType = "wrong-type",
    /// An object in the patch names a member twice.
    DuplicateMember = "duplicate-member",
    /// The parser gives a member of this name a meaning of its own, so it cannot be passed on.
    ReservedMember = "reserved-member",
    /// An operation of a JSON Patch is malformed.
    WrongOperation = "wrong-operation",
    /// An operation of a JSON Patch points to a place that does not exist.
    Inapplicable = "inapplicable",
    /// A `test` operation found another value, or none.
    TestFailed = "test-failed",
    /// The patch has too many values or levels, or an operation makes the opportunity too large to write.
    TooLarge = "too-large",
    /// `Identifier` or `Catalog` in the body differs from the path or the configuration.
    Mismatch = "mismatch",

    // A CRM's record.
    /// The mapping's `values` have no pair for the value.
    UnmappedValue = "unmapped-value",
    /// The other side cannot hold the value exactly: it would come back changed.
    NotRepresentable = "not-representable",

    // Who may change what.
    /// The field belongs to AWS, or is set by the bridge.
    ReadOnly = "read-only",
    /// The review status closes the field.
    Locked = "locked",
    /// The field is open, but belongs to a locked one of the same patch.
    CompanionLocked = "companion-locked",
    /// Somebody has changed the field since the patch was parked.
    Overtaken = "overtaken",

    // What AWS accepts.
    /// AWS's model has no such member here.
    UnknownMember = "unknown-member",
    /// Fewer characters (code points) than AWS takes.
    TooShort = "too-short",
    /// More characters (code points) than AWS takes.
    TooLong = "too-long",
    /// AWS's pattern does not match the whole value.
    WrongFormat = "wrong-format",
    /// The value is not in the list of AWS's model.
    UnlistedValue = "unlisted-value",
    /// More items than AWS takes.
    TooManyItems = "too-many-items",
    /// Missing or null, where AWS or this API requires it.
    RequiredMember = "required-member",
    /// A value that AWS requires beside another one is missing.
    MissingCompanion = "missing-companion",
    /// A value that AWS does not take beside another one.
    ConflictingCompanion = "conflicting-companion",
    /// The close date is in the past.
    PastDate = "past-date",
    /// The opportunity is launched or lost, which AWS documents as final.
    TerminalStage = "terminal-stage",

    // Only ever warnings.
    /// An empty value in a CRM's record is ignored, because the mapping does not say that it clears.
    NullIgnored = "null-ignored",
    /// A CRM's record has another value than AWS, in a field that goes to the CRM alone.
    OneWay = "one-way",
    /// AWS had nothing there and gets the mapping's default.
    Defaulted = "defaulted",
    /// The value is not in the list of AWS's documentation; AWS's model has no list for it.
    UndocumentedValue = "undocumented-value",
    /// AWS will drop an `EstimationUrl`.
    EstimationUrlDropped = "estimation-url-dropped",
    /// AWS will rewrite a `TargetCompany`.
    TargetCompanyRewritten = "target-company-rewritten",
    /// The change is written, but the opportunity could not be read again.
    NoRepresentation = "no-representation",
    /// The state after the write is not known, so the answer has no `ETag`.
    NoEtag = "no-etag",
    /// Somebody has changed the opportunity since the write.
    ChangedSince = "changed-since",
    /// The bridge's memory did not answer.
    NotRemembered = "not-remembered",
    /// There are more findings than are listed.
    More = "more",

    // AWS's own codes (`ValidationExceptionErrorCode` in the service model), and one for any other.
    /// AWS: the action is not permitted in this state.
    ActionNotPermitted = "ACTION_NOT_PERMITTED",
    /// AWS: the value exists already.
    DuplicateKeyValue = "DUPLICATE_KEY_VALUE",
    /// AWS: the value is not in its list.
    InvalidEnumValue = "INVALID_ENUM_VALUE",
    /// AWS: the opportunity's state does not allow it.
    InvalidResourceState = "INVALID_RESOURCE_STATE",
    /// AWS: the text is not well-formed.
    InvalidStringFormat = "INVALID_STRING_FORMAT",
    /// AWS: the value is not valid.
    InvalidValue = "INVALID_VALUE",
    /// AWS: too few values.
    NotEnoughValues = "NOT_ENOUGH_VALUES",
    /// AWS: a required field is missing.
    RequiredFieldMissing = "REQUIRED_FIELD_MISSING",
    /// AWS: too many values.
    TooManyValues = "TOO_MANY_VALUES",
    /// AWS: the number is out of range.
    ValueOutOfRange = "VALUE_OUT_OF_RANGE",
    /// AWS refused with a code that this release does not know; `detail` begins with it.
    RefusedByAws = "refused-by-aws",
}

impl Code {
    /// The code for AWS's own code of this name, if this release knows it.
    #[must_use]
    pub fn of_aws(name: &str) -> Option<Self> {
        let is_aws = |text: &str| {
            text.bytes()
                .all(|byte| byte == b'_' || byte.is_ascii_uppercase())
        };
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == name && is_aws(name))
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let code = Self::ALL.iter().find(|code| code.as_str() == text);
        code.copied()
            .ok_or_else(|| D::Error::custom(format_args!("`{text}` is not a code")))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_has_a_unique_name_and_only_aws_codes_are_found_by_their_aws_name() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert_eq!(Code::of_aws("INVALID_VALUE"), Some(Code::InvalidValue));
        assert_eq!(Code::of_aws("locked"), None);
        assert_eq!(Code::of_aws("OF_TOMORROW"), None);
    }
}
