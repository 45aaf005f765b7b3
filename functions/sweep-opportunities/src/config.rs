//! Reads the configuration from environment variables.

use std::time::Duration;

use model::{Catalog, ParseCatalogError};

/// The function's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `PARTNER_CENTRAL_CATALOG`: the catalog that is listed.
    pub catalog: Catalog,
    /// `ENRICH_FUNCTION`: the name or ARN of the function that each opportunity is handed to.
    pub enrich_function: String,
    /// `SWEEP_MINUTES`: the time between two scheduled runs; `None` without a schedule.
    pub interval: Option<Duration>,
    /// `MEMORY_TABLE`: the DynamoDB table of the memory; without it there is none.
    pub memory_table: Option<String>,
}

/// A variable that prevents the start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// `PARTNER_CENTRAL_CATALOG` is missing.
    #[error("`PARTNER_CENTRAL_CATALOG` is not set, expected a catalog such as `AWS` or `Sandbox`")]
    MissingCatalog,
    /// `PARTNER_CENTRAL_CATALOG` is not a catalog.
    #[error("`PARTNER_CENTRAL_CATALOG` is wrong: {0}")]
    Catalog(#[from] ParseCatalogError),
    /// `ENRICH_FUNCTION` is missing.
    #[error(
        "`ENRICH_FUNCTION` is not set, expected the name or ARN of the function `enrich-opportunity`"
    )]
    MissingEnrichFunction,
    /// `SWEEP_MINUTES` is missing.
    #[error(
        "`SWEEP_MINUTES` is not set, expected the minutes between two sweeps, or an empty text for none"
    )]
    MissingSweepMinutes,
    /// `SWEEP_MINUTES` is not such a number.
    #[error(
        "`SWEEP_MINUTES` is `{0}`, expected a number from 1 to 1440, or an empty text for no sweeps"
    )]
    SweepMinutes(String),
}

/// A day: a window of more than two days is no longer "what was modified lately".
const MOST_MINUTES: u64 = 24 * 60;

impl Config {
    /// Reads the variables through `variable`, which returns a variable's value by its name.
    ///
    /// # Errors
    /// If a variable is missing or malformed; the error names it.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let catalog = variable("PARTNER_CENTRAL_CATALOG").ok_or(ConfigError::MissingCatalog)?;
        let enrich_function = variable("ENRICH_FUNCTION")
            .filter(|name| !name.is_empty())
            .ok_or(ConfigError::MissingEnrichFunction)?;
        let minutes = variable("SWEEP_MINUTES").ok_or(ConfigError::MissingSweepMinutes)?;
        Ok(Self {
            catalog: Catalog::parse(&catalog)?,
            enrich_function,
            interval: interval(minutes)?,
            memory_table: variable("MEMORY_TABLE"),
        })
    }
}

fn interval(minutes: String) -> Result<Option<Duration>, ConfigError> {
    if minutes.is_empty() {
        return Ok(None);
    }
    match minutes.parse() {
        Ok(number @ 1..=MOST_MINUTES) => Ok(Some(Duration::from_mins(number))),
        _ => Err(ConfigError::SweepMinutes(minutes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_are_from_a_minute_to_a_day_apart_or_there_are_none() {
        for (minutes, expected) in [
            ("", Ok(None)),
            ("0", Err(())),
            ("1", Ok(Some(1))),
            ("1440", Ok(Some(1_440))),
            ("1441", Err(())),
            ("1.5", Err(())),
        ] {
            let found = interval(minutes.to_owned()).map_err(|_| ());
            let expected = expected.map(|minutes| minutes.map(Duration::from_mins));
            assert_eq!(found, expected, "{minutes}");
        }
    }
}
