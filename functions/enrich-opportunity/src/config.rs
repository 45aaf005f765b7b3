//! The configuration, from environment variables to values.

use std::{path::PathBuf, time::Duration};

use memory::ParseRetentionError;
use model::{Catalog, ParseCatalogError};

/// What the function is told by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `PARTNER_CENTRAL_CATALOG`: the catalog whose events are taken.
    pub catalog: Catalog,
    /// `INCLUDE_AWS_SUMMARY`: whether AWS's side of the opportunity is read too; it is by default.
    pub include_aws_summary: bool,
    /// `MEMORY_TABLE`: the DynamoDB table of the memory; without it there is none.
    pub memory_table: Option<String>,
    /// `MEMORY_RETENTION_DAYS`: for how long an opportunity is remembered that nothing is heard of.
    pub memory_retention: Duration,
    /// `CRM_MAPPING`: the file that says what a CRM's fields stand for; without it there is no body for it.
    pub crm_mapping: Option<PathBuf>,
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
    /// `INCLUDE_AWS_SUMMARY` is neither.
    #[error("`INCLUDE_AWS_SUMMARY` is `{0}`, expected `true` or `false`")]
    IncludeAwsSummary(String),
    /// `MEMORY_RETENTION_DAYS` is no number of days.
    #[error(transparent)]
    MemoryRetention(#[from] ParseRetentionError),
}

impl Config {
    /// Reads the variables through `variable`, which gives a variable's value by its name.
    ///
    /// # Errors
    /// Where a variable is missing or malformed; the error names it.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let catalog = variable("PARTNER_CENTRAL_CATALOG").ok_or(ConfigError::MissingCatalog)?;
        let include_aws_summary = match variable("INCLUDE_AWS_SUMMARY").as_deref() {
            None | Some("true") => true,
            Some("false") => false,
            Some(other) => return Err(ConfigError::IncludeAwsSummary(other.to_owned())),
        };
        Ok(Self {
            catalog: Catalog::parse(&catalog)?,
            include_aws_summary,
            memory_table: variable("MEMORY_TABLE"),
            memory_retention: memory::retention(variable("MEMORY_RETENTION_DAYS"))?,
            crm_mapping: variable("CRM_MAPPING").map(PathBuf::from),
        })
    }
}
