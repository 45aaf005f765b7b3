//! The configuration, from environment variables to values.

use model::{Catalog, ParseCatalogError};

/// What the function is told by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `PARTNER_CENTRAL_CATALOG`: the catalog whose events are taken.
    pub catalog: Catalog,
}

/// A variable that stops the start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// `PARTNER_CENTRAL_CATALOG` is not there.
    #[error("`PARTNER_CENTRAL_CATALOG` is not set, expected a catalog such as `AWS` or `Sandbox`")]
    MissingCatalog,
    /// `PARTNER_CENTRAL_CATALOG` holds no catalog.
    #[error("`PARTNER_CENTRAL_CATALOG` is wrong: {0}")]
    Catalog(#[from] ParseCatalogError),
}

impl Config {
    /// Reads the variables through `variable`, which gives a variable's value by its name.
    ///
    /// # Errors
    /// Where a variable is missing or malformed; the error names it.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let catalog = variable("PARTNER_CENTRAL_CATALOG").ok_or(ConfigError::MissingCatalog)?;
        Ok(Self {
            catalog: Catalog::parse(&catalog)?,
        })
    }
}
