//! The configuration, from environment variables to values.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use http::Uri;
use memory::ParseRetentionError;
use model::{Catalog, ParseCatalogError};

use crate::secrets::SecretSource;

/// What the function is told by its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `PARTNER_CENTRAL_CATALOG`: the catalog that opportunities are read from and written to.
    pub catalog: Catalog,
    /// `WEBHOOK_AUTH`: who may call.
    pub auth: AuthConfig,
    /// `MEMORY_TABLE`: the DynamoDB table of the memory; without it there is none.
    pub memory_table: Option<String>,
    /// `MEMORY_RETENTION_DAYS`: for how long an opportunity is remembered that nothing is heard of.
    pub memory_retention: Duration,
    /// `CRM_MAPPING`: the file that says what a CRM's fields stand for; without it no records are taken.
    pub crm_mapping: Option<PathBuf>,
}

/// Who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthConfig {
    /// `standard-webhooks`: who signs with one of these secrets.
    StandardWebhooks(SecretSource),
    /// `bearer`: who sends one of these tokens.
    Bearer(SecretSource),
    /// `basic`: who sends one of these as the password, with any user name.
    Basic(SecretSource),
    /// `iam`: whom AWS has authenticated.
    Iam,
    /// `none`: everybody, which is only taken where Partner Central is on this machine too.
    None,
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
    /// `MEMORY_RETENTION_DAYS` is no number of days.
    #[error(transparent)]
    MemoryRetention(#[from] ParseRetentionError),
    /// `WEBHOOK_AUTH` holds no way to authenticate.
    #[error("`WEBHOOK_AUTH` is `{0}`, expected {AUTH}")]
    Auth(String),
    /// The secrets are in two places.
    #[error("`WEBHOOK_SECRET_ID` and `WEBHOOK_SECRETS` are both set, expected one of them")]
    TwoSources,
    /// `WEBHOOK_AUTH=none` with an endpoint that is not on this machine.
    #[error(
        "`WEBHOOK_AUTH` is `none`, which is only taken where `AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING` or \
         `AWS_ENDPOINT_URL` points at a loopback address"
    )]
    Exposed,
}

const AUTH: &str = "`standard-webhooks`, `bearer`, `basic`, `iam` or `none`";

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
        let catalog = Catalog::parse(&required(
            "PARTNER_CENTRAL_CATALOG",
            "a catalog such as `AWS` or `Sandbox`",
        )?)?;
        let auth = match required("WEBHOOK_AUTH", AUTH)?.as_str() {
            "standard-webhooks" => AuthConfig::StandardWebhooks(secret_source(&variable)?),
            "bearer" => AuthConfig::Bearer(secret_source(&variable)?),
            "basic" => AuthConfig::Basic(secret_source(&variable)?),
            "iam" => AuthConfig::Iam,
            "none" if is_local(&variable) => AuthConfig::None,
            "none" => return Err(ConfigError::Exposed),
            other => return Err(ConfigError::Auth(other.to_owned())),
        };
        Ok(Self {
            catalog,
            auth,
            memory_table: variable("MEMORY_TABLE"),
            memory_retention: memory::retention(variable("MEMORY_RETENTION_DAYS"))?,
            crm_mapping: variable("CRM_MAPPING").map(PathBuf::from),
        })
    }
}

fn secret_source(variable: impl Fn(&str) -> Option<String>) -> Result<SecretSource, ConfigError> {
    match (variable("WEBHOOK_SECRET_ID"), variable("WEBHOOK_SECRETS")) {
        (Some(id), None) => Ok(SecretSource::Manager(id)),
        (None, Some(secrets)) => Ok(SecretSource::Inline(secrets)),
        (Some(_), Some(_)) => Err(ConfigError::TwoSources),
        (None, None) => Err(ConfigError::Missing {
            variable: "WEBHOOK_SECRET_ID",
            expected: "the name or ARN of a secret, or the secrets themselves in `WEBHOOK_SECRETS`",
        }),
    }
}

/// Whether calls to Partner Central stay on this machine, by the SDK's own variables and their
/// precedence.
fn is_local(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let endpoint = variable("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING")
        .or_else(|| variable("AWS_ENDPOINT_URL"));
    !is_ignored && endpoint.is_some_and(|endpoint| is_loopback(&endpoint))
}

fn is_loopback(url: &str) -> bool {
    let host = url
        .parse::<Uri>()
        .ok()
        .and_then(|uri| uri.host().map(str::to_owned));
    host.is_some_and(|host| {
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        host == "localhost" || address.is_some_and(|address| address.is_loopback())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_env(variables: &[(&str, &str)]) -> Result<AuthConfig, String> {
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(given, _)| *given == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Config::from_env(variable)
            .map(|config| config.auth)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_way_to_authenticate_takes_what_it_needs() {
        let catalog = ("PARTNER_CENTRAL_CATALOG", "AWS");
        let (id, inline) = (
            ("WEBHOOK_SECRET_ID", "bridge/webhook"),
            ("WEBHOOK_SECRETS", "whsec_AAAA whsec_BBBB"),
        );
        let manager = || SecretSource::Manager("bridge/webhook".to_owned());
        let given = || SecretSource::Inline("whsec_AAAA whsec_BBBB".to_owned());
        for (auth, variable, expected) in [
            (
                "standard-webhooks",
                id,
                Ok(AuthConfig::StandardWebhooks(manager())),
            ),
            (
                "standard-webhooks",
                inline,
                Ok(AuthConfig::StandardWebhooks(given())),
            ),
            ("bearer", id, Ok(AuthConfig::Bearer(manager()))),
            ("bearer", inline, Ok(AuthConfig::Bearer(given()))),
            ("basic", id, Ok(AuthConfig::Basic(manager()))),
            ("basic", inline, Ok(AuthConfig::Basic(given()))),
            ("iam", id, Ok(AuthConfig::Iam)),
            (
                "Bearer",
                id,
                Err(
                    "`WEBHOOK_AUTH` is `Bearer`, expected `standard-webhooks`, `bearer`, `basic`, `iam` or `none`",
                ),
            ),
            (
                "",
                id,
                Err(
                    "`WEBHOOK_AUTH` is ``, expected `standard-webhooks`, `bearer`, `basic`, `iam` or `none`",
                ),
            ),
            (
                "bearer",
                catalog,
                Err(
                    "`WEBHOOK_SECRET_ID` is not set, expected the name or ARN of a secret, or the secrets themselves in `WEBHOOK_SECRETS`",
                ),
            ),
        ] {
            let expected = expected.map_err(str::to_owned);
            assert_eq!(
                from_env(&[catalog, ("WEBHOOK_AUTH", auth), variable]),
                expected,
                "{auth}"
            );
        }
        assert_eq!(
            from_env(&[catalog, ("WEBHOOK_AUTH", "bearer"), id, inline]),
            Err(
                "`WEBHOOK_SECRET_ID` and `WEBHOOK_SECRETS` are both set, expected one of them"
                    .to_owned()
            )
        );
    }

    #[test]
    fn everybody_is_let_in_only_where_partner_central_is_on_this_machine() {
        let auth = [("PARTNER_CENTRAL_CATALOG", "AWS"), ("WEBHOOK_AUTH", "none")];
        for (endpoint, is_local) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://localhost:1/", true),
            ("http://[::1]:8080", true),
            ("https://partnercentral-selling.us-east-1.api.aws", false),
            ("http://127.0.0.1.example.com", false),
            ("http://127.0.0.1@example.com", false),
            ("http://localhost.example.com", false),
            ("127.0.0.1", true),
            ("", false),
        ] {
            for name in [
                "AWS_ENDPOINT_URL",
                "AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING",
            ] {
                let result = from_env(&[auth[0], auth[1], (name, endpoint)]);
                assert_eq!(
                    result == Ok(AuthConfig::None),
                    is_local,
                    "{name}={endpoint}: {result:?}"
                );
            }
        }
        let (local, remote) = ("http://127.0.0.1:1", "https://example.com");
        for (variables, is_local) in [
            (vec![], false),
            (
                vec![
                    ("AWS_ENDPOINT_URL", local),
                    ("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", remote),
                ],
                false,
            ),
            (
                vec![
                    ("AWS_ENDPOINT_URL", remote),
                    ("AWS_ENDPOINT_URL_PARTNERCENTRAL_SELLING", local),
                ],
                true,
            ),
            (
                vec![
                    ("AWS_ENDPOINT_URL", local),
                    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
                ],
                false,
            ),
        ] {
            let result = from_env(&[auth.to_vec(), variables.clone()].concat());
            assert_eq!(
                result == Ok(AuthConfig::None),
                is_local,
                "{variables:?}: {result:?}"
            );
        }
    }

    #[test]
    fn no_secret_shows() {
        let source = SecretSource::Inline("whsec_AAAA".to_owned());
        assert_eq!(
            format!("{:?}", AuthConfig::Bearer(source)),
            "Bearer(Inline([REDACTED]))"
        );
    }
}
