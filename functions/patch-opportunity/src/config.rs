//! The configuration, from environment variables to values.

use model::{Catalog, ParseCatalogError};

/// What the function is told by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `PARTNER_CENTRAL_CATALOG`: the catalog that opportunities are read from and written to.
    pub catalog: Catalog,
}

/// A variable that stops the start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is not there.
    #[error("`{variable}` is not set, expected {expected}")]
    Missing {
        /// Its name.
        variable: &'static str,
        /// What it should hold.
        expected: &'static str,
    },
    /// `PARTNER_CENTRAL_CATALOG` holds no catalog.
    #[error("`PARTNER_CENTRAL_CATALOG` is wrong: {0}")]
    Catalog(#[from] ParseCatalogError),
    /// `WEBHOOK_AUTH` holds no way to authenticate.
    #[error("`WEBHOOK_AUTH` is `{0}`, expected `none`")]
    Auth(String),
}

impl Config {
    /// Reads the variables through `variable`, which gives a variable's value by its name.
    ///
    /// # Errors
    /// Where a variable is missing or malformed; the error names it.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required = |name, expected| {
            variable(name).ok_or(ConfigError::Missing {
                variable: name,
                expected,
            })
        };
        let catalog = required(
            "PARTNER_CENTRAL_CATALOG",
            "a catalog such as `AWS` or `Sandbox`",
        )?;
        let auth = required("WEBHOOK_AUTH", "`none`")?;
        if auth != "none" {
            return Err(ConfigError::Auth(auth));
        }
        Ok(Self {
            catalog: Catalog::parse(&catalog)?,
        })
    }
}
