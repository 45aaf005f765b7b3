//! Lambda's `Invoke`: work handed on to a function that does it later.
//!
//! The seam for tests is the endpoint: `AWS_ENDPOINT_URL_LAMBDA` or `AWS_ENDPOINT_URL`, the SDK's own.

use std::time::Duration;

use aws_config::{SdkConfig, timeout::TimeoutConfig};
use aws_sdk_lambda::{Client, config, primitives::Blob, types::InvocationType};
use partner_central::outline;

/// Time for TCP and TLS: the endpoint is in the function's own region.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time for one attempt. Lambda only puts the payload into its queue.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for an invocation with the SDK's retries.
const CALL_TIMEOUT: Duration = Duration::from_secs(12);

/// A client for AWS Lambda.
#[derive(Debug, Clone)]
pub struct Lambda {
    client: Client,
}

/// An invocation that Lambda did not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{function}` could not be invoked: {cause}")]
pub struct NotInvoked {
    /// The name or ARN of the function.
    pub function: String,
    /// What happened, for the log.
    pub cause: String,
}

impl Lambda {
    /// A client with the region, the credentials and the endpoint of `config`.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let config = config::Builder::from(config)
            .timeout_config(timeouts)
            .build();
        Self {
            client: Client::from_conf(config),
        }
    }

    /// Puts a payload into the queue of a function (an asynchronous invocation).
    ///
    /// # Errors
    /// Where Lambda has not accepted it, after the SDK's retries.
    pub(crate) async fn invoke(&self, function: &str, payload: Vec<u8>) -> Result<(), NotInvoked> {
        let sent = self
            .client
            .invoke()
            .function_name(function)
            .invocation_type(InvocationType::Event)
            .payload(Blob::new(payload))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(NotInvoked {
                function: function.to_owned(),
                cause: outline(&error),
            }),
        }
    }
}
