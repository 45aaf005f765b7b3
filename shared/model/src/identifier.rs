//! The identifier and the catalog, which together address an opportunity.
//!
//! The patterns are the service model's (`OpportunityIdentifier`, `CatalogIdentifier`). Both are checked on
//! arrival, so that a typo gives the caller a clear error and costs no call to AWS.

use std::fmt;

/// An opportunity's identifier: `O` and 1 to 19 digits, such as `O5465588`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identifier(String);

/// A text that is not an opportunity identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an opportunity identifier, expected `O` and 1 to 19 digits")]
pub struct ParseIdentifierError(String);

impl Identifier {
    /// Parses an identifier.
    ///
    /// # Errors
    /// If the text is not `O` and 1 to 19 digits.
    pub fn parse(text: &str) -> Result<Self, ParseIdentifierError> {
        let digits = text.strip_prefix('O').unwrap_or_default();
        if (1..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseIdentifierError(text.to_owned()))
        }
    }

    /// The identifier as AWS spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The catalog an opportunity lives in: `AWS` for real ones, `Sandbox` for trying things out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Catalog(String);

/// A text that is not a catalog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a catalog, expected letters only, such as `AWS` or `Sandbox`")]
pub struct ParseCatalogError(String);

impl Catalog {
    /// Parses a catalog: one or more ASCII letters.
    ///
    /// # Errors
    /// If the text is empty or holds anything but letters.
    pub fn parse(text: &str) -> Result<Self, ParseCatalogError> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseCatalogError(text.to_owned()))
        }
    }

    /// The catalog as AWS spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Catalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_an_o_and_1_to_19_digits() {
        for right in ["O1", "O5465588", "O1234567890123456789"] {
            assert_eq!(Identifier::parse(right).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "O",
            "o1",
            "1",
            "O12345678901234567890",
            "O1 ",
            "O1/..",
            "O١",
        ] {
            assert_eq!(
                Identifier::parse(wrong).unwrap_err().to_string(),
                format!(
                    "`{wrong}` is not an opportunity identifier, expected `O` and 1 to 19 digits"
                ),
            );
        }
    }

    #[test]
    fn a_catalog_is_letters_only() {
        assert_eq!(Catalog::parse("Sandbox").unwrap().as_str(), "Sandbox");
        for wrong in ["", "AWS ", "AWS1", "catalog/AWS"] {
            assert_eq!(
                Catalog::parse(wrong).unwrap_err().to_string(),
                format!(
                    "`{wrong}` is not a catalog, expected letters only, such as `AWS` or `Sandbox`"
                ),
            );
        }
    }
}
