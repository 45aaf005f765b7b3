//! The opportunity: AWS's document, kept whole.
//!
//! AWS added members to this API five times within seven months. So every member that was read stays, in
//! its place and with its digits, whether this release knows it or not; only the few members that the
//! bridge decides by have accessors. (One spelling changes: the exponent of a number, `1e5` becomes `1e+5`,
//! the same number.)

use serde_json::Value;

use crate::{
    identifier::Catalog,
    json,
    value::{Object, kind},
};

/// A whole opportunity, as `GetOpportunity` returns it.
#[derive(Debug, Clone, PartialEq)]
pub struct Opportunity {
    document: Object,
    id: String,
    catalog: String,
    last_modified_date: String,
}

/// Why a document is not an opportunity.
#[derive(Debug, thiserror::Error)]
pub enum ParseOpportunityError {
    /// The bytes are not JSON.
    #[error("the opportunity is not JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// The document is JSON, but not an object.
    #[error("the opportunity is {found}, expected an object")]
    NotAnObject {
        /// What it is instead, such as `an array`.
        found: &'static str,
    },
    /// A member that the bridge needs is missing or not a string.
    #[error("the opportunity's `{member}` is {found}, expected a string")]
    Member {
        /// The member's name.
        member: &'static str,
        /// What it is instead: `missing`, or a kind such as `an array`.
        found: &'static str,
    },
}

impl Opportunity {
    /// Parses the body of a `GetOpportunity` response from this catalog.
    ///
    /// # Errors
    /// If the body is not a JSON object with strings for `Id` and `LastModifiedDate`.
    pub fn parse(bytes: &[u8], catalog: &Catalog) -> Result<Self, ParseOpportunityError> {
        match json::parse(bytes)? {
            Value::Object(document) => Self::from_document(document, catalog),
            other => Err(ParseOpportunityError::NotAnObject {
                found: kind(&other),
            }),
        }
    }

    /// Takes a parsed document from this catalog. Some responses came without their `Catalog`; then the
    /// catalog that was asked for is used.
    ///
    /// # Errors
    /// If `Id` or `LastModifiedDate` is missing, or one of these or `Catalog` is not a string.
    pub fn from_document(
        document: Object,
        catalog: &Catalog,
    ) -> Result<Self, ParseOpportunityError> {
        let text = |member| match document.get(member) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(ParseOpportunityError::Member {
                member,
                found: kind(other),
            }),
            None => Ok(None),
        };
        let required = |member| {
            text(member)?.ok_or(ParseOpportunityError::Member {
                member,
                found: "missing",
            })
        };
        let (id, last_modified_date) = (required("Id")?, required("LastModifiedDate")?);
        let catalog = match document.get("Catalog") {
            None | Some(Value::Null) => catalog.to_string(),
            Some(_) => required("Catalog")?,
        };
        Ok(Self {
            document,
            id,
            catalog,
            last_modified_date,
        })
    }

    /// The whole document.
    #[must_use]
    pub fn document(&self) -> &Object {
        &self.document
    }

    /// The whole document, by value.
    #[must_use]
    pub fn into_document(self) -> Object {
        self.document
    }

    /// `Id`, such as `O5465588`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `Catalog`, such as `AWS` or `Sandbox`.
    #[must_use]
    pub fn catalog(&self) -> &str {
        &self.catalog
    }

    /// `LastModifiedDate`, byte for byte as read: it is the optimistic lock, so never reformat it.
    #[must_use]
    pub fn last_modified_date(&self) -> &str {
        &self.last_modified_date
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox() -> Catalog {
        Catalog::parse("Sandbox").unwrap()
    }

    #[test]
    fn key_order_digits_and_nulls_are_kept() {
        let text = r#"{"Z":1.10,"Id":"O1","A":18446744073709551617,"Catalog":"AWS","n":null,"e":[],"o":{},"LastModifiedDate":"2026-01-02T03:04:05.120Z","m":-0,"x":0.1000000000000000055511151231257827}"#;
        let opportunity = Opportunity::parse(text.as_bytes(), &sandbox()).unwrap();
        assert_eq!(serde_json::to_string(opportunity.document()).unwrap(), text);
        assert_eq!(opportunity.last_modified_date(), "2026-01-02T03:04:05.120Z");
    }

    #[test]
    fn an_error_names_the_missing_member() {
        for (text, error) in [
            ("[]", "the opportunity is an array, expected an object"),
            (
                r#"{"Catalog":"AWS","LastModifiedDate":"x"}"#,
                "the opportunity's `Id` is missing, expected a string",
            ),
            (
                r#"{"Id":"O1","Catalog":7,"LastModifiedDate":"x"}"#,
                "the opportunity's `Catalog` is a number, expected a string",
            ),
            (
                r#"{"Id":"O1","Catalog":"AWS","LastModifiedDate":1}"#,
                "the opportunity's `LastModifiedDate` is a number, expected a string",
            ),
            (
                "{",
                "the opportunity is not JSON: EOF while parsing an object at line 1 column 1",
            ),
        ] {
            assert_eq!(
                Opportunity::parse(text.as_bytes(), &sandbox())
                    .unwrap_err()
                    .to_string(),
                error
            );
        }
    }

    #[test]
    fn a_response_without_its_catalog_is_taken_to_be_from_the_catalog_asked() {
        for text in [
            r#"{"Id":"O1","LastModifiedDate":"x"}"#,
            r#"{"Id":"O1","Catalog":null,"LastModifiedDate":"x"}"#,
        ] {
            let opportunity = Opportunity::parse(text.as_bytes(), &sandbox()).unwrap();
            assert_eq!(opportunity.catalog(), "Sandbox");
            assert_eq!(serde_json::to_string(opportunity.document()).unwrap(), text);
        }
    }
}
