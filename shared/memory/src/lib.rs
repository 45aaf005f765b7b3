//! What the bridge remembers between two invocations, in one DynamoDB table.
//!
//! The only crate that names `aws_sdk_dynamodb`. The table has a partition key `pk` and a sort key `sk`,
//! both strings, and `expires` for its time to live. DynamoDB deletes an expired item within days, not at once,
//! so every condition here compares the expiry itself.
//!
//! | `pk` | `sk` | the item |
//! |---|---|---|
//! | `opportunity#CATALOG#IDENTIFIER` | `told` | what was handed on of it last, and before that: [`Told`] |
//! | `parked#CATALOG` | `IDENTIFIER#DIGEST` | a patch that waits for a review: [`Parked`] |
//! | `sweep#CATALOG` | `watermark` | how far the last sweep came |
//! | `request#CATALOG#DIGEST` | `request` | a request that is to be carried out once: [`Record`] |
//!
//! No transactions, no indexes, no streams: each step is one call about one item, and its condition makes it
//! safe to repeat.

mod call;
mod item;
mod opportunity;
mod parked;
mod request;
mod retention;
mod sweep;

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{
    Client, config,
    error::{ProvideErrorMetadata, SdkError},
};

pub use opportunity::{Before, Content, Documents, Remembered, Summary, Told, Write};
pub use parked::{Parked, ParkedId, ParkedState, ParseParkedIdError, Waiting};
pub use request::{Claim, Key, Record, Stored, Writing};
pub use retention::{ParseRetentionError, retention};
pub use sweep::HandedOn;

/// How long to wait for the table's answer. It takes milliseconds; beyond this the caller is better served by
/// an error.
const PATIENCE: Duration = Duration::from_millis(300);
/// Attempts of one call: one, and one more.
const ATTEMPTS: u32 = 2;
/// The pause before the second attempt, at most.
const PAUSE: Duration = Duration::from_millis(50);
/// Time to open the connection at the start: Lambda gives 10 s for all of it.
const OPEN_TIMEOUT: Duration = Duration::from_secs(3);

/// The table. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Memory {
    client: Client,
    table: Arc<str>,
    retention: Duration,
}

/// The table did not answer, or not as it should. A write may have been made all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the memory did not answer: {cause}")]
pub struct Unavailable {
    /// What happened, for the log; nothing of what is remembered.
    pub cause: String,
}

impl Memory {
    /// The table of this name, with the region, the credentials and the endpoint of `config`. An
    /// opportunity is remembered for `retention` after its last event or write.
    #[must_use]
    pub fn new(config: &SdkConfig, table: &str, retention: Duration) -> Self {
        Self::with_patience(config, table, retention, PATIENCE)
    }

    /// The same, with another time to wait for each answer. For tests on busy machines.
    #[must_use]
    pub fn with_patience(
        config: &SdkConfig,
        table: &str,
        retention: Duration,
        patience: Duration,
    ) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(patience)
            .operation_attempt_timeout(patience)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(PAUSE);
        let config = config::Builder::from(config)
            .behavior_version(BehaviorVersion::v2026_01_12())
            .timeout_config(timeouts)
            .retry_config(retries)
            .build();
        Self {
            client: Client::from_conf(config),
            table: table.into(),
            retention,
        }
    }

    /// Opens the connection, so that the first call need not: it asks for an item that does not exist. A failure
    /// stops nothing; the operator finds it in the log before the first event needs the table.
    pub async fn open(&self) {
        let once = config::Config::builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(OPEN_TIMEOUT)
                    .build(),
            );
        let asked = self
            .client
            .get_item()
            .table_name(&*self.table)
            .set_key(Some(item::key("start", "start")))
            .customize()
            .config_override(once)
            .send()
            .await;
        if let Err(error) = asked {
            tracing::warn!(cause = outline(&error), "the memory does not answer");
        }
    }
}

/// Opens the connection of a memory, where there is one: see [`Memory::open`].
pub async fn open(memory: Option<&Memory>) {
    if let Some(memory) = memory {
        memory.open().await;
    }
}

/// What happened to a call: AWS's name for it, and none of its words.
fn outline<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be made".to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => format!("DynamoDB answered `{code}`"),
            None => "DynamoDB answered with an error that has no name".to_owned(),
        },
        _ => "an answer that cannot be read".to_owned(),
    }
}

impl Unavailable {
    fn of<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        Self {
            cause: outline(error),
        }
    }

    /// An item that this release cannot read.
    fn unreadable(attribute: &str) -> Self {
        Self {
            cause: format!("an item whose `{attribute}` cannot be read"),
        }
    }
}
