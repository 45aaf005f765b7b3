//! The client: its settings, its connection, and its calls for one opportunity.

use std::time::Duration;

use aws_config::{
    BehaviorVersion, SdkConfig,
    environment::{
        EnvironmentVariableCredentialsProvider, region::EnvironmentVariableRegionProvider,
    },
    timeout::TimeoutConfig,
};
use aws_sdk_partnercentralselling::{
    Client, config,
    operation::{
        get_aws_opportunity_summary::GetAwsOpportunitySummary, get_opportunity::GetOpportunity,
        update_opportunity::UpdateOpportunity,
    },
};
use aws_smithy_http_client::{
    Connector,
    proxy::ProxyConfig,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use model::{Catalog, Identifier, Object, Opportunity, ParseOpportunityError, Update};
use serde_json::Value;

use crate::{
    error::{self, Error},
    wire::{Exchange, UnsignedGet},
};

/// The SDK's defaults, pinned to a date so that a new SDK release does not change them.
fn behavior_version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The time limit for TCP and TLS to any AWS service. The endpoints are in the function's region.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The time limit for one attempt. Reads take tenths of a second, slow writes take seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(6);
/// The time limit for a call with its retries: one read and one write fit into an invocation of 30 s.
const CALL_TIMEOUT: Duration = Duration::from_secs(14);
/// A size in bytes that nearly every opportunity fits into.
const USUAL_SIZE: usize = 16 * 1024;
/// The time limit for opening the connection at the start: Lambda gives 10 s for all of it.
const OPEN_TIMEOUT: Duration = Duration::from_secs(3);

/// A client for AWS Partner Central. Clones share their connections.
#[derive(Debug, Clone)]
pub struct PartnerCentral {
    pub(crate) client: Client,
}

/// No region is configured, so there is no endpoint to call.
#[derive(Debug, thiserror::Error)]
#[error("`AWS_REGION` is not set, expected `us-east-1`, the region of AWS Partner Central")]
pub struct MissingRegion;

/// The result of a successful `UpdateOpportunity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// `LastModifiedDate` after the write, byte for byte, if the response has one.
    pub last_modified_date: Option<String>,
    /// How many requests were sent.
    pub attempts: u32,
}

/// The SDK configuration that every AWS client shares, from the environment.
///
/// Credentials and region come from the variables that Lambda sets (`AWS_ACCESS_KEY_ID`,
/// `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`), and from nowhere else: the SDK's default
/// chain builds clients of STS and of the instance metadata service at every start. So profiles, SSO and
/// the roles of containers and instances do not work outside Lambda; export the credentials there (`aws
/// configure export-credentials --format env`). Endpoints and everything else are configured as the SDK
/// documents it.
///
/// # Errors
/// If no region is configured.
pub async fn sdk_config() -> Result<SdkConfig, MissingRegion> {
    let config = aws_config::defaults(behavior_version())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .region(EnvironmentVariableRegionProvider::new())
        .http_client(https_client())
        .load()
        .await;
    config
        .region()
        .filter(|region| !region.as_ref().is_empty())
        .ok_or(MissingRegion)?;
    Ok(config)
}

/// The HTTPS client that every AWS client shares: the SDK's default, built once.
///
/// Otherwise each client of the SDK configures TLS twice, with all of the system's roots: once to check
/// its configuration, and once at its first call.
fn https_client() -> SharedHttpClient {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::rustls(CryptoMode::AwsLc))
        .build();
    let connector = SharedHttpConnector::new(connector);
    http_client_fn(move |_, _| connector.clone())
}

/// A write that was not confirmed.
///
/// The SDK makes up to three attempts for a call. An attempt whose response was lost may have gone
/// through; then the next one conflicts with it, is throttled, or is refused for what the first one
/// changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the write is not confirmed: {cause}")]
pub struct NotConfirmed {
    /// The error of the last attempt.
    pub cause: Error,
    /// Whether the write may have happened anyway: read again to know.
    pub may_have_happened: bool,
    /// Whether any of the requests got no response at all: it may still be under way.
    pub is_unanswered: bool,
    /// How many requests were sent.
    pub attempts: u32,
}

impl NotConfirmed {
    /// A write that was still under way when time ran out.
    #[must_use]
    pub fn on_its_way() -> Self {
        Self {
            cause: Error::Unavailable {
                cause: "no answer before the deadline".to_owned(),
            },
            may_have_happened: true,
            is_unanswered: true,
            attempts: 1,
        }
    }
}

impl PartnerCentral {
    /// A client with the region, the credentials and the endpoint of `config`.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let config = config::Builder::from(config)
            .behavior_version(behavior_version())
            .timeout_config(timeouts)
            .build();
        Self {
            client: Client::from_conf(config),
        }
    }

    /// Opens the connection, so that the first call does not pay for it.
    ///
    /// It sends an unsigned `GET /` without a body through the SDK's own pool, which uses no API quota
    /// and leaves no trace in CloudTrail. A failure costs nothing, so it is not reported.
    pub async fn open(&self) {
        let once = config::Config::builder()
            .retry_config(config::retry::RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(OPEN_TIMEOUT)
                    .build(),
            );
        let opened = self
            .client
            .get_opportunity()
            .customize()
            .config_override(once)
            .interceptor(UnsignedGet)
            .send()
            .await;
        tracing::debug!(
            answered = opened.is_err_and(|error| error.raw_response().is_some()),
            "connection opened"
        );
    }

    /// Reads a whole opportunity (`GetOpportunity`).
    ///
    /// # Errors
    /// See [`Error`]; a response that is not an opportunity counts as [`Error::Unavailable`].
    pub async fn get(
        &self,
        catalog: &Catalog,
        identifier: &Identifier,
    ) -> Result<Opportunity, Error> {
        let exchange = Exchange::of(&GetOpportunity::new());
        let sent = self
            .client
            .get_opportunity()
            .catalog(catalog.as_str())
            .identifier(identifier.as_str())
            .customize()
            .interceptor(exchange.clone())
            .send()
            .await;
        let body = exchange.finish(sent.as_ref().err(), None)?;
        let opportunity = Opportunity::parse(&body, catalog).map_err(|error| match error {
            ParseOpportunityError::NotJson(error) => error::not_json(&error),
            error => Error::Unavailable {
                cause: error.to_string(),
            },
        })?;
        if opportunity.id() == identifier.as_str() && opportunity.catalog() == catalog.as_str() {
            return Ok(opportunity);
        }
        let cause = format!(
            "asked for `{identifier}` of `{catalog}`, AWS answered with another opportunity"
        );
        Err(Error::Unavailable { cause })
    }

    /// Reads AWS's whole summary of an opportunity (`GetAwsOpportunitySummary`).
    ///
    /// # Errors
    /// See [`Error`]; a response that is not a JSON object counts as [`Error::Unavailable`].
    pub async fn summary(
        &self,
        catalog: &Catalog,
        identifier: &Identifier,
    ) -> Result<Object, Error> {
        let exchange = Exchange::of(&GetAwsOpportunitySummary::new());
        let sent = self
            .client
            .get_aws_opportunity_summary()
            .catalog(catalog.as_str())
            .related_opportunity_identifier(identifier.as_str())
            .customize()
            .interceptor(exchange.clone())
            .send()
            .await;
        let body = exchange.finish(sent.as_ref().err(), None)?;
        match model::json::parse(&body).map_err(|error| error::not_json(&error))? {
            Value::Object(summary) => Ok(summary),
            _ => Err(Error::Unavailable {
                cause: "the summary is not a JSON object".to_owned(),
            }),
        }
    }

    /// Writes a whole opportunity back (`UpdateOpportunity`).
    ///
    /// Sends at most `most` requests, including the SDK's retries. `Ok` means that the write has
    /// happened: the HTTP status says so, even if the SDK cannot parse the rest of the response.
    ///
    /// # Errors
    /// See [`NotConfirmed`]: the write may have happened anyway.
    pub async fn update(&self, update: &Update, most: u32) -> Result<Updated, NotConfirmed> {
        let mut request = Vec::with_capacity(USUAL_SIZE);
        serde_json::to_writer(&mut request, &update.body).map_err(|error| NotConfirmed {
            cause: error::not_json(&error),
            may_have_happened: false,
            is_unanswered: false,
            attempts: 0,
        })?;
        let exchange = Exchange::of(&UpdateOpportunity::new()).with_request(request.into());
        let at_most = config::retry::RetryConfig::standard().with_max_attempts(most);
        let sent = self
            .client
            .update_opportunity()
            .customize()
            .config_override(config::Config::builder().retry_config(at_most))
            .interceptor(exchange.clone())
            .send()
            .await;
        let is_unanswered = exchange.is_unanswered();
        let body = exchange
            .finish(sent.as_ref().err(), Some(&update.body))
            .map_err(|cause| {
                let is_without_answer = matches!(cause, Error::Unavailable { .. });
                NotConfirmed {
                    cause,
                    may_have_happened: is_without_answer || exchange.is_in_doubt(),
                    is_unanswered,
                    attempts: exchange.attempts(),
                }
            })?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        let last_modified_date = answer.get("LastModifiedDate").and_then(Value::as_str);
        Ok(Updated {
            last_modified_date: last_modified_date.map(str::to_owned),
            attempts: exchange.attempts(),
        })
    }
}
